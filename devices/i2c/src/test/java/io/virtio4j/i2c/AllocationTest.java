// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.virtio4j.i2c.simulated.Eeprom;
import io.virtio4j.i2c.simulated.SimulatedBus;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted.Descriptor;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Groups of requests allocate nothing, compiled or not. */
class AllocationTest {

    private static final int TURNS = 101;
    private static final int MANY = 8;
    private static final int BYTES = 64;
    private static final long LEAST_OBJECT = 16; // bytes
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    static Stream<DriverOptions> drivers() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed());
    }

    /** The median of many turns counts: what the JVM itself allocates now and then is not ours. */
    @ParameterizedTest
    @MethodSource("drivers")
    void a_turn_with_many_groups_allocates_as_much_as_one_with_few(DriverOptions options) {
        SimulatedBus bus = new SimulatedBus();
        bus.attach(0x50, new Eeprom(256, 8, Duration.ZERO, () -> 0));
        try (I2cRig rig = I2cRig.of(new I2cDevice(bus), options)) {
            List<Descriptor> pointer = request(rig, I2cRig.FAIL_NEXT, 1, false);
            List<Descriptor> content = request(rig, I2cRig.M_RD, BYTES, true);
            turn(rig, MANY, pointer, content);
            long[] differences = new long[TURNS];
            for (int i = 0; i < TURNS; i++) {
                long many = turn(rig, MANY, pointer, content);
                differences[i] = many - turn(rig, 1, pointer, content);
            }
            Arrays.sort(differences);
            long median = differences[TURNS / 2];
            assertTrue(median < LEAST_OBJECT * 2 * (MANY - 1),
                    "bytes allocated for " + 2 * (MANY - 1) + " requests: " + median);
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
        long thread = Thread.currentThread().threadId();
        DriverQueue queue = rig.queue();
        for (int group = 0; group < groups; group++) {
            queue.add(pointer, 3);
            queue.add(content, 3);
        }
        queue.publish();
        queue.kickAlways();
        long before = THREADS.getThreadAllocatedBytes(thread);
        int turns = rig.driver().instance().poll(100);
        long allocated = THREADS.getThreadAllocatedBytes(thread) - before;
        assertEquals(1, turns);
        assertEquals(2 * groups, queue.collect());
        return allocated;
    }
}
