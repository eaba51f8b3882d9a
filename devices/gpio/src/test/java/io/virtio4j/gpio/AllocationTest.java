// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.AllocationCheck;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.TestDriver;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Messages and interrupts allocate nothing. */
class AllocationTest {

    private final FakeLines lines = new FakeLines(16);

    private TestDriver start(RingFormat format) {
        TestDriver driver = TestDriver.attach(new GpioDevice(lines))
                .start(DriverOptions.of(format).queueSize(256));
        driver.queue(1).mayKeepBuffers();
        return driver;
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void messages_are_served(RingFormat format) {
        try (TestDriver driver = start(format)) {
            GuestBuffer buffer = driver.ram().allocate(32);
            buffer.write(0, Pins.message(Pins.SET_DIRECTION, 3, Pins.OUT));
            Descriptor answer = new Descriptor(buffer.address() + 24, 2, true);
            exchange(driver.queue(0), driver, new Descriptor(buffer.address(), 8, false), answer, 1);
            buffer.write(8, Pins.message(Pins.SET_VALUE, 3, 1));
            Descriptor message = new Descriptor(buffer.address() + 8, 8, false);
            AllocationCheck.assertAllocatesNothing(count -> exchange(driver.queue(0), driver, message, answer, count));
        }
    }

    private static long exchange(
            DriverQueue queue, TestDriver driver, Descriptor message, Descriptor answer, int count) {
        for (int i = 0; i < count; i++) {
            queue.add(message, answer);
        }
        queue.publish();
        queue.kickAlways();
        long bytes = AllocationCheck.bytesOf(() -> driver.instance().poll(100));
        assertEquals(count, queue.collect());
        return bytes;
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void interrupts_are_told(RingFormat format) {
        try (TestDriver driver = start(format)) {
            GuestBuffer buffer = driver.ram().allocate(64);
            for (int line = 0; line < AllocationCheck.MANY; line++) {
                buffer.write(2 * line, new byte[] {(byte) line, 0});
                driver.queue(0).exchange(Pins.message(Pins.SET_IRQ_TYPE, line, Pins.BOTH), 2);
            }
            AllocationCheck.assertAllocatesNothing(count -> interrupt(driver, buffer, count));
        }
    }

    private long interrupt(TestDriver driver, GuestBuffer buffer, int count) {
        DriverQueue queue = driver.queue(1);
        for (int line = 0; line < count; line++) {
            queue.add(new Descriptor(buffer.address() + 2 * line, 2, false),
                    new Descriptor(buffer.address() + 32 + line, 1, true));
        }
        queue.publish();
        queue.kickAlways();
        long bytes = AllocationCheck.bytesOf(() -> {
            driver.instance().poll(100);
            for (int line = 0; line < count; line++) {
                lines.level(line, true);
            }
            driver.instance().poll(100);
        });
        assertEquals(count, queue.collect());
        return bytes;
    }
}
