// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.transport.vfiouser.VfioUserServer;
import io.virtio4j.transport.vfiouser.VfioUserServerBuilder;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * How a device is shown to the guest.
 *
 * @param bus where the guest finds it
 * @param ring the format of its virtqueues
 * @param queues how many request queues it has
 */
record Wiring(Bus bus, Ring ring, int queues) {

    /** A transport with a driver in Linux. */
    enum Bus { PCI, MMIO }

    /** A format of virtqueues. */
    enum Ring { SPLIT, PACKED }

    /** Each bus, with each format of rings. */
    static Stream<Wiring> each() {
        return Stream.of(Bus.values()).flatMap(bus -> Stream.of(Ring.values()).map(ring -> new Wiring(bus, ring, 1)));
    }

    /** Begins an instance of a device with such rings, and a worker for each queue. */
    DeviceInstanceBuilder instance(VirtioDevice device) {
        DeviceInstanceBuilder builder = DeviceInstance.of(device)
            .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()));
        return ring == Ring.SPLIT ? builder.withhold(CoreFeature.RING_PACKED) : builder;
    }

    /** Begins a server for a device on that bus. */
    VfioUserServerBuilder server(DeviceInstance device) {
        return switch (bus) {
            case PCI -> VfioUserServer.of(device);
            case MMIO -> MmioCarrier.server(device);
        };
    }

    /** Puts what is served on a socket into a slot of a machine; on MMIO 3, 7, 11 ... */
    LinuxGuest.Builder plug(LinuxGuest.Builder machine, int slot, String socket) {
        return switch (bus) {
            case PCI -> machine.vfioUserDevice(slot, socket);
            case MMIO -> machine.mmioDevice(slot, socket);
        };
    }

    /** As a file's name. */
    @Override
    public String toString() {
        return (bus + "-" + ring + "-" + queues).toLowerCase(Locale.ROOT);
    }
}
