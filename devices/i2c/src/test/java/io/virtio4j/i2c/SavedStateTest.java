// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import static io.virtio4j.i2c.I2cRig.ERR;
import static io.virtio4j.i2c.I2cRig.FAIL_NEXT;
import static io.virtio4j.i2c.I2cRig.OK;
import static io.virtio4j.i2c.I2cRig.addr;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.i2c.I2cRig.Sent;
import io.virtio4j.i2c.simulated.SimulatedBus;
import io.virtio4j.testkit.ManualClock;
import io.virtio4j.testkit.conformance.HostileCase;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

/** An adapter that goes on elsewhere, in the middle of groups and transactions. */
class SavedStateTest {

    private static final int TARGET = 0x21;

    private final SimulatedBus bus = new SimulatedBus();
    private final RecordingTarget target = bus.attach(TARGET, new RecordingTarget());

    @Test
    @HostileCase("MG-3")
    void a_group_that_failed_goes_on_failing() {
        try (I2cRig rig = I2cRig.of(bus)) {
            assertEquals(ERR, rig.sendWrite(addr(0x55), FAIL_NEXT, 1).status());
            rig.driver().migrateTo(new I2cDevice(bus));
            rig.driver().migrateTo(new I2cDevice(bus));

            assertEquals(ERR, rig.sendWrite(addr(TARGET), FAIL_NEXT, 1).status());
            assertEquals(ERR, rig.write(TARGET, 1));
            assertEquals(OK, rig.write(TARGET, 2));
            assertEquals("SW 02 P", target.seen());
        }
    }

    @Test
    void after_a_reset_nothing_fails_any_more() {
        I2cDevice device = new I2cDevice(bus);
        device.restore(new StateReader(new StateWriter().le16(1).flag(true).toByteArray()));
        device.reset();
        try (I2cRig rig = I2cRig.of(device)) {
            assertEquals(OK, rig.write(TARGET, 2));
        }
    }

    @Test
    @HostileCase("MG-3")
    void requests_that_wait_for_the_rest_of_their_group_are_served_once() {
        ManualClock clock = new ManualClock();
        try (I2cRig rig = I2cRig.of(I2cDevice.of(bus::transfer).clock(clock).build())) {
            Sent pointer = rig.sendWrite(addr(TARGET), FAIL_NEXT, 1);
            assertFalse(pointer.isUsed());
            rig.driver().migrateTo(I2cDevice.of(bus::transfer).clock(clock).build());
            Sent content = rig.sendRead(addr(TARGET), 0, 1);

            assertEquals(OK, pointer.status());
            assertEquals(OK, content.status());
            assertEquals("SW 01 SR ? P", target.seen());
        }
    }

    @Test
    @HostileCase("MG-3")
    void a_transaction_that_has_not_begun_is_run_elsewhere() {
        Deque<Runnable> before = new ArrayDeque<>();
        try (I2cRig rig = I2cRig.of(I2cDevice.of(bus).executor(before::add).build())) {
            Sent write = rig.sendWrite(addr(TARGET), 0, 1);
            assertFalse(write.isUsed());
            rig.driver().migrateTo(new I2cDevice(bus));

            assertEquals(OK, write.status());
            assertEquals("SW 01 P", target.seen());
        }
    }

    @Test
    @HostileCase("MG-1")
    void the_state_of_another_version_is_refused_and_changes_nothing() {
        I2cDevice device = new I2cDevice(bus);

        assertThrows(StateException.class,
                () -> device.restore(new StateReader(new StateWriter().le16(2).flag(true).toByteArray())));
        assertThrows(StateException.class,
                () -> device.restore(new StateReader(new StateWriter().le16(1).u8(2).toByteArray())));
        assertThrows(StateException.class, () -> device.restore(
                new StateReader(new StateWriter().le16(1).flag(true).u8(0).toByteArray())));

        try (I2cRig rig = I2cRig.of(device)) {
            assertEquals(OK, rig.write(TARGET, 2));
        }
    }
}
