// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** An adapter and a driver that speaks its protocol. */
final class I2cRig implements AutoCloseable {

    static final int OK = 0;
    static final int ERR = 1;

    static final int FAIL_NEXT = 1;
    static final int M_RD = 2;

    private static final byte[] NOTHING = {};

    private final I2cDevice device;
    private final TestDriver driver;

    private I2cRig(I2cDevice device, DriverOptions options) {
        this.device = device;
        driver = TestDriver.attach(device).start(options);
    }

    static I2cRig of(I2cBus bus) {
        return of(new I2cDevice(bus));
    }

    static I2cRig of(I2cDevice device) {
        return of(device, DriverOptions.split());
    }

    static I2cRig of(I2cDevice device, DriverOptions options) {
        return new I2cRig(device, options);
    }

    I2cDevice device() {
        return device;
    }

    TestDriver driver() {
        return driver;
    }

    DriverQueue queue() {
        return driver.queue(0);
    }

    long count(I2cCounter counter) {
        return device.counters().get(counter);
    }

    // ── Requests ───────────────────────────────────────────────────────────

    /** {@code addr} of a 7-bit address. */
    static int addr(int address) {
        return address << 1;
    }

    /** {@code addr} of a 10-bit address. */
    static int addr10(int address) {
        return (address & 0xFF) << 8 | 0xF0 | address >> 8 << 1;
    }

    /** The device-readable bytes of a request. */
    static byte[] bytes(int addr, int flags, byte... data) {
        return ByteBuffer.allocate(8 + data.length).order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) addr).putShort((short) 0).putInt(flags).put(data).array();
    }

    /** A write that is on its way. */
    Sent sendWrite(int addr, int flags, int... data) {
        return new Sent(queue().submit(bytes(addr, flags, toBytes(data)), 1));
    }

    /** A read that is on its way. */
    Sent sendRead(int addr, int flags, int length) {
        return new Sent(queue().submit(bytes(addr, flags | M_RD), length + 1));
    }

    /** Makes a request available, and tells nobody. */
    Sent addWrite(int addr, int flags, int... data) {
        return new Sent(queue().add(bytes(addr, flags, toBytes(data)), 1));
    }

    /** Makes a request available, and tells nobody. */
    Sent addRead(int addr, int flags, int length) {
        return new Sent(queue().add(bytes(addr, flags | M_RD), length + 1));
    }

    /** Tells the device of what was added. */
    void publish() {
        queue().publish();
        queue().kick();
    }

    /** Sends a write to a 7-bit address, and waits for its status. */
    int write(int address, int... data) {
        return sendWrite(addr(address), 0, data).status();
    }

    /** Reads from a 7-bit address. */
    byte[] read(int address, int length) {
        return sendRead(addr(address), 0, length).data();
    }

    /** Writes a register's number and reads, as one group. */
    byte[] read(int address, int register, int length) {
        Sent pointer = addWrite(addr(address), FAIL_NEXT, register);
        Sent content = addRead(addr(address), 0, length);
        publish();
        assertEquals(OK, pointer.status());
        return content.data();
    }

    private static byte[] toBytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    /** A request. */
    final class Sent {

        private final Submitted submitted;

        private Sent(Submitted submitted) {
            this.submitted = submitted;
        }

        Submitted submitted() {
            return submitted;
        }

        boolean isUsed() {
            driver.runDevice();
            queue().collect();
            return submitted.isUsed();
        }

        /** Waits for it. */
        int status() {
            queue().await(submitted);
            byte[] writable = submitted.writable();
            return writable[writable.length - 1];
        }

        /** Waits for what was read. */
        byte[] data() {
            assertEquals(OK, status());
            byte[] writable = submitted.writable();
            assertEquals(writable.length, submitted.usedLength());
            return writable.length == 1 ? NOTHING : Arrays.copyOf(writable, writable.length - 1);
        }
    }

    @Override
    public void close() {
        driver.close();
    }
}
