// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.TestDriver;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Messages and interrupts allocate nothing. */
class AllocationTest {

    private static final int TURNS = 101;
    private static final int MANY = 8;
    private static final long LEAST_OBJECT = 16; // bytes
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final FakeLines lines = new FakeLines(16);

    private TestDriver start(RingFormat format) {
        TestDriver driver = TestDriver.attach(new GpioDevice(lines))
                .start(DriverOptions.of(format).queueSize(256));
        driver.queue(1).mayKeepBuffers();
        return driver;
    }

    private interface Turn {
        long run(int count);
    }

    private static void assertAllocatesNothing(Turn turn) {
        long[] differences = new long[TURNS];
        for (int i = -200; i < TURNS; i++) {
            differences[Math.max(i, 0)] = turn.run(MANY) - turn.run(1);
        }
        Arrays.sort(differences);
        // The compiler removes an object or two of the turn itself sometimes; one for each is more.
        long median = differences[TURNS / 2];
        assertTrue(median < LEAST_OBJECT * (MANY - 1), "bytes allocated for " + (MANY - 1) + ": " + median);
    }

    private static long allocated() {
        return THREADS.getThreadAllocatedBytes(Thread.currentThread().threadId());
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
            assertAllocatesNothing(count -> exchange(driver.queue(0), driver, message, answer, count));
        }
    }

    private static long exchange(
            DriverQueue queue, TestDriver driver, Descriptor message, Descriptor answer, int count) {
        for (int i = 0; i < count; i++) {
            queue.add(message, answer);
        }
        queue.publish();
        queue.kickAlways();
        long before = allocated();
        driver.instance().poll(100);
        long bytes = allocated() - before;
        assertEquals(count, queue.collect());
        return bytes;
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void interrupts_are_told(RingFormat format) {
        try (TestDriver driver = start(format)) {
            GuestBuffer buffer = driver.ram().allocate(64);
            for (int line = 0; line < MANY; line++) {
                buffer.write(2 * line, new byte[] {(byte) line, 0});
                driver.queue(0).exchange(Pins.message(Pins.SET_IRQ_TYPE, line, Pins.BOTH), 2);
            }
            assertAllocatesNothing(count -> interrupt(driver, buffer, count));
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
        long before = allocated();
        driver.instance().poll(100);
        for (int line = 0; line < count; line++) {
            lines.level(line, true);
        }
        driver.instance().poll(100);
        long bytes = allocated() - before;
        assertEquals(count, queue.collect());
        return bytes;
    }
}
