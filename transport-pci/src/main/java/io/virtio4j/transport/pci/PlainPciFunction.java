// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A PCI function that is not a virtio device: IDs, BARs whose registers are the embedder's, and an INTx pin.
 * It carries registers to where only PCI functions can be, such as those of an MMIO transport to a guest of
 * QEMU's.
 *
 * <pre>{@code
 * InterruptPin pin = new InterruptPin(interrupts);
 * MmioTransport mmio = new MmioTransport(device, MmioInterrupt.level(pin::set));
 * PlainPciFunction carrier = PlainPciFunction.of(0x1234, 0x0001)
 *         .bar(new PciBar(0, BarType.MEMORY_32, 4096), BarRegisters.of(mmio::read, mmio::write))
 *         .interruptPin(pin)
 *         .onReset(mmio::reset)
 *         .build();
 * }</pre>
 *
 * <p>A BAR may also be memory: that of a device whose driver maps it, such as a DAX window.
 *
 * <p>It has no capabilities: no MSI-X, no power management. Bus Master Enable is a bit that can be set and
 * means nothing here: what stands behind the registers may reach guest memory without it, since a guest
 * that knows the registers and not the function does not set it.
 */
public final class PlainPciFunction implements PciFunction {

    private static final int CONFIG_SIZE = 256;
    private static final String SECTION = "plain-pci";
    private static final int VERSION = 1;

    private final ConfigBytes config = new ConfigBytes(CONFIG_SIZE);
    private final PciHeader header;
    private final Bars bars;
    private final @Nullable BarRegisters[] registers = new BarRegisters[PciBar.COUNT];
    private final @Nullable PciBar[] byIndex = new PciBar[PciBar.COUNT];
    private final List<BarMemory> memory;
    private final @Nullable InterruptPin pin;
    private final Runnable onReset;
    private final Settling settling = new Settling(this::follow);

    PlainPciFunction(PlainPciFunctionBuilder from) {
        List<PciBar> declared = List.copyOf(from.registers.keySet());
        header = new PciHeader(config, from.identity(), declared);
        bars = new Bars(config, declared);
        from.registers.forEach((bar, answers) -> {
            byIndex[bar.index()] = bar;
            registers[bar.index()] = answers;
        });
        memory = List.copyOf(from.memory);
        pin = from.pin;
        onReset = from.onReset;
        config.seal();
        settling.settle();
    }

    /**
     * Begins a function.
     *
     * @param vendorId of whoever gave the device ID; not 0xFFFF, by which a bus says that nothing is there
     * @param deviceId what the vendor calls it
     */
    public static PlainPciFunctionBuilder of(int vendorId, int deviceId) {
        return new PlainPciFunctionBuilder(vendorId, deviceId);
    }

    @Override
    public List<PciBar> bars() {
        return bars.list();
    }

    @Override
    public List<BarMemory> memory() {
        return memory;
    }

    @Override
    public OptionalLong barAddress(int bar) {
        return bars.address(bar);
    }

    @Override
    public void addBarListener(BarListener listener) {
        bars.add(listener);
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
        long value = config.read(offset, width);
        return pin != null && pin.isSet() ? PciHeader.withInterruptStatus(offset, width, value) : value;
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        if (config.isAccess(offset, width)) {
            config.write(offset, width, value);
            settling.settle();
        }
    }

    /** Brings BARs and pin into line with the command register. */
    private void follow() {
        int command = header.command();
        if (pin != null) {
            pin.enable((command & PciHeader.INTERRUPT_DISABLE) == 0);
        }
        bars.decode((command & PciHeader.IO_SPACE) != 0, (command & PciHeader.MEMORY_SPACE) != 0);
    }

    /** Resets configuration space, and what stands behind the registers as the builder was told. */
    @Override
    public void reset() {
        onReset.run();
        config.reset();
        settling.settle();
    }

    // ── BARs ───────────────────────────────────────────────────────────────

    @Override
    public long readBar(int bar, long offset, int width) {
        BarRegisters answers = find(bar, offset, width);
        if (answers == null) {
            return 0;
        }
        return bars.isDecoded(bar) ? answers.read(offset, width) : Width.ones(width);
    }

    @Override
    public void writeBar(int bar, long offset, int width, long value) {
        BarRegisters answers = find(bar, offset, width);
        if (answers != null && bars.isDecoded(bar)) {
            answers.write(offset, width, value);
        }
    }

    private @Nullable BarRegisters find(int bar, long offset, int width) {
        PciBar there = bar >= 0 && bar < PciBar.COUNT ? byIndex[bar] : null;
        if (there == null || !Width.isMemory(width) || offset < 0 || offset > there.size() - width) {
            return null;
        }
        return registers[bar];
    }

    // ── Saving and restoring ───────────────────────────────────────────────

    /** Saves configuration space; what stands behind the registers, and its interrupt, is the embedder's. */
    public byte[] save() {
        StateWriter out = new StateWriter().bytes(config.save());
        return new StateWriter().section(SECTION, VERSION, out).toByteArray();
    }

    /**
     * Restores what {@link #save()} wrote: BARs appear at their addresses.
     *
     * @throws StateException if it is that of another function; nothing was changed then
     */
    public void restore(byte[] saved) {
        StateReader all = new StateReader(saved);
        StateReader in = all.section(SECTION, VERSION);
        all.end();
        byte[] bytes = in.bytes();
        in.end();
        if (!config.accepts(bytes)) {
            throw new StateException("saved configuration space is that of another function: function=" + this
                    + " size=" + bytes.length);
        }
        config.restore(bytes);
        settling.settle();
    }

    @Override
    public String toString() {
        return "PlainPciFunction[%04x:%04x]".formatted(
                config.get(0, PciHeader.VENDOR_ID), config.get(0, PciHeader.DEVICE_ID));
    }
}
