// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.scmi.protocol.ManualPlatformClock;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.scmi.protocol.TestAgent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** [DEN0056: Sensor management protocol]. */
class SensorProtocolTest {

    private static final int SENSOR = 0x15;
    private static final int TEMPERATURE = 0;
    private static final int MOTION = 1;
    private static final int LATE = 2;
    private static final int BROKEN = 3;
    private static final Duration PERIOD = Duration.ofMillis(100);
    private static final long NANOS = 1_000_000_000;

    private final AtomicLong value = new AtomicLong(-5_000);
    private final ManualPlatformClock time = new ManualPlatformClock();
    private final ScmiPlatform platform = board();
    private final TestAgent linux = TestAgent.of(platform, 1);

    private ScmiPlatform board() {
        SimulatedPlatform board = new SimulatedPlatform().clock(time).agent("linux").agent("modem")
                .add(Sensor.of("temperature", SensorType.CELSIUS, value::get).scale(-3).range(-40_000, 125_000)
                        .updateIntervals(Duration.ofMillis(10), Duration.ofMillis(100), Duration.ofSeconds(1)))
                .add(Sensor.axes("a-motion-sensor-of-three-axes",
                        new SensorAxis("x", SensorType.METERS_PER_SECOND_SQUARED, -3, () -> 1),
                        new SensorAxis("y", SensorType.METERS_PER_SECOND_SQUARED, -3, () -> -2),
                        new SensorAxis("an-axis-called-z-at-length", SensorType.METERS_PER_SECOND_SQUARED, -6,
                                () -> 3)))
                .add(Sensor.of("late", SensorType.VOLTS, () -> 7).answersLater(Duration.ofMillis(4)))
                .add(Sensor.of("broken", SensorType.WATTS, () -> {
                    throw new IllegalStateException("unplugged");
                }).tripPoints(0));
        for (int i = 4; i < 12; i++) {
            long constant = i;
            board.add(Sensor.of("s" + i, SensorType.AMPERES, () -> constant));
        }
        return board.build();
    }

    // ── Descriptions ───────────────────────────────────────────────────────

    @Test
    void sensors_are_described_in_parts() {
        assertEquals(0x30001, linux.ok(SENSOR, 0).word(0));
        assertEquals(12, linux.ok(SENSOR, 1).half(0));
        List<String> names = new ArrayList<>();
        int parts = 0;
        while (names.size() < 12) {
            Message part = linux.ok(SENSOR, 3, names.size());
            int count = (int) part.word(0) & 0xFFF;
            assertEquals(12 - names.size() - count, part.word(0) >> 16);
            int at = 4;
            for (int i = 0; i < count; i++) {
                assertEquals(names.size(), part.word(at / 4));
                boolean extended = (part.word(at / 4 + 1) & 1 << 8) != 0;
                names.add(part.name(at + 12, 16));
                at += extended ? 52 : 28;
            }
            assertEquals(at, part.bytes().length);
            parts++;
        }
        assertEquals(List.of("temperature", "a-motion-sensor", "late", "broken"), names.subList(0, 4));
        assertEquals(4, parts);
        linux.refused(ScmiStatus.OUT_OF_RANGE, SENSOR, 3, 12);
    }

    @Test
    void a_description_tells_type_scale_and_range() {
        Message sensor = linux.ok(SENSOR, 3, TEMPERATURE);
        long low = sensor.word(2);
        assertEquals(1 << 30 | 0x17 << 10 | 1 << 9 | 1 << 8 | 4, low);
        assertEquals(2 | 0x1D << 11, sensor.word(3));
        assertEquals(-40_000, sensor.doubleWord(4 + 28 + 8));
        assertEquals(125_000, sensor.doubleWord(4 + 28 + 16));
        assertEquals(1, linux.ok(SENSOR, 3, LATE).word(2) >> 31, "read later");
        Message motion = linux.ok(SENSOR, 3, MOTION);
        assertEquals(1, motion.word(2) >> 29 & 1, "a long name");
        assertEquals(1 << 8 | 3 << 16, motion.word(3) & 0x3F_0100);
        assertEquals("a-motion-sensor-of-three-axes", linux.ok(SENSOR, 0xC, MOTION).name(4, 64));
    }

