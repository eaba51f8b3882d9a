// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A network interface of Linux whose wire is in this process: {@code /dev/net/tun} in TAP mode. Frames are
 * read and written whole, each behind a {@code struct virtio_net_hdr} in little-endian byte order, and the
 * interface has one queue or several. It disappears with the close, unless it was made persistent by others.
 *
 * <p>Any thread may read, write and close; neither waits. Reading and writing allocate nothing.
 */
public final class TapDevice implements AutoCloseable {
    /** Partial checksums, without which there is nothing else. */
    public static final int OFFLOAD_CSUM = 0x01;
    /** TCP over IPv4 that is to be segmented. */
    public static final int OFFLOAD_TSO4 = 0x02;
    /** TCP over IPv6 that is to be segmented. */
    public static final int OFFLOAD_TSO6 = 0x04;
    /** With one of the two before: TCP with the ECN bit. */
    public static final int OFFLOAD_ECN = 0x08;
    /** UDP over IPv4 that is to be segmented; only together with {@link #OFFLOAD_USO6}. Linux 6.2. */
    public static final int OFFLOAD_USO4 = 0x20;
    /** UDP over IPv6 that is to be segmented; only together with {@link #OFFLOAD_USO4}. Linux 6.2. */
    public static final int OFFLOAD_USO6 = 0x40;

    /** Bytes of the header before each frame. */
    public static final int HEADER_SIZE = 12;

