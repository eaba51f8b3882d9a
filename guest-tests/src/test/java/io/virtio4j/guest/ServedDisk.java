// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.blk.BlockCounter;
import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.BlockDeviceBuilder;
import io.virtio4j.blk.BlockFeature;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.transport.vfiouser.VfioUserServer;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A disk of ours that a guest finds in a slot, on PCI or on MMIO: with a worker for each queue. */
final class ServedDisk implements ServedDevice {

    private static final BlockCounter[] OPERATIONS = {
        BlockCounter.READS, BlockCounter.WRITES, BlockCounter.FLUSHES, BlockCounter.RANGES, BlockCounter.OTHERS,
    };
    private static final BlockCounter[] ERRORS = {
        BlockCounter.ERRORS, BlockCounter.UNSUPPORTED, BlockCounter.ZONE_ERRORS, BlockCounter.BACKEND_ERRORS,
    };

    private final BlockDevice disk;
    private final ServedSlot slot;

    private ServedDisk(BlockDevice disk, ServedSlot slot) {
        this.disk = disk;
        this.slot = slot;
    }

    /** Serves a disk in slot 3. The builder's number of queues is set here. */
    static ServedDisk serve(SharedDirectory shared, Wiring wiring, BlockDeviceBuilder disk)
        throws IOException {
        return serve(shared, 3, wiring, disk, device -> device);
    }

    /**
     * Serves a disk.
     *
     * @param slot on bus 0; on MMIO 3, 7, 11 ...
     * @param choices what else the device is to offer, or not
     */
    static ServedDisk serve(
        SharedDirectory shared, int slot, Wiring wiring, BlockDeviceBuilder from,
        UnaryOperator<DeviceInstanceBuilder> choices) throws IOException {
        BlockDevice disk = from.queues(wiring.queues()).build();
        DeviceInstance device = choices.apply(wiring.instance(disk)).build();
        return new ServedDisk(disk, ServedSlot.serve(shared, wiring, slot, "disk" + slot + ".sock", device));
    }

    /** Puts the disk into a machine. */
    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return slot.plugInto(machine);
    }

    /** Boots a machine of two processors with this disk, and tells the report of both. */
    LinuxGuest boot(SharedDirectory shared, String name, GuestReport.Row row) {
        row.step("boot");
        LinuxGuest guest = plugInto(LinuxGuest.builder(shared))
            .name(name + "-" + wiring()).processors(Math.max(2, wiring().queues())).start();
        row.shows(this);
        return guest;
    }

    @Override
    public String type() {
        return "blk";
    }

    @Override
    public Wiring wiring() {
        return slot.wiring();
    }

    BlockDevice disk() {
        return disk;
    }

    VfioUserServer server() {
        return slot.server();
    }

    /** What the driver has accepted. */
    FeatureSet accepted() {
        return slot.accepted();
    }

    @Override
    public List<String> acceptedNames() {
        return ServedDevice.names(accepted(), BlockFeature.values(), CoreFeature.values());
    }

    /** Requests answered OK so far. */
    @Override
    public long operations() {
        return sum(OPERATIONS);
    }

    /** Bytes read and written so far. */
    @Override
    public long bytes() {
        return sum(BlockCounter.READ_BYTES, BlockCounter.WRITTEN_BYTES);
    }

    /** Requests answered otherwise so far, and errors of the backend. */
    @Override
    public long errors() {
        return sum(ERRORS);
    }

    long count(BlockCounter counter) {
        return disk.counters().get(counter);
    }

    private long sum(BlockCounter... counters) {
        return Stream.of(counters).mapToLong(this::count).sum();
    }

    @Override
    public void close() {
        slot.close();
    }
}
