// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A driver that finds and initializes the function as the specification demands, over bus accesses alone. */
@Timeout(60)
class PciDriverTest {

    private static byte[] message(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 7 + length);
        }
        return bytes;
    }

    static Stream<Arguments> ringsLayoutsAndInterrupts() {
        return Stream.of(RingFormat.values()).flatMap(ring -> Layout.all().stream()
                .flatMap(layout -> Stream.of(PciPort.Interrupts.values())
                        .map(interrupts -> Arguments.of(ring, layout, interrupts))));
    }

    @ParameterizedTest
    @MethodSource("ringsLayoutsAndInterrupts")
    void buffers_are_exchanged_on_all_queues(
            RingFormat ring, Layout layout, PciPort.Interrupts interrupts) {
        try (Machine machine = new Machine(new LoopDevice(), from -> from.notifyValues(77, 4711),
                from -> from.offer(CoreFeature.IN_ORDER, CoreFeature.ORDER_PLATFORM,
                        CoreFeature.ACCESS_PLATFORM))) {
            PciPort port = machine.port(interrupts, PciPort.Window.BARS);
            TestDriver driver = TestDriver.over(port, machine.ram);
            driver.start(DriverOptions.of(ring).layout(layout));
            for (int round = 1; round <= 50; round++) {
                for (int queue = 0; queue < 2; queue++) {
                    byte[] message = message(round);
                    Submitted answer = driver.queue(queue).exchange(message, round);

                    assertArrayEquals(message, answer.written());
                    assertTrue(driver.port().takeNotifications().used(queue));
                }
            }
            assertEquals(100, machine.loop.served);
            driver.reset();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_worker_serves_a_driver_that_sleeps(RingFormat ring) {
        try (Machine machine = new Machine(new LoopDevice(), from -> from, from -> from.runner(
                Runner.workerPerDevice(Thread.ofPlatform().daemon().factory())))) {
            TestDriver driver = machine.drive(DriverOptions.of(ring));
            for (int round = 1; round <= 1000; round++) {
                byte[] message = message(round % 64 + 1);
                assertArrayEquals(message,
                        driver.queue(round % 2).exchange(message, message.length).written());
            }
            driver.reset();
        }
    }

    @ParameterizedTest
    @EnumSource(PciPort.Window.class)
    void a_queue_is_reset_and_the_device_suspended_and_resumed(PciPort.Window window) {
        try (Machine machine = new Machine()) {
            PciPort port = machine.port(PciPort.Interrupts.MSIX, window);
            TestDriver driver = TestDriver.over(port, machine.ram).start(DriverOptions.packed());
            driver.resetQueue(1);
            driver.setUpQueue(1);
            driver.suspend();
            Submitted waits = driver.queue(1).submit(message(9), 9);
            driver.queue(1).collect();
            assertEquals(false, waits.isUsed());
            driver.resume();
            assertArrayEquals(message(9), driver.queue(1).await(waits).written());
            driver.reset();
        }
    }

    @ParameterizedTest
    @EnumSource(PciPort.Interrupts.class)
    void function_is_found_again_after_every_reset(PciPort.Interrupts interrupts) {
        try (Machine machine = new Machine()) {
            for (int round = 0; round < 10; round++) {
                PciPort port = machine.port(interrupts, PciPort.Window.BARS);
                TestDriver driver = TestDriver.over(port, machine.ram).start();
                assertArrayEquals(message(5), driver.queue(0).exchange(message(5), 5).written());
                driver.reset();
                machine.bus.reset();
            }
        }
    }
}
