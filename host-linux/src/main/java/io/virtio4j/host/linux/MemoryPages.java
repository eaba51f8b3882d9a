// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Objects;

/** Pages of this process's memory, whoever mapped or allocated it. */
public final class MemoryPages {

    private MemoryPages() {}

    /**
     * Gives pages back to the kernel: their content becomes zeroes, and they take memory again when they are touched.
     * Of a file that is shared, the space in the file is freed, for all who map it ({@code MADV_REMOVE}); memory of
     * this process alone is freed ({@code MADV_DONTNEED}). Makes no object.
     *
     * @param memory native memory that can be written; the caller keeps it valid meanwhile
     * @param offset in bytes from its beginning; its address has to be that of a {@linkplain Linux#pageSize() page}
     * @param length in bytes, of whole pages, more than 0
     * @return whether they were given back; if not, such memory cannot be: it is locked, or a private mapping
     *         of a file, or a shared one of a file that cannot have holes
     * @throws LinuxException as {@code madvise(2)} fails otherwise
     */
    public static boolean giveBack(MemorySegment memory, long offset, long length) throws LinuxException {
        Linux.requireSupported();
        Objects.checkFromIndexSize(offset, length, memory.byteSize());
        long address = memory.address() + offset;
        int page = Linux.pageSize();
        if (!memory.isNative() || memory.isReadOnly() || length == 0 || ((address | length) & page - 1) != 0) {
            throw new IllegalArgumentException("no whole pages that can be written: address=0x"
                    + Long.toHexString(address) + " length=" + length + " page=" + page + " native=" + memory.isNative()
                    + " readOnly=" + memory.isReadOnly());
        }
        try {
            int result = MemoryCalls.madviseAt(address, length, MemoryCalls.MADV_REMOVE);
            if (result == -Libc.EINVAL) {
                // No file. (Of a shared file's pages, this would unmap them and free nothing.)
                result = MemoryCalls.madviseAt(address, length, MemoryCalls.MADV_DONTNEED);
            }
            if (result < 0 && !isRefused(result)) {
                throw new LinuxException("madvise", -result, "offset=" + offset + " length=" + length);
            }
            return result == 0;
        } finally {
            Reference.reachabilityFence(memory);
        }
    }

    private static boolean isRefused(int result) {
        return result == -Libc.EINVAL || result == -Libc.EACCES || result == -Libc.EOPNOTSUPP;
    }
}