    private static final Path CONTROL = Path.of("/dev/net/tun");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.%-]{1,15}");
    private static final int MOST_QUEUES = 256;

    private final String name;
    private final List<FileDescriptor> queues;

    private TapDevice(String name, List<FileDescriptor> queues) {
        this.name = name;
        this.queues = List.copyOf(queues);
    }

    /** {@return whether {@code /dev/net/tun} is there and this process may open it} */
    public static boolean isPresent() {
        return Linux.isSupported() && Files.isReadable(CONTROL) && Files.isWritable(CONTROL);
    }

    /**
     * Opens an interface, and creates it if there is none of this name; that takes {@code CAP_NET_ADMIN} in
     * the network namespace of the process. It is down, and has no address, until somebody configures it.
     *
     * @param name up to 15 characters; {@code %d} in it becomes a number
     * @param queues 1 to 256. An interface that exists has several exactly if more than one is asked for
     * @return an open one
     * @throws LinuxException {@code EPERM} without the capability, {@code EBUSY} if somebody else has it,
     *         {@code EINVAL} if it exists and is something else
     */
    public static TapDevice open(String name, int queues) throws IOException {
        Linux.requireSupported();
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "an interface's name has 1 to 15 letters, digits, or _ . - %: name=" + name);
        }
        if (queues < 1 || queues > MOST_QUEUES) {
            throw new IllegalArgumentException("a TAP has 1 to 256 queues: queues=" + queues);
        }
        List<FileDescriptor> opened = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(InterfaceRequest.LAYOUT);
            String actual = name;
            for (int i = 0; i < queues; i++) {
                opened.add(openControl(arena));
                actual = attach(opened.get(i).number(), actual, queues > 1, request);
                setHeader(opened.get(i).number(), arena);
            }
            return new TapDevice(actual, opened);
        } catch (IOException failed) {
            opened.forEach(FileDescriptor::close);
            throw failed;
        }
    }

    private static FileDescriptor openControl(Arena arena) throws LinuxException {
        int flags = FileCalls.O_RDWR | FileCalls.O_NONBLOCK | FileCalls.O_CLOEXEC;
        return FileDescriptor.opened(
                FileCalls.open(Libc.cString(arena, Libc.name(CONTROL)), flags, 0), "open", "path=" + CONTROL);
    }

    private static String attach(int fd, String name, boolean several, MemorySegment request)
            throws LinuxException {
        int flags = TapCalls.IFF_TAP | TapCalls.IFF_NO_PI | TapCalls.IFF_VNET_HDR
                | (several ? TapCalls.IFF_MULTI_QUEUE : 0);
        InterfaceRequest.set(request, name, flags);
        check(DeviceCalls.ioctl(fd, TapCalls.TUNSETIFF, request), "TUNSETIFF", "name=" + name);
        return InterfaceRequest.name(request);
    }

    private static void setHeader(int fd, Arena arena) throws LinuxException {
        MemorySegment value = arena.allocate(JAVA_INT);
        value.set(JAVA_INT, 0, HEADER_SIZE);
        check(DeviceCalls.ioctl(fd, TapCalls.TUNSETVNETHDRSZ, value), "TUNSETVNETHDRSZ", "");
        value.set(JAVA_INT, 0, 1);
        check(DeviceCalls.ioctl(fd, TapCalls.TUNSETVNETLE, value), "TUNSETVNETLE", "");
    }

    private static void check(int result, String request, String details) throws LinuxException {
        if (result < 0) {
            throw new LinuxException("ioctl", -result, "request=" + request + " " + details);
        }
    }

    /** {@return the name of the interface} */
    public String name() {
        return name;
    }

    /** {@return how many queues were opened} */
    public int queues() {
        return queues.size();
    }

    /**
     * {@return a queue's descriptor, owned by this object: to be watched by a {@link Poller}}
     *
     * @param queue from 0
     */
    public FileDescriptor descriptor(int queue) {
        return queues.get(queue);
    }

    /**
     * Tells Linux what it may leave to do for frames that are read. Frames that are written may leave all of
     * this to Linux, whatever was set.
     *
     * @param offloads of the {@code OFFLOAD} constants
     * @return false if this version of Linux does not know one of them, or not in this combination; then
     *         nothing has changed
     * @throws LinuxException {@code EBADF} after the close
     */
    public boolean setOffloads(int offloads) throws LinuxException {
        FileDescriptor first = queues.getFirst();
        int fd = first.acquire("ioctl");
        try {
            int result = DeviceCalls.ioctl(fd, TapCalls.TUNSETOFFLOAD, (long) offloads);
            if (result == -Libc.EINVAL) {
                return false;
            }
            check(result, "TUNSETOFFLOAD", "offloads=0x" + Integer.toHexString(offloads));
            return true;
        } finally {
            first.release();
        }
    }

    /**
     * Reads a frame with its header. What does not fit is cut off.
     *
     * @param queue from 0
     * @param to native memory
     * @return how many bytes, the header's included; 0 if there is no frame now
     * @throws LinuxException {@code EBADF} after the close
     */
    public int read(int queue, MemorySegment to) throws LinuxException {
        FileDescriptor descriptor = queues.get(queue);
        int fd = descriptor.acquire("read");
        try {
            long n = DeviceCalls.read(fd, to, to.byteSize());
            return n == -Libc.EAGAIN ? 0 : transferred("read", n);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Writes a frame with its header.
     *
     * @param queue from 0
     * @param from native memory
     * @param length in bytes, the header's included
     * @return whether Linux took it; not if it has no room now
     * @throws LinuxException {@code EINVAL} if the header and the frame do not go together, {@code EIO} if
     *         the interface is down, {@code EBADF} after the close
     */
    public boolean write(int queue, MemorySegment from, long length) throws LinuxException {
        if (length > from.byteSize()) {
            throw new IndexOutOfBoundsException("length=" + length + " size=" + from.byteSize());
        }
        FileDescriptor descriptor = queues.get(queue);
        int fd = descriptor.acquire("write");
        try {
            long n = DeviceCalls.write(fd, from, length);
            return n != -Libc.EAGAIN && transferred("write", n) > 0;
        } finally {
            descriptor.release();
        }
    }

    private int transferred(String call, long n) throws LinuxException {
        if (n < 0) {
            throw new LinuxException(call, -n, "interface=" + name);
        }
        return (int) n;
    }

    /** Closes all queues; again, it does nothing. */
    @Override
    public void close() {
        queues.forEach(FileDescriptor::close);
    }

    @Override
    public String toString() {
        return "tap " + name + " queues=" + queues.size();
    }
}
