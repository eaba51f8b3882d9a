// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.RingFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link TestDriver} promises, and what it notices. */
class TestDriverTest {

    static Stream<Arguments> formatsAndLayouts() {
        List<Arguments> all = new ArrayList<>();
        for (RingFormat format : RingFormat.values()) {
            Layout.all().forEach(layout -> all.add(Arguments.of(format, layout)));
            all.add(Arguments.of(format, Layout.random(7)));
        }
        return all.stream();
    }

    @Test
    void three_lines_exchange_a_buffer() {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice()).start()) {
            Submitted echo = driver.queue(0).exchange("hello, device!!!".getBytes(), 16);
            assertArrayEquals(echo.readable(), echo.written());
        }
    }

    @ParameterizedTest
    @MethodSource("formatsAndLayouts")
    void buffers_of_many_sizes_come_back_in_every_layout(RingFormat format, Layout layout) {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice())) {
            driver.start(DriverOptions.of(format).layout(layout));
            SplittableRandom random = new SplittableRandom(1);
            for (int i = 0; i < 500; i++) {
                byte[] bytes = new byte[1 + random.nextInt(i % 10 == 0 ? 9000 : 60)];
                random.nextBytes(bytes);
                Submitted echo = driver.queue(0).exchange(bytes, bytes.length + i % 3);
                assertArrayEquals(bytes, echo.written());
                echo.assertNothingBeyond();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("formatsAndLayouts")
    void buffers_come_back_in_batches_with_in_order(RingFormat format, Layout layout) {
        try (TestDriver driver = TestDriver.attach(new ScriptedDevice(),
                builder -> builder.offer(CoreFeature.IN_ORDER))) {
            driver.start(DriverOptions.of(format).layout(layout));
            DriverQueue queue = driver.queue(0);
            for (int round = 0; round < 100; round++) {
                List<Submitted> batch = new ArrayList<>();
                while (queue.free() >= queue.size() / 3 && batch.size() < 9) {
                    batch.add(queue.add(new byte[] {1, 2, (byte) round}, 0));
                }
                queue.publish();
                queue.kick();
                queue.awaitAll();
                assertTrue(batch.size() == 1 || batch.getFirst().wasSkipped());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_buffer_that_the_device_keeps_fails_the_test(RingFormat format) {
        List<DescriptorChain> kept = new ArrayList<>();
        ScriptedDevice device = new ScriptedDevice().handler(chain -> {
            chain.defer();
            kept.add(chain);
        });
        TestDriver driver = TestDriver.attach(device,
                builder -> builder.resetGrace(java.time.Duration.ZERO)).start(DriverOptions.of(format));
        driver.queue(0).submit(new byte[4], 4);
        driver.runDevice();

        AssertionError failure = assertThrows(AssertionError.class, driver::close);

        assertTrue(failure.getMessage().startsWith("device kept buffers"), failure.getMessage());
    }

    @Test
    void a_device_that_throws_fails_the_test() {
        TestDriver driver = TestDriver.attach(new ScriptedDevice().handler(chain -> {
            throw new IllegalArgumentException("device bug");
        })).start();
        driver.queue(0).exchange(new byte[4], 4);

        AssertionError failure = assertThrows(AssertionError.class, driver::close);

        assertEquals("device bug", failure.getCause().getMessage());
    }

    @Test
    void a_write_past_an_allocation_fails_the_test() {
        TestDriver driver = TestDriver.attach(new ScriptedDevice()).start();
        GuestBuffer buffer = driver.ram().allocate(100);
        driver.ram().memory().write(buffer.address() + 100, java.lang.foreign.MemorySegment.ofArray(
                new byte[1]));

        AssertionError failure = assertThrows(AssertionError.class, driver::close);

        assertTrue(failure.getMessage().startsWith("guard of guest memory"), failure.getMessage());
    }
}
