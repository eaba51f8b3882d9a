// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

/** Speaks to one target, byte by byte, as a bus does. */
final class Controller {

    private final I2cTarget target;

    Controller(I2cTarget target) {
        this.target = target;
    }

    /** START, bytes, STOP; false if one was not acknowledged. */
    boolean write(int... data) {
        boolean acknowledged = put(data);
        target.stop();
        return acknowledged;
    }

    /** START and bytes, without STOP. */
    boolean put(int... data) {
        boolean acknowledged = target.start(false);
        for (int i = 0; i < data.length && acknowledged; i++) {
            acknowledged = target.write(data[i]);
        }
        return acknowledged;
    }

    /** A register's number, repeated START, bytes, STOP. */
    int[] read(int register, int count) {
        if (!put(register)) {
            throw new AssertionError("not acknowledged");
        }
        return readOn(count);
    }

    /** START, bytes, STOP. */
    int[] readOn(int count) {
        if (!target.start(true)) {
            throw new AssertionError("not acknowledged");
        }
        int[] data = new int[count];
        for (int i = 0; i < count; i++) {
            data[i] = target.read() & 0xFF;
        }
        target.stop();
        return data;
    }
}
