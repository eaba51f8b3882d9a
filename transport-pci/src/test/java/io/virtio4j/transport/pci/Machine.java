// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.core.transport.DeviceStatus;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.PciAccess;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.TestDriver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** A {@link LoopDevice} on a PCI bus, as device 3, and a driver that knows nothing but registers. */
final class Machine implements AutoCloseable {

    static final int BEGUN = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER;
    static final int AGREED = BEGUN | DeviceStatus.FEATURES_OK;
    static final int RUNNING = AGREED | DeviceStatus.DRIVER_OK;

    static final int SLOT = 3;
    static final int NO_VECTOR = 0xFFFF;

    // Where the standard layout has the structures
    static final int MSIX_BAR = 1;
    static final int VIRTIO_BAR = 4;
    static final long ISR = 0x1000;
    static final long DEVICE = 0x2000;
    static final long NOTIFY = 0x3000;

    // Where this driver places BARs
    private static final long[] PLACES = {0xC000, 0xE000_0000L, 0x90_0000_0000L, 0, 0x80_0000_0000L, 0};

    final LoopDevice loop;
    final GuestRam ram = GuestRam.empty().add(GuestRam.BASE, 1 << 20);
    final DeviceInstance device;
    final InterruptRecorder interrupts = new InterruptRecorder();
    final PciTransport pci;
    final PciBus bus = new PciBus();

    Machine() {
        this(new LoopDevice());
    }

    Machine(LoopDevice loop) {
        this(loop, builder -> builder);
    }

    Machine(LoopDevice loop, UnaryOperator<PciTransportBuilder> choices) {
        this(loop, choices, builder -> builder);
    }

    Machine(
            LoopDevice loop,
            UnaryOperator<PciTransportBuilder> choices,
            UnaryOperator<DeviceInstanceBuilder> deviceChoices) {
        this.loop = loop;
        device = deviceChoices.apply(DeviceInstance.of(loop)
                .memory(ram.memory())
                .offer(CoreFeature.NOTIFICATION_DATA, CoreFeature.NOTIF_CONFIG_DATA)
                .resetGrace(Duration.ZERO)).build();
        pci = choices.apply(PciTransport.of(device, interrupts)).build();
        bus.add(SLOT, 0, pci);
    }

    /** A machine that is powered on: BARs placed, decoding and bus mastering enabled. */
    static Machine enabled() {
        return new Machine().enable();
    }

    /** A machine with a running device, and both queues ready with vectors 1 and 2, MSI-X enabled. */
    static Machine running(CoreFeature... features) {
        Machine machine = enabled();
        machine.enableMsix();
        machine.start(features);
        return machine;
    }

    GuestMemory memory() {
        return ram.memory();
    }

    // ── Configuration space ────────────────────────────────────────────────

    long config(int offset, int width) {
        return pci.readConfig(offset, width);
    }

    void config(int offset, int width, long value) {
        pci.writeConfig(offset, width, value);
    }

    Machine enable() {
        for (PciBar bar : pci.bars()) {
            place(bar.index(), PLACES[bar.index()]);
        }
        command(PciHeader.IO_SPACE | PciHeader.MEMORY_SPACE | PciHeader.BUS_MASTER);
        return this;
    }

    void place(int bar, long address) {
        int at = PciHeader.baseAddress(bar).offset();
        config(at, 4, address & 0xFFFF_FFFFL);
        if (pci.bars().stream().anyMatch(each -> each.index() == bar && each.type().is64Bit())) {
            config(at + 4, 4, address >>> 32);
        }
    }

    void command(int bits) {
        config(PciHeader.COMMAND.offset(), 2, bits);
    }

    int command() {
        return (int) config(PciHeader.COMMAND.offset(), 2);
    }

    void set(int commandBits) {
        command(command() | commandBits);
    }

    void clear(int commandBits) {
        command(command() & ~commandBits);
    }

    boolean isInterruptStatusSet() {
        return (config(PciHeader.STATUS.offset(), 2) & PciHeader.INTERRUPT_STATUS) != 0;
    }

    /** Where the capabilities with this id are, in the order of the list. */
    List<Integer> capabilities(int id) {
        List<Integer> found = new ArrayList<>();
        int at = (int) config(PciHeader.CAPABILITIES_POINTER.offset(), 1);
        for (int count = 0; at != 0; count++) {
            assertEquals(true, count < 48, "the list ends");
            if (config(at, 1) == id) {
                found.add(at);
            }
            at = (int) config(at + 1, 1);
        }
        return found;
    }

    int capability(int id) {
        return capabilities(id).getFirst();
    }

    /** Where the virtio capabilities of this type are. */
    List<Integer> virtioCapabilities(int type) {
        return capabilities(CapabilityList.VENDOR_SPECIFIC).stream()
                .filter(at -> config(at + 3, 1) == type)
                .toList();
    }

    int virtioCapability(int type) {
        return virtioCapabilities(type).getFirst();
    }

    // ── MSI-X ──────────────────────────────────────────────────────────────

    void msixControl(int bits) {
        config(capability(CapabilityList.MSIX) + 2, 2, bits);
    }

    /** Programs and unmasks all vectors, and enables MSI-X. */
    void enableMsix() {
        for (int vector = 0; vector < pci.msixVectors(); vector++) {
            program(vector, 0xFEE0_0000L + 0x1000L * vector, 0x4000 + vector, false);
        }
        msixControl(MsixCapability.ENABLE);
    }

