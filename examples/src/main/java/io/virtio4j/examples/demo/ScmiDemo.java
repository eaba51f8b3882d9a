// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.scmi.ScmiDevice;
import io.virtio4j.scmi.platform.Clock;
import io.virtio4j.scmi.platform.PerformanceDomain;
import io.virtio4j.scmi.platform.PerformanceLevel;
import io.virtio4j.scmi.platform.PowerDomain;
import io.virtio4j.scmi.platform.ResetDomain;
import io.virtio4j.scmi.platform.Sensor;
import io.virtio4j.scmi.platform.SensorType;
import io.virtio4j.scmi.platform.SimulatedPlatform;
import io.virtio4j.scmi.platform.VoltageDomain;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/**
 * A board whose clocks, voltages, resets and power a driver manages while its temperature changes: what the
 * driver reads is what Java has, what it sets is what Java sees, and it is told when it gets hot.
 */
final class ScmiDemo implements DemoDevice {

    private static final int ROUNDS = 200;

    private final UnaryOperator<LongSupplier> around;

    ScmiDemo() {
        this(thermometer -> thermometer);
    }

    /** With something between the thermometer and the board. */
    ScmiDemo(UnaryOperator<LongSupplier> around) {
        this.around = around;
    }

    @Override
    public String name() {
        return "scmi";
    }

    @Override
    public Work prepare(DemoOptions options) {
        return new Board(around, options);
    }

    private static final class Board implements Work {

        private static final int POWER = 0x11;
        private static final int PERFORMANCE = 0x13;
        private static final int CLOCK = 0x14;
        private static final int SENSOR = 0x15;
        private static final int RESET = 0x16;
        private static final int VOLTAGE = 0x17;
        private static final long HOT = 85_000;
        private static final long RISING = 1 << 16;

        private final AtomicLong temperature = new AtomicLong(25_000);
        private final PowerDomain gpu = PowerDomain.of("gpu");
        private final PerformanceDomain cpu = PerformanceDomain.of("cpu",
                new PerformanceLevel(600_000, 900_000, 600_000),
                new PerformanceLevel(1_200_000, 2_500_000, 1_200_000),
                new PerformanceLevel(1_800_000, 6_000_000, 1_800_000));
        private final Clock uart = Clock.range("uart", 1_000_000, 200_000_000, 1_000_000)
                .latency(Duration.ofMillis(1));
        private final Sensor soc;
        private final ResetDomain usb = ResetDomain.of("usb");
        private final VoltageDomain core = VoltageDomain.range("core", 600_000, 1_200_000, 12_500);
        private final ScmiPlatform platform;
        private final ScmiDevice device;
        private final Random random;

        Board(UnaryOperator<LongSupplier> around, DemoOptions options) {
            soc = Sensor.of("soc", SensorType.CELSIUS, around.apply(temperature::get)).scale(-3);
            platform = new SimulatedPlatform().agent("demo")
                    .add(gpu).add(cpu).add(uart).add(soc).add(usb).add(core).build();
            device = new ScmiDevice(platform);
            random = new Random(options.seed());
        }

        @Override
        public VirtioDevice device() {
            return device;
        }

        @Override
        public void operate(TestDriver driver, List<TestDriver> peers, RunLog log) {
            ScmiDriver scmi = new ScmiDriver(driver, log);
            discover(scmi, log);
            log.step("manage the board", 0);
            for (int round = 0; round < ROUNDS && log.errors() == 0; round++) {
                setAndCompare(scmi, log);
                measure(scmi, log);
            }
            log.step("get hot", 0);
            overheat(scmi, log);
        }

        private void discover(ScmiDriver scmi, RunLog log) {
            log.step("discover", 0);
            ByteBuffer list = scmi.send(0x10, 0x6, 0);
            byte[] protocols = new byte[list.getInt()];
            list.get(protocols);
            for (byte protocol : protocols) {
                scmi.send(protocol, 0);
                scmi.send(protocol, 1);
            }
            String name = ScmiDriver.name(scmi.send(SENSOR, 0x3, 0), 16);
            if (protocols.length != 6 || !name.equals("soc")) {
                log.error("found " + protocols.length + " protocols and a sensor called " + name);
            }
        }

        /** What the driver sets, Java sees. */
        private void setAndCompare(ScmiDriver scmi, RunLog log) {
            long rate = (1 + random.nextInt(200)) * 1_000_000L;
            int level = cpu.lowestLevel() * (1 + random.nextInt(3));
            int voltage = 600_000 + 12_500 * random.nextInt(49);
            boolean on = random.nextBoolean();
            scmi.send(CLOCK, 0x5, 1, 0, rate, 0);
            scmi.send(PERFORMANCE, 0x7, 0, level);
            scmi.send(VOLTAGE, 0x7, 0, 0, voltage);
            scmi.send(POWER, 0x4, 0, 0, on ? PowerDomain.ON : PowerDomain.OFF);
            long resets = usb.resets();
            scmi.send(RESET, 0x4, 0, 1, 0);
            ByteBuffer later = scmi.event();
            boolean same = uart.rate() == rate && later.getLong(12) == rate && cpu.level() == level
                    && core.level() == voltage && gpu.isOn() == on && usb.resets() == resets + 1;
            if (!same) {
                log.error("the board is not as the driver set it: " + uart.rate() + " Hz, level "
                        + cpu.level() + ", " + core.level() + " uV, on " + gpu.isOn());
            }
        }

        /** What Java has, the driver reads. */
        private void measure(ScmiDriver scmi, RunLog log) {
            long now = -20_000 + random.nextInt(100_000);
            temperature.set(now);
            long read = scmi.send(SENSOR, 0x6, 0, 0).getLong();
            if (read != now) {
                log.error("read " + read + " millidegrees instead of " + now);
            }
        }

        private void overheat(ScmiDriver scmi, RunLog log) {
            temperature.set(25_000);
            scmi.send(SENSOR, 0x5, 0, 3, HOT, 0);
            scmi.send(SENSOR, 0x4, 0, 1);
            temperature.set(HOT + 1);
            soc.sample();
            expect(RISING, scmi, log);
            temperature.set(40_000);
            soc.sample();
            expect(0, scmi, log);
        }

        private static void expect(long direction, ScmiDriver scmi, RunLog log) {
            ByteBuffer event = scmi.event();
            if (event.getInt(0) != (3 << 8 | SENSOR << 10) || event.getInt(12) != direction) {
                log.error("another event than that of the trip point: header=0x"
                        + Integer.toHexString(event.getInt(0)) + " trip point=0x"
                        + Integer.toHexString(event.getInt(12)));
            }
        }

        @Override
        public void inspect(RunLog log) {
            log.step("look at the board", 0);
            if (usb.resets() != ROUNDS) {
                log.error("resets are " + usb.resets() + " instead of " + ROUNDS);
            }
        }

        @Override
        public void close() {
            platform.close();
        }
    }
}
