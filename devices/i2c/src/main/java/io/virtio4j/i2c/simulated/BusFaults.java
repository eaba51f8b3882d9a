// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

import io.virtio4j.i2c.I2cAddress;
import java.util.ArrayList;
import java.util.List;

/** Faults on demand of a {@link SimulatedBus}. Any thread; they hit the transactions that follow. */
public final class BusFaults {

    private static final int WITH_THE_ADDRESS = -1;

    /** What is not to be acknowledged. */
    private static final class Nack {

        private final int index;
        private final int afterBytes;
        private int times;

        Nack(I2cAddress address, int afterBytes, int times) {
            this.index = address.index();
            this.afterBytes = afterBytes;
            this.times = times;
        }
    }

    private final Object lock;
    private final List<Nack> nacks = new ArrayList<>();
    private int lostArbitrations;
    private boolean stuck;

    BusFaults(Object lock) {
        this.lock = lock;
    }

    /** The address is not acknowledged so many times, whoever is there. */
    public void nackAddress(I2cAddress address, int times) {
        add(new Nack(address, WITH_THE_ADDRESS, positive(times)));
    }

    /** Of the next write that gets so far, the byte after {@code afterBytes} is not acknowledged. */
    public void nackData(I2cAddress address, int afterBytes) {
        if (afterBytes < 0) {
            throw new IllegalArgumentException("bytes are not negative: afterBytes=" + afterBytes);
        }
        add(new Nack(address, afterBytes, 1));
    }

    /** So many transactions lose arbitration at their next START, to a controller that nobody sees. */
    public void loseArbitration(int times) {
        synchronized (lock) {
            lostArbitrations += positive(times);
        }
    }

    /** A line of the bus is held low: every transaction fails, until {@link #free()}. */
    public void stick() {
        synchronized (lock) {
            stuck = true;
        }
    }

    /** Ends {@link #stick()}. */
    public void free() {
        synchronized (lock) {
            stuck = false;
        }
    }

    /** Takes back all faults that have not happened. */
    public void clear() {
        synchronized (lock) {
            nacks.clear();
            lostArbitrations = 0;
            stuck = false;
        }
    }

    private static int positive(int times) {
        if (times < 1) {
            throw new IllegalArgumentException("a fault happens at least once: times=" + times);
        }
        return times;
    }

    private void add(Nack nack) {
        synchronized (lock) {
            nacks.add(nack);
        }
    }

    // ── The bus, which holds the lock ──────────────────────────────────────

    boolean isStuck() {
        return stuck;
    }

    boolean takeLostArbitration() {
        if (lostArbitrations == 0) {
            return false;
        }
        lostArbitrations--;
        return true;
    }

    boolean takeAddressNack(int index) {
        return take(index, WITH_THE_ADDRESS);
    }

    boolean takeDataNack(int index, int afterBytes) {
        return take(index, afterBytes);
    }

    private boolean take(int index, int afterBytes) {
        for (int i = 0; i < nacks.size(); i++) {
            Nack nack = nacks.get(i);
            if (nack.index == index && nack.afterBytes == afterBytes) {
                if (--nack.times == 0) {
                    nacks.remove(i);
                }
                return true;
            }
        }
        return false;
    }
}
