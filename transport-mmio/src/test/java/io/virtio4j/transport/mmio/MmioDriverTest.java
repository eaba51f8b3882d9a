// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.DeviceErrors;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.MmioPort;
import io.virtio4j.testkit.RegisterAccess;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A driver that initializes the device as the specification demands, over registers alone. */
@Timeout(60)
class MmioDriverTest {

    private final GuestRam ram = GuestRam.allocate();
    private final DeviceErrors errors = new DeviceErrors();
    private final InterruptProbe interrupts = new InterruptProbe();
    private final LoopDevice loop = new LoopDevice();

    private DeviceInstance device(Runner runner) {
        return DeviceInstance.of(loop)
                .memory(ram.memory())
                .runner(runner)
                .offer(CoreFeature.NOTIFICATION_DATA, CoreFeature.ACCESS_PLATFORM, CoreFeature.IN_ORDER,
                        CoreFeature.ORDER_PLATFORM)
                .onDeviceError(errors)
                .build();
    }

    private TestDriver driver(MmioTransport mmio) {
        return TestDriver.over(new MmioPort(RegisterAccess.of(mmio::read, mmio::write), interrupts), ram, errors);
    }

    private static byte[] message(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 7 + length);
        }
        return bytes;
    }

    static Stream<Arguments> ringsAndLayouts() {
        return Stream.of(RingFormat.values())
                .flatMap(ring -> Layout.all().stream().map(layout -> Arguments.of(ring, layout)));
    }

    @ParameterizedTest
    @MethodSource("ringsAndLayouts")
    void buffers_are_exchanged_on_all_queues(RingFormat ring, Layout layout) {
        try (DeviceInstance device = device(Runner.onCaller());
                TestDriver driver = driver(new MmioTransport(
                        device, MmioInterrupt.level(high -> interrupts.level(0, high))))) {
            driver.start(DriverOptions.of(ring).layout(layout));
            for (int round = 1; round <= 100; round++) {
                for (int queue = 0; queue < 2; queue++) {
                    byte[] message = message(round);
                    Submitted answer = driver.queue(queue).exchange(message, round);

                    assertArrayEquals(message, answer.written());
                    assertTrue(driver.port().takeNotifications().used(queue));
                }
            }
            assertEquals(200, loop.served);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_worker_and_edge_interrupts_serve_a_driver_that_sleeps(RingFormat ring) {
        try (DeviceInstance device =
                        device(Runner.workerPerDevice(Thread.ofPlatform().daemon().factory()));
                TestDriver driver = driver(new MmioTransport(
                        device, MmioInterrupt.edge(() -> interrupts.raise(0))))) {
            driver.start(DriverOptions.of(ring));
            for (int round = 1; round <= 1000; round++) {
                byte[] message = message(round % 64 + 1);
                assertArrayEquals(message,
                        driver.queue(round % 2).exchange(message, message.length).written());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_queue_is_reset_and_the_device_suspended_and_resumed(RingFormat ring) {
        try (DeviceInstance device = device(Runner.onCaller());
                TestDriver driver = driver(new MmioTransport(
                        device, MmioInterrupt.level(high -> interrupts.level(0, high))))) {
            driver.start(DriverOptions.of(ring));
            driver.resetQueue(1);
            driver.setUpQueue(1);
            driver.suspend();
            Submitted waits = driver.queue(1).submit(message(9), 9);
            driver.queue(1).collect();
            assertEquals(false, waits.isUsed());
            driver.resume();
            assertArrayEquals(message(9), driver.queue(1).await(waits).written());
        }
    }
}
