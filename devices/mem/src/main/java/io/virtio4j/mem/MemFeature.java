// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import io.virtio4j.core.device.Feature;

/** Feature bits of the memory device. [Memory Device / Feature bits] */
public enum MemFeature implements Feature {
    /** The field {@code node_id} is valid: an ACPI proximity domain. */
    ACPI_PXM(0),
    /** The driver does not access unplugged memory, not even to read it. */
    UNPLUGGED_INACCESSIBLE(1),
    /** Memory stays as it is while the machine is suspended. */
    PERSISTENT_SUSPEND(2);

    private final int bit;

    MemFeature(int bit) {
        this.bit = bit;
    }

    @Override
    public int bit() {
        return bit;
    }
}
