// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.virtio4j.host.linux.I2cMessages;
import io.virtio4j.i2c.simulated.I2cTarget;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What i2c-dev does with {@code I2C_RDWR}, from the bytes that it is given: it knows the structures by their
 * offsets in C alone.
 */
final class FakeAdapter implements LinuxI2cBus.Transfer {

    private static final int ENXIO = 6;
    private static final int EREMOTEIO = 121;

    private final Map<Integer, I2cTarget> targets = new HashMap<>();
    private final List<String> log = new ArrayList<>();
    private int error;

    /** Puts a target at an address; with 10 bits, 0x10000 is to be added. */
    <T extends I2cTarget> T attach(int address, T target) {
        targets.put(address, target);
        return target;
    }

    /** The next transfers fail with this error number, unless 0. */
    void fail(int errno) {
        error = errno;
    }

    /** The messages of all transfers so far. */
    List<String> log() {
        return log;
    }

    @Override
    @SuppressWarnings("restricted")
    public int run(I2cMessages messages) {
        if (error != 0) {
            return error;
        }
        MemorySegment argument = messages.argument();
        int count = argument.get(JAVA_INT, 8);
        MemorySegment list = MemorySegment.ofAddress(argument.get(JAVA_LONG, 0)).reinterpret(16L * count);
        I2cTarget last = null;
        for (int i = 0; i < count; i++) {
            MemorySegment message = list.asSlice(16L * i, 16);
            int address = message.get(JAVA_SHORT, 0);
            int flags = message.get(JAVA_SHORT, 2);
            int length = message.get(JAVA_SHORT, 4);
            log.add("addr=%x flags=%x len=%d".formatted(address, flags, length));
            last = targets.get((flags & 0x10) != 0 ? 0x10000 | address : address);
            if (last == null || !last.start((flags & 1) != 0)) {
                return ENXIO;
            }
            MemorySegment data = MemorySegment.ofAddress(message.get(JAVA_LONG, 8)).reinterpret(length);
            if (!move(last, (flags & 1) != 0, data)) {
                return EREMOTEIO;
            }
        }
        if (last != null) {
            last.stop();
        }
        return 0;
    }

    private static boolean move(I2cTarget target, boolean read, MemorySegment data) {
        for (long at = 0; at < data.byteSize(); at++) {
            if (read) {
                data.set(JAVA_BYTE, at, (byte) target.read());
            } else if (!target.write(Byte.toUnsignedInt(data.get(JAVA_BYTE, at)))) {
                return false;
            }
        }
        return true;
    }
}
