// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A counter in the kernel that one side adds to and the other waits for: {@code eventfd(2)}. It
 * carries notifications between processes and between a virtual machine and its devices.
 *
 * <p>Any thread may signal, read and close; signalling and reading allocate nothing. Whether the
 * descriptor has {@code O_NONBLOCK}, a flag that both processes share and that is never changed
 * here, makes no difference to what the methods do: reads wait only as long as they are told. To
 * watch many, register {@link #descriptor()} with a {@link Poller}.
 */
public final class EventFd implements AutoCloseable {
    private static final String KIND = "anon_inode:[eventfd]";
    private static final List<String> STREAMS = List.of("pipe:[", "socket:[");

    private final FileDescriptor descriptor;
    private final boolean nonBlocking;

    private EventFd(FileDescriptor descriptor, boolean nonBlocking) {
        this.descriptor = descriptor;
        this.nonBlocking = nonBlocking;
    }

    /**
     * Creates one with counter 0.
     *
     * @return an open one
     * @throws LinuxException {@code EMFILE} when the process has too many descriptors
     */
    public static EventFd create() throws LinuxException {
        Linux.requireSupported();
        return new EventFd(FileDescriptor.opened(PollCalls.eventfd(), "eventfd", ""), true);
    }

    /**
     * Takes over a received descriptor, after asking {@code /proc} that it is an eventfd: writing
     * to any other file that a peer chose would lend it this process's rights. If this throws, the
     * descriptor is still the caller's.
     *
     * @param descriptor belongs to the result from now on
     * @return its owner
     * @throws IOException if it is not an eventfd, or {@code /proc} is not there to say so
     */
    public static EventFd of(FileDescriptor descriptor) throws IOException {
        return of(descriptor, false);
    }

    /**
     * Takes over a received descriptor as {@link #of} does; it may be an end of a pipe or a stream
     * socket as well, as some peers use. These carry 8 bytes for each signal, so they are read
     * signal by signal, and one that is full is signalled already.
     *
     * @param descriptor belongs to the result from now on
     * @return its owner
     * @throws IOException if it is none of them, or {@code /proc} is not there to say so
     */
    public static EventFd ofPeer(FileDescriptor descriptor) throws IOException {
        return of(descriptor, true);
    }

    private static EventFd of(FileDescriptor descriptor, boolean orStream) throws IOException {
        int fd = descriptor.acquire("readlink");
        try {
            String kind = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
            if (!kind.equals(KIND) && !(orStream && STREAMS.stream().anyMatch(kind::startsWith))) {
                throw new IOException("not an eventfd" + (orStream ? ", pipe or socket: " : ": ")
                        + descriptor + " kind=" + kind);
            }
        } finally {
            descriptor.release();
        }
        return new EventFd(descriptor, (descriptor.flags() & FileCalls.O_NONBLOCK) != 0);
    }

    /**
     * {@return the descriptor, owned by this object: to send it to another process, or to register
     * it}
     */
    public FileDescriptor descriptor() {
        return descriptor;
    }

    /**
     * Adds one to the counter. A counter that is full, because nobody has read it 2^64 - 2 times,
     * is signalled already and left alone.
     *
     * <p>Does not wait, with one reservation: where the peer made the eventfd, or clears
     * {@code O_NONBLOCK} later, and fills the counter at the very moment of the call, the peer can
     * hold the calling thread until it reads.
     *
     * @throws LinuxException {@code EBADF} after the close
     */
    public void signal() throws LinuxException {
        int fd = descriptor.acquire("write");
        try {
            if (!nonBlocking && PollCalls.await(fd, PollCalls.POLLOUT, 0) == 0) {
                return;
            }
            long n = PollCalls.writeOne(fd);
            if (n < 0 && n != -Libc.EAGAIN) {
                throw new LinuxException("write", -n, "eventfd fd=" + fd);
            }
        } finally {
            descriptor.release();
        }
    }

    /**
     * Takes the counter, which becomes 0, without waiting.
     *
     * @return the signals since the last read, unsigned; 0 if there were none
     * @throws LinuxException {@code EBADF} after the close
     */
    public long tryRead() throws LinuxException {
        return read(0);
    }

    /**
     * Takes the counter, which becomes 0, and waits for it to be more than 0. Neither an interrupt
     * nor the close by another thread ends the wait.
     *
     * @param timeoutMillis negative waits without limit
     * @return the signals since the last read, unsigned; 0 if there were none in time
     * @throws LinuxException {@code EBADF} after the close
     */
    public long read(long timeoutMillis) throws LinuxException {
        int fd = descriptor.acquire("read");
        try {
            CallState state = CallState.current();
            long n = timeoutMillis == 0 ? readNow(fd, state)
                    : waitAndRead(fd, state, timeoutMillis);
            if (n == -Libc.EAGAIN) {
                return 0;
            }
            if (n < 0) {
                throw new LinuxException("read", -n, "eventfd fd=" + fd);
            }
            return state.word.get(JAVA_LONG, 0);
        } finally {
            descriptor.release();
        }
    }

    private static long waitAndRead(int fd, CallState state, long timeoutMillis) {
        long start = System.nanoTime();
        for (;;) {
            int left = Timeout.left(start, timeoutMillis);
            int events = PollCalls.await(fd, PollCalls.POLLIN, left);
            if (events < 0) {
                return events;
            }
            if (events == 0 && Timeout.left(start, timeoutMillis) == 0) {
                return -Libc.EAGAIN;
            }
            long n = readNow(fd, state);
            if (n != -Libc.EAGAIN) {
                return n;
            }
        }
    }

    private static long readNow(int fd, CallState state) {
        long n = PollCalls.readWordNow(fd, state);
        if (n == -Libc.EOPNOTSUPP) { // Linux before 5.8
            boolean ready = PollCalls.await(fd, PollCalls.POLLIN, 0) != 0;
            n = ready ? PollCalls.readWord(fd, state) : -Libc.EAGAIN;
        }
        return n;
    }

    /** Closes the descriptor; again, it does nothing. */
    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return "eventfd " + descriptor;
    }
}
