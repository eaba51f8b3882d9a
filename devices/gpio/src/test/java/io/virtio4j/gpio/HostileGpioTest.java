// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import static io.virtio4j.gpio.Pins.BOTH;
import static io.virtio4j.gpio.Pins.FALLING;
import static io.virtio4j.gpio.Pins.GET_DIRECTION;
import static io.virtio4j.gpio.Pins.GET_LINE_NAMES;
import static io.virtio4j.gpio.Pins.GET_VALUE;
import static io.virtio4j.gpio.Pins.HIGH;
import static io.virtio4j.gpio.Pins.IN;
import static io.virtio4j.gpio.Pins.INVALID;
import static io.virtio4j.gpio.Pins.NONE;
import static io.virtio4j.gpio.Pins.OUT;
import static io.virtio4j.gpio.Pins.RISING;
import static io.virtio4j.gpio.Pins.SET_DIRECTION;
import static io.virtio4j.gpio.Pins.SET_IRQ_TYPE;
import static io.virtio4j.gpio.Pins.SET_VALUE;
import static io.virtio4j.gpio.Pins.VALID;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.gpio.board.SimulatedBoard;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.HostileDriver;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drivers that mean no good. After each case, the queue goes on. */
class HostileGpioTest {

    private static final long NOWHERE = 0x7FFF_0000_0000L;

