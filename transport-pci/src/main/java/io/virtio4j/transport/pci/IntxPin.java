// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/** The INTx pin of a device: asserted as long as an ISR status bit is set and nothing disables it. [PCI] */
final class IntxPin {

    private final InterruptPin pin;
    private final IsrStatus isr = new IsrStatus(this::follow);

    IntxPin(PciInterrupts interrupts) {
        pin = new InterruptPin(interrupts, isr::isSet);
    }

    IsrStatus isr() {
        return isr;
    }

    boolean isAsserted() {
        return pin.isAsserted();
    }

    /** Whether the pin is used at all: there is one, it is not disabled, MSI-X is not used instead. */
    void enable(boolean now) {
        pin.enable(now);
    }

    private void follow() {
        pin.settle();
    }
}
