// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Listens for connections at a {@link UnixAddress}. Any thread may accept and close. It removes its
 * socket file when it is closed, and a file that a server left behind when it begins.
 */
public final class UnixServerSocket implements AutoCloseable {
    private static final int BACKLOG = 16;
    private static final int BIND_ATTEMPTS = 3;

    private final FileDescriptor descriptor;
    private final UnixAddress address;
    /** Which socket file is ours, {@code null} for an abstract name. */
    private final @Nullable Object fileKey;

    private UnixServerSocket(FileDescriptor descriptor, UnixAddress address,
            @Nullable Object fileKey) {
        this.descriptor = descriptor;
        this.address = address;
        this.fileKey = fileKey;
    }

    /**
     * Begins to listen. A socket file at the address is removed if nobody listens at it, which is
     * found out by connecting; two servers that begin at the same moment are not kept from each
     * other.
     *
     * @param address where to listen
     * @return a listening socket
     * @throws LinuxException {@code EADDRINUSE} if somebody listens there, or the file is not a
     *         socket
     * @throws IOException if the left-behind file cannot be removed
     */
    public static UnixServerSocket listen(UnixAddress address) throws IOException {
        Linux.requireSupported();
        FileDescriptor descriptor = socket();
        try {
            bind(descriptor, address);
            Path path = address.path();
            Object fileKey = path == null ? null : fileKey(path);
            UnixServerSocket server = new UnixServerSocket(descriptor, address, fileKey);
            int result = SocketCalls.listen(descriptor.number(), BACKLOG);
            if (result < 0) {
                server.close();
                throw new LinuxException("listen", -result, "address=" + address);
            }
            return server;
        } catch (IOException failed) {
            descriptor.close();
            throw failed;
        }
    }

    private static FileDescriptor socket() throws LinuxException {
        return FileDescriptor.opened(SocketCalls.socket(SocketCalls.SOCK_NONBLOCK), "socket", "");
    }

    private static void bind(FileDescriptor descriptor, UnixAddress address) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(SocketAddress.LAYOUT);
            int length = SocketAddress.set(name, address.name());
            for (int attempt = 1;; attempt++) {
                int result = SocketCalls.bind(descriptor.number(), name, length);
                if (result == 0) {
                    return;
                }
                Path path = address.path();
                if (result != -Libc.EADDRINUSE || path == null || attempt == BIND_ATTEMPTS
                        || !isSocketFile(path) || !isLeftBehind(name, length)) {
                    throw new LinuxException("bind", -result, "address=" + address);
                }
                Files.deleteIfExists(path);
            }
        }
    }

    /**
     * Connecting to a file of another kind is refused as well, and that one must not be removed.
     */
    private static boolean isSocketFile(Path path) throws IOException {
        try {
            int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            return FileStatus.Type.ofMode(mode) == FileStatus.Type.SOCKET;
        } catch (NoSuchFileException gone) {
            return true;
        }
    }

    /**
     * Whether nobody listens at a socket file. A server that is too busy to accept counts as
     * listening.
     */
    private static boolean isLeftBehind(MemorySegment name, int length) throws LinuxException {
        try (FileDescriptor probe = socket()) {
            int result = SocketCalls.connect(probe.number(), name, length);
            return result == -Libc.ECONNREFUSED || result == -Libc.ENOENT;
        }
    }

    private static @Nullable Object fileKey(Path path) throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class,
                    LinkOption.NOFOLLOW_LINKS).fileKey();
        } catch (NoSuchFileException gone) {
            return null;
        }
    }

    /**
     * {@return the descriptor, owned by this socket: readable, for a {@link Poller}, when a
     * connection is pending}
     */
    public FileDescriptor descriptor() {
        return descriptor;
    }

    /** {@return where it listens} */
    public UnixAddress address() {
        return address;
    }

    /**
     * Accepts a connection.
     *
     * @param timeoutMillis 0 does not wait, negative waits without limit
     * @return the connection, {@code null} if none came in time
     * @throws LinuxException {@code EBADF} after the close, also if it comes while waiting;
     *         {@code EMFILE} when the process has too many descriptors, and the connection stays
     *         pending
     */
    public @Nullable UnixSocket accept(long timeoutMillis) throws LinuxException {
        int fd = descriptor.acquire("accept4");
        try {
            long start = System.nanoTime();
            for (;;) {
                int result = SocketCalls.accept(fd);
                if (result >= 0) {
                    return UnixSocket.accepted(result);
                }
                if (!descriptor.isOpen()) {
                    throw new LinuxException("accept4", Libc.EBADF, "fd=" + fd + " closed");
                }
                if (result != -Libc.EAGAIN) {
                    throw new LinuxException("accept4", -result, "fd=" + fd + " address="
                            + address);
                }
                int ready = PollCalls.await(fd, PollCalls.POLLIN,
                        Timeout.left(start, timeoutMillis));
                if (ready < 0) {
                    throw new LinuxException("poll", -ready, "fd=" + fd);
                }
                if (ready == 0 && Timeout.left(start, timeoutMillis) == 0) {
                    return null;
                }
            }
        } finally {
            descriptor.release();
        }
    }

    /**
     * Stops listening, removes the socket file if it is still the one this server made, and ends
     * the waits of other threads. Connections stay. Again, it does nothing.
     */
    @Override
    public void close() {
        if (!descriptor.isOpen()) {
            return;
        }
        Path path = address.path();
        if (path != null && fileKey != null) {
            try {
                if (Objects.equals(fileKey, fileKey(path))) {
                    Files.deleteIfExists(path);
                }
            } catch (IOException leftBehind) {
                // The next server removes it.
            }
        }
        UnixSocket.shutDownAndClose(descriptor);
    }

    @Override
    public String toString() {
        return "server socket " + descriptor + " address=" + address;
    }
}
