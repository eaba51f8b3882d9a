// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A GPIO controller of Linux: {@code /dev/gpiochip0} and others, through version 2 of the character device's
 * interface. Linux 5.10.
 *
 * <p>Any thread may use and close it. Lines that were requested stay so when it is closed.
 */
public final class GpioChip implements AutoCloseable {

    /**
     * What Linux says about a line.
     *
     * @param name empty if it has none
     * @param consumer who uses it; empty if nobody says so
     * @param flags as {@code GPIO_V2_LINE_FLAG_*}
     */
    public record LineInfo(String name, String consumer, long flags) {

        /** {@return whether somebody uses it, so that it cannot be requested} */
        public boolean isUsed() {
            return (flags & 1) != 0;
        }
    }

    private final FileDescriptor descriptor;
    private final Path path;
    private final String label;
    private final int lines;

    private GpioChip(FileDescriptor descriptor, Path path, String label, int lines) {
        this.descriptor = descriptor;
        this.path = path;
        this.label = label;
        this.lines = lines;
    }

    /**
     * Opens a controller.
     *
     * @param path such as {@code /dev/gpiochip0}
     * @return an open one
     * @throws LinuxException {@code ENOENT} if there is none, {@code EACCES} without the permission,
     *         {@code ENOTTY} if it is something else
     */
    public static GpioChip open(Path path) throws IOException {
        Linux.requireSupported();
        try (Arena arena = Arena.ofConfined()) {
            FileDescriptor opened = FileDescriptor.opened(
                    FileCalls.open(Libc.cString(arena, Libc.name(path)), FileCalls.O_RDWR | FileCalls.O_CLOEXEC, 0),
                    "open", "path=" + path);
            MemorySegment info = arena.allocate(GpioStructs.CHIP_INFO);
            int result = DeviceCalls.ioctl(opened.number(), GpioStructs.GET_CHIPINFO, info);
            if (result < 0) {
                opened.close();
                throw new LinuxException("ioctl", -result, "request=GPIO_GET_CHIPINFO path=" + path);
            }
            return new GpioChip(opened, path, GpioStructs.text(info, GpioStructs.CHIP_INFO, "label"),
                    info.get(JAVA_INT, CStruct.offset(GpioStructs.CHIP_INFO, "lines")));
        }
    }

    /** {@return the controller's label} */
    public String label() {
        return label;
    }

    /** {@return how many lines it has} */
    public int lines() {
        return lines;
    }

    /**
     * Asks about a line.
     *
     * @param line from 0
     * @return what holds at this moment
     * @throws LinuxException {@code EINVAL} if there is no such line, {@code ENODEV} if the controller is gone
     */
    public LineInfo info(int line) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(GpioStructs.LINE_INFO);
            info.set(JAVA_INT, CStruct.offset(GpioStructs.LINE_INFO, "offset"), line);
            ioctl(GpioStructs.GET_LINEINFO, info, "GPIO_V2_GET_LINEINFO", line);
            return new LineInfo(GpioStructs.text(info, GpioStructs.LINE_INFO, "name"),
                    GpioStructs.text(info, GpioStructs.LINE_INFO, "consumer"),
                    info.get(JAVA_LONG, CStruct.offset(GpioStructs.LINE_INFO, "flags")));
        }
    }

    /**
     * Takes a line into use; nobody else can have it until it is closed.
     *
     * @param line from 0
     * @param consumer who uses it, for others to see; cut off after 31 bytes
     * @param flags of {@link GpioLine#INPUT}, {@link GpioLine#OUTPUT}, {@link GpioLine#EDGE_RISING} and
     *         {@link GpioLine#EDGE_FALLING}
     * @param high the level of an output
     * @return the line, to be closed
     * @throws LinuxException {@code EBUSY} if somebody uses it, {@code EINVAL} if there is no such line or
     *         the flags contradict each other, {@code ENXIO} if it cannot report edges
     */
    public GpioLine request(int line, String consumer, long flags, boolean high) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(GpioStructs.REQUEST);
            request.set(JAVA_INT, CStruct.offset(GpioStructs.REQUEST, "offsets"), line);
            request.set(JAVA_INT, CStruct.offset(GpioStructs.REQUEST, "num_lines"), 1);
            byte[] name = Arrays.copyOf(consumer.getBytes(StandardCharsets.UTF_8), GpioStructs.NAME_SIZE - 1);
            MemorySegment.copy(name, 0, request, JAVA_BYTE,
                    CStruct.offset(GpioStructs.REQUEST, "consumer"), name.length);
            GpioStructs.configure(request, CStruct.offset(GpioStructs.REQUEST, "config"), flags, high);
            ioctl(GpioStructs.GET_LINE, request, "GPIO_V2_GET_LINE", line);
            int fd = request.get(JAVA_INT, CStruct.offset(GpioStructs.REQUEST, "fd"));
            FileDescriptor opened = new FileDescriptor(fd);
            FileCalls.fcntl(fd, FileCalls.F_SETFL, FileCalls.O_RDWR | FileCalls.O_NONBLOCK);
            return new GpioLine(opened, line);
        }
    }

    private void ioctl(int request, MemorySegment argument, String name, int line) throws LinuxException {
        int fd = descriptor.acquire("ioctl");
        try {
            int result = DeviceCalls.ioctl(fd, request, argument);
            if (result < 0) {
                throw new LinuxException("ioctl", -result, "request=" + name + " path=" + path + " line=" + line);
            }
        } finally {
            descriptor.release();
        }
    }

    /** Closes the controller; again, it does nothing. */
    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return "gpio chip " + path + " label=" + label + " lines=" + lines;
    }
}
