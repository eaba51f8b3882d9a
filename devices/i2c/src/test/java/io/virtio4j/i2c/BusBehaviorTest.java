// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import static io.virtio4j.i2c.I2cRig.ERR;
import static io.virtio4j.i2c.I2cRig.FAIL_NEXT;
import static io.virtio4j.i2c.I2cRig.OK;
import static io.virtio4j.i2c.I2cRig.addr;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.i2c.simulated.I2cTarget;
import io.virtio4j.i2c.simulated.SimulatedBus;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The simulated bus as a driver sees it: faults on demand, targets that come and go, several controllers. */
class BusBehaviorTest {

    private static final int TARGET = 0x21;
    private static final I2cAddress ADDRESS = I2cAddress.of(TARGET);

    private final SimulatedBus bus = new SimulatedBus();
    private final RecordingTarget target = bus.attach(TARGET, new RecordingTarget());
    private final I2cRig rig = I2cRig.of(bus);

    @AfterEach
    void end() {
        rig.close();
    }

    @Test
    @Normative("I2C-2")
    @HostileCase("IC-4")
    void a_byte_that_is_not_acknowledged_ends_the_write() {
        bus.faults().nackData(ADDRESS, 2);

        assertEquals(OK, rig.write(TARGET, 1, 2));
        assertEquals(ERR, rig.write(TARGET, 3, 4, 5, 6));
        assertEquals(OK, rig.write(TARGET, 7, 8, 9));

        assertEquals("SW 01 02 P SW 03 04 P SW 07 08 09 P", target.seen());
        assertEquals(1, rig.count(I2cCounter.DATA_NACKS));
    }

    @Test
    @Normative("I2C-2")
    void a_target_may_refuse_by_itself() {
        bus.attach(0x22, new I2cTarget() {
            @Override
            public boolean start(boolean read) {
                return !read;
            }

            @Override
            public boolean write(int data) {
                return data < 2;
            }

            @Override
            public int read() {
                throw new AssertionError("not started");
            }
        });

        assertEquals(OK, rig.write(0x22, 1));
        assertEquals(ERR, rig.write(0x22, 1, 2));
        assertEquals(ERR, rig.sendRead(addr(0x22), 0, 1).status());
        assertEquals(1, rig.count(I2cCounter.DATA_NACKS));
        assertEquals(1, rig.count(I2cCounter.ADDRESS_NACKS));
    }

    @Test
    void faults_count_down_and_can_be_taken_back() {
        bus.faults().nackAddress(ADDRESS, 2);
        assertEquals(ERR, rig.write(TARGET));
        assertEquals(ERR, rig.write(TARGET));
        assertEquals(OK, rig.write(TARGET));
        bus.faults().loseArbitration(1);
        bus.faults().nackAddress(ADDRESS, 5);
        assertEquals(ERR, rig.write(TARGET));
        assertEquals(1, rig.count(I2cCounter.ARBITRATION_LOST));
        bus.faults().loseArbitration(9);
        bus.faults().stick();
        bus.faults().clear();

        assertEquals(OK, rig.write(TARGET));
    }

    @Test
    @HostileCase("IC-4")
    void a_bus_that_sticks_in_the_middle_of_a_group_fails_its_rest() {
        assertEquals(OK, rig.sendWrite(addr(TARGET), FAIL_NEXT, 1).status());
        bus.faults().stick();
        assertEquals(ERR, rig.sendWrite(addr(TARGET), FAIL_NEXT, 2).status());
        bus.faults().free();
        assertEquals(ERR, rig.sendWrite(addr(TARGET), 0, 3).status());
        assertEquals(OK, rig.write(TARGET, 4));

        assertEquals("SW 01 SW 04 P", target.seen());
    }

    @Test
    void targets_come_and_go() {
        bus.detach(ADDRESS);
        assertEquals(ERR, rig.write(TARGET, 1));
        bus.attach(TARGET, target);
        assertEquals(OK, rig.sendWrite(addr(TARGET), FAIL_NEXT, 2).status());
        bus.detach(ADDRESS);
        bus.attach(0x22, target);
        assertEquals(OK, rig.write(0x22, 3));

        assertEquals("SW 02 SW 03 P", target.seen());
    }

    /** The bus is held between the parts of a group; the other one may try again. */
    @Test
    @Normative("I2C-2")
    void of_two_controllers_one_has_the_bus_until_its_stop() {
        try (I2cRig second = I2cRig.of(bus)) {
            assertEquals(OK, rig.sendWrite(addr(TARGET), FAIL_NEXT, 1).status());
            assertEquals(ERR, second.write(TARGET, 2));
            assertEquals(1, second.count(I2cCounter.ARBITRATION_LOST));
            assertEquals(OK, rig.sendWrite(addr(TARGET), 0, 3).status());
            assertEquals(OK, second.write(TARGET, 4));
            assertEquals(OK, second.sendWrite(addr(TARGET), FAIL_NEXT, 5).status());
            second.driver().reset();
            assertEquals(OK, rig.write(TARGET, 6));

            assertEquals("SW 01 SW 03 P SW 04 P SW 05 P SW 06 P", target.seen());
        }
    }
}
