// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;

/**
 * One end of a pipe, or a stream socket, that bytes are read from or written to in order:
 * {@code pipe(7)}. For one thread; {@link #close} by another ends its next wait. Timeouts are
 * milliseconds: 0 does not wait, negative waits without limit.
 */
public final class ByteStream implements AutoCloseable {
    /** What a pipe that can be written to takes without waiting: {@code PIPE_BUF}. */
    private static final int ATOMIC = 4096;

    private final FileDescriptor descriptor;

    private ByteStream(FileDescriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Makes a pipe.
     *
     * @return the end to read from, and the end to write to, owned by the caller
     * @throws LinuxException {@code EMFILE} when the process has too many descriptors
     */
    public static FileDescriptor[] pipe() throws LinuxException {
        Linux.requireSupported();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(JAVA_INT, 2);
            int result = PollCalls.pipe(ends);
            if (result < 0) {
                throw new LinuxException("pipe2", -result, "");
            }
            return new FileDescriptor[] {
                new FileDescriptor(ends.getAtIndex(JAVA_INT, 0)),
                new FileDescriptor(ends.getAtIndex(JAVA_INT, 1)),
            };
        }
    }

    /**
     * Takes over a received descriptor. If this throws, it is still the caller's.
     *
     * @param descriptor belongs to the result from now on
     * @return its owner
     * @throws IOException if it is neither a pipe nor a socket: a peer could choose a file that this
     *         process must not write to
     */
    public static ByteStream of(FileDescriptor descriptor) throws IOException {
        FileStatus.Type type = descriptor.status().type();
        if (type != FileStatus.Type.PIPE && type != FileStatus.Type.SOCKET) {
            throw new IOException("not a pipe or a socket: " + descriptor + " type=" + type);
        }
        return new ByteStream(descriptor);
    }

    /**
     * Reads what is there, at least one byte.
     *
     * @param to native memory of at least one byte
     * @param timeoutMillis for the first byte
     * @return how many, -1 at the end
     * @throws SocketTimeoutException if nothing came in time
     * @throws LinuxException as {@code read(2)} fails; {@code EBADF} after the close
     */
    public int read(MemorySegment to, long timeoutMillis) throws IOException {
        int fd = descriptor.acquire("read");
        try {
            for (;;) {
                await(fd, PollCalls.POLLIN, timeoutMillis, "read");
                long n = PollCalls.read(fd, to);
                if (n >= 0) {
                    return n == 0 ? -1 : (int) n;
                }
                if (n != -Libc.EAGAIN) {
                    throw new LinuxException("read", -n, "fd=" + fd);
                }
            }
        } finally {
            descriptor.release();
        }
    }

    /**
     * Writes all bytes.
     *
     * @param from native memory
     * @param timeoutMillis for each part that the reader makes room for
     * @throws SocketTimeoutException if there was no room in time
     * @throws LinuxException {@code EPIPE} if the reader is gone, {@code EBADF} after the close
     */
    public void write(MemorySegment from, long timeoutMillis) throws IOException {
        for (long done = 0; done < from.byteSize(); ) {
            int fd = descriptor.acquire("write");
            try {
                await(fd, PollCalls.POLLOUT, timeoutMillis, "write");
                long length = Math.min(ATOMIC, from.byteSize() - done);
                long n = PollCalls.write(fd, from.asSlice(done, length));
                if (n < 0 && n != -Libc.EAGAIN) {
                    throw new LinuxException("write", -n, "fd=" + fd + " done=" + done);
                }
                done += Math.max(0, n);
            } finally {
                descriptor.release();
            }
        }
    }

    private static void await(int fd, int events, long timeoutMillis, String call)
            throws IOException {
        int ready = PollCalls.await(fd, events, timeoutMillis);
        if (ready < 0) {
            throw new LinuxException("poll", -ready, "fd=" + fd);
        }
        if (ready == 0) {
            throw new SocketTimeoutException(call + ": timed out: fd=" + fd + " milliseconds="
                    + timeoutMillis);
        }
    }

    /** Closes the descriptor, which tells the reader that this was all; again, it does nothing. */
    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return "stream " + descriptor;
    }
}
