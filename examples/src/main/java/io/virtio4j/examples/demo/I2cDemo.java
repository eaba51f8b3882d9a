// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.i2c.I2cBus;
import io.virtio4j.i2c.I2cDevice;
import io.virtio4j.i2c.simulated.Ds1307;
import io.virtio4j.i2c.simulated.Eeprom;
import io.virtio4j.i2c.simulated.Lm75;
import io.virtio4j.i2c.simulated.Pcf8574;
import io.virtio4j.i2c.simulated.SimulatedBus;
import io.virtio4j.testkit.TestDriver;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/**
 * A board with a memory, a temperature sensor, an expander and a clock on one bus: found by probing, the memory
 * written page by page and read back, the temperature followed, pins set and read, the clock set.
 */
final class I2cDemo implements DemoDevice {

    private final UnaryOperator<I2cBus> around;

    I2cDemo() {
        this(bus -> bus);
    }

    /** With something between device and bus. */
    I2cDemo(UnaryOperator<I2cBus> around) {
        this.around = around;
    }

    @Override
    public String name() {
        return "i2c";
    }

    @Override
    public Work prepare(DemoOptions options) {
        return new Board(around, options);
    }

    /** One board. */
    private static final class Board implements Work {

        private static final int EXPANDER = 0x20;
        private static final int SENSOR = 0x48;
        private static final int MEMORY = 0x50;
        private static final int CLOCK = 0x68;

        private static final int SIZE = 32 << 10;
        private static final int PAGE = 64;
        private static final Duration WRITE_TIME = Duration.ofNanos(50_000);
        private static final int MOST_POLLS = 100_000;

        private final SimulatedBus bus = new SimulatedBus();
        private final Eeprom memory = bus.attach(MEMORY, new Eeprom(SIZE, PAGE, WRITE_TIME, System::nanoTime));
        private final Pcf8574 expander = bus.attach(EXPANDER, new Pcf8574());
        private final Ds1307 clock = bus.attach(CLOCK, new Ds1307(InstantSource.system()));
        /** The sensor's time passes when the demo says so. */
        private final AtomicLong nanos = new AtomicLong();
        private volatile double celsius;

        private final I2cDevice device;
        private final byte[] content = new byte[SIZE];
        private final Random random;

        Board(UnaryOperator<I2cBus> around, DemoOptions options) {
            Duration conversion = Duration.ofMillis(100);
            bus.attach(SENSOR, new Lm75(() -> celsius, 11, conversion, () -> nanos.addAndGet(conversion.toNanos())));
            device = new I2cDevice(around.apply(bus));
            random = new Random(options.seed());
            random.nextBytes(content);
        }

        @Override
        public VirtioDevice device() {
            return device;
        }

        @Override
        public void operate(TestDriver driver, List<TestDriver> peers, RunLog log) {
            I2cDriver controller = new I2cDriver(driver, log);
            probe(controller, log);
            writeMemory(controller, log);
            readMemory(controller, log);
            followTemperature(controller, log);
            setPins(controller, log);
            setClock(controller, log);
        }

        private static void probe(I2cDriver controller, RunLog log) {
            log.step("probe", 0);
            TreeSet<Integer> found = new TreeSet<>();
            for (int address = 0x08; address < 0x78; address++) {
                if (controller.probe(address)) {
                    found.add(address);
                }
            }
            if (!found.equals(new TreeSet<>(List.of(EXPANDER, SENSOR, MEMORY, CLOCK)))) {
                log.error("found targets at " + found);
            }
        }

        /** The memory does not acknowledge while it writes: asking again is how a driver learns of its end. */
        private void writeMemory(I2cDriver controller, RunLog log) {
            log.step("write memory", SIZE);
            byte[] write = new byte[2 + PAGE];
            for (int at = 0; at < SIZE; at += PAGE) {
                write[0] = (byte) (at >> 8);
                write[1] = (byte) at;
                System.arraycopy(content, at, write, 2, PAGE);
                int polls = 0;
                while (!controller.write(MEMORY, write)) {
                    if (++polls > MOST_POLLS) {
                        throw new IllegalStateException("memory stays busy: at=" + at);
                    }
                }
            }
            while (!controller.probe(MEMORY)) {
                Thread.onSpinWait();
            }
        }

        private void readMemory(I2cDriver controller, RunLog log) {
            log.step("read memory", SIZE);
            int most = 4096;
            for (int at = 0; at < SIZE; at += most) {
                byte[] read = controller.read(MEMORY, new byte[] {(byte) (at >> 8), (byte) at}, most);
                int odd = Arrays.mismatch(read, 0, most, content, at, at + most);
                if (odd >= 0) {
                    log.error("memory differs at " + (at + odd));
                }
            }
        }

        private void followTemperature(I2cDriver controller, RunLog log) {
            log.step("temperature", 0);
            for (int i = 0; i < 100; i++) {
                celsius = (random.nextInt(180 * 8) - 55 * 8) / 8.0;
                byte[] register = controller.read(SENSOR, new byte[] {0}, 2);
                double read = (register[0] << 8 | Byte.toUnsignedInt(register[1])) / 256.0;
                if (read != celsius) {
                    log.error("temperature is " + read + " instead of " + celsius);
                }
            }
        }

        /** The lower four pins are outputs, the upper four inputs. */
        private void setPins(I2cDriver controller, RunLog log) {
            log.step("pins", 0);
            for (int i = 0; i < 100; i++) {
                int out = random.nextInt(16);
                int in = random.nextInt(16);
                controller.write(EXPANDER, (byte) (0xF0 | out));
                for (int pin = 0; pin < 4; pin++) {
                    expander.drive(4 + pin, (in >> pin & 1) != 0);
                }
                byte[] read = controller.read(EXPANDER, new byte[] {(byte) (0xF0 | out)}, 1);
                if (expander.latch() != (0xF0 | out) || Byte.toUnsignedInt(read[0]) != (in << 4 | out)) {
                    log.error("pins are " + Integer.toHexString(read[0]) + ", driven " + in + ", set " + out);
                }
            }
        }

        private void setClock(I2cDriver controller, RunLog log) {
            log.step("clock", 0);
            byte[] time = {0, 0x55, 0x59, 0x23, 6, 0x31, 0x12, 0x27};
            if (!controller.write(CLOCK, time)) {
                log.error("clock does not acknowledge");
            }
            byte[] read = controller.read(CLOCK, new byte[] {0}, 7);
            LocalDateTime expected = LocalDateTime.of(2027, 12, 31, 23, 59, 55);
            LocalDateTime shown = clock.time();
            if (shown.isBefore(expected) || shown.isAfter(expected.plusMinutes(1)) || read[6] < 0x27) {
                log.error("clock shows " + shown);
            }
        }

        @Override
        public void inspect(RunLog log) {
            log.step("look at the memory", 0);
            if (!Arrays.equals(memory.content(), content)) {
                log.error("memory does not hold what was written");
            }
        }

        @Override
        public void close() {
            // Nothing was made outside of this process.
        }
    }
}
