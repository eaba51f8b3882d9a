// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Calls on Unix stream sockets. Each returns a result or the error number negated; interrupted ones
 * are restarted.
 */
final class SocketCalls {
    static final int SOCK_NONBLOCK = 0x800;

    static final int MSG_CTRUNC = 0x8;
    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_NOSIGNAL = 0x4000;
    static final int MSG_CMSG_CLOEXEC = 0x40000000;

    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SHUT_RDWR = 2;

    private static final MethodHandle SOCKET =
            Libc.bind("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle SOCKETPAIR =
            Libc.bind("socketpair", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle BIND =
            Libc.bind("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle LISTEN = Libc.bind("listen", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle ACCEPT4 =
            Libc.bind("accept4", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
    private static final MethodHandle CONNECT =
            Libc.bind("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SHUTDOWN =
            Libc.bind("shutdown", JAVA_INT, JAVA_INT, JAVA_INT);
    // The last parameter is a guard, as IoVector explains: the segment the header points at.
    private static final MethodHandle SENDMSG =
            Libc.bind("sendmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
    private static final MethodHandle RECVMSG =
            Libc.bind("recvmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);

    private SocketCalls() {}

    /** A stream socket; {@code flags} may be {@link #SOCK_NONBLOCK}. */
    static int socket(int flags) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) SOCKET.invokeExact(state.capture, SocketAddress.AF_UNIX,
                    SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** Writes two descriptors to {@code pair}. */
    static int socketPair(MemorySegment pair) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) SOCKETPAIR.invokeExact(state.capture,
                    SocketAddress.AF_UNIX,
                    SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int bind(int fd, MemorySegment address, int length) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) BIND.invokeExact(state.capture, fd, address, length));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int listen(int fd, int backlog) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) LISTEN.invokeExact(state.capture, fd, backlog));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int accept(int fd) {
        CallState state = CallState.current();
        try {
            long r;
            do {
                r = state.result((int) ACCEPT4.invokeExact(state.capture, fd, MemorySegment.NULL,
                        MemorySegment.NULL,
                        SOCK_CLOEXEC));
            } while (r == -Libc.EINTR || r == -Libc.ECONNABORTED);
            return (int) r;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /**
     * Restarted when interrupted, which a Unix socket allows: it is connected or it is not, never
     * in between.
     */
    static int connect(int fd, MemorySegment address, int length) {
        CallState state = CallState.current();
        try {
            long r;
            do {
                r = state.result((int) CONNECT.invokeExact(state.capture, fd, address, length));
            } while (r == -Libc.EINTR);
            return (int) r;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    static int shutdown(int fd) {
        CallState state = CallState.current();
        try {
            return (int) state.result((int) SHUTDOWN.invokeExact(state.capture, fd, SHUT_RDWR));
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** Never waits and raises no {@code SIGPIPE}. */
    static long sendmsg(int fd, MemorySegment header, MemorySegment guard) {
        CallState state = CallState.current();
        try {
            long n;
            do {
                n = state.result((long) SENDMSG.invokeExact(state.capture, fd, header,
                        MSG_DONTWAIT | MSG_NOSIGNAL, guard));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    /** Never waits; received descriptors are closed when another program is executed. */
    static long recvmsg(int fd, MemorySegment header, MemorySegment guard) {
        CallState state = CallState.current();
        try {
            long n;
            do {
                n = state.result((long) RECVMSG.invokeExact(state.capture, fd, header,
                        MSG_DONTWAIT | MSG_CMSG_CLOEXEC, guard));
            } while (n == -Libc.EINTR);
            return n;
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }
}
