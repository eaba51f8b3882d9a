// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
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

/**
 * A machine with one device: guest memory, a transport, an interrupt, a thread for each queue, and a driver
 * that brings the device up as the specification demands.
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
        GuestRam ram = GuestRam.empty().add(GuestRam.BASE, work.memory());
        DeviceErrors errors = new DeviceErrors();
        DeviceInstance device = DeviceInstance.of(work.device())
                .memory(ram.memory())
                .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().name("queue-", 0).factory()))
                .offer(CoreFeature.NOTIFICATION_DATA)
                .onDeviceError(errors)
                .build();
        try (device; TestDriver driver = TestDriver.over(
                transport.connect(device, new InterruptProbe()), ram, errors)) {
            log.step("initialize", 0);
            driver.start(DriverOptions.of(ring).queueSize(QUEUE_SIZE));
            log.negotiated(names(driver.negotiated()));
            work.operate(driver, log);
            log.step("reset", 0);
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