    @Test
    void axes_are_described() {
        Message axes = linux.ok(SENSOR, 7, MOTION, 0);
        assertEquals(3, axes.word(0));
        assertEquals("y", axes.name(4 + 28 + 12, 16));
        assertEquals(0x59 | 0x1A << 11, axes.word((4 + 2 * 28 + 8) / 4), "micro");
        assertEquals(1 << 9, axes.word((4 + 2 * 28 + 4) / 4), "a long name");
        Message name = linux.ok(SENSOR, 0xD, MOTION, 2);
        assertEquals("an-axis-called-z-at-length", name.name(8, 64));
        assertEquals(2L << 26 | 1, linux.ok(SENSOR, 0xD, MOTION, 0).word(0), "one at a time");
        linux.refused(ScmiStatus.OUT_OF_RANGE, SENSOR, 7, MOTION, 3);
        linux.refused(ScmiStatus.NOT_SUPPORTED, SENSOR, 7, TEMPERATURE, 0);
        linux.refused(ScmiStatus.NOT_SUPPORTED, SENSOR, 0xD, TEMPERATURE, 0);
    }

    @Test
    void update_intervals_are_listed() {
        Message intervals = linux.ok(SENSOR, 8, TEMPERATURE, 0);
        assertEquals(3, intervals.word(0));
        assertEquals(10 << 5 | 0x1D, intervals.word(1), "ten milliseconds");
        assertEquals(1000 << 5 | 0x1D, intervals.word(3));
    }

    // ── Readings ───────────────────────────────────────────────────────────

    @Test
    void values_follow_java() {
        assertEquals(-5_000, linux.ok(SENSOR, 6, TEMPERATURE, 0).doubleWord(0));
        value.set(42_000);
        Message reading = linux.ok(SENSOR, 6, TEMPERATURE, 0);
        assertEquals(42_000, reading.doubleWord(0));
        assertEquals(0, reading.doubleWord(8), "timestamps are off");
        Message axes = linux.ok(SENSOR, 6, MOTION, 0);
        assertEquals(48, axes.bytes().length);
        assertEquals(-2, axes.doubleWord(16));
        linux.refused(ScmiStatus.INVALID_PARAMETERS, SENSOR, 6, TEMPERATURE, 2);
        linux.refused(ScmiStatus.HARDWARE_ERROR, SENSOR, 6, BROKEN, 0);
    }

    @Test
    void a_value_can_be_read_later() {
        linux.ok(SENSOR, 6, LATE, 1);
        time.advance(Duration.ofMillis(4));
        assertEquals(List.of(TestAgent.delayed(SENSOR, 6, 0, LATE, 7, 0, 0, 0)), linux.events());
        assertEquals(7, linux.ok(SENSOR, 6, LATE, 0).doubleWord(0), "and at once");
        linux.refused(ScmiStatus.NOT_SUPPORTED, SENSOR, 6, TEMPERATURE, 1);
    }

    // ── Configuration ──────────────────────────────────────────────────────

