// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import static io.virtio4j.i2c.I2cRig.ERR;
import static io.virtio4j.i2c.I2cRig.FAIL_NEXT;
import static io.virtio4j.i2c.I2cRig.OK;
import static io.virtio4j.i2c.I2cRig.addr;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.i2c.I2cRig.Sent;
import io.virtio4j.i2c.simulated.SimulatedBus;
import io.virtio4j.testkit.ManualClock;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Groups whose rest is not available yet, mostly on a bus that cannot hold a transaction. */
class IncompleteGroupTest {

    private static final int TARGET = 0x21;
    private static final long WAIT = 10_000_000;

    private final SimulatedBus bus = new SimulatedBus();
    private final RecordingTarget target = bus.attach(TARGET, new RecordingTarget());
    private final ManualClock clock = new ManualClock();

    private I2cDeviceBuilder device() {
        return I2cDevice.of(bus::transfer).clock(clock);
    }

    @Test
    void the_rest_of_a_group_is_waited_for() {
        try (I2cRig rig = I2cRig.of(device().build())) {
            Sent pointer = rig.sendWrite(addr(TARGET), FAIL_NEXT, 1);
            assertFalse(pointer.isUsed());
            clock.advance(Duration.ofNanos(WAIT - 1));
            assertFalse(pointer.isUsed());
            Sent content = rig.sendRead(addr(TARGET), 0, 1);

            assertEquals(1, content.data().length);
            assertEquals(OK, pointer.status());
            assertEquals("SW 01 SR ? P", target.seen());
        }
    }

    /** A driver that never completes a group must not wait for ever. */
    @Test
    @HostileCase("IC-2")
    void what_does_not_come_in_time_becomes_a_transaction_of_its_own() {
        try (I2cRig rig = I2cRig.of(device().build())) {
            Sent pointer = rig.sendWrite(addr(TARGET), FAIL_NEXT, 1);
            assertFalse(pointer.isUsed());
            clock.advance(Duration.ofNanos(WAIT));
            assertTrue(pointer.isUsed());
            assertEquals(OK, rig.sendRead(addr(TARGET), 0, 1).status());

            assertEquals("SW 01 P SR ? P", target.seen());
            assertEquals(1, rig.count(I2cCounter.GROUPS_CUT));
        }
    }

    @Test
    @HostileCase("IC-2")
    void a_bus_that_can_hold_has_no_stop_before_what_comes_late() {
        try (I2cRig rig = I2cRig.of(I2cDevice.of(bus).clock(clock).build())) {
            Sent pointer = rig.sendWrite(addr(TARGET), FAIL_NEXT, 1);
            assertFalse(pointer.isUsed());
            assertEquals("", target.seen());
            clock.advance(Duration.ofNanos(WAIT));
            assertTrue(pointer.isUsed());
            assertEquals(OK, rig.sendRead(addr(TARGET), 0, 1).status());

            assertEquals("SW 01 SR ? P", target.seen());
        }
    }

    @Test
    void a_bus_that_can_hold_takes_groups_of_any_length() {
        try (I2cRig rig = I2cRig.of(I2cDevice.of(bus).clock(clock).maxMessages(3).build())) {
            List<Sent> sent = new ArrayList<>();
            for (int i = 0; i < 7; i++) {
                sent.add(rig.addWrite(addr(TARGET), i < 6 ? FAIL_NEXT : 0, i));
            }
            rig.publish();

            sent.forEach(each -> assertEquals(OK, each.status()));
            assertEquals("SW 00 SW 01 SW 02 SW 03 SW 04 SW 05 SW 06 P", target.seen());
            assertEquals(3, rig.count(I2cCounter.TRANSACTIONS));
        }
    }

