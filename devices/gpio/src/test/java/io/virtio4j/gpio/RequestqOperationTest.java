// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import static io.virtio4j.gpio.Pins.BOTH;
import static io.virtio4j.gpio.Pins.FALLING;
import static io.virtio4j.gpio.Pins.GET_DIRECTION;
import static io.virtio4j.gpio.Pins.GET_VALUE;
import static io.virtio4j.gpio.Pins.HIGH;
import static io.virtio4j.gpio.Pins.IN;
import static io.virtio4j.gpio.Pins.LOW;
import static io.virtio4j.gpio.Pins.NONE;
import static io.virtio4j.gpio.Pins.OUT;
import static io.virtio4j.gpio.Pins.RISING;
import static io.virtio4j.gpio.Pins.SET_DIRECTION;
import static io.virtio4j.gpio.Pins.SET_IRQ_TYPE;
import static io.virtio4j.gpio.Pins.SET_VALUE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.gpio.board.LineState;
import io.virtio4j.gpio.board.SimulatedLine;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [GPIO Device / Device Operation: requestq] */
class RequestqOperationTest {

    private static Pins pins() {
        return Pins.start(DriverOptions.split());
    }

    // ── Directions and values ──────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void directions_are_set_and_read_back(RingFormat format) {
        try (Pins pins = Pins.start(DriverOptions.of(format))) {
            assertEquals(NONE, pins.request(GET_DIRECTION, 2, 0));
            for (int direction : new int[] {IN, OUT, IN, NONE, OUT, NONE}) {
                assertEquals(0, pins.request(SET_DIRECTION, 2, direction));
                assertEquals(direction, pins.request(GET_DIRECTION, 2, 0));
                assertEquals(direction, pins.board.line(2).direction().code());
            }
            assertEquals(NONE, pins.request(GET_DIRECTION, 1, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void an_output_drives_its_line(RingFormat format) {
        try (Pins pins = Pins.start(DriverOptions.of(format))) {
            SimulatedLine led = pins.board.line("led");
            pins.request(SET_DIRECTION, 1, OUT);
            assertEquals(LineState.LOW, led.state());
            for (int value : new int[] {1, 0, 1, 1}) {
                assertEquals(0, pins.request(SET_VALUE, 1, value));
                assertEquals(value == 1, led.isHigh());
                assertEquals(value, pins.request(GET_VALUE, 1, 0));
            }
        }
    }

    @Test
    void a_value_that_is_set_first_is_used_when_the_line_becomes_an_output() {
        try (Pins pins = pins()) {
            List<String> seen = new ArrayList<>();
            pins.board.watch((line, state, nanos) -> seen.add(line + "=" + state));
            pins.request(SET_VALUE, 1, 1);
            assertEquals(List.of(), seen);
            pins.request(SET_DIRECTION, 1, OUT);
            assertEquals(List.of("led=HIGH"), seen);
            pins.request(SET_DIRECTION, 1, IN);
            pins.request(SET_VALUE, 1, 0);
            assertEquals(List.of("led=HIGH", "led=FLOATING"), seen);
            pins.request(SET_DIRECTION, 1, OUT);
            assertEquals(List.of("led=HIGH", "led=FLOATING", "led=LOW"), seen);
        }
    }

    @Test
    void an_input_reads_what_is_on_its_line() {
        try (Pins pins = pins()) {
            pins.request(SET_DIRECTION, 0, IN);
            for (boolean high : new boolean[] {true, false, true}) {
                pins.board.line("button").drive(high);
                assertEquals(high ? 1 : 0, pins.request(GET_VALUE, 0, 0));
            }
        }
    }

    @Test
    void an_output_that_is_held_down_reads_low() {
        try (Pins pins = pins()) {
            pins.request(SET_VALUE, 1, 1);
            pins.request(SET_DIRECTION, 1, OUT);
            pins.board.line("led").drive(false);
            assertEquals(0, pins.request(GET_VALUE, 1, 0));
        }
    }

    @Test
    @Normative("GPIO-8")
    void direction_none_forgets_everything_about_the_line() {
        try (Pins pins = pins()) {
            pins.request(SET_VALUE, 1, 1);
            pins.request(SET_DIRECTION, 1, OUT);
            pins.request(SET_DIRECTION, 1, NONE);
            assertEquals(LineState.FLOATING, pins.board.line("led").state());
            pins.request(SET_DIRECTION, 1, OUT);
            assertEquals(LineState.LOW, pins.board.line("led").state(), "the value was forgotten");

            pins.interrupt(0, RISING);
            Submitted event = pins.unmask(0);
            pins.request(SET_DIRECTION, 0, NONE);
            assertEquals(Pins.INVALID, pins.status(event));
            pins.board.line("button").pulse();
            pins.interrupt(0, FALLING);
            assertFalse(pins.isReturned(pins.unmask(0)), "trigger and latch were forgotten");
        }
    }

    // ── Interrupt types ────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(ints = {RISING, FALLING, BOTH, HIGH, LOW})
    void every_type_enables_and_none_disables(int type) {
        try (Pins pins = pins()) {
            pins.request(SET_DIRECTION, 0, IN);
            for (int i = 0; i < 3; i++) {
                assertEquals(0, pins.request(SET_IRQ_TYPE, 0, type));
                assertEquals(0, pins.request(SET_IRQ_TYPE, 0, NONE));
            }
            assertEquals(0, pins.request(SET_IRQ_TYPE, 0, NONE), "disabled before");
        }
    }

    @Test
    void interrupts_are_refused_where_they_were_not_negotiated() {
        try (Pins pins = Pins.start(DriverOptions.split().without(GpioFeature.IRQ))) {
            pins.request(SET_DIRECTION, 0, IN);
            pins.refused(SET_IRQ_TYPE, 0, RISING);
            pins.refused(SET_IRQ_TYPE, 0, NONE);
            Submitted event = pins.driver.queue(1).submit(new byte[2], 1);
            assertFalse(pins.isReturned(event), "there is no event queue");
        }
    }

    @Test
    void an_output_does_not_interrupt() {
        try (Pins pins = pins()) {
            pins.request(SET_DIRECTION, 1, OUT);
            pins.refused(SET_IRQ_TYPE, 1, RISING);
            pins.request(SET_IRQ_TYPE, 1, NONE);
            pins.interrupt(0, RISING);
            pins.refused(SET_DIRECTION, 0, OUT);
            assertEquals(IN, pins.request(GET_DIRECTION, 0, 0));
        }
    }

    @Test
    void a_line_without_direction_can_interrupt() {
        try (Pins pins = pins()) {
            pins.request(SET_IRQ_TYPE, 0, RISING);
            Submitted event = pins.unmask(0);
            pins.board.line("button").drive(true);
            assertEquals(Pins.VALID, pins.status(event));
        }
    }

    // ── Answers ────────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("GPIO-1")
    void every_answer_has_both_fields_and_no_more(RingFormat format) {
        try (Pins pins = Pins.start(DriverOptions.of(format))) {
            for (int type = 0; type < 8; type++) {
                for (int line = 0; line < 5; line++) {
                    Submitted done = pins.driver.queue(0).exchange(Pins.message(type, line, 0), 9);
                    assertEquals(2, done.usedLength(), "type=" + type);
                    done.assertNothingBeyond();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("GPIO-6")
    void messages_for_a_line_are_served_and_answered_in_their_order(RingFormat format) {
        try (Pins pins = Pins.start(DriverOptions.of(format).queueSize(256))) {
            DriverQueue queue = pins.driver.queue(0);
            List<Submitted> all = new ArrayList<>();
            int[][] messages = {
                {SET_VALUE, 1}, {SET_DIRECTION, OUT}, {GET_VALUE, 0}, {SET_VALUE, 0}, {GET_VALUE, 0},
                {SET_DIRECTION, IN}, {SET_IRQ_TYPE, RISING}, {GET_DIRECTION, 0}, {SET_IRQ_TYPE, NONE},
                {SET_DIRECTION, OUT}, {GET_DIRECTION, 0}, {SET_DIRECTION, NONE}, {GET_DIRECTION, 0}};
            int[] values = {0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0};
            for (int[] message : messages) {
                all.add(queue.add(Pins.message(message[0], 2, message[1]), 2));
            }
            queue.publish();
            queue.kick();
            for (int i = 0; i < messages.length; i++) {
                Submitted done = queue.await(all.get(i));
                assertArrayEquals(new byte[] {0, (byte) values[i]}, done.written(), "message " + i);
            }
            assertInOrder(pins.driver, format);
        }
    }

    /** Looks at the device a turn at a time: no answer overtakes one before it. */
    private static void assertInOrder(TestDriver driver, RingFormat format) {
        DriverQueue queue = driver.queue(0);
        List<Submitted> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            all.add(queue.add(Pins.message(i % 3 == 0 ? SET_IRQ_TYPE : GET_DIRECTION, 2, NONE), 2));
        }
        queue.publish();
        queue.kick();
        int answered = 0;
        while (answered < all.size()) {
            assertTrue(driver.instance().poll(1) > 0, "device rests: ring=" + format);
            queue.collect();
            answered = (int) all.stream().takeWhile(Submitted::isUsed).count();
            assertEquals(answered, all.stream().filter(Submitted::isUsed).count());
        }
    }

    // ── Lines that do not work ─────────────────────────────────────────────

    @Test
    void what_the_backend_cannot_do_is_an_error_and_counted() {
        FakeLines lines = new FakeLines(2);
        GpioDevice device = new GpioDevice(lines);
        try (TestDriver driver = TestDriver.attach(device).start()) {
            assertArrayEquals(new byte[] {0, 0}, exchange(driver, SET_DIRECTION, IN));
            lines.fails = true;
            assertArrayEquals(new byte[] {1, 0}, exchange(driver, GET_VALUE, 0));
            assertArrayEquals(new byte[] {1, 0}, exchange(driver, SET_DIRECTION, OUT));
            assertArrayEquals(new byte[] {1, 0}, exchange(driver, SET_IRQ_TYPE, RISING));
            lines.fails = false;
            assertArrayEquals(new byte[] {0, IN}, exchange(driver, GET_DIRECTION, 0), "nothing changed");
            assertArrayEquals(new byte[] {0, 0}, exchange(driver, SET_DIRECTION, OUT), "nothing was enabled");
            assertEquals(3, device.counters().get(GpioCounter.BACKEND_ERRORS));
            assertEquals(3, device.counters().get(GpioCounter.ERRORS));
            assertEquals(6, device.counters().get(GpioCounter.MESSAGES));
        }
    }

    private static byte[] exchange(TestDriver driver, int type, int value) {
        return driver.queue(0).exchange(Pins.message(type, 1, value), 2).written();
    }

    @Test
    void a_reset_releases_all_lines() {
        try (Pins pins = pins()) {
            pins.request(SET_VALUE, 1, 1);
            pins.request(SET_DIRECTION, 1, OUT);
            pins.interrupt(0, BOTH);
            pins.driver.reset();
            assertEquals(LineState.FLOATING, pins.board.line("led").state());
            assertEquals(GpioDirection.NONE, pins.board.line("led").direction());
            pins.begin(DriverOptions.split());
            assertEquals(NONE, pins.request(GET_DIRECTION, 0, 0));
            assertEquals(NONE, pins.request(GET_DIRECTION, 1, 0));
            pins.board.line("button").pulse();
            assertEquals(Pins.INVALID, pins.status(pins.unmask(0)), "not enabled");
        }
    }
}
