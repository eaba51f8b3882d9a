// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

/**
 * A window without a device, for machines with windows at fixed addresses: DeviceID is 0, and drivers pass
 * by without a word. [MMIO Device Register Layout]
 */
public final class MmioPlaceholder {

    private MmioPlaceholder() {}

    /** A driver reads; see {@link MmioTransport#read}. Writes to a window without a device do nothing. */
    public static long read(long offset, int width) {
        if (width != 4) {
            return 0;
        }
        return switch (MmioRegister.at(offset)) {
            case MAGIC_VALUE -> MmioTransport.MAGIC;
            case VERSION -> MmioTransport.VERSION;
            default -> 0;
        };
    }
}
