// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One line of a {@link GpioChip}, in use by this process. Any thread; nothing waits for long. */
public final class GpioLine implements AutoCloseable {
    /** The line is read. */
    public static final long INPUT = 1 << 2;
    /** The line is driven. */
    public static final long OUTPUT = 1 << 3;
    /** With {@link #INPUT}: changes to high are reported. */
    public static final long EDGE_RISING = 1 << 4;
    /** With {@link #INPUT}: changes to low are reported. */
    public static final long EDGE_FALLING = 1 << 5;

    /** What {@link #readEdge} returns. */
    public enum Edge {
        /** None was reported since. */
        NONE,
        /** The line changed to high. */
        RISING,
        /** The line changed to low. */
        FALLING
    }

    private final FileDescriptor descriptor;
    private final int line;

    GpioLine(FileDescriptor descriptor, int line) {
        this.descriptor = descriptor;
        this.line = line;
    }

    /** {@return its descriptor, owned by this object: to be watched by a {@link Poller} for edges} */
    public FileDescriptor descriptor() {
        return descriptor;
    }

    /**
     * Uses the line differently from now on.
     *
     * @param flags as of {@link GpioChip#request}
     * @param high the level of an output
     * @throws LinuxException as of {@link GpioChip#request}, and {@code EBADF} after the close
     */
    public void configure(long flags, boolean high) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = arena.allocate(GpioStructs.CONFIG);
            GpioStructs.configure(config, 0, flags, high);
            ioctl(GpioStructs.LINE_SET_CONFIG, config, "GPIO_V2_LINE_SET_CONFIG");
        }
    }

    /**
     * {@return whether the line is high at this moment}
     *
     * @throws LinuxException {@code EBADF} after the close, {@code ENODEV} if the controller is gone
     */
    public boolean isHigh() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = values(arena, false);
            ioctl(GpioStructs.LINE_GET_VALUES, values, "GPIO_V2_LINE_GET_VALUES");
            return (values.get(JAVA_LONG, 0) & 1) != 0;
        }
    }

    /**
     * Drives an output to a level.
     *
     * @throws LinuxException {@code EPERM} if it is no output, {@code EBADF} after the close
     */
    public void set(boolean high) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            ioctl(GpioStructs.LINE_SET_VALUES, values(arena, high), "GPIO_V2_LINE_SET_VALUES");
        }
    }

    private static MemorySegment values(Arena arena, boolean high) {
        MemorySegment values = arena.allocate(GpioStructs.VALUES);
        values.set(JAVA_LONG, 0, high ? 1 : 0);
        values.set(JAVA_LONG, CStruct.offset(GpioStructs.VALUES, "mask"), 1);
        return values;
    }

    /**
     * Takes the next edge that was reported; does not wait.
     *
     * @throws LinuxException {@code EBADF} after the close, {@code ENODEV} if the controller is gone
     */
    public Edge readEdge() throws LinuxException {
        int fd = descriptor.acquire("read");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment event = arena.allocate(GpioStructs.EVENT);
            long n = DeviceCalls.read(fd, event, event.byteSize());
            if (n == -Libc.EAGAIN) {
                return Edge.NONE;
            }
            if (n < 0) {
                throw new LinuxException("read", -n, this.toString());
            }
            int id = event.get(JAVA_INT, CStruct.offset(GpioStructs.EVENT, "id"));
            return id == GpioStructs.EVENT_RISING_EDGE ? Edge.RISING : Edge.FALLING;
        } finally {
            descriptor.release();
        }
    }

    private void ioctl(int request, MemorySegment argument, String name) throws LinuxException {
        int fd = descriptor.acquire("ioctl");
        try {
            int result = DeviceCalls.ioctl(fd, request, argument);
            if (result < 0) {
                throw new LinuxException("ioctl", -result, "request=" + name + " " + this);
            }
        } finally {
            descriptor.release();
        }
    }

    /** Gives the line back; again, it does nothing. */
    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return "line=" + line + " " + descriptor;
    }
}
