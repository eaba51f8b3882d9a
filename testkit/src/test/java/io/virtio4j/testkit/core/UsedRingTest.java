// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.Normative;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Virtqueues / The Virtqueue Used Ring] */
class UsedRingTest {

    private static Submitted use(RingFormat format, Consumer<DescriptorChain> handler, int writable) {
        ScriptedDevice device = new ScriptedDevice().handler(handler::accept);
        try (TestDriver driver = TestDriver.attach(device).start(DriverOptions.of(format))) {
            return driver.queue(0).exchange(new byte[4], writable);
        }
    }

    /** A driver that looks as soon as a buffer is shown as used finds its length, id and bytes. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"SPL-13", "SPL-14"})
    void what_is_shown_as_used_is_complete(RingFormat format) {
        TestDriver driver = TestDriver.attach(new ScriptedDevice(), builder -> builder.runner(
                Runner.workerPerDevice(Thread.ofPlatform().daemon().factory())));
        try (driver) {
            driver.start(DriverOptions.of(format));
            DriverQueue queue = driver.queue(0);
            queue.disableInterrupts();
            for (int i = 0; i < 4_000; i++) {
                byte[] bytes = new byte[1 + i % 13];
                java.util.Arrays.fill(bytes, (byte) i);
                Submitted echo = queue.submit(bytes, 16);
                while (!echo.isUsed()) {
                    queue.collect();
                }
                assertArrayEquals(bytes, echo.written());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("SPL-14")
    void len_is_what_was_written_from_the_first_byte(RingFormat format) {
        for (int length = 0; length <= 32; length++) {
            byte[] bytes = new byte[length];
            java.util.Arrays.fill(bytes, (byte) 7);

            Submitted used = use(format, chain -> {
                chain.writer().write(bytes);
                chain.complete();
            }, 32);

            assertArrayEquals(bytes, used.written());
            used.assertNothingBeyond();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("SPL-15")
    void more_may_have_been_written_than_len_says(RingFormat format) {
        Submitted used = use(format, chain -> {
            chain.writer().fill(9, 32);
            chain.complete(5);
        }, 32);

        assertEquals(5, used.usedLength());
        assertEquals(9, used.writable()[31]);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void bytes_that_are_written_twice_count_once(RingFormat format) {
        Submitted used = use(format, chain -> {
            chain.writer().writeLe64(1);
            chain.writer().seek(0);
            chain.writer().writeLe64(2);
            chain.complete();
        }, 8);

        assertEquals(8, used.usedLength());
        assertEquals(2, used.written()[0]);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_device_cannot_report_more_than_it_could_write(RingFormat format) {
        ScriptedDevice device = new ScriptedDevice().handler(chain -> chain.complete(33));
        try (TestDriver driver = TestDriver.attach(device).start(DriverOptions.of(format))) {
            Submitted used = driver.queue(0).exchange(new byte[4], 32);

            assertEquals(0, used.usedLength());
            assertEquals(IllegalArgumentException.class, driver.errors().take().getFirst().getClass());
        }
    }
}
