// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.i2c.I2cRig.Sent;
import io.virtio4j.i2c.simulated.I2cTarget;
import io.virtio4j.i2c.simulated.SimulatedBus;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.ManualClock;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Random requests in random groups, made available in random portions, against a model of a few lines. */
class GroupModelTest {

    private static final int TARGET = 0x30;
    private static final int REQUESTS = 2_000;
    private static final int BEFORE_A_LOOK = 12;

    /** Keeps the last byte that was written; refuses 0xFF. */
    private static final class Cell implements I2cTarget {

        private int value;

        @Override
        public boolean write(int data) {
            value = data;
            return data != 0xFF;
        }

        @Override
        public int read() {
            return value;
        }
    }

    /** What a request should come back with. */
    private record Expected(Sent sent, int status, int value) {}

    static Stream<Arguments> runs() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed()).flatMap(options ->
                Stream.of(true, false).flatMap(holds ->
                        Stream.of(1, 2, 3).map(seed -> Arguments.of(seed, holds, options))));
    }

    private int cell;
    private boolean failing;

    @ParameterizedTest(name = "seed {0}, holds {1}, {2}")
    @MethodSource("runs")
    @HostileCase("IC-2")
    @Normative({"I2C-6", "I2C-7"})
    void statuses_are_those_of_the_model(int seed, boolean holds, DriverOptions options) {
        SplittableRandom random = new SplittableRandom(seed);
        SimulatedBus bus = new SimulatedBus();
        bus.attach(TARGET, new Cell());
        ManualClock clock = new ManualClock();
        I2cDevice device = I2cDevice.of(holds ? bus : bus::transfer).clock(clock).build();
        try (I2cRig rig = I2cRig.of(device, options)) {
            List<Expected> pending = new ArrayList<>();
            for (int i = 0; i < REQUESTS; i++) {
                pending.add(next(rig, random));
                if (random.nextInt(3) == 0) {
                    rig.publish();
                    rig.driver().runDevice();
                }
                if (pending.size() == BEFORE_A_LOOK) {
                    rig.publish();
                    rig.driver().runDevice();
                    clock.advance(Duration.ofNanos(1_000_000_000));
                    check(pending);
                }
            }
            rig.publish();
            rig.driver().runDevice();
            clock.advance(Duration.ofNanos(1_000_000_000));
            check(pending);
        }
    }

    private Expected next(I2cRig rig, SplittableRandom random) {
        int flags = random.nextInt(3) > 0 ? I2cRig.FAIL_NEXT : 0;
        boolean fails = failing;
        int kind = random.nextInt(10);
        int value = random.nextInt(0xFF);
        Expected expected;
        if (kind < 4) {
            cell = fails ? cell : value;
            expected = new Expected(rig.addWrite(I2cRig.addr(TARGET), flags, value), fails ? 1 : 0, -1);
        } else if (kind < 7) {
            expected = new Expected(rig.addRead(I2cRig.addr(TARGET), flags, 1), fails ? 1 : 0, cell);
        } else if (kind < 8) {
            cell = fails ? cell : 0xFF;
            fails = true;
            expected = new Expected(rig.addWrite(I2cRig.addr(TARGET), flags, 0xFF), 1, -1);
        } else if (kind < 9) {
            fails = true;
            expected = new Expected(rig.addRead(I2cRig.addr(TARGET + 1), flags, 2), 1, -1);
        } else {
            fails = true;
            expected = new Expected(rig.addWrite(1, flags, 1), 1, -1);
        }
        failing = fails && flags != 0;
        return expected;
    }

    private static void check(List<Expected> pending) {
        for (Expected expected : pending) {
            assertEquals(expected.status, expected.sent.status());
            if (expected.status == 0 && expected.value >= 0) {
                assertArrayEquals(new byte[] {(byte) expected.value}, expected.sent.data());
            }
        }
        pending.clear();
    }
}
