// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.util.Locale;

/**
 * How a device is shown to the guest.
 *
 * @param bus where the guest finds it
 * @param ring the format of its virtqueues
 * @param queues how many request queues it has
 */
record Wiring(Bus bus, Ring ring, int queues) {

    /** A transport with a driver in Linux. */
    enum Bus { PCI, MMIO }

    /** A format of virtqueues. */
    enum Ring { SPLIT, PACKED }

    /** As a file's name. */
    @Override
    public String toString() {
        return (bus + "-" + ring + "-" + queues).toLowerCase(Locale.ROOT);
    }
}
