// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.VirtQueue;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The framework under a hostile driver, and that driver's own eyes. */
class HostileDriverTest {

    private static final byte[] REQUEST = "a good request, thirty-two bytes".getBytes();

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 24);
    }

    private static ScriptedDevice device() {
        return new ScriptedDevice().queues(3, 256);
    }

    private static void smoke(TestDriver driver) {
        for (DriverQueue queue : driver.queues()) {
            Submitted echo = queue.exchange(REQUEST, REQUEST.length);
            assertArrayEquals(REQUEST, echo.written());
            echo.assertNothingBeyond();
        }
    }

    private static HostileDriver hostile(long seed) {
        return new HostileDriver(seed).template(0, REQUEST, REQUEST.length);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void the_framework_survives_any_driver(long seed) {
        HostileDriver.Report report = hostile(seed).run(device(),
                builder -> builder.offer(CoreFeature.IN_ORDER), 1_500, HostileDriverTest::smoke);

        assertTrue(report.chains() > 300 && report.chainFaults() > 50 && report.ringFaults() > 5,
                () -> "reaches too little: " + report);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void the_framework_survives_memory_that_changes_meanwhile(long seed) {
        hostile(seed).flipping().run(device(),
                builder -> builder.offer(CoreFeature.IN_ORDER), 300, HostileDriverTest::smoke);
    }

    @Tag("slow")
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("manySeeds")
    void the_framework_survives_many_drivers(long seed) {
        hostile(seed).run(device(), builder -> builder.offer(CoreFeature.IN_ORDER), 20_000,
                HostileDriverTest::smoke);
        hostile(seed).flipping().run(device(), 5_000, HostileDriverTest::smoke);
    }

    static LongStream manySeeds() {
        return LongStream.rangeClosed(1_000, 1_100);
    }

    /** They found an IN_ORDER run that grew longer than its packed ring, and rings hit by accident. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1003, 1071, 1116, 1121, 1179, 1194})
    void the_framework_survives_drivers_that_once_found_something(long seed) {
        hostile(seed).run(device(), builder -> builder.offer(CoreFeature.IN_ORDER), 20_000,
                HostileDriverTest::smoke);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1074, 1102, 1129, 1134, 1158})
    void the_framework_survives_flipping_drivers_that_once_found_something(long seed) {
        hostile(seed).flipping().run(device(), 5_000, HostileDriverTest::smoke);
    }

    @Test
    void the_same_seed_does_the_same() {
        HostileDriver.Report first = hostile(7).run(device(), 500, HostileDriverTest::smoke);
        HostileDriver.Report second = hostile(7).run(device(), 500, HostileDriverTest::smoke);

        assertEquals(first, second);
    }

    @Test
    void a_device_that_writes_elsewhere_is_found_out() {
        ScriptedDevice device = device();
        device.handler(chain -> {
            device.context().memory().write(HostileMemory.RINGS + (1 << 19),
                    MemorySegment.ofArray(new byte[] {1}));
            ScriptedDevice.echo(chain);
        });

        AssertionError failure = assertThrows(AssertionError.class,
                () -> hostile(1).run(device, 200, HostileDriverTest::smoke));

        assertTrue(failure.getMessage().startsWith("hostile driver: seed=1"), failure.getMessage());
        assertTrue(failure.getCause().getMessage().startsWith("free guest memory"));
    }

    @Test
    void a_device_that_throws_is_found_out() {
        ScriptedDevice device = device().handler(chain -> {
            int[] table = new int[8];
            table[(int) chain.reader().length() & 15]++;
            ScriptedDevice.echo(chain);
        });

        AssertionError failure = assertThrows(AssertionError.class,
                () -> hostile(1).run(device, 500, driver -> { }));

        assertEquals("device code failed: errors=", failure.getCause().getMessage().substring(0, 27));
    }

    /** Keeps requests that have nothing to read until it is told to stop. */
    private static final class KeepingDevice extends ScriptedDevice {

        private final List<DescriptorChain> kept = new ArrayList<>();

        KeepingDevice() {
            queues(3, 256);
            handler(chain -> {
                if (chain.reader().length() == 0) {
                    chain.defer();
                    kept.add(chain);
                } else {
                    echo(chain);
                }
            });
        }

        @Override
        public void stopQueue(VirtQueue queue) {
            kept.removeIf(chain -> {
                boolean here = chain.queue() == queue;
                if (here) {
                    chain.complete(0);
                }
                return here;
            });
        }
    }

    @Test
    void a_device_that_may_keep_buffers_is_not_asked_for_them() {
        hostile(1).mayKeep(0).run(new KeepingDevice(), 2_000, driver -> { });
    }

    @Tag("slow") // it is given time
    @Test
    void a_device_that_keeps_a_buffer_is_found_out() {
        AssertionError failure = assertThrows(AssertionError.class,
                () -> hostile(1).run(new KeepingDevice(), 2_000, driver -> { }));

        assertTrue(failure.getCause().getMessage().contains("every buffer to come back: queue=0"),
                () -> failure.getCause().getMessage());
    }

    @Test
    void a_device_that_gives_up_because_of_a_request_is_found_out() {
        ScriptedDevice device = device();
        device.handler(chain -> {
            if (chain.reader().length() == 7) {
                device.context().needsReset("a request of 7 bytes");
            }
            ScriptedDevice.echo(chain);
        });

        AssertionError failure = assertThrows(AssertionError.class,
                () -> hostile(1).run(device, 20_000, driver -> { }));

        assertTrue(failure.getCause().getMessage().startsWith("device needs a reset, and the rings are"),
                () -> failure.getCause().getMessage());
    }

    @Test
    void a_device_that_allocates_what_the_driver_says_is_found_out() {
        ScriptedDevice device = device().handler(chain -> {
            byte[] all = new byte[(int) Math.min(64 << 20, chain.writer().length())];
            chain.complete(all.length == 0 ? 0 : all[0]);
        });

        AssertionError failure = assertThrows(AssertionError.class,
                () -> hostile(1).run(device, 2_000, driver -> { }));

        assertTrue(failure.getCause().getMessage().startsWith("device allocates as much as a driver"),
                () -> failure.getCause().getMessage());
    }
}
