// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import static io.virtio4j.gpio.Pins.GET_DIRECTION;
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
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.gpio.board.LineState;
import io.virtio4j.gpio.board.SimulatedBoard;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the driver made of the lines goes with the device, event buffers that wait included. */
class SavedStateTest {

    private static SimulatedBoard board() {
        return SimulatedBoard.of("button", "led", "", "");
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void lines_are_used_elsewhere_as_they_were_here(RingFormat format) {
        SimulatedBoard there = board();
        try (Pins pins = Pins.start(board(), DriverOptions.of(format))) {
            pins.request(SET_VALUE, 1, 1);
            pins.request(SET_DIRECTION, 1, OUT);
            pins.request(SET_VALUE, 2, 1); // not an output yet
            pins.interrupt(0, RISING);
            pins.interrupt(3, HIGH);
            pins.board.line("button").pulse(); // latched
            Submitted level = pins.unmask(3);

            pins.driver.migrateTo(new GpioDevice(there));

            assertEquals(LineState.HIGH, there.line("led").state());
            assertEquals(OUT, pins.request(GET_DIRECTION, 1, 0));
            assertEquals(IN, pins.request(GET_DIRECTION, 0, 0));
            pins.request(SET_DIRECTION, 2, OUT);
            assertEquals(1, pins.request(GET_VALUE, 2, 0));
            assertEquals(VALID, pins.status(pins.unmask(0)), "the edge is still latched");
            assertFalse(pins.isReturned(level));
            there.line(3).drive(true);
            assertEquals(VALID, pins.status(level), "the buffer came along");
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_message_that_waits_for_the_event_queue_is_answered_elsewhere(RingFormat format) {
        try (Pins pins = Pins.start(board(), DriverOptions.of(format))) {
            for (int turns = 0; turns < 5; turns++) {
                pins.interrupt(0, RISING);
                Submitted event = pins.unmask(0);
                Submitted disable =
                        pins.driver.queue(0).submit(Pins.message(SET_IRQ_TYPE, 0, NONE), 2);
                pins.driver.instance().poll(turns);

                pins.driver.migrateTo(new GpioDevice(board()));

                assertEquals(0, pins.driver.queue(0).await(disable).written()[0]);
                assertEquals(INVALID, pins.status(event));
            }
        }
    }

    @Test
    void a_state_that_cannot_be_is_refused_and_changes_nothing() {
        GpioDevice device = new GpioDevice(board());
        byte[] good = state(out -> out.le16(1).le16(4), 0, 0, 0);
        byte[][] wrong = {
            state(out -> out.le16(2).le16(4), 0, 0, 0), // version
            state(out -> out.le16(1).le16(5), 0, 0, 0), // lines
            state(out -> out.le16(1).le16(4), 3, 0, 0), // direction
            state(out -> out.le16(1).le16(4), 0, 2, 0), // flag
            state(out -> out.le16(1).le16(4), 2, 0, 5), // trigger
            state(out -> out.le16(1).le16(4), 2, 0, 1), // trigger without the feature
            state(out -> out.le16(1).le16(4), 2, 0, 0x10), // latched without a trigger
            state(out -> out.le16(1).le16(4), 2, 0, 0x20)};
        for (byte[] state : wrong) {
            assertThrows(StateException.class, () -> device.restore(new StateReader(state)));
        }
        device.restore(new StateReader(good));
    }

    private interface Head {
        void write(StateWriter out);
    }

    private static byte[] state(Head head, int direction, int output, int interrupt) {
        StateWriter out = new StateWriter();
        head.write(out);
        for (int line = 0; line < 4; line++) {
            out.u8(direction).u8(output).u8(interrupt);
        }
        return out.toByteArray();
    }
}
