// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/** The INTx pin: asserted as long as an ISR status bit is set and nothing disables it. [PCI] */
final class IntxPin {

    private final PciInterrupts interrupts;
    private final Settling settling = new Settling(this::follow);

    private volatile boolean enabled;
    private volatile boolean asserted;

    private final IsrStatus isr = new IsrStatus(settling::settle);

    IntxPin(PciInterrupts interrupts) {
        this.interrupts = interrupts;
    }

    IsrStatus isr() {
        return isr;
    }

    boolean isAsserted() {
        return asserted;
    }

    /** Whether the pin is used at all: there is one, it is not disabled, MSI-X is not used instead. */
    void enable(boolean now) {
        enabled = now;
        settling.settle();
    }

    private void follow() {
        boolean level = enabled && isr.isSet();
        if (level != asserted) {
            asserted = level;
            interrupts.intx(level);
        }
    }
}
