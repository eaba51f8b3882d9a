// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.gpio.board.LineState;
import io.virtio4j.gpio.board.Pull;
import io.virtio4j.gpio.board.SimulatedLine;
import io.virtio4j.i2c.I2cAddress;
import io.virtio4j.i2c.simulated.I2cTarget;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The parts' side of an I2C bus that is two lines of a board: takes edges for what the bus specification says they
 * are, bit by bit, and pulls the data line low where a part does. The controller may be as slow as it likes.
 */
final class TwoWires {

    private static final int BYTE = 8;
    private static final int TEN_BIT = 0b11110;

    private enum Phase { IDLE, ADDRESS, SECOND_ADDRESS, WRITE, READ, DONE }

    private final SimulatedLine data;
    private final SimulatedLine clock;
    private final Map<I2cAddress, I2cTarget> targets = new ConcurrentHashMap<>();

    // Used by one watcher at a time.
    private Phase phase = Phase.IDLE;
    private int shifted;
    private int bits;
    private int sending;
    private boolean acknowledged;
    private int high;
    private @Nullable I2cTarget target;
    private boolean farTarget;

    TwoWires(SimulatedLine data, SimulatedLine clock) {
        this.data = data;
        this.clock = clock;
        data.pull(Pull.UP);
        clock.pull(Pull.UP);
        data.watch((line, state, nanos) -> dataChanged(state));
        clock.watch((line, state, nanos) -> clockChanged(state));
    }

    void attach(I2cAddress address, I2cTarget part) {
        targets.put(address, part);
    }

    private void dataChanged(LineState state) {
        if (!clock.isHigh()) {
            return;
        }
        if (state.isHigh()) {
            stop();
        } else {
            phase = Phase.ADDRESS;
            bits = -1; // the clock falls once before the first bit
        }
    }

    private void stop() {
        if (target != null) {
            target.stop();
        }
        target = null;
        farTarget = false;
        phase = Phase.IDLE;
    }

    private void clockChanged(LineState state) {
        if (phase == Phase.IDLE || phase == Phase.DONE) {
            return;
        }
        if (state.isHigh()) {
            rises();
        } else {
            falls();
        }
    }

    private void rises() {
        if (bits < BYTE) {
            shifted = (shifted << 1 | (data.isHigh() ? 1 : 0)) & 0xFF;
        } else if (phase == Phase.READ) {
            acknowledged = !data.isHigh();
        }
    }

    private void falls() {
        bits++;
        if (bits < BYTE) {
            sendBit();
        } else if (bits == BYTE) {
            if (phase == Phase.READ) {
                data.release(); // for the controller to acknowledge
            } else {
                acknowledged = taken(shifted);
                level(!acknowledged);
            }
        } else {
            bits = 0;
            next();
        }
    }

    /** What a byte of the controller's means; whether it is acknowledged. */
    private boolean taken(int value) {
        return switch (phase) {
            case ADDRESS -> addressed(value);
            case SECOND_ADDRESS -> {
                farTarget = true;
                yield start(I2cAddress.tenBit(high << BYTE | value), false);
            }
            case WRITE -> target != null && target.write(value);
            default -> false;
        };
    }

    private boolean addressed(int value) {
        boolean read = (value & 1) != 0;
        if (value >> 3 != TEN_BIT) {
            farTarget = false;
            return start(I2cAddress.of(value >> 1), read);
        }
        if (read) {
            // > the target that was addressed before [I2C-bus specification, 10-bit addressing]
            return farTarget && target != null && target.start(true);
        }
        high = value >> 1 & 3;
        return targets.keySet().stream().anyMatch(address -> address.tenBit() && address.value() >> BYTE == high);
    }

    private boolean start(I2cAddress address, boolean read) {
        target = targets.get(address);
        return target != null && target.start(read);
    }

    /** After an acknowledge bit. */
    private void next() {
        if (!acknowledged) {
            phase = Phase.DONE;
            data.release();
            return;
        }
        if (phase == Phase.ADDRESS) {
            boolean read = (shifted & 1) != 0;
            phase = read ? Phase.READ : shifted >> 3 == TEN_BIT ? Phase.SECOND_ADDRESS : Phase.WRITE;
        } else if (phase == Phase.SECOND_ADDRESS) {
            phase = Phase.WRITE;
        }
        if (phase == Phase.READ && target != null) {
            sending = target.read();
        }
        sendBit();
    }

    private void sendBit() {
        if (phase == Phase.READ) {
            level((sending >> BYTE - 1 - bits & 1) != 0);
        } else {
            data.release();
        }
    }

    /** Open drain. */
    private void level(boolean isHigh) {
        if (isHigh) {
            data.release();
        } else {
            data.drive(false);
        }
    }
}
