// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.util.function.BooleanSupplier;

/**
 * The INTx pin of a {@link PlainPciFunction}: asserted as long as what stands behind it wants to interrupt
 * and the driver has not set Interrupt Disable. [PCI]
 *
 * <p>Made before the function, so that what stands behind it can be given the pin, and the function what
 * stands behind it.
 */
public final class InterruptPin {

    private final PciInterrupts interrupts;
    private final BooleanSupplier source;
    private final Settling settling = new Settling(this::follow);

    private volatile boolean level;
    private volatile boolean enabled;
    private volatile boolean asserted;

    /**
     * Creates a pin that is not asserted.
     *
     * @param interrupts learns of changes through {@link PciInterrupts#intx}
     */
    public InterruptPin(PciInterrupts interrupts) {
        this.interrupts = interrupts;
        this.source = () -> level;
    }

    /** Creates a pin that follows a source; whoever changes the source calls {@link #settle}. */
    InterruptPin(PciInterrupts interrupts, BooleanSupplier source) {
        this.interrupts = interrupts;
        this.source = source;
    }

    /**
     * Says whether to interrupt from now on: a level, not an event. Any thread, one call at a time; takes
     * no lock.
     */
    public void set(boolean interrupting) {
        level = interrupting;
        settle();
    }

    /** Whether what stands behind the pin wants to interrupt: Interrupt Status. */
    boolean isSet() {
        return source.getAsBoolean();
    }

    /** Whether the pin is asserted. */
    public boolean isAsserted() {
        return asserted;
    }

    /** Whether the pin is used at all. */
    void enable(boolean now) {
        enabled = now;
        settle();
    }

    void settle() {
        settling.settle();
    }

    private void follow() {
        boolean now = enabled && isSet();
        if (now != asserted) {
            asserted = now;
            interrupts.intx(now);
        }
    }
}
