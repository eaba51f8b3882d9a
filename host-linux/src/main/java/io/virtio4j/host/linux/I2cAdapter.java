// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;

/**
 * An I2C bus of Linux, through {@code /dev/i2c-N} of the driver i2c-dev. Transfers wait for the bus; any thread
 * may make them, and Linux puts them in order.
 */
public final class I2cAdapter implements AutoCloseable {
    private static final long TIMEOUT_UNIT_MILLIS = 10;

    private final Path path;
    private final FileDescriptor descriptor;
    private final long functions;

    private I2cAdapter(Path path, FileDescriptor descriptor, long functions) {
        this.path = path;
        this.descriptor = descriptor;
        this.functions = functions;
    }

    /**
     * Opens a bus.
     *
     * @param path such as {@code /dev/i2c-1}
     * @return an open one
     * @throws LinuxException {@code ENOENT} if there is none, {@code EACCES} if it may not be used,
     *         {@code ENOTTY} if it is something else
     * @throws IOException if the adapter does not do plain I2C, but SMBus only
     */
    public static I2cAdapter open(Path path) throws IOException {
        Linux.requireSupported();
        try (Arena arena = Arena.ofConfined()) {
            FileDescriptor descriptor = FileDescriptor.opened(
                    FileCalls.open(Libc.cString(arena, Libc.name(path)),
                            FileCalls.O_RDWR | FileCalls.O_CLOEXEC | FileCalls.O_NOCTTY, 0),
                    "open", "path=" + path);
            try {
                return new I2cAdapter(path, descriptor, functions(path, descriptor.number(), arena));
            } catch (IOException failed) {
                descriptor.close();
                throw failed;
            }
        }
    }

    private static long functions(Path path, int fd, Arena arena) throws IOException {
        MemorySegment value = arena.allocate(JAVA_LONG);
        check(DeviceCalls.ioctlOnce(fd, I2cCalls.I2C_FUNCS, value), "I2C_FUNCS", "path=" + path);
        long functions = value.get(JAVA_LONG, 0);
        if ((functions & I2cCalls.I2C_FUNC_I2C) == 0) {
            throw new IOException("open: path=" + path + " functions=0x" + Long.toHexString(functions)
                    + ": the adapter does SMBus only, use one that does plain I2C");
        }
        return functions;
    }

    private static void check(int result, String request, String details) throws LinuxException {
        if (result < 0) {
            throw new LinuxException("ioctl", -result, "request=" + request + " " + details);
        }
    }

    /** {@return whether the adapter's driver knows addresses of 10 bits; others would use the wrong one} */
    public boolean knowsTenBitAddresses() {
        return (functions & I2cCalls.I2C_FUNC_10BIT_ADDR) != 0;
    }

    /**
     * Sets how long the adapter's driver waits for a target, for all who use the adapter.
     *
     * @param timeout in steps of 10 ms
     */
    public void timeout(Duration timeout) throws LinuxException {
        set(I2cCalls.I2C_TIMEOUT, "I2C_TIMEOUT", Math.max(1, timeout.toMillis() / TIMEOUT_UNIT_MILLIS));
    }

    /** Sets how often Linux begins again after a lost arbitration, for all who use the adapter. */
    public void retries(int times) throws LinuxException {
        set(I2cCalls.I2C_RETRIES, "I2C_RETRIES", times);
    }

    private void set(int request, String name, long value) throws LinuxException {
        int fd = descriptor.acquire("ioctl");
        try {
            check(DeviceCalls.ioctlOnce(fd, request, value), name, "path=" + path + " value=" + value);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Runs a transaction: START, the messages with a repeated START between them, STOP.
     *
     * @param messages at least one
     * @return 0 if all succeeded; otherwise the error number, positive, and Linux does not tell which message
     *         failed. Targets that do not answer are ordinary, so no exception is made for them
     * @throws LinuxException {@code EBADF} after the close
     */
    public int transfer(I2cMessages messages) throws LinuxException {
        int fd = descriptor.acquire("ioctl");
        try {
            // Interrupted, it is not restarted: a target may have taken a part of the transaction.
            int result = DeviceCalls.ioctlOnce(fd, I2cCalls.I2C_RDWR, messages.argument());
            if (result < 0) {
                return -result;
            }
            return result == messages.count() ? 0 : Libc.EIO;
        } finally {
            descriptor.release();
        }
    }

    /** Closes it; again, it does nothing. */
    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return "i2c " + path;
    }
}
