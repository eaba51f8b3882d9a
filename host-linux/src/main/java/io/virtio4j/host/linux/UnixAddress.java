// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where a Unix socket listens: a path in the file system, or a name in the abstract namespace. See
 * {@code unix(7)}.
 */
public final class UnixAddress {
    private final byte[] name;
    private final @Nullable Path path;

    private UnixAddress(byte[] name, @Nullable Path path) {
        if (name.length < 2 || name.length > SocketAddress.NAME_SIZE) {
            throw new IllegalArgumentException("socket address: " + describe(name, path)
                    + ": needs 1 to "
                    + (SocketAddress.NAME_SIZE - 1) + " bytes: bytes=" + (name.length - 1));
        }
        this.name = name;
        this.path = path;
    }

    /**
     * A socket file. Who may connect is decided by the permissions of its directory and, through
     * the umask, its own.
     *
     * @param path at most 107 bytes; relative to the working directory if not absolute
     * @return its address
     */
    public static UnixAddress of(Path path) {
        byte[] bytes = Libc.name(path);
        return new UnixAddress(Arrays.copyOf(bytes, bytes.length + 1), path);
    }

    /**
     * A name without a file, gone when the socket is closed. Every process of the network namespace
     * may connect to it.
     *
     * @param name at most 107 bytes of UTF-8
     * @return its address
     */
    public static UnixAddress abstractName(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        byte[] address = new byte[bytes.length + 1];
        System.arraycopy(bytes, 0, address, 1, bytes.length);
        return new UnixAddress(address, null);
    }

    /** {@return the path of the socket file, {@code null} for an abstract name} */
    public @Nullable Path path() {
        return path;
    }

    /** All bytes of {@code sun_path} that count. */
    byte[] name() {
        return name;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof UnixAddress address && Arrays.equals(name, address.name);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(name);
    }

    /** The path, or {@code @} and the abstract name. */
    @Override
    public String toString() {
        return describe(name, path);
    }

    private static String describe(byte[] name, @Nullable Path path) {
        return path != null ? path.toString()
                : "@" + new String(name, 1, name.length - 1, StandardCharsets.UTF_8);
    }
}
