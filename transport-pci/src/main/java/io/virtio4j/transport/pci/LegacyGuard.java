// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/**
 * Stands where legacy drivers look for their registers. [Non-transitional Device With Legacy Driver: A Note
 * on PCI Device Layout]
 */
final class LegacyGuard implements Region {

    /** Bytes of the legacy registers, without device-specific ones. */
    static final int LENGTH = 20;

    /** Of Device Status in the legacy layout. */
    private static final int DEVICE_STATUS = 18;

    private final Runnable silence;

    LegacyGuard(Runnable silence) {
        this.silence = silence;
    }

    @Override
    public long read(long offset, int width) {
        return 0;
    }

    @Override
    public void write(long offset, int width, long value) {
        // > Respond to a single-byte zero write to offset 18 ... of BAR0 by presenting zeroes on every BAR
        // > and ignoring writes.
        if (offset == DEVICE_STATUS && width == 1 && (value & 0xFF) == 0) {
            silence.run();
        }
    }
}
