// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A {@link LoopDevice} on MMIO, and a driver that knows nothing but registers. */
final class Machine implements AutoCloseable {

    static final int BEGUN = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER;
    static final int AGREED = BEGUN | DeviceStatus.FEATURES_OK;
    static final int RUNNING = AGREED | DeviceStatus.DRIVER_OK;

    private static final long RAM = 0x10_0000;

    final LoopDevice loop;
    final GuestMemory memory;
    final MemoryRegion ram;
    final DeviceInstance device;
    final MmioTransport mmio;

    /** Each change of the interrupt line. */
    final List<Boolean> line = new ArrayList<>();

    Machine() {
        this(new LoopDevice());
    }

    Machine(LoopDevice loop) {
        this.loop = loop;
        ram = MemoryRegion.allocate(RAM, 2 * HandRing.BYTES);
        memory = GuestMemory.of(ram);
        device = DeviceInstance.of(loop)
                .memory(memory)
                .offer(CoreFeature.NOTIFICATION_DATA, CoreFeature.NOTIF_CONFIG_DATA)
                .resetGrace(Duration.ZERO)
                .build();
        mmio = new MmioTransport(device, MmioInterrupt.level(line::add));
    }

    /** A machine with a running device and both queues ready. */
    static Machine running(CoreFeature... features) {
        Machine machine = new Machine();
        machine.negotiate(features);
        machine.ready(0);
        machine.ready(1);
        machine.write(MmioRegister.STATUS, RUNNING);
        assertEquals(RUNNING, machine.read(MmioRegister.STATUS));
        return machine;
    }

    long read(MmioRegister register) {
        return mmio.read(register.offset(), 4);
    }

    void write(MmioRegister register, long value) {
        mmio.write(register.offset(), 4, value);
    }

    void select(long queue) {
        write(MmioRegister.QUEUE_SEL, queue);
    }

    /** From reset to FEATURES_OK, with VERSION_1 and these. */
    void negotiate(CoreFeature... features) {
        write(MmioRegister.STATUS, DeviceStatus.ACKNOWLEDGE);
        acceptOnly(features);
        write(MmioRegister.STATUS, AGREED);
        assertEquals(AGREED, read(MmioRegister.STATUS));
    }

    /** As {@link #negotiate}, without FEATURES_OK. */
    void acceptOnly(CoreFeature... features) {
        write(MmioRegister.STATUS, BEGUN);
        accept(FeatureSet.of(features).with(CoreFeature.VERSION_1));
    }

    void accept(FeatureSet features) {
        for (int word = 0; word < FeatureSet.WORDS; word++) {
            write(MmioRegister.DRIVER_FEATURES_SEL, word);
            write(MmioRegister.DRIVER_FEATURES, features.word(word));
        }
    }

    /** Selects, programs and enables a queue of 8 entries. */
    HandRing ready(int queue) {
        HandRing ring = program(queue);
        write(MmioRegister.QUEUE_READY, 1);
        return ring;
    }

    /** Selects and programs a queue of 8 entries. */
    HandRing program(int queue) {
        HandRing ring = ring(queue);
        select(queue);
        write(MmioRegister.QUEUE_SIZE, 8);
        write(MmioRegister.QUEUE_DESC_LOW, ring.descriptorArea() & 0xFFFF_FFFFL);
        write(MmioRegister.QUEUE_DESC_HIGH, ring.descriptorArea() >>> 32);
        write(MmioRegister.QUEUE_DRIVER_LOW, ring.driverArea() & 0xFFFF_FFFFL);
        write(MmioRegister.QUEUE_DRIVER_HIGH, ring.driverArea() >>> 32);
        write(MmioRegister.QUEUE_DEVICE_LOW, ring.deviceArea() & 0xFFFF_FFFFL);
        write(MmioRegister.QUEUE_DEVICE_HIGH, ring.deviceArea() >>> 32);
        return ring;
    }

    /** A cleared ring in the memory of a queue. */
    HandRing ring(int queue) {
        long at = (long) queue * HandRing.BYTES;
        return new HandRing(ram.segment().asSlice(at, HandRing.BYTES), RAM + at, 8);
    }

    /** Lets the device serve one buffer. */
    void exchange(int queue, HandRing ring, int value) {
        int before = ring.used();
        ring.add(value);
        write(MmioRegister.QUEUE_NOTIFY, queue);
        assertEquals(before + 1 & 0xFFFF, ring.used());
        assertEquals(value, ring.answer());
    }

    void changeConfiguration(int value) {
        loop.config.update(bytes -> LoopDevice.COUNTER.set(bytes, 0, value));
    }

    /** Everything that a driver's access could have changed. */
    List<Object> snapshot() {
        return List.of(
                Arrays.hashCode(mmio.save()), loop.served, List.copyOf(line), device.configGeneration());
    }

    @Override
    public void close() {
        device.close();
        memory.close();
    }
}
