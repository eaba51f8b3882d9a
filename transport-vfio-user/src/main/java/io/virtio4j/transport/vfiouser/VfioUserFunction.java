// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.transport.pci.PciFunction;
import io.virtio4j.transport.pci.PciTransport;

/**
 * A PCI function as a {@link VfioUserServer} presents it: any that reaches guest memory through a {@link
 * GuestMemory} of its own.
 *
 * <p>Clients keep the MSI-X table themselves and mask vectors there; a function that has one calls {@link
 * io.virtio4j.transport.pci.PciInterrupts#message} for every interrupt while MSI-X is enabled.
 *
 * @param function takes the driver's accesses
 * @param memory what the function sees of the guest; without regions, and changed by the server alone
 * @param hasIntx whether the function has an INTx pin
 * @param msixVectors how many MSI-X vectors the function has: 0 to 2048
 */
public record VfioUserFunction(
        PciFunction function, GuestMemory memory, boolean hasIntx, int msixVectors) {

    /** Checks that the function can be presented. */
    public VfioUserFunction {
        if (msixVectors < 0 || msixVectors > InterruptTable.MOST_VECTORS) {
            throw new IllegalArgumentException("MSI-X vectors have to be 0 to "
                    + InterruptTable.MOST_VECTORS + ": vectors=" + msixVectors);
        }
        if (!memory.current().regions().isEmpty()) {
            throw new IllegalArgumentException("memory comes from the client: give the device a GuestMemory"
                    + " of its own, without regions: regions=" + memory.current().regions());
        }
    }

    static VfioUserFunction of(PciTransport pci) {
        return new VfioUserFunction(pci, pci.device().memory(), pci.hasIntx(), pci.msixVectors());
    }
}
