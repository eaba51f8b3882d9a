// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.DeviceErrors;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A machine with one device, or several machines with one each: guest memory, a transport, an interrupt, a
 * thread for each queue, and a driver that brings the device up as the specification demands.
 */
final class DemoMachine {

    private static final int QUEUE_SIZE = 256;

    private final DemoDevice.Work work;
    private final DemoTransport transport;
    private final RingFormat ring;
    private final RunLog log;

    DemoMachine(DemoDevice.Work work, DemoTransport transport, RingFormat ring, RunLog log) {
        this.work = work;
        this.transport = transport;
        this.ring = ring;
        this.log = log;
    }

    /** Lets the driver do its work, and resets the device. */
    void run() throws IOException {
        List<TestDriver> drivers = new ArrayList<>();
        List<DeviceInstance> devices = new ArrayList<>();
        try (Ending _ = () -> closeAll(devices);
                Ending _ = () -> closeAll(drivers)) {
            connect(work.device(), devices, drivers);
            for (VirtioDevice peer : work.peers()) {
                connect(peer, devices, drivers);
            }
            log.step("initialize", 0);
            DriverOptions usual = DriverOptions.of(ring).queueSize(QUEUE_SIZE);
            for (int i = 0; i < drivers.size(); i++) {
                drivers.get(i).start(work.options(i, usual));
            }
            log.negotiated(names(drivers.getFirst().negotiated()));
            work.operate(drivers.getFirst(), drivers.subList(1, drivers.size()), log);
            log.step("reset", 0);
        }
    }

    /** What happens at the end, without hiding why it came early. */
    private interface Ending extends AutoCloseable {
        @Override
        void close();
    }

    private void connect(VirtioDevice type, List<DeviceInstance> devices, List<TestDriver> drivers) {
        GuestRam ram = GuestRam.empty().add(GuestRam.BASE, work.memory());
        DeviceErrors errors = new DeviceErrors();
        DeviceInstance device = DeviceInstance.of(type)
                .memory(ram.memory())
                .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().name("queue-", 0).factory()))
                .offer(CoreFeature.NOTIFICATION_DATA)
                .onDeviceError(errors)
                .build();
        devices.add(device);
        drivers.add(TestDriver.over(transport.connect(device, new InterruptProbe()), ram, errors));
    }

    /** Closes all of them, and then tells of the first that could not be. */
    private static void closeAll(List<? extends AutoCloseable> all) {
        @Nullable Throwable first = null;
        for (AutoCloseable each : all) {
            try {
                each.close();
            } catch (Exception | AssertionError e) {
                first = first == null ? e : first;
            }
        }
        if (first instanceof Error error) {
            throw error;
        }
        if (first != null) {
            throw new IllegalStateException(first);
        }
    }

    private List<String> names(FeatureSet features) {
        List<Feature> known = Stream.<Feature>concat(
                work.device().features().stream(), Stream.of(CoreFeature.values())).toList();
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < 128; bit++) {
            int current = bit;
            if (features.hasBit(bit)) {
                names.add(known.stream().filter(feature -> feature.bit() == current).map(Feature::name)
                        .findFirst().orElse(String.valueOf(bit)));
            }
        }
        return names;
    }
}
