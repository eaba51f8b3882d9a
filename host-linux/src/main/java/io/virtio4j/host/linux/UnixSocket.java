// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A connected Unix stream socket that carries bytes and file descriptors: {@code unix(7)},
 * {@code SCM_RIGHTS}.
 *
 * <p>Descriptors are sent with the first byte of a message and are received with the bytes they
 * were sent with. The stream has no other boundaries, so a receiver asks for exactly one message
 * (or first for its header), and says with how many descriptors it may come; one more, or one in
 * the middle, is a {@link ProtocolException}, and every descriptor received so far with that
 * message is closed.
 *
 * <p>One thread may send while another receives; two that send, or two that receive, take turns.
 * After an exception in the middle of a message the stream cannot be used any more and should be
 * closed. {@link Thread#interrupt} does nothing; {@link #close} ends the waits of other threads.
 * Timeouts are milliseconds for the whole call: 0 does not wait, negative waits without limit.
 */
public final class UnixSocket implements AutoCloseable {
    private final FileDescriptor descriptor;
    private final Direction sending = new Direction();
    private final Direction receiving = new Direction();

    /** The structures that one direction passes to the kernel, used under its lock. */
    private static final class Direction {
        final ReentrantLock lock = new ReentrantLock();
        final MemorySegment header;
        final MemorySegment iovec;
        final MemorySegment control;

        Direction() {
            Arena arena = Arena.ofAuto();
            header = arena.allocate(MessageHeader.LAYOUT);
            iovec = arena.allocate(Iovec.LAYOUT);
            control = arena.allocate(ControlMessage.MAX_LENGTH, Long.BYTES);
        }

        /** Sets the header for the bytes of {@code segment} from {@code at} on. */
        void prepare(MemorySegment segment, long at, int descriptors) {
            Iovec.set(iovec, 0, segment.address() + at, segment.byteSize() - at);
            MessageHeader.set(header, iovec, control, ControlMessage.length(descriptors));
        }
    }

    private UnixSocket(FileDescriptor descriptor) {
        this.descriptor = descriptor;
    }

    /** A socket that {@code accept4(2)} returned. */
    static UnixSocket accepted(int fd) {
        return new UnixSocket(new FileDescriptor(fd));
    }

    /**
     * Connects to a server, waiting while it has as many connections pending as it wants.
     *
     * @param address where the server listens
     * @return a connected socket
     * @throws LinuxException {@code ECONNREFUSED} if nobody listens, {@code ENOENT} if there is no
     *         such file
     */
    public static UnixSocket connect(UnixAddress address) throws LinuxException {
        Linux.requireSupported();
        FileDescriptor descriptor = FileDescriptor.opened(SocketCalls.socket(0), "socket", "");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(SocketAddress.LAYOUT);
            int length = SocketAddress.set(name, address.name());
            int result = SocketCalls.connect(descriptor.number(), name, length);
            if (result < 0) {
                descriptor.close();
                throw new LinuxException("connect", -result, "address=" + address);
            }
        }
        return new UnixSocket(descriptor);
    }

    /**
     * Makes two sockets that are connected to each other.
     *
     * @return an array of two
     * @throws LinuxException {@code EMFILE} when the process has too many descriptors
     */
    public static UnixSocket[] pair() throws LinuxException {
        Linux.requireSupported();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pair = arena.allocate(JAVA_INT, 2);
            int result = SocketCalls.socketPair(pair);
            if (result < 0) {
                throw new LinuxException("socketpair", -result, "");
            }
            return new UnixSocket[] {
                accepted(pair.getAtIndex(JAVA_INT, 0)), accepted(pair.getAtIndex(JAVA_INT, 1)),
            };
        }
    }

    /**
     * Takes over a connected stream socket, such as one inherited from the parent process. If this
     * throws, the descriptor is still the caller's.
     *
     * @param descriptor belongs to the result from now on
     * @return its owner
     * @throws IOException if it is not a socket
     */
    public static UnixSocket of(FileDescriptor descriptor) throws IOException {
        FileStatus.Type type = descriptor.status().type();
        if (type != FileStatus.Type.SOCKET) {
            throw new IOException("not a socket: " + descriptor + " type=" + type);
        }
        return new UnixSocket(descriptor);
    }

    /** {@return the descriptor, owned by this socket: to register it with a {@link Poller}} */
    public FileDescriptor descriptor() {
        return descriptor;
    }

    // ── Sending ────────────────────────────────────────────────────────────

    /**
     * Sends all bytes, and the descriptors with the first of them.
     *
     * @param from native memory; at least one byte if there are descriptors
     * @param timeoutMillis 0 does not wait, negative waits without limit
     * @param descriptors stay the caller's; at most {@link ReceivedDescriptors#MAX}
     * @throws SocketTimeoutException if the peer did not take everything in time; its
     *         {@code bytesTransferred} says how much was sent
     * @throws LinuxException {@code EPIPE} or {@code ECONNRESET} if the peer is gone, {@code EBADF}
     *         after the close of this socket or of a descriptor
     */
    public void send(MemorySegment from, long timeoutMillis, FileDescriptor... descriptors)
            throws IOException {
        requireNative(from);
        if (descriptors.length > ReceivedDescriptors.MAX || descriptors.length > 0
                && from.byteSize() == 0) {
            throw new IllegalArgumentException("send: descriptors=" + descriptors.length + " limit="
                    + ReceivedDescriptors.MAX + " bytes=" + from.byteSize());
        }
        int fd = descriptor.acquire("sendmsg");
        sending.lock.lock();
        int acquired = 0;
        try {
            while (acquired < descriptors.length) {
                int sent = descriptors[acquired].acquire("sendmsg");
                ControlMessage.setDescriptor(sending.control, acquired++, sent);
            }
            if (acquired > 0) {
                ControlMessage.setHeader(sending.control, acquired);
            }
            sendAll(fd, from, acquired, timeoutMillis);
        } finally {
            while (acquired > 0) {
                descriptors[--acquired].release();
            }
            sending.lock.unlock();
            descriptor.release();
        }
    }

    private void sendAll(int fd, MemorySegment from, int descriptors, long timeoutMillis)
            throws IOException {
        long start = System.nanoTime();
        long done = 0;
        while (done < from.byteSize()) {
            sending.prepare(from, done, done == 0 ? descriptors : 0);
            long n = SocketCalls.sendmsg(fd, sending.header, from);
            if (n >= 0) {
                done += n;
            } else if (n != -Libc.EAGAIN) {
                throw failed("sendmsg", -n, "length=" + from.byteSize() + " done=" + done);
            } else if (!await(fd, PollCalls.POLLOUT, Timeout.left(start, timeoutMillis))
                    && Timeout.left(start, timeoutMillis) == 0) {
                throw timedOut("sendmsg", from.byteSize(), done);
            }
        }
    }

    // ── Receiving ──────────────────────────────────────────────────────────

    /**
     * Receives at least one byte, and as many as are there.
     *
     * @param to native memory of at least one byte
     * @param descriptors empty; filled with what came along
     * @param timeoutMillis 0 does not wait, negative waits without limit
     * @return the bytes received, 0 if none came in time, -1 if the peer has closed the connection
     * @throws ProtocolException if more descriptors came than fit, or the process may not have so
     *         many
     * @throws LinuxException {@code ECONNRESET} if the peer closed without reading everything,
     *         {@code EBADF} after the close of this socket
     */
    public int receive(MemorySegment to, ReceivedDescriptors descriptors, long timeoutMillis)
            throws IOException {
        requireNative(to);
        descriptors.requireEmpty();
        if (to.byteSize() == 0) {
            throw new IllegalArgumentException("receive: bytes=0");
        }
        int fd = descriptor.acquire("recvmsg");
        receiving.lock.lock();
        try {
            long n = receiveSome(fd, to, 0, descriptors, System.nanoTime(), timeoutMillis);
            return n == -Libc.EAGAIN ? 0 : n == 0 ? -1 : (int) n;
        } finally {
            receiving.lock.unlock();
            descriptor.release();
        }
    }

    /**
     * Receives until {@code to} is full: a message, or the part of it that has a known length.
     *
     * @param to native memory
     * @param descriptors empty; filled with what came with the first bytes
     * @param timeoutMillis 0 does not wait, negative waits without limit
     * @return {@code false} if the peer has closed the connection, and nothing was received
     * @throws EOFException if the peer closed the connection in the middle
     * @throws SocketTimeoutException if not everything came in time; its {@code bytesTransferred}
     *         says how much did
     * @throws ProtocolException if more descriptors came than fit, or later than with the first
     *         bytes, or the process may not have so many
     * @throws LinuxException as {@link #receive}
     */
    public boolean receiveFully(MemorySegment to, ReceivedDescriptors descriptors,
            long timeoutMillis)
            throws IOException {
        requireNative(to);
        descriptors.requireEmpty();
        int fd = descriptor.acquire("recvmsg");
        receiving.lock.lock();
        boolean complete = false;
        try {
            complete = fill(fd, to, descriptors, timeoutMillis);
            return complete;
        } finally {
            if (!complete) {
                descriptors.clear();
            }
            receiving.lock.unlock();
            descriptor.release();
        }
    }

    /**
     * Receives until {@code to} is full, and accepts no descriptor: what follows a header.
     *
     * @param to native memory
     * @param timeoutMillis 0 does not wait, negative waits without limit
     * @return {@code false} if the peer has closed the connection, and nothing was received
     * @throws IOException as {@link #receiveFully(MemorySegment, ReceivedDescriptors, long)}
     */
    public boolean receiveFully(MemorySegment to, long timeoutMillis) throws IOException {
        requireNative(to);
        int fd = descriptor.acquire("recvmsg");
        receiving.lock.lock();
        try {
            return fill(fd, to, null, timeoutMillis);
        } finally {
            receiving.lock.unlock();
            descriptor.release();
        }
    }

    private boolean fill(int fd, MemorySegment to, @Nullable ReceivedDescriptors descriptors,
            long timeoutMillis)
            throws IOException {
        long start = System.nanoTime();
        long done = 0;
        while (done < to.byteSize()) {
            long n = receiveSome(fd, to, done, done == 0 ? descriptors : null, start,
                    timeoutMillis);
            if (n == -Libc.EAGAIN) {
                throw timedOut("recvmsg", to.byteSize(), done);
            }
            if (n == 0) {
                if (done == 0) {
                    return false;
                }
                throw new EOFException("recvmsg: peer closed: length=" + to.byteSize() + " done="
                        + done);
            }
            done += n;
        }
        return true;
    }

    /** Bytes received, 0 at the end of the stream, {@code -EAGAIN} when the time is over. */
    private long receiveSome(int fd, MemorySegment to, long at,
            @Nullable ReceivedDescriptors descriptors,
            long start, long timeoutMillis) throws IOException {
        int accepted = descriptors == null ? 0 : descriptors.capacity();
        for (;;) {
            receiving.prepare(to, at, accepted);
            long n = SocketCalls.recvmsg(fd, receiving.header, to);
            if (n >= 0) {
                collect(descriptors);
                if (n == 0 && !descriptor.isOpen()) {
                    throw failed("recvmsg", Libc.EBADF, "closed");
                }
                return n;
            }
            if (n != -Libc.EAGAIN) {
                throw failed("recvmsg", -n, "");
            }
            if (!await(fd, PollCalls.POLLIN, Timeout.left(start, timeoutMillis))
                    && Timeout.left(start, timeoutMillis) == 0) {
                return n;
            }
        }
    }

    /** Takes the descriptors out of the ancillary data, whatever else is in it. */
    private void collect(@Nullable ReceivedDescriptors descriptors) throws ProtocolException {
        MemorySegment control = receiving.control;
        long end = MessageHeader.controlLength(receiving.header);
        long at = 0;
        long length = ControlMessage.lengthAt(control, at, end);
        while (length != 0) {
            if (descriptors != null && ControlMessage.carriesDescriptors(control, at)) {
                int count = (int) ((length - ControlMessage.SIZE) / Integer.BYTES);
                for (int i = 0; i < count; i++) {
                    descriptors.add(ControlMessage.descriptor(control, at, i));
                }
            }
            at += ControlMessage.align(length);
            length = ControlMessage.lengthAt(control, at, end);
        }
        // The kernel has closed what did not fit; what did is ours to close.
        if ((MessageHeader.flags(receiving.header) & SocketCalls.MSG_CTRUNC) != 0) {
            int accepted = descriptors == null ? 0 : descriptors.capacity();
            int received = descriptors == null ? 0 : descriptors.size();
            if (descriptors != null) {
                descriptors.clear();
            }
            throw new ProtocolException("recvmsg: more descriptors than accepted, or than this"
                    + " process may open: accepted=" + accepted + " received=" + received);
        }
    }

    /**
     * Waits for bytes, or for the end of the connection, and leaves them there.
     *
     * @param timeoutMillis 0 does not wait, negative waits without limit
     * @return whether {@link #receive} would not wait
     * @throws LinuxException {@code EBADF} after the close
     */
    public boolean awaitReadable(long timeoutMillis) throws LinuxException {
        int fd = descriptor.acquire("poll");
        try {
            return await(fd, PollCalls.POLLIN, timeoutMillis);
        } finally {
            descriptor.release();
        }
    }

    private boolean await(int fd, int events, long timeoutMillis) throws LinuxException {
        int result = PollCalls.await(fd, events, timeoutMillis);
        if (result < 0) {
            throw failed("poll", -result, "");
        }
        return result != 0;
    }

    private static void requireNative(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("socket: " + segment
                    + ": must be native memory, not on the heap");
        }
    }

    private LinuxException failed(String call, long errno, String details) {
        return new LinuxException(call, errno, "fd=" + descriptor.number()
                + (details.isEmpty() ? "" : " " + details));
    }

    private static SocketTimeoutException timedOut(String call, long length, long done) {
        SocketTimeoutException timedOut =
                new SocketTimeoutException(call + ": timed out: length=" + length + " done="
                + done);
        timedOut.bytesTransferred = (int) Math.min(done, Integer.MAX_VALUE);
        return timedOut;
    }

    /**
     * Ends the connection, also for duplicates of its descriptor, and closes it. Threads that wait
     * in this socket get {@link LinuxException} {@code EBADF} or {@code EPIPE}. Again, it does
     * nothing.
     */
    @Override
    public void close() {
        shutDownAndClose(descriptor);
    }

    /** Closes a socket such that calls that wait in it return. */
    static void shutDownAndClose(FileDescriptor descriptor) {
        if (!descriptor.tryAcquire()) {
            return;
        }
        descriptor.close();
        try {
            SocketCalls.shutdown(descriptor.number());
        } finally {
            descriptor.release();
        }
    }

    @Override
    public String toString() {
        return "socket " + descriptor;
    }
}
