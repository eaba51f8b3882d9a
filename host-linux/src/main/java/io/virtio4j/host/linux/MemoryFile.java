// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Memory of this process that other processes can map as well: a memory file whose size is fixed, mapped
 * once. Servers of vfio-user and vhost-user pass it on, so that a guest's processors reach what lies in it
 * without a message: a DAX window, the host visible memory of a GPU.
 *
 * <p>Whoever is given the descriptor can map the memory and write it at any time, and cannot cut it short.
 * Methods may be called by any thread.
 */
public final class MemoryFile implements AutoCloseable {

    private final LinuxFile file;
    private final Mapping mapping;

    private MemoryFile(LinuxFile file, Mapping mapping) {
        this.file = file;
        this.mapping = mapping;
    }

    /**
     * Makes memory, filled with zeros, of which pages are allocated when they are first touched.
     *
     * @param name shown in {@code /proc/PID/maps} of all who map it, at most 249 bytes
     * @param length in bytes; rounded up to whole {@linkplain Linux#pageSize() pages}
     * @return the memory, owned by the caller
     * @throws IOException as {@code memfd_create(2)}, {@code ftruncate(2)} and {@code mmap(2)} fail
     */
    public static MemoryFile create(String name, long length) throws IOException {
        if (length <= 0 || length > Long.MAX_VALUE - Linux.pageSize()) {
            throw new IllegalArgumentException("memory file: name=" + name + " length=" + length
                    + ": needs a length");
        }
        long pages = length + Linux.pageSize() - 1 & -Linux.pageSize();
        LinuxFile file = LinuxFile.memory(name, pages);
        try {
            file.seal(Seal.SHRINK, Seal.GROW);
            return new MemoryFile(file, Mapping.shared(file.descriptor(), 0, pages, Mapping.Access.READ_WRITE));
        } catch (IOException failed) {
            file.close();
            throw failed;
        }
    }

    /** {@return the memory, accessible to every thread until the close} */
    public MemorySegment segment() {
        return mapping.segment();
    }

    /** {@return the length in bytes, of whole pages} */
    public long length() {
        return mapping.length();
    }

    /** {@return the descriptor, owned by this: to be sent to other processes} */
    public FileDescriptor descriptor() {
        return file.descriptor();
    }

    /**
     * Where a part of the memory is in the file.
     *
     * @param part memory of any kind
     * @return in bytes from the beginning of the file, or -1 if not all of it lies in this
     */
    public long positionOf(MemorySegment part) {
        if (!part.isNative()) {
            return -1;
        }
        // As offsets, in which nothing overflows: addresses are below 2^63.
        long position = part.address() - mapping.segment().address();
        return position >= 0 && position <= length() - part.byteSize() ? position : -1;
    }

    /**
     * Unmaps the memory, and closes the descriptor; again, it does nothing. Other processes keep what they have mapped.
     *
     * @throws IllegalStateException if a call holds the memory at this moment; nothing has changed then
     */
    @Override
    public void close() {
        mapping.close();
        file.close();
    }

    @Override
    public String toString() {
        return "memory " + file.descriptor() + " length=" + mapping.length();
    }
}
