// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Calls that wait, and those on eventfds. Each returns a result or the error number negated. */
final class PollCalls {
    static final int POLLIN = 0x1;
    static final int POLLOUT = 0x4;

    static final int EPOLLIN = 0x1;
    static final int EPOLLOUT = 0x4;
    static final int EPOLLERR = 0x8;
    static final int EPOLLHUP = 0x10;
    static final int EPOLLRDHUP = 0x2000;
    static final int EPOLLET = 1 << 31;

    static final int EPOLL_CTL_ADD = 1;
    static final int EPOLL_CTL_DEL = 2;
    static final int EPOLL_CTL_MOD = 3;

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;
    private static final int RWF_NOWAIT = 0x8;

    private static final MethodHandle POLL =
            Libc.bind("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle EPOLL_CREATE1 =
            Libc.bind("epoll_create1", JAVA_INT, JAVA_INT);
    private static final MethodHandle EPOLL_CTL =
            Libc.bind("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle EPOLL_WAIT =
            Libc.bind("epoll_wait", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle EVENTFD = Libc.bind("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle READ =
            Libc.bind("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle WRITE =
            Libc.bind("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle PIPE2 = Libc.bind("pipe2", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle PREADV2 =
            Libc.bind("preadv2", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT);

    private static final MethodHandle POLL_FIRST =
            Libc.bindFirstAttempt("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle EPOLL_WAIT_FIRST =
            Libc.bindFirstAttempt("epoll_wait", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle WRITE_FIRST =
            Libc.bindFirstAttempt("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle PREADV2_FIRST = Libc.bindFirstAttempt("preadv2", JAVA_LONG,
            JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT);

    private static final MemorySegment ONE = Arena.global().allocateFrom(JAVA_LONG, 1L);

    private PollCalls() {}

    /**
     * Waits for one descriptor.
     *
     * @param timeoutMillis negative waits without limit
     * @return the events that are there, 0 when the time is over
     */
    static int await(int fd, int events, long timeoutMillis) {
        CallState state = CallState.current();
        long start = timeoutMillis > 0 ? System.nanoTime() : 0;
        PollFd.set(state.pollFd, fd, events);
        try {
            int left = Timeout.left(start, timeoutMillis);
            int r = (int) POLL_FIRST.invokeExact(state.pollFd, 1L, left);
            if (r < 0 || r == 0 && Timeout.left(start, timeoutMillis) != 0) {
                r = pollAgain(state, start, timeoutMillis);
            }
            return r > 0 ? PollFd.returned(state.pollFd) : r;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    private static int pollAgain(CallState state, long start, long timeoutMillis) throws Throwable {
        long r;
        do {
            int left = Timeout.left(start, timeoutMillis);
            r = state.result((int) POLL.invokeExact(state.capture, state.pollFd, 1L, left));
        } while (r == -Libc.EINTR || r == 0 && Timeout.left(start, timeoutMillis) != 0);
        return (int) r;
    }

    static int epollCreate() {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) EPOLL_CREATE1.invokeExact(state.capture,
                    EPOLL_CLOEXEC));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int epollControl(int epoll, int operation, int fd, MemorySegment event) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) EPOLL_CTL.invokeExact(state.capture, epoll, operation,
                    fd, event));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** How many events were written to {@code events}; waits as {@link #await} does. */
    static int epollWait(int epoll, MemorySegment events, int capacity, long timeoutMillis) {
        long start = timeoutMillis > 0 ? System.nanoTime() : 0;
        try {
            int left = Timeout.left(start, timeoutMillis);
            int r = (int) EPOLL_WAIT_FIRST.invokeExact(epoll, events, capacity, left);
            if (r < 0 || r == 0 && Timeout.left(start, timeoutMillis) != 0) {
                r = epollWaitAgain(epoll, events, capacity, start, timeoutMillis);
            }
            return r;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    private static int epollWaitAgain(int epoll, MemorySegment events, int capacity, long start,
            long timeoutMillis) throws Throwable {
        CallState state = CallState.current();
        long r;
        do {
            int left = Timeout.left(start, timeoutMillis);
            r = state.result((int) EPOLL_WAIT.invokeExact(state.capture, epoll, events, capacity,
                    left));
        } while (r == -Libc.EINTR || r == 0 && Timeout.left(start, timeoutMillis) != 0);
        return (int) r;
    }

    static int eventfd() {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) EVENTFD.invokeExact(state.capture, 0,
                    EFD_CLOEXEC | EFD_NONBLOCK));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** Adds one to an eventfd: 8, or the error number negated. */
    static long writeOne(int fd) {
        try {
            long n = (long) WRITE_FIRST.invokeExact(fd, ONE, 8L);
            if (n >= 0) {
                return n;
            }
            CallState state = CallState.current();
            do {
                n = state.result((long) WRITE.invokeExact(state.capture, fd, ONE, 8L));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** Reads 8 bytes into {@code state.word} and never waits, whatever {@code O_NONBLOCK} says. */
    static long readWordNow(int fd, CallState state) {
        try {
            long n = (long) PREADV2_FIRST.invokeExact(fd, state.wordVector, 1, -1L, RWF_NOWAIT);
            if (n >= 0) {
                return n;
            }
            do {
                n = state.result((long) PREADV2.invokeExact(state.capture, fd, state.wordVector, 1,
                        -1L, RWF_NOWAIT));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** Two descriptors: the reading end, the writing end. */
    static int pipe(MemorySegment ends) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) PIPE2.invokeExact(state.capture, ends, FileCalls.O_CLOEXEC));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** Reads bytes in order; waits if the descriptor is a blocking one. */
    static long read(int fd, MemorySegment to) {
        CallState state = CallState.current();
        try {
            long n;
            do {
                n = state.result((long) READ.invokeExact(state.capture, fd, to, to.byteSize()));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** Writes bytes in order; waits if the descriptor is a blocking one. */
    static long write(int fd, MemorySegment from) {
        CallState state = CallState.current();
        try {
            long n;
            do {
                n = state.result((long) WRITE.invokeExact(state.capture, fd, from, from.byteSize()));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** Reads 8 bytes into {@code state.word}; waits if the descriptor is a blocking one. */
    static long readWord(int fd, CallState state) {
        try {
            long n;
            do {
                n = state.result((long) READ.invokeExact(state.capture, fd, state.word, 8L));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }
}
