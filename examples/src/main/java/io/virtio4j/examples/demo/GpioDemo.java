// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.gpio.GpioBackend;
import io.virtio4j.gpio.GpioCounter;
import io.virtio4j.gpio.GpioDevice;
import io.virtio4j.gpio.board.SimulatedBoard;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * A board with a shift register that the driver clocks bytes into, two lines wired together, a button that is
 * pressed, and an alarm that stays on until the driver acknowledges it.
 */
final class GpioDemo implements DemoDevice {

    private final UnaryOperator<GpioBackend> around;

    GpioDemo() {
        this(backend -> backend);
    }

    /** With something between the device and the board. */
    GpioDemo(UnaryOperator<GpioBackend> around) {
        this.around = around;
    }

    @Override
    public String name() {
        return "gpio";
    }

    @Override
    public Work prepare(DemoOptions options) {
        return new Board(around, options);
    }

    /** Bits come in with each rising edge of the clock. */
    private static final class ShiftRegister {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private int bits = 1;

        ShiftRegister(SimulatedBoard board, int clock, int data) {
            board.line(clock).watch((line, state, nanos) -> {
                if (state.isHigh()) {
                    shift(board.line(data).isHigh());
                }
            });
        }

        private void shift(boolean bit) {
            bits = bits << 1 | (bit ? 1 : 0);
            if (bits > 0xFF) {
                bytes.write(bits);
                bits = 1;
            }
        }
    }

    /** One board. */
    private static final class Board implements Work {

        private static final List<String> NAMES =
                List.of("clock", "data", "out", "in", "button", "alarm", "acknowledge", "");
        private static final int CLOCK = 0;
        private static final int DATA = 1;
        private static final int OUT = 2;
        private static final int IN = 3;
        private static final int BUTTON = 4;
        private static final int ALARM = 5;
        private static final int ACKNOWLEDGE = 6;

        private static final int BYTES = 64;
        private static final int PRESSES = 50;
        private static final int ALARMS = 25;

        private final SimulatedBoard board = SimulatedBoard.of(NAMES.toArray(new String[0]));
        private final ShiftRegister register = new ShiftRegister(board, CLOCK, DATA);
        private final GpioDevice device;
        private final Random random;
        private byte[] sent = {};

        Board(UnaryOperator<GpioBackend> around, DemoOptions options) {
            device = new GpioDevice(around.apply(board));
            random = new Random(options.seed());
            board.wire(board.line(OUT), board.line(IN));
            board.line(ALARM).drive(false);
            board.line(BUTTON).drive(false);
            board.line(ACKNOWLEDGE).watch((line, state, nanos) -> {
                if (state.isHigh()) {
                    board.line(ALARM).drive(false);
                }
            });
        }

        @Override
        public VirtioDevice device() {
            return device;
        }

        @Override
        public void operate(TestDriver driver, List<TestDriver> peers, RunLog log) {
            GpioDriver gpio = new GpioDriver(driver, log);
            log.step("names", 0);
            if (!gpio.names().equals(NAMES)) {
                log.error("names are " + gpio.names());
            }
            log.step("shift register", 0);
            shiftOut(gpio);
            log.step("wired lines", 0);
            readBack(gpio, log);
            log.step("edges", 0);
            press(gpio, log);
            log.step("levels", 0);
            alarm(gpio, log);
        }

        private void shiftOut(GpioDriver gpio) {
            gpio.direction(CLOCK, GpioDriver.OUT);
            gpio.direction(DATA, GpioDriver.OUT);
            sent = new byte[BYTES];
            random.nextBytes(sent);
            for (byte each : sent) {
                for (int bit = 7; bit >= 0; bit--) {
                    gpio.set(DATA, (each >> bit & 1) != 0);
                    gpio.set(CLOCK, true);
                    gpio.set(CLOCK, false);
                }
            }
        }

        private void readBack(GpioDriver gpio, RunLog log) {
            gpio.direction(OUT, GpioDriver.OUT);
            gpio.direction(IN, GpioDriver.IN);
            for (int i = 0; i < BYTES; i++) {
                boolean high = random.nextBoolean();
                gpio.set(OUT, high);
                if (gpio.get(IN) != high) {
                    log.error("a line does not follow the one it is wired to: wanted=" + high);
                }
            }
        }

        /** Every change of the button is one interrupt, whether it comes before the buffer or after. */
        private void press(GpioDriver gpio, RunLog log) {
            gpio.enable(BUTTON, GpioDriver.EDGE_BOTH);
            for (int i = 0; i < PRESSES; i++) {
                boolean down = i % 2 == 0;
                boolean before = random.nextBoolean();
                if (before) {
                    board.line(BUTTON).drive(down);
                }
                Submitted event = gpio.unmask(BUTTON);
                if (!before) {
                    board.line(BUTTON).drive(down);
                }
                gpio.await(BUTTON, event);
                if (gpio.get(BUTTON) != down) {
                    log.error("the button is not where it was pressed to");
                }
            }
            Submitted unused = gpio.unmask(BUTTON);
            gpio.disable(BUTTON, unused);
        }

        /** The alarm interrupts again and again until it is acknowledged. */
        private void alarm(GpioDriver gpio, RunLog log) {
            gpio.direction(ACKNOWLEDGE, GpioDriver.OUT);
            gpio.enable(ALARM, GpioDriver.LEVEL_HIGH);
            for (int i = 0; i < ALARMS; i++) {
                Submitted event = gpio.unmask(ALARM);
                if (gpio.isBack(event)) {
                    log.error("an alarm that was acknowledged came again");
                    return;
                }
                board.line(ALARM).drive(true);
                for (int times = random.nextInt(3); times >= 0; times--) {
                    gpio.await(ALARM, event);
                    event = gpio.unmask(ALARM);
                }
                gpio.await(ALARM, event);
                gpio.set(ACKNOWLEDGE, true);
                gpio.set(ACKNOWLEDGE, false);
            }
            gpio.disable(ALARM, gpio.unmask(ALARM));
        }

        @Override
        public void inspect(RunLog log) {
            log.step("look at the shift register", 0);
            if (!Arrays.equals(sent, register.bytes.toByteArray())) {
                log.error("the shift register has other bytes than were sent");
            }
            long errors = device.counters().get(GpioCounter.ERRORS);
            if (errors != 0) {
                log.error("the device answered errors: count=" + errors);
            }
        }

        @Override
        public void close() {
            board.close();
        }
    }
}
