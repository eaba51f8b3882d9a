// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

import io.virtio4j.i2c.I2cAddress;
import io.virtio4j.i2c.I2cBus;
import io.virtio4j.i2c.I2cMessage;
import io.virtio4j.i2c.I2cOutcome;
import io.virtio4j.i2c.I2cTransaction;
import org.jspecify.annotations.Nullable;

/**
 * A bus with simulated targets. Several controllers may share it: who finds it in use loses arbitration. It takes
 * no time and never blocks for long; targets come and go at any time, from any thread.
 *
 * <pre>{@code
 * SimulatedBus bus = new SimulatedBus();
 * bus.attach(0x50, Eeprom.at24c02());
 * bus.attach(I2cAddress.tenBit(0x250), target);
 * bus.faults().nackAddress(I2cAddress.of(0x50), 3);
 * }</pre>
 */
public final class SimulatedBus implements I2cBus {

    private final Object lock = new Object();
    private final @Nullable I2cTarget[] targets = new @Nullable I2cTarget[I2cAddress.COUNT];
    private final BusFaults faults = new BusFaults(lock);

    /** The target that acknowledged its address last since START. */
    private @Nullable I2cTarget selected;
    /** Whose transaction ended without STOP. */
    private @Nullable I2cTransaction holder;

    /** Creates a bus with nothing on it. */
    public SimulatedBus() {}

    /**
     * Puts a target on the bus. The general call, address 0, reaches only what is attached there.
     *
     * @throws IllegalStateException if there is one at that address
     */
    public void attach(I2cAddress address, I2cTarget target) {
        synchronized (lock) {
            I2cTarget present = targets[address.index()];
            if (present != null) {
                throw new IllegalStateException("there is a target at this address: address=" + address
                        + " target=" + present);
            }
            targets[address.index()] = target;
        }
    }

    /** Puts a target at an address of 7 bits; returns it. */
    public <T extends I2cTarget> T attach(int address, T target) {
        attach(I2cAddress.of(address), target);
        return target;
    }

    /** Takes a target off the bus; if it is in use, it sees no STOP. */
    public void detach(I2cAddress address) {
        synchronized (lock) {
            I2cTarget present = targets[address.index()];
            targets[address.index()] = null;
            if (present != null && present == selected) {
                selected = null;
            }
        }
    }

    /** Faults on demand. */
    public BusFaults faults() {
        return faults;
    }

    // ── The controller ─────────────────────────────────────────────────────

    @Override
    public boolean canHold() {
        return true;
    }

    @Override
    public I2cOutcome transfer(I2cTransaction transaction) {
        synchronized (lock) {
            if (faults.isStuck()) {
                return end(I2cOutcome.BUS_STUCK);
            }
            if (holder != null && holder != transaction) {
                return I2cOutcome.ARBITRATION_LOST;
            }
            if (faults.takeLostArbitration()) {
                return end(I2cOutcome.ARBITRATION_LOST);
            }
            I2cOutcome outcome = I2cOutcome.FAILED;
            try {
                outcome = run(transaction);
            } finally {
                if (outcome == I2cOutcome.OK && !transaction.endsWithStop()) {
                    holder = transaction;
                } else {
                    end(outcome);
                }
            }
            return outcome;
        }
    }

    @Override
    public void stop(I2cTransaction held) {
        synchronized (lock) {
            if (holder == held) {
                end(I2cOutcome.OK);
            }
        }
    }

    private I2cOutcome run(I2cTransaction transaction) {
        for (int i = 0; i < transaction.size(); i++) {
            I2cOutcome outcome = run(transaction.message(i));
            if (outcome != I2cOutcome.OK) {
                return outcome;
            }
            transaction.done();
        }
        return I2cOutcome.OK;
    }

    private I2cOutcome run(I2cMessage message) {
        int index = I2cAddress.index(message);
        I2cTarget target = targets[index];
        selected = null;
        if (faults.takeAddressNack(index) || target == null || !target.start(message.isRead())) {
            return I2cOutcome.ADDRESS_NACK;
        }
        selected = target;
        return message.isRead() ? read(target, message) : write(target, message, index);
    }

    private static I2cOutcome read(I2cTarget target, I2cMessage message) {
        byte[] data = message.data();
        for (int i = 0; i < message.length(); i++) {
            data[i] = (byte) target.read();
        }
        return I2cOutcome.OK;
    }

    private I2cOutcome write(I2cTarget target, I2cMessage message, int index) {
        byte[] data = message.data();
        for (int i = 0; i < message.length(); i++) {
            if (faults.takeDataNack(index, i) || !target.write(Byte.toUnsignedInt(data[i]))) {
                return I2cOutcome.DATA_NACK;
            }
        }
        return I2cOutcome.OK;
    }

    /** STOP: the bus is free. */
    private I2cOutcome end(I2cOutcome outcome) {
        I2cTarget last = selected;
        selected = null;
        holder = null;
        // A stuck line lets no STOP through.
        if (last != null && outcome != I2cOutcome.BUS_STUCK) {
            last.stop();
        }
        return outcome;
    }
}
