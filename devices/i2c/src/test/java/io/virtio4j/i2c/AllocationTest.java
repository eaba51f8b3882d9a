// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.i2c.simulated.Eeprom;
import io.virtio4j.i2c.simulated.SimulatedBus;
import io.virtio4j.testkit.AllocationCheck;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted.Descriptor;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Groups of requests allocate nothing, compiled or not. */
class AllocationTest {

    private static final int BYTES = 64;

    static Stream<DriverOptions> drivers() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed());
    }

    @ParameterizedTest
    @MethodSource("drivers")
    void a_turn_with_many_groups_allocates_as_much_as_one_with_few(DriverOptions options) {
        SimulatedBus bus = new SimulatedBus();
        bus.attach(0x50, new Eeprom(256, 8, Duration.ZERO, () -> 0));
        try (I2cRig rig = I2cRig.of(new I2cDevice(bus), options)) {
            List<Descriptor> pointer = request(rig, I2cRig.FAIL_NEXT, 1, false);
            List<Descriptor> content = request(rig, I2cRig.M_RD, BYTES, true);
            AllocationCheck.assertAllocatesNothing(groups -> turn(rig, groups, pointer, content));
        }
    }

    private static List<Descriptor> request(I2cRig rig, int flags, int bytes, boolean toDriver) {
        GuestBuffer header = rig.driver().ram().allocate(8);
        header.write(0, I2cRig.bytes(I2cRig.addr(0x50), flags));
        return List.of(
                new Descriptor(header.address(), 8, false),
                new Descriptor(rig.driver().ram().allocate(bytes).address(), bytes, toDriver),
                new Descriptor(rig.driver().ram().allocate(1).address(), 1, true));
    }

    private static long turn(I2cRig rig, int groups, List<Descriptor> pointer, List<Descriptor> content) {
        DriverQueue queue = rig.queue();
        for (int group = 0; group < groups; group++) {
            queue.add(pointer, 3);
            queue.add(content, 3);
        }
        queue.publish();
        queue.kickAlways();
        long allocated = AllocationCheck.bytesOf(() -> rig.driver().instance().poll(100));
        assertEquals(2 * groups, queue.collect());
        return allocated;
    }
}
