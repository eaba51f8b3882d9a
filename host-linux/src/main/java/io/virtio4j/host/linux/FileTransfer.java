// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.lang.foreign.MemorySegment;

/**
 * Reads and writes that are made again until they are whole: the kernel may stop in the middle, and
 * it moves at most 2 GiB at once.
 */
final class FileTransfer {
    private final boolean synchronous;

    /**
     * For one open file.
     *
     * @param synchronous whether it has {@code O_DSYNC}
     */
    FileTransfer(boolean synchronous) {
        this.synchronous = synchronous;
    }

    /** The bytes read; fewer than {@code to} holds only at the end of the file. */
    long read(int fd, long position, MemorySegment to) throws LinuxException {
        long n = FileCalls.pread(fd, to, position);
        return n == to.byteSize() || n == 0 ? n : readRest(fd, position, to, n);
    }

    private static long readRest(int fd, long position, MemorySegment to, long first)
            throws LinuxException {
        long done = 0;
        long n = first;
        while (n > 0) {
            done += n;
            if (done == to.byteSize()) {
                return done;
            }
            n = FileCalls.pread(fd, to.asSlice(done), position + done);
        }
        if (n < 0) {
            throw failed("pread", n, fd, position, done);
        }
        return done;
    }

    void write(int fd, long position, MemorySegment from) throws LinuxException {
        long n = FileCalls.pwrite(fd, from, position, synchronous);
        if (n != from.byteSize()) {
            writeRest(fd, position, from, n);
        }
    }

    private void writeRest(int fd, long position, MemorySegment from, long first)
            throws LinuxException {
        long done = 0;
        long n = first;
        while (n > 0) {
            done += n;
            if (done == from.byteSize()) {
                return;
            }
            n = FileCalls.pwrite(fd, from.asSlice(done), position + done, synchronous);
        }
        throw failed("pwrite", n, fd, position, done);
    }

    /** As {@link #read(int, long, MemorySegment)}, into the first {@code count} of {@code to}. */
    long read(int fd, long position, MemorySegment[] to, int count) throws LinuxException {
        return transfer(fd, position, to, count, false);
    }

    void write(int fd, long position, MemorySegment[] from, int count)
            throws LinuxException {
        transfer(fd, position, from, count, true);
    }

    long pwritev(int fd, IoVector vector, long position) {
        return FileCalls.pwritev(fd, vector, position, synchronous);
    }

    /** What one call moved. */
    static long some(String call, long result, int fd, long position) throws LinuxException {
        if (result < 0) {
            throw failed(call, result, fd, position, 0);
        }
        return result;
    }

    private long transfer(int fd, long position, MemorySegment[] parts, int count,
            boolean write) throws LinuxException {
        IoVector vector = CallState.current().vector();
        try {
            long done = 0;
            long skip = 0; // bytes of parts[index] that are done
            int index = 0;
            while (index < count) {
                vector.fill(parts, index, count, skip);
                long n = 0;
                if (vector.bytes() > 0) {
                    n = write ? FileCalls.pwritev(fd, vector, position + done, synchronous)
                            : FileCalls.preadv(fd, vector, position + done);
                    if (n < 0 || n == 0 && write) {
                        throw failed(write ? "pwritev" : "preadv", n, fd, position, done);
                    }
                    if (n == 0) {
                        return done;
                    }
                }
                done += n;
                skip += n;
                while (index < count && skip >= parts[index].byteSize()) {
                    skip -= parts[index++].byteSize();
                }
            }
            return done;
        } finally {
            vector.clear();
        }
    }

    /**
     * A write that moves nothing without an error would be tried for ever: it counts as
     * {@code EIO}.
     */
    private static LinuxException failed(String call, long result, int fd, long position,
            long done) {
        return new LinuxException(call, result == 0 ? Libc.EIO : -result,
                "fd=" + fd + " position=" + position + " done=" + done);
    }
}
