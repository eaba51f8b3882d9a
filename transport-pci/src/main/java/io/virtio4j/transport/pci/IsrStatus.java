// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.util.concurrent.atomic.AtomicInteger;

/** ISR status: one byte that a read clears. [ISR status capability] */
final class IsrStatus implements Region {

    static final int QUEUE_INTERRUPT = 1;
    static final int CONFIGURATION_INTERRUPT = 1 << 1;
    static final int BITS = QUEUE_INTERRUPT | CONFIGURATION_INTERRUPT;

    static final int LENGTH = 1;

    private final AtomicInteger bits = new AtomicInteger();
    private final Runnable changed;

    /** Creates one that tells when the bits may have changed. */
    IsrStatus(Runnable changed) {
        this.changed = changed;
    }

    boolean isSet() {
        return bits.get() != 0;
    }

    int get() {
        return bits.get();
    }

    void raise(int bit) {
        if ((bits.getAndAccumulate(bit, (now, one) -> now | one) & bit) == 0) {
            changed.run();
        }
    }

    void clear() {
        if (bits.getAndSet(0) != 0) {
            changed.run();
        }
    }

    /** Puts a saved value in place; the line follows later. */
    void restore(int value) {
        bits.set(value);
    }

    @Override
    public long read(long offset, int width) {
        // > The device MUST reset ISR status to 0 on driver read.
        int value = bits.getAndSet(0);
        if (value != 0) {
            changed.run();
        }
        return value;
    }

    @Override
    public void write(long offset, int width, long value) {}
}
