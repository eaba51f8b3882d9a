// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import static io.virtio4j.gpio.Pins.BOTH;
import static io.virtio4j.gpio.Pins.FALLING;
import static io.virtio4j.gpio.Pins.HIGH;
import static io.virtio4j.gpio.Pins.INVALID;
import static io.virtio4j.gpio.Pins.LOW;
import static io.virtio4j.gpio.Pins.NONE;
import static io.virtio4j.gpio.Pins.RISING;
import static io.virtio4j.gpio.Pins.SET_IRQ_TYPE;
import static io.virtio4j.gpio.Pins.VALID;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.gpio.board.SimulatedLine;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.Normative;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [GPIO Device / Device Operation: eventq] */
class EventqOperationTest {

    private static Pins pins() {
        return Pins.start(DriverOptions.split());
    }

    // ── Edges ──────────────────────────────────────────────────────────────

    @ParameterizedTest
    @CsvSource({"1, true, false", "2, false, true", "3, true, true"})
    @Normative("GPIO-12")
    void an_edge_of_the_wanted_kind_uses_the_buffer(int type, boolean rising, boolean falling) {
        for (RingFormat format : RingFormat.values()) {
            try (Pins pins = Pins.start(DriverOptions.of(format))) {
                SimulatedLine button = pins.board.line("button");
                pins.interrupt(0, type);

                Submitted first = pins.unmask(0);
                assertFalse(pins.isReturned(first), "nothing happened yet");
                button.drive(true);
                assertEquals(rising, pins.isReturned(first));
                Submitted second = rising ? pins.unmask(0) : first;
                assertFalse(pins.isReturned(second));
                button.drive(false);
                assertEquals(falling, pins.isReturned(second));
                if (rising) {
                    assertEquals(VALID, pins.status(first));
                }
                if (falling) {
                    assertEquals(VALID, pins.status(second));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {RISING, FALLING, BOTH})
    @Normative("GPIO-9")
    void an_edge_that_comes_while_masked_is_told_once_when_unmasked(int type) {
        try (Pins pins = pins()) {
            pins.interrupt(0, type);
            pins.board.line("button").pulse();
            pins.board.line("button").pulse();

            assertEquals(VALID, pins.status(pins.unmask(0)));
            assertFalse(pins.isReturned(pins.unmask(0)), "one event for all that were latched");
            assertTrue(pins.counter(GpioCounter.MERGED_EDGES) > 0);
        }
    }

    @Test
    @Normative("GPIO-9")
    void an_edge_that_comes_between_two_buffers_is_told_with_the_second() {
        try (Pins pins = pins()) {
            pins.interrupt(0, RISING);
            Submitted first = pins.unmask(0);
            pins.board.line("button").pulse();
            assertEquals(VALID, pins.status(first));
            pins.board.line("button").pulse();
            assertEquals(VALID, pins.status(pins.unmask(0)));
        }
    }

    @Test
    @Normative("GPIO-12")
    void an_edge_before_the_interrupt_was_enabled_is_not_told() {
        try (Pins pins = pins()) {
            pins.board.line("button").pulse();
            pins.interrupt(0, BOTH);
            assertFalse(pins.isReturned(pins.unmask(0)));
        }
    }

    @Test
    @Normative("GPIO-9")
    void an_edge_that_comes_as_soon_as_the_backend_watches_is_kept() {
        FakeLines lines = new FakeLines(2) {
            @Override
            public void watch(int line, GpioTrigger trigger) throws IOException {
                super.watch(line, trigger);
                level(line, trigger != GpioTrigger.NONE);
            }
        };
        try (TestDriver driver = TestDriver.attach(new GpioDevice(lines)).start()) {
            driver.queue(0).exchange(Pins.message(SET_IRQ_TYPE, 1, RISING), 2);
            Submitted event = driver.queue(1).submit(new byte[] {1, 0}, 1);
            assertEquals(VALID, driver.queue(1).await(event).written()[0]);
        }
    }

    @Test
    @Normative("GPIO-11")
    void a_latched_edge_is_forgotten_when_the_interrupt_is_disabled() {
        try (Pins pins = pins()) {
            pins.interrupt(0, BOTH);
            pins.board.line("button").pulse();
            pins.request(SET_IRQ_TYPE, 0, NONE);
            pins.request(SET_IRQ_TYPE, 0, BOTH);
            assertFalse(pins.isReturned(pins.unmask(0)));
        }
    }

    // ── Levels ─────────────────────────────────────────────────────────────

    @ParameterizedTest
    @CsvSource({"4, true", "8, false"})
    void a_level_stays_pending_until_it_ends(int type, boolean active) {
        for (RingFormat format : RingFormat.values()) {
            try (Pins pins = Pins.start(DriverOptions.of(format))) {
                SimulatedLine button = pins.board.line("button");
                button.drive(!active);
                pins.interrupt(0, type);
                Submitted event = pins.unmask(0);
                assertFalse(pins.isReturned(event));

                button.drive(active);
                assertEquals(VALID, pins.status(event));
                for (int i = 0; i < 3; i++) {
                    assertEquals(VALID, pins.status(pins.unmask(0)), "still active");
                }
                button.drive(!active);
                assertFalse(pins.isReturned(pins.unmask(0)));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"4, true", "8, false"})
    @Normative("GPIO-10")
    void a_level_that_ended_while_masked_is_not_told(int type, boolean active) {
        try (Pins pins = pins()) {
            SimulatedLine button = pins.board.line("button");
            button.drive(!active);
            pins.interrupt(0, type);
            button.drive(active);
            button.drive(!active);
            assertFalse(pins.isReturned(pins.unmask(0)));
        }
    }

    @ParameterizedTest
    @CsvSource({"4, true", "8, false"})
    void a_level_that_was_there_before_is_told(int type, boolean active) {
        try (Pins pins = pins()) {
            pins.board.line("button").drive(active);
            pins.interrupt(0, type);
            assertEquals(VALID, pins.status(pins.unmask(0)));
        }
    }

    // ── Masking, enabling, disabling ───────────────────────────────────────

    @Test
    @Normative("GPIO-12")
    void nothing_is_told_of_a_line_that_is_enabled_but_masked() {
        try (Pins pins = pins()) {
            pins.interrupt(0, BOTH);
            pins.interrupt(1, BOTH);
            Submitted other = pins.unmask(1);
            pins.board.line("button").pulse();
            assertFalse(pins.isReturned(other));
            assertEquals(0, pins.counter(GpioCounter.INTERRUPTS));
        }
    }

    @Test
    @Normative("GPIO-12")
    void a_buffer_for_a_line_that_is_not_enabled_comes_back_invalid() {
        try (Pins pins = pins()) {
            assertEquals(INVALID, pins.status(pins.unmask(0)));
            pins.interrupt(0, RISING);
            pins.request(SET_IRQ_TYPE, 0, NONE);
            assertEquals(INVALID, pins.status(pins.unmask(0)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {RISING, FALLING, BOTH, HIGH, LOW})
    @Normative("GPIO-13")
    void disabling_returns_the_buffer_invalid_before_it_is_answered(int type) {
        for (RingFormat format : RingFormat.values()) {
            try (Pins pins = Pins.start(DriverOptions.of(format))) {
                pins.board.line("button").drive(type == LOW);
                pins.interrupt(0, type);
                Submitted event = pins.unmask(0);
                assertFalse(pins.isReturned(event));
                DriverQueue requests = pins.driver.queue(0);
                Submitted disable = requests.submit(Pins.message(SET_IRQ_TYPE, 0, NONE), 2);
                while (!disable.isUsed()) {
                    pins.driver.instance().poll(1);
                    requests.collect();
                }
                pins.driver.queue(1).collect(); // without running the device any more
                assertTrue(event.isUsed(), "the answer came first");
                assertEquals(INVALID, event.written()[0]);
                assertEquals(1, pins.counter(GpioCounter.RETURNED));
            }
        }
    }

    @Test
    @Normative("GPIO-13")
    void disabling_returns_a_buffer_that_the_device_has_not_seen_yet() {
        try (Pins pins = pins()) {
            pins.interrupt(0, RISING);
            DriverQueue events = pins.driver.queue(1);
            Submitted event = events.add(new byte[] {0, 0}, 1);
            events.publish(); // no notification
            pins.request(SET_IRQ_TYPE, 0, NONE);
            events.collect();
            assertEquals(INVALID, event.written()[0]);
        }
    }

    @Test
    void disabling_one_line_leaves_the_others_alone() {
        try (Pins pins = pins()) {
            pins.interrupt(0, RISING).interrupt(1, RISING);
            Submitted zero = pins.unmask(0);
            Submitted one = pins.unmask(1);
            pins.request(SET_IRQ_TYPE, 0, NONE);
            assertEquals(INVALID, pins.status(zero));
            assertFalse(pins.isReturned(one));
            pins.board.line(1).drive(true);
            assertEquals(VALID, pins.status(one));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void buffers_are_used_in_the_order_of_interrupts(RingFormat format) {
        try (Pins pins = Pins.start(DriverOptions.of(format))) {
            Submitted[] events = new Submitted[4];
            for (int line = 0; line < 4; line++) {
                pins.interrupt(line, RISING);
                events[line] = pins.unmask(line);
            }
            for (int line : new int[] {2, 0, 3, 1}) {
                pins.board.line(line).drive(true);
                assertEquals(VALID, pins.status(events[line]));
            }
        }
    }

    @Test
    void a_queue_that_was_reset_has_forgotten_its_buffers_and_not_the_edges() {
        try (Pins pins = pins()) {
            pins.interrupt(0, RISING).interrupt(1, RISING);
            pins.unmask(0);
            pins.driver.resetQueue(1);
            pins.board.line("button").drive(true);
            pins.request(SET_IRQ_TYPE, 1, NONE); // answered, though there is no event queue
            pins.driver.setUpQueue(1).mayKeepBuffers();
            assertEquals(VALID, pins.status(pins.unmask(0)));
            assertEquals(INVALID, pins.status(pins.unmask(1)));
        }
    }

    @Test
    void event_buffers_that_wait_do_not_keep_the_device_from_suspending() {
        try (Pins pins = pins()) {
            pins.interrupt(0, RISING).interrupt(1, HIGH);
            Submitted edge = pins.unmask(0);
            Submitted level = pins.unmask(1);
            pins.driver.suspend();
            pins.board.line(0).pulse();
            pins.board.line(1).drive(true);
            assertFalse(pins.isReturned(edge));
            pins.driver.resume();
            assertEquals(VALID, pins.status(edge));
            assertEquals(VALID, pins.status(level));
        }
    }
}
