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
        long address = requirePages(memory, offset, length);
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

    private static long requirePages(MemorySegment memory, long offset, long length) {
        Objects.checkFromIndexSize(offset, length, memory.byteSize());
        long address = memory.address() + offset;
        int page = Linux.pageSize();
        if (!memory.isNative() || memory.isReadOnly() || length == 0 || ((address | length) & page - 1) != 0) {
            throw new IllegalArgumentException("no whole pages that can be written: address=0x"
                    + Long.toHexString(address) + " length=" + length + " page=" + page + " native=" + memory.isNative()
                    + " readOnly=" + memory.isReadOnly());
        }
        return address;
    }

    /**
     * Lets pages show a part of a file, in place of what they are now ({@code mmap} with {@code MAP_FIXED}). Whoever
     * makes the file shorter takes pages away: reading them then fails as {@link Mapping} says.
     *
     * @param memory memory that was mapped, by {@link Mapping#anonymous} for one; the caller keeps it valid meanwhile
     * @param offset as in {@link #giveBack}
     * @param length as in {@link #giveBack}
     * @param file what to show, open for reading, and for writing if it is to be written; may be closed afterwards
     * @param position in bytes from the beginning of the file, a multiple of the size of a page
     * @param writable whether what is written there goes to the file; if not, it must not be written
     * @throws LinuxException as {@code mmap(2)} fails; then the pages are what they were
     */
    public static void show(MemorySegment memory, long offset, long length, FileDescriptor file, long position,
            boolean writable) throws LinuxException {
        int fd = file.acquire("mmap");
        try {
            int protection = writable ? MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE : MemoryCalls.PROT_READ;
            map(memory, offset, length, protection, MemoryCalls.MAP_SHARED, fd, position);
        } finally {
            file.release();
        }
    }

    /**
     * Lets pages be memory of this process again, filled with zeroes, in place of what they are now.
     *
     * @param memory as in {@link #show}
     * @param offset as in {@link #giveBack}
     * @param length as in {@link #giveBack}
     * @throws LinuxException as {@code mmap(2)} fails
     */
    public static void clear(MemorySegment memory, long offset, long length) throws LinuxException {
        map(memory, offset, length, MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE,
                MemoryCalls.MAP_PRIVATE | MemoryCalls.MAP_ANONYMOUS | MemoryCalls.MAP_NORESERVE, -1, 0);
    }

    private static void map(MemorySegment memory, long offset, long length, int protection, int flags, int fd,
            long position) throws LinuxException {
        Linux.requireSupported();
        long address = requirePages(memory, offset, length);
        long result = MemoryCalls.mmap(address, length, protection, flags | MemoryCalls.MAP_FIXED, fd, position);
        Reference.reachabilityFence(memory);
        if (result < 0) {
            throw new LinuxException("mmap", -result, "fd=" + fd + " position=" + position + " length=" + length);
        }
    }

    private static boolean isRefused(int result) {
        return result == -Libc.EINVAL || result == -Libc.EACCES || result == -Libc.EOPNOTSUPP;
    }
}