    void program(int vector, long address, int data, boolean masked) {
        long at = vector * 16L;
        write(MSIX_BAR, at, 4, address & 0xFFFF_FFFFL);
        write(MSIX_BAR, at + 4, 4, address >>> 32);
        write(MSIX_BAR, at + 8, 4, data);
        mask(vector, masked);
    }

    void mask(int vector, boolean masked) {
        write(MSIX_BAR, vector * 16L + 12, 4, masked ? 1 : 0);
    }

    long pending() {
        return read(MSIX_BAR, 0x1000, 8);
    }

    // ── BARs ───────────────────────────────────────────────────────────────

    long read(int bar, long offset, int width) {
        return pci.readBar(bar, offset, width);
    }

    void write(int bar, long offset, int width, long value) {
        pci.writeBar(bar, offset, width, value);
    }

    /** A field of the common configuration; 64 bits in halves. */
    long common(CommonField field) {
        int at = field.offset();
        return field.size() == 8
                ? read(VIRTIO_BAR, at, 4) | read(VIRTIO_BAR, at + 4, 4) << 32
                : read(VIRTIO_BAR, at, field.size());
    }

    void common(CommonField field, long value) {
        int at = field.offset();
        if (field.size() == 8) {
            write(VIRTIO_BAR, at, 4, value & 0xFFFF_FFFFL);
            write(VIRTIO_BAR, at + 4, 4, value >>> 32);
        } else {
            write(VIRTIO_BAR, at, field.size(), value);
        }
    }

    long common(int queue, CommonField field) {
        common(CommonField.QUEUE_SELECT, queue);
        return common(field);
    }

    void common(int queue, CommonField field, long value) {
        common(CommonField.QUEUE_SELECT, queue);
        common(field, value);
    }

    int status() {
        return (int) common(CommonField.DEVICE_STATUS);
    }

    void status(int value) {
        common(CommonField.DEVICE_STATUS, value);
    }

    int isr() {
        return (int) read(VIRTIO_BAR, ISR, 1);
    }

    void notifyQueue(int queue) {
        write(VIRTIO_BAR, NOTIFY + 4L * queue, 2, queue);
    }

    // ── Initialization ─────────────────────────────────────────────────────

    /** From reset to FEATURES_OK, with VERSION_1 and these. */
    void negotiate(CoreFeature... features) {
        status(DeviceStatus.ACKNOWLEDGE);
        status(BEGUN);
        accept(FeatureSet.of(features).with(CoreFeature.VERSION_1));
        status(AGREED);
        assertEquals(AGREED, status());
    }

    void accept(FeatureSet features) {
        for (int word = 0; word < FeatureSet.WORDS; word++) {
            common(CommonField.DRIVER_FEATURE_SELECT, word);
            common(CommonField.DRIVER_FEATURE, Integer.toUnsignedLong(features.word(word)));
        }
    }

    private final Map<Integer, HandRing> rings = new TreeMap<>();

    /** From reset to DRIVER_OK with two queues of 8 entries, queue n with vector n + 1, changes with 0. */
    void start(CoreFeature... features) {
        negotiate(features);
        common(CommonField.CONFIG_MSIX_VECTOR, 0);
        ready(0);
        ready(1);
        status(RUNNING);
        assertEquals(RUNNING, status());
    }

    /** Programs and enables a queue of 8 entries. */
    HandRing ready(int queue) {
        HandRing ring = new HandRing(ram, 8);
        rings.put(queue, ring);
        common(queue, CommonField.QUEUE_SIZE, 8);
        common(CommonField.QUEUE_MSIX_VECTOR, queue + 1);
        common(CommonField.QUEUE_DESC, ring.descriptorArea());
        common(CommonField.QUEUE_DRIVER, ring.driverArea());
        common(CommonField.QUEUE_DEVICE, ring.deviceArea());
        common(CommonField.QUEUE_ENABLE, 1);
        return ring;
    }

    HandRing ring(int queue) {
        return rings.get(queue);
    }

    /** Lets the device serve one buffer. */
    void exchange(int queue, int value) {
        HandRing ring = ring(queue);
        int before = ring.used();
        ring.add(value);
        notifyQueue(queue);
        assertEquals(before + 1 & 0xFFFF, ring.used());
        assertEquals(value, ring.answer());
    }

    // ── The test kit's driver ──────────────────────────────────────────────

    /** What a guest does to the function in the {@link #SLOT}. */
    static PciAccess access(PciBus bus) {
        return PciAccess.of((long) SLOT << 15,
                bus::readEcam, bus::writeEcam, bus::readMemory, bus::writeMemory);
    }

    PciPort port(PciPort.Interrupts kind, PciPort.Window window) {
        return new PciPort(access(bus), interrupts.probe, kind, window);
    }

    /** Initializes with the test kit's driver. */
    TestDriver drive(DriverOptions options) {
        return TestDriver.over(port(PciPort.Interrupts.MSIX, PciPort.Window.BARS), ram).start(options);
    }

    /** Everything that a driver's access could have changed. */
    List<Object> snapshot() {
        return List.of(Arrays.hashCode(pci.save()), loop.served, interrupts.probe.toString());
    }

    @Override
    public void close() {
        device.close();
        try {
            ram.check();
        } finally {
            ram.close();
        }
    }
}