    @Test
    void a_sensor_is_switched_and_gives_timestamps() {
        assertEquals(1 | 0x1D << 11 | 10 << 16, linux.ok(SENSOR, 9, TEMPERATURE).word(0));
        linux.ok(SENSOR, 0xA, TEMPERATURE, 3);
        assertEquals(NANOS, linux.ok(SENSOR, 6, TEMPERATURE, 0).doubleWord(8));
        linux.ok(SENSOR, 0xA, TEMPERATURE, 0);
        linux.refused(ScmiStatus.PROTOCOL_ERROR, SENSOR, 6, TEMPERATURE, 0);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, SENSOR, 0xA, TEMPERATURE, 4);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, SENSOR, 0xA, TEMPERATURE, 3 << 9);
        linux.ok(0x10, 0xB, 1, 0);
        linux.ok(SENSOR, 6, TEMPERATURE, 0);
    }

    @ParameterizedTest
    @CsvSource({
        // seconds, exponent, rounding, milliseconds or -1
        "10, -3, 0, 10", "99, -3, 0, 10", "99, -3, 1, 100", "60, -3, 2, 100", "50, -3, 2, 10", "1, 0, 0, 1000",
        "1, -1, 0, 100", "60000, 15, 0, 1000", "5, -3, 0, -1", "2, 0, 1, -1", "0, 0, 0, 10", "1, -16, 2, 10",
    })
    void the_update_interval_is_rounded_as_the_agent_says(
            int seconds, int exponent, int rounding, int expected) {
        long config = 1 | (long) rounding << 9 | (exponent & 0x1FL) << 11 | (long) seconds << 16;
        Message response = linux.send(SENSOR, 0xA, TEMPERATURE, config);
        assertEquals(expected < 0 ? ScmiStatus.INVALID_PARAMETERS.code() : 0, response.status());
        assertEquals(Math.max(10, expected), linux.ok(SENSOR, 9, TEMPERATURE).word(0) >> 16);
    }

    // ── Notifications ──────────────────────────────────────────────────────

    private static List<Long> trip(int point, boolean rising) {
        return TestAgent.notification(SENSOR, 0, 0, TEMPERATURE, point | (rising ? 1 << 16 : 0));
    }

    @Test
    void trip_points_are_notified_when_they_are_passed() {
        linux.ok(SENSOR, 4, TEMPERATURE, 1);
        linux.ok(SENSOR, 5, TEMPERATURE, 1, 50_000, 0);
        linux.ok(SENSOR, 5, TEMPERATURE, 2 | 1 << 4, 10_000, 0);
        linux.ok(SENSOR, 5, TEMPERATURE, 3 | 2 << 4, 30_000, 0);
        long[] course = {0, 30_000, 29_000, 60_000, 20_000, 9_000, 9_000};
        for (long degrees : course) {
            value.set(degrees);
            time.advance(PERIOD);
        }
        assertEquals(List.of(trip(2, true), trip(2, false), trip(0, true), trip(2, true), trip(2, false),
                trip(1, false)), linux.events());
    }

    @Test
    void nobody_looks_at_a_sensor_that_nobody_asked_about() {
        linux.ok(SENSOR, 5, TEMPERATURE, 1, 50_000, 0);
        assertEquals(0, time.waiting());
        linux.ok(SENSOR, 4, TEMPERATURE, 1);
        assertEquals(1, time.waiting());
        linux.ok(SENSOR, 4, TEMPERATURE, 1);
        assertEquals(1, time.waiting());
        linux.ok(SENSOR, 5, TEMPERATURE, 0, 0, 0);
        time.advance(PERIOD);
        assertEquals(0, time.waiting());
    }

    @Test
    void java_can_have_a_sensor_looked_at_at_once() {
        Sensor own = Sensor.of("own", SensorType.CELSIUS, value::get);
        ScmiPlatform small = new SimulatedPlatform().clock(time).add(own).build();
        TestAgent agent = TestAgent.of(small);
        agent.ok(SENSOR, 4, 0, 1);
        agent.ok(SENSOR, 5, 0, 1, 0, 0);
        value.set(1);
        own.sample();
        assertEquals(List.of(trip(0, true)), agent.events());
    }

    @Test
    void trip_points_that_there_are_not_are_refused() {
        linux.refused(ScmiStatus.INVALID_PARAMETERS, SENSOR, 5, TEMPERATURE, 1 | 4 << 4, 0, 0);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, SENSOR, 5, TEMPERATURE, 1 << 2, 0, 0);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, SENSOR, 5, BROKEN, 1, 0, 0);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, SENSOR, 4, TEMPERATURE, 2);
    }

    @Test
    void updates_come_at_the_interval_that_was_set() {
        linux.ok(SENSOR, 0xB, TEMPERATURE, 1);
        time.advance(Duration.ofMillis(10));
        assertEquals(List.of(TestAgent.notification(
                SENSOR, 1, 0, TEMPERATURE, 0xFFFF_EC78L, 0xFFFF_FFFFL, 0, 0)), linux.events());
        linux.ok(SENSOR, 0xA, TEMPERATURE, 1 | 0x1D << 11 | 100 << 16);
        time.advance(Duration.ofMillis(10));
        linux.events();
        for (int i = 0; i < 5; i++) {
            time.advance(Duration.ofMillis(100));
            assertEquals(1, linux.events().size());
        }
        linux.ok(SENSOR, 0xB, MOTION, 1);
        time.advance(Duration.ofSeconds(1));
        assertEquals(1, linux.events().stream().filter(event -> event.size() == 3 + 12).count(), "three axes");
        linux.ok(SENSOR, 0xB, TEMPERATURE, 0);
        linux.ok(SENSOR, 0xB, MOTION, 0);
        time.advance(Duration.ofSeconds(2));
        assertEquals(List.of(), linux.events());
        assertEquals(0, time.waiting());
    }

    @Test
    void bad_sensors_are_refused_at_construction() {
        assertThrows(IllegalArgumentException.class, () -> Sensor.axes("s"));
        SensorAxis axis = new SensorAxis("x", SensorType.LUX, 0, () -> 0);
        assertThrows(IllegalArgumentException.class,
                () -> Sensor.axes("s", axis, axis, axis, axis, axis, axis, axis, axis));
        assertThrows(IllegalArgumentException.class, () -> Sensor.axes("s", axis).range(0, 1));
        Sensor sensor = Sensor.of("s", SensorType.LUX, () -> 0);
        assertThrows(IllegalArgumentException.class, () -> sensor.scale(16));
        assertThrows(IllegalArgumentException.class, () -> sensor.tripPoints(256));
        assertThrows(IllegalArgumentException.class, () -> sensor.updateIntervals());
        assertThrows(IllegalArgumentException.class, () -> sensor.updateIntervals(Duration.ofSeconds(66)));
        assertThrows(IllegalArgumentException.class, () -> new SensorType(256));
        assertThrows(IllegalArgumentException.class,
                () -> new SimulatedPlatform().samplePeriod(Duration.ofNanos(1)));
    }
}
