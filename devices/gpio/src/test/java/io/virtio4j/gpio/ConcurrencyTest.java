// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.gpio.board.SimulatedBoard;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The host moves lines while both queues work on threads of their own. */
@Timeout(60)
class ConcurrencyTest {

    private static final int ROUNDS = 3000;

    private static Pins pins(RingFormat format) {
        return Pins.start(SimulatedBoard.of("a", "b", "c", "d"), DriverOptions.of(format),
                builder -> builder.runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory())));
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void no_edge_is_lost_that_the_driver_waits_for(RingFormat format) {
        try (Pins pins = pins(format)) {
            pins.interrupt(0, Pins.RISING);
            DriverQueue events = pins.driver.queue(1);
            for (int i = 0; i < ROUNDS; i++) {
                // Half of the time the edge comes first, and half of the time the buffer.
                if (i % 2 == 0) {
                    pins.board.line(0).pulse();
                }
                Submitted event = events.submit(new byte[] {0, 0}, 1);
                if (i % 2 != 0) {
                    pins.board.line(0).pulse();
                }
                assertEquals(Pins.VALID, events.await(event).written()[0]);
            }
            assertEquals(ROUNDS, pins.counter(GpioCounter.INTERRUPTS));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("GP-3")
    void a_buffer_is_back_when_disabling_is_answered_whatever_the_host_does(RingFormat format)
            throws InterruptedException {
        try (Pins pins = pins(format)) {
            AtomicBoolean over = new AtomicBoolean();
            Thread storm = Thread.ofPlatform().daemon().start(() -> {
                while (!over.get()) {
                    pins.board.line(0).pulse();
                }
            });
            pins.request(Pins.SET_DIRECTION, 0, Pins.IN);
            DriverQueue events = pins.driver.queue(1);
            int valid = 0;
            for (int i = 0; i < ROUNDS; i++) {
                pins.request(Pins.SET_IRQ_TYPE, 0, 1 + i % 3);
                Submitted event = events.submit(new byte[] {0, 0}, 1);
                pins.request(Pins.SET_IRQ_TYPE, 0, Pins.NONE);
                events.collect();
                assertTrue(event.isUsed(), "answered before the buffer was returned");
                valid += event.written()[0];
                long interrupts = pins.counter(GpioCounter.INTERRUPTS);
                assertEquals(valid, interrupts, "no interrupt after it was disabled");
            }
            over.set(true);
            storm.join();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_level_is_told_as_long_as_it_lasts(RingFormat format) {
        try (Pins pins = pins(format)) {
            pins.interrupt(1, Pins.HIGH);
            DriverQueue events = pins.driver.queue(1);
            for (int i = 0; i < ROUNDS; i++) {
                Submitted event = events.submit(new byte[] {1, 0}, 1);
                pins.board.line(1).drive(true);
                assertEquals(Pins.VALID, events.await(event).written()[0]);
                Submitted again = events.submit(new byte[] {1, 0}, 1);
                assertEquals(Pins.VALID, events.await(again).written()[0]);
                pins.board.line(1).drive(false);
            }
        }
    }
}