    /** Linux gives up a transfer with the first failure that it sees, and its memory with it. */
    @Test
    @Normative("I2C-7")
    void a_failure_is_answered_after_all_that_follows_it_in_its_group() {
        try (I2cRig rig = I2cRig.of(device().build())) {
            List<Sent> all = List.of(rig.addWrite(addr(TARGET), FAIL_NEXT, 1),
                    rig.addWrite(addr(0x55), FAIL_NEXT, 1), rig.addWrite(1, FAIL_NEXT, 1),
                    rig.addWrite(addr(TARGET), 0, 2));
            rig.publish();

            assertEquals(List.of(OK, ERR, ERR, ERR), all.stream().map(Sent::status).toList());
            assertEquals(List.of(0, 3, 2, 1), IntStream.range(0, 4).mapToObj(i -> usedHead(rig, i))
                    .map(head -> all.stream().map(sent -> sent.submitted().id()).toList().indexOf(head)).toList());
        }
    }

    /** The {@code id} of an entry in the used ring. */
    private static int usedHead(I2cRig rig, int entry) {
        return (int) rig.queue().deviceArea().get(4 + 8L * entry, 4);
    }

    @Test
    @HostileCase("IC-2")
    void what_does_not_come_in_time_fails_if_the_first_part_did() {
        try (I2cRig rig = I2cRig.of(device().groupWait(Duration.ZERO).build())) {
            assertEquals(ERR, rig.sendWrite(addr(0x55), FAIL_NEXT, 1).status());
            assertEquals(ERR, rig.sendWrite(addr(TARGET), FAIL_NEXT, 1).status());
            assertEquals(ERR, rig.sendWrite(addr(TARGET), 0, 1).status());
            assertEquals(OK, rig.sendWrite(addr(TARGET), 0, 2).status());
            assertEquals("SW 02 P", target.seen());
        }
    }

    @Test
    @HostileCase("IC-2")
    void a_group_that_is_longer_than_a_transaction_fails() {
        try (I2cRig rig = I2cRig.of(device().maxMessages(4).build())) {
            List<Sent> sent = new ArrayList<>();
            for (int i = 0; i < 7; i++) {
                sent.add(rig.addWrite(addr(TARGET), i < 5 ? FAIL_NEXT : 0, i));
            }
            rig.publish();

            assertEquals(List.of(ERR, ERR, ERR, ERR, ERR, ERR, OK), sent.stream().map(Sent::status).toList());
            assertEquals("SW 06 P", target.seen());
        }
    }

    @Test
    void a_group_as_long_as_a_transaction_is_served() {
        try (I2cRig rig = I2cRig.of(device().maxMessages(4).build())) {
            List<Sent> sent = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                sent.add(rig.addWrite(addr(TARGET), i < 3 ? FAIL_NEXT : 0, i));
            }
            rig.publish();

            sent.forEach(each -> assertEquals(OK, each.status()));
            assertEquals("SW 00 SW 01 SW 02 SW 03 P", target.seen());
        }
    }

    @Test
    void a_reset_gives_back_what_waits() {
        try (I2cRig rig = I2cRig.of(device().build())) {
            rig.sendWrite(addr(TARGET), FAIL_NEXT, 1);
            rig.driver().runDevice();
            rig.driver().resetQueue(0);
            rig.driver().setUpQueue(0);
            clock.advance(Duration.ofNanos(WAIT));

            assertEquals(OK, rig.write(TARGET, 2));
            assertEquals("SW 02 P", target.seen());
        }
    }

    @Test
    void choices_that_make_no_sense_are_refused() {
        I2cDeviceBuilder builder = device();

        assertThrows(IllegalArgumentException.class, () -> builder.groupWait(Duration.ofMillis(-1)));
        assertThrows(IllegalArgumentException.class, () -> builder.maxMessages(0));
        assertThrows(IllegalArgumentException.class, () -> builder.maxMessages(1025));
        assertThrows(IllegalArgumentException.class, () -> builder.maxMessageBytes(0));
        assertThrows(IllegalArgumentException.class, () -> builder.maxMessageBytes(65_536));
        assertThrows(IllegalArgumentException.class, () -> builder.timeout(Duration.ZERO));
    }
}