    private static void assertGoesOn(Pins pins) {
        pins.request(SET_DIRECTION, 3, IN);
        pins.board.line(3).drive(true);
        assertEquals(1, pins.request(GET_VALUE, 3, 0));
        pins.request(SET_IRQ_TYPE, 3, RISING);
        Submitted event = pins.unmask(3);
        pins.board.line(3).pulse();
        assertEquals(VALID, pins.status(event));
        pins.request(SET_DIRECTION, 3, NONE);
        assertFalse(pins.driver.needsReset());
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("GP-1")
    void lines_that_do_not_exist_are_refused_in_every_message(RingFormat format) {
        try (Pins pins = Pins.start(DriverOptions.of(format))) {
            int refused = 0;
            for (int line = 4; line <= 0xFFFF; line += 7) {
                pins.refused(GET_LINE_NAMES + line % 6, line, line % 3);
                refused++;
            }
            for (int type = GET_LINE_NAMES; type <= SET_IRQ_TYPE; type++) {
                for (int line : new int[] {4, 5, 255, 256, 0x7FFF, 0x8000, 0xFFFF}) {
                    pins.refused(type, line, 1);
                    refused++;
                }
            }
            HostileCases.count("GP-1", refused);
            assertEquals(refused, pins.counter(GpioCounter.ERRORS));
            assertGoesOn(pins);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase({"GP-2", "DC-8"})
    void answers_do_not_pass_their_buffer(RingFormat format) {
        try (Pins pins = Pins.start(DriverOptions.of(format))) {
            DriverQueue queue = pins.driver.queue(0);
            int names = (int) pins.driver.port().readConfig(4, 4);
            int cases = 0;
            for (int type = GET_LINE_NAMES; type <= SET_IRQ_TYPE; type++) {
                assertEquals(0, queue.exchange(Pins.message(type, 0, 1), 0).usedLength());
                Submitted one = queue.exchange(Pins.message(type, 0, 1), 1);
                assertArrayEquals(new byte[] {1}, one.written(), "type=" + type);
                cases += 2;
            }
            assertEquals(NONE, pins.request(GET_DIRECTION, 0, 0), "nothing was done");
            for (int room = 2; room < 1 + names; room++) {
                Submitted done = queue.exchange(Pins.message(GET_LINE_NAMES, 0, 0), room);
                assertArrayEquals(new byte[] {1, 0}, done.written());
                done.assertNothingBeyond();
                cases++;
            }
            HostileCases.count("GP-2", cases);
            assertEquals(0, queue.exchange(Pins.message(GET_LINE_NAMES, 0, 0), 1 + names).written()[0]);
            assertGoesOn(pins);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase({"GP-2", "DC-6"})
    void messages_and_answers_that_are_not_in_memory_do_nothing(RingFormat format) {
        try (Pins pins = Pins.start(DriverOptions.of(format))) {
            DriverQueue queue = pins.driver.queue(0);
            GuestBuffer good = pins.driver.ram().allocate(16);
            good.write(0, Pins.message(SET_DIRECTION, 0, OUT));
            Submitted lostAnswer = queue.add(new Descriptor(good.address(), 8, false),
                    new Descriptor(NOWHERE, 2, true));
            Submitted lostMessage = queue.add(new Descriptor(NOWHERE, 8, false),
                    new Descriptor(good.address() + 8, 2, true));
            Submitted halfAnswer = queue.add(new Descriptor(good.address(), 8, false),
                    new Descriptor(good.address() + 10, 1, true), new Descriptor(NOWHERE, 1, true));
            queue.publish();
            queue.kick();
            assertEquals(0, queue.await(lostAnswer).usedLength());
            assertEquals(2, queue.await(lostMessage).usedLength());
            assertTrue(queue.await(halfAnswer).usedLength() <= 1);
            HostileCases.count("GP-2", 3);
            assertEquals(1, good.bytes()[8], "status is ERR");
            assertEquals(1, good.bytes()[10], "status is ERR");
            assertEquals(NONE, pins.request(GET_DIRECTION, 0, 0), "nothing was done");
            assertGoesOn(pins);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("GP-2")
    void messages_that_are_too_short_are_errors(RingFormat format) {
        try (Pins pins = Pins.start(DriverOptions.of(format))) {
            byte[] whole = Pins.message(SET_DIRECTION, 0, OUT);
            for (int length = 0; length < whole.length; length++) {
                Submitted done = pins.driver.queue(0).exchange(Arrays.copyOf(whole, length), 2);
                assertArrayEquals(new byte[] {1, 0}, done.written());
            }
            HostileCases.count("GP-2", whole.length);
            assertEquals(NONE, pins.request(GET_DIRECTION, 0, 0));
            byte[] longer = Arrays.copyOf(whole, 5000);
            assertArrayEquals(new byte[] {0, 0}, pins.driver.queue(0).exchange(longer, 2).written());
            assertGoesOn(pins);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("GP-3")
    void event_buffers_out_of_order_come_back_invalid(RingFormat format) {
        try (Pins pins = Pins.start(DriverOptions.of(format))) {
            int cases = 0;
            assertEquals(INVALID, pins.status(pins.unmask(0)), "before the interrupt was enabled");
            pins.interrupt(0, RISING);
            Submitted first = pins.unmask(0);
            for (int i = 0; i < 10; i++) {
                assertEquals(INVALID, pins.status(pins.unmask(0)), "another one for the line");
                cases++;
            }
            for (int line : new int[] {4, 5, 100, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF}) {
                assertEquals(INVALID, pins.status(pins.unmask(line)), "line out of range");
                cases++;
            }
            DriverQueue events = pins.driver.queue(1);
            for (int length : new int[] {0, 1}) {
                Submitted cut = events.exchange(new byte[length], 1);
                assertArrayEquals(new byte[] {INVALID}, cut.written());
                cases++;
            }
            assertEquals(0, events.exchange(new byte[] {0, 0}, 0).usedLength());
            Submitted nowhere = events.add(new Descriptor(NOWHERE, 2, false), new Descriptor(NOWHERE, 1, true));
            events.publish();
            events.kick();
            assertEquals(0, events.await(nowhere).usedLength());
            HostileCases.count("GP-3", cases + 3);

            assertFalse(pins.isReturned(first));
            pins.board.line(0).drive(true);
            assertEquals(VALID, pins.status(first), "one event for the one buffer");
            assertEquals(1, pins.counter(GpioCounter.INTERRUPTS));
            assertGoesOn(pins);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("GP-3")
    void the_type_of_an_enabled_interrupt_does_not_change(RingFormat format) {
        try (Pins pins = Pins.start(DriverOptions.of(format))) {
            pins.interrupt(0, RISING);
            Submitted event = pins.unmask(0);
            for (int type : new int[] {FALLING, BOTH, HIGH, 8}) {
                pins.refused(SET_IRQ_TYPE, 0, type);
            }
            pins.request(SET_IRQ_TYPE, 0, RISING); // the same again changes nothing
            HostileCases.count("GP-3", 5);
            assertFalse(pins.isReturned(event));
            pins.board.line(0).drive(true);
            assertEquals(VALID, pins.status(event));
            Submitted next = pins.unmask(0);
            pins.board.line(0).drive(false);
            assertFalse(pins.isReturned(next), "still rising edges only");
            assertGoesOn(pins);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("GP-3")
    void a_storm_of_edges_is_one_event_a_buffer(RingFormat format) {
        try (Pins pins = Pins.start(DriverOptions.of(format))) {
            pins.interrupt(0, BOTH);
            for (int round = 0; round < 5; round++) {
                for (int i = 0; i < 20_000; i++) {
                    pins.board.line(0).pulse();
                }
                assertEquals(VALID, pins.status(pins.unmask(0)));
                Submitted quiet = pins.unmask(0);
                assertFalse(pins.isReturned(quiet));
                pins.board.line(0).pulse();
                assertEquals(VALID, pins.status(quiet));
            }
            assertEquals(10, pins.counter(GpioCounter.INTERRUPTS));
            assertGoesOn(pins);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("GP-4")
    void values_that_cannot_be_are_errors_and_change_nothing(RingFormat format) {
        List<Long> impossible = List.of(2L, 3L, 255L, 256L, 257L, 0x1_0000L, 0x7FFF_FFFFL, 0x8000_0000L,
                0xFFFF_FFFFL);
        try (Pins pins = Pins.start(DriverOptions.of(format))) {
            pins.request(SET_DIRECTION, 0, IN);
            int cases = 0;
            for (long value : impossible) {
                pins.refused(SET_VALUE, 0, value);
                pins.refused(SET_DIRECTION, 0, value == 2 ? 4 : value);
                cases += 2;
            }
            for (long type : new long[] {5, 6, 7, 9, 10, 12, 15, 16, 17, 0x104, 0x8000_0004L, 0xFFFF_FFFFL}) {
                pins.refused(SET_IRQ_TYPE, 0, type);
                cases++;
            }
            for (int type = 0; type <= 0xFFFF; type += type < 64 ? 1 : 7) {
                if (type < GET_LINE_NAMES || type > SET_IRQ_TYPE) {
                    pins.refused(type, 0, type);
                    cases++;
                }
            }
            HostileCases.count("GP-4", cases);
            assertEquals(IN, pins.request(GET_DIRECTION, 0, 0));
            assertGoesOn(pins);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("GP-4")
    void messages_in_the_wrong_order_are_errors(RingFormat format) {
        try (Pins pins = Pins.start(SimulatedBoard.of("", "", "", ""), DriverOptions.of(format))) {
            pins.refused(GET_VALUE, 0, 0); // no direction
            pins.request(SET_VALUE, 0, 1); // allowed before the direction
            pins.request(SET_DIRECTION, 0, OUT);
            pins.refused(SET_IRQ_TYPE, 0, BOTH); // an output
            pins.request(SET_DIRECTION, 0, IN);
            pins.request(SET_IRQ_TYPE, 0, BOTH);
            pins.refused(SET_DIRECTION, 0, OUT); // enabled
            pins.request(SET_DIRECTION, 0, NONE);
            pins.refused(GET_VALUE, 0, 0);
            HostileCases.count("GP-4", 4);
            assertGoesOn(pins);
        }
    }

    // ── At random ──────────────────────────────────────────────────────────

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @HostileCase({"GP-1", "GP-2", "GP-3", "GP-4"})
    void event_buffers_and_interrupts_survive_a_hostile_driver(long seed) {
        SimulatedBoard board = SimulatedBoard.of("button", "led", "", "");
        hostile(seed).run(new GpioDevice(board), 600, driver -> smoke(board, driver));
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @HostileCase("DC-10")
    void event_buffers_and_interrupts_survive_memory_that_changes_meanwhile(long seed) {
        SimulatedBoard board = SimulatedBoard.of("button", "led", "", "");
        hostile(seed).flipping().run(new GpioDevice(board), 200, driver -> smoke(board, driver));
    }

    private static HostileDriver hostile(long seed) {
        return new HostileDriver(seed).mayKeep(1)
                .template(0, Pins.message(SET_IRQ_TYPE, 0, BOTH), 2)
                .template(0, Pins.message(SET_IRQ_TYPE, 0, NONE), 2)
                .template(0, Pins.message(SET_DIRECTION, 1, OUT), 2)
                .template(1, new byte[] {0, 0}, 1);
    }

    private static void smoke(SimulatedBoard board, TestDriver driver) {
        driver.queue(1).mayKeepBuffers();
        driver.queue(0).exchange(Pins.message(SET_IRQ_TYPE, 2, RISING), 2);
        Submitted event = driver.queue(1).submit(new byte[] {2, 0}, 1);
        board.line(2).pulse();
        assertEquals(VALID, driver.queue(1).await(event).written()[0]);
    }
}
