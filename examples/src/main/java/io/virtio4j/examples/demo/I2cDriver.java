// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A driver of I2C adapters: single requests, and a write and a read as a group. [Device Operation: Request Queue] */
final class I2cDriver {

    private static final int OK = 0;
    private static final int FAIL_NEXT = 1;
    private static final int M_RD = 2;

    private final DriverQueue queue;
    private final RunLog log;

    I2cDriver(TestDriver driver, RunLog log) {
        this.queue = driver.queue(0);
        this.log = log;
    }

    private static byte[] request(int address, int flags, byte... data) {
        return ByteBuffer.allocate(8 + data.length).order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) (address << 1)).putShort((short) 0).putInt(flags).put(data).array();
    }

    private boolean succeeded(Submitted submitted, int bytes) {
        queue.await(submitted);
        log.operation(bytes);
        byte[] writable = submitted.writable();
        return writable[writable.length - 1] == OK;
    }

    /** Whether somebody acknowledges an address, as the SMBus "Quick" command asks. */
    boolean probe(int address) {
        return succeeded(queue.submit(request(address, 0), 1), 0);
    }

    /** Writes; false if an address or a byte was not acknowledged. */
    boolean write(int address, byte... data) {
        return succeeded(queue.submit(request(address, 0, data), 1), data.length);
    }

    /** Writes the number of a register and reads, with a repeated START between. */
    byte[] read(int address, byte[] register, int count) {
        Submitted pointer = queue.add(request(address, FAIL_NEXT, register), 1);
        Submitted content = queue.add(request(address, M_RD), count + 1);
        queue.publish();
        queue.kick();
        if (!succeeded(pointer, register.length) | !succeeded(content, count)) {
            throw new IllegalStateException("read failed: address=0x" + Integer.toHexString(address));
        }
        return Arrays.copyOf(content.writable(), count);
    }
}
