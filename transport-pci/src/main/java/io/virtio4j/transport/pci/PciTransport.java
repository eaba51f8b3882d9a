// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.NotificationSink;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One device as a PCI function. [Virtio Over PCI Bus]
 *
 * <pre>{@code
 * PciTransport disk = PciTransport.of(device, interrupts).build();
 * PciBus bus = new PciBus();
 * bus.add(1, 0, disk);
 * // a virtual CPU reads ECAM or what BARs map:
 * long id = bus.readEcam(1 << 15, 4);
 * long value = bus.readMemory(address, width);
 * }</pre>
 *
 * <p>Without a {@link PciBus}, give the driver's accesses to {@link #readConfig}, {@link #writeConfig},
 * {@link #readBar} and {@link #writeBar}, and let a {@link BarListener} say where BARs are.
 *
 * <p>Until the driver sets Bus Master Enable, and in D3hot, the device touches no guest memory and sends no
 * message: the function keeps it {@linkplain DeviceInstance#pauseUntilQuiet() paused}. What a driver must
 * not do is ignored, and reads give 0; nothing that it does throws.
 *
 * <p>Not offered: ADMIN_VQ, SR_IOV.
 */
public final class PciTransport implements PciFunction {

    private static final FeatureSet UNSUPPORTED =
            FeatureSet.of(CoreFeature.ADMIN_VQ, CoreFeature.SR_IOV);

    private static final int CONVENTIONAL_SIZE = 256;
    private static final int EXPRESS_SIZE = 4096;

    private final DeviceInstance device;
    private final FunctionStructures structures;

    private final ConfigBytes config;
    private final PciHeader header;
    private final Bars bars;
    private final @Nullable MsixCapability msixCapability;
    private final @Nullable PowerManagementCapability power;
    private final @Nullable ExpressCapability express;
    private final PciCfgWindow window;
    private final boolean keepsStateInD3;
    private final boolean hasIntx;

    private final Settling settling = new Settling(this::follow);

    // What the device knows of configuration space; changed while settling.
    private boolean mastering;
    private boolean asleep;

    /** A legacy driver was here. */
    private volatile boolean silent;

    PciTransport(PciTransportBuilder from) {
        device = from.device;
        structures = new FunctionStructures(from, () -> silent = true);
        config = new ConfigBytes(from.express == PciExpress.NONE ? CONVENTIONAL_SIZE : EXPRESS_SIZE);
        List<PciBar> declared = structures.bars();
        header = new PciHeader(config, from.identity(), declared);
        bars = new Bars(config, declared);

        CapabilityList list = new CapabilityList(config);
        structures.addCapabilities(config, list);
        window = new PciCfgWindow(config, VirtioCapability.addPciCfg(config, list), structures.space());
        from.vendorData.forEach(data -> VirtioCapability.addVendorData(config, list, data));
        msixCapability = structures.addMsixCapability(config, list);
        power = from.powerManagement == PowerManagement.NONE ? null
                : new PowerManagementCapability(config, list, from.powerManagement);
        express = from.express == PciExpress.NONE ? null : new ExpressCapability(config, list, from.express);
        config.seal();
        keepsStateInD3 = from.powerManagement == PowerManagement.NO_SOFT_RESET;
        hasIntx = from.interruptPin != 0;

        device.attach(new Notifications(), UNSUPPORTED);
        device.pause(); // Bus Master Enable is 0
    }

    /**
     * Begins a function.
     *
     * @param device not connected to another transport; stays the embedder's, to be closed by it
     * @param interrupts takes the function's interrupts
     */
    public static PciTransportBuilder of(DeviceInstance device, PciInterrupts interrupts) {
        return new PciTransportBuilder(device, interrupts);
    }

    // ── For the embedder ───────────────────────────────────────────────────

    /** The device. */
    public DeviceInstance device() {
        return device;
    }

    @Override
    public List<PciBar> bars() {
        return bars.list();
    }

    /** What is where in the BARs. */
    public List<BarArea> areas() {
        return structures.space().areas();
    }

    @Override
    public List<BarMemory> memory() {
        List<BarMemory> found = new ArrayList<>();
        for (BarArea area : areas()) {
            if (area.memory() != null) {
                found.add(new BarMemory(area.bar(), area.offset(), area.memory()));
            }
        }
        return found;
    }

    /**
     * Where the driver notifies each queue; empty if all queues share one address. What is written to
     * {@link PciStructure#PORT_NOTIFY} is not among them: there the value says which queue.
     */
    public List<Doorbell> doorbells() {
        return structures.doorbells();
    }

    /** Whether there is an INTx pin: an embedder that counts interrupts counts one. */
    public boolean hasIntx() {
        return hasIntx;
    }

    /** Whether the INTx pin is asserted. */
    public boolean isIntxAsserted() {
        return structures.pin().isAsserted();
    }

    /** How many MSI-X vectors there are. */
    public int msixVectors() {
        return structures.msix().vectors();
    }

    /** Whether the driver enabled MSI-X. */
    public boolean isMsixEnabled() {
        return structures.msix().isEnabled();
    }

    @Override
    public OptionalLong barAddress(int bar) {
        return bars.address(bar);
    }

    @Override
    public void addBarListener(BarListener listener) {
        bars.add(listener);
    }

    /**
     * Resets the function, as the bus, function level reset, or the end of D3hot does: the device, and all
     * of configuration space. Returns when the device has stopped, or after the grace that it gives to host
     * I/O.
     */
    @Override
    public void reset() {
        resetRegisters();
        settling.settle();
    }

    private void resetRegisters() {
        structures.reset();
        config.reset();
        silent = false;
    }

    // ── Configuration space ────────────────────────────────────────────────

    @Override
    public int configSize() {
        return config.size();
    }

    @Override
    public long readConfig(int offset, int width) {
        if (!config.isAccess(offset, width)) {
            return 0;
        }
        if (window.isData(offset, width) && isReachable()) {
            window.read();
        }
        long value = config.read(offset, width);
        // > If MSI-X capability is disabled, the device MUST set the Interrupt Status bit in the PCI Status
        // > register ... to the logical OR of all bits in ISR status of the device. [ISR status capability]
        return !structures.msix().isEnabled() && structures.pin().isr().isSet()
                ? PciHeader.withInterruptStatus(offset, width, value)
                : value;
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        if (!config.isAccess(offset, width)) {
            return;
        }
        synchronized (config) {
            int before = powerState();
            config.write(offset, width, value);
            if (power != null) {
                power.refuseUnsupported(before);
            }
        }
        if (express != null && express.isFunctionLevelReset(offset, width, value)) {
            reset();
            return;
        }
        settling.settle();
        if (window.isData(offset, width) && isReachable()) {
            window.write();
        }
    }

    private int powerState() {
        return power == null ? PowerManagementCapability.D0 : power.powerState();
    }

    /** Brings everything into line with configuration space. */
    private void follow() {
        boolean awake = powerState() == PowerManagementCapability.D0;
        if (awake && asleep && !keepsStateInD3) {
            resetRegisters();
        }
        asleep = !awake;
        int command = awake ? header.command() : 0;
        boolean master = (command & PciHeader.BUS_MASTER) != 0;
        boolean enabled = msixCapability != null && msixCapability.isEnabled();
        boolean masked = msixCapability != null && msixCapability.isMasked();

        if (!master) {
            structures.msix().open(enabled, false);
        }
        master(master);
        structures.msix().open(enabled, enabled && master && !masked);
        // After MSI-X was switched: what happens in between sets ISR status, and is seen here.
        structures.pin().enable(hasIntx && awake && !enabled && (command & PciHeader.INTERRUPT_DISABLE) == 0);
        bars.decode((command & PciHeader.IO_SPACE) != 0, (command & PciHeader.MEMORY_SPACE) != 0);
    }

    private void master(boolean now) {
        if (now && !mastering) {
            mastering = true;
            device.unpause();
        } else if (!now && mastering) {
            mastering = false;
            device.pauseUntilQuiet();
        }
    }

    // ── BARs ───────────────────────────────────────────────────────────────

    private boolean isReachable() {
        return !silent && powerState() == PowerManagementCapability.D0;
    }

    @Override
    public long readBar(int bar, long offset, int width) {
        if (!bars.exists(bar)) {
            return 0;
        }
        if (!bars.isDecoded(bar)) {
            return Width.ones(width);
        }
        return silent ? 0 : structures.space().read(bar, offset, width);
    }

    @Override
    public void writeBar(int bar, long offset, int width, long value) {
        if (bars.exists(bar) && bars.isDecoded(bar) && !silent) {
            structures.space().write(bar, offset, width, value);
        }
    }

    // ── Notifications ──────────────────────────────────────────────────────

    /** [Used Buffer Notifications], [Notification of Device Configuration Changes] */
    private final class Notifications implements NotificationSink {

        private final MsixTable msix = structures.msix();
        private final IsrStatus isr = structures.pin().isr();
        private final CommonConfig common = structures.common();

        @Override
        public void usedBuffers(int queue) {
            if (msix.isEnabled()) {
                signal(common.queueVector(queue));
            } else {
                isr.raise(IsrStatus.QUEUE_INTERRUPT);
            }
        }

        @Override
        public void configurationChanged() {
            // > The device MUST set the Device Configuration Interrupt bit in ISR status before sending a
            // > device configuration change notification to the driver. [ISR status capability]
            isr.raise(IsrStatus.CONFIGURATION_INTERRUPT);
            if (msix.isEnabled()) {
                signal(common.configVector());
            }
        }

        private void signal(int vector) {
            // > If MSI-X capability is enabled and queue_msix_vector is NO_VECTOR for a virtqueue, the
            // > device MUST NOT deliver an interrupt for that virtqueue.
            if (vector != CommonConfig.NO_VECTOR) {
                msix.signal(vector);
            }
        }
    }

    // ── Saving and restoring ───────────────────────────────────────────────

    /**
     * Saves the function and its device. The driver must not access them meanwhile; queues are paused for
     * the moment.
     */
    public byte[] save() {
        return new FunctionSnapshot(device, config, structures).save(silent);
    }

    /**
     * Restores a function whose device is fresh or was reset to what {@link #save()} wrote: BARs appear at
     * their addresses, an asserted interrupt is asserted, the device runs if the driver lets it. Pause the
     * device before if it is not to run yet.
     *
     * @throws io.virtio4j.core.wire.StateException if it does not fit; nothing was changed then
     * @throws IllegalStateException if a driver has begun to use the device
     */
    public void restore(byte[] saved) {
        silent = new FunctionSnapshot(device, config, structures).restore(saved);
        asleep = powerState() != PowerManagementCapability.D0;
        settling.settle();
    }

    @Override
    public String toString() {
        return "PciTransport[" + device + "]";
    }
}
