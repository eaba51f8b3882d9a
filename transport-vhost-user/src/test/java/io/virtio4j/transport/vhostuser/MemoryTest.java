// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.transport.DeviceStatus;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Memory access]: regions come, go and move while rings run. */
class MemoryTest {

    private static final long FAR = 5L << 32;
    private static final long FAR_USER = SharedRam.USER + (1L << 40);

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void regions_come_and_go_while_rings_run(RingFormat format) {
        try (Rig rig = new Rig().connect().start(format); SharedRam more = new SharedRam()) {
            byte[] region = FrontEnd.single(FrontEnd.region(FAR, SharedRam.SIZE, FAR_USER, 0));
            for (int round = 0; round < 20; round++) {
                rig.frontEnd.accepted(FrontEnd.ADD_MEM_REG, region, more.descriptor());
                rig.exchange(round);
                assertEquals(2, rig.instance.memory().current().regions().size());

                // A descriptor may come along, and is closed.
                rig.frontEnd.accepted(FrontEnd.REM_MEM_REG, region, more.descriptor());
                rig.exchange(round);
                assertEquals(1, rig.instance.memory().current().regions().size());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_table_that_is_set_again_changes_nothing_for_rings_that_run(RingFormat format) {
        try (Rig rig = new Rig().connect().start(format)) {
            for (int round = 0; round < 10; round++) {
                rig.ram.tell(rig.frontEnd);
                rig.exchange(round);
            }
            Submitted slow = rig.submitSlow(1);
            rig.ram.tell(rig.frontEnd);
            rig.device.finishAll();
            rig.driver.queue(TestDevice.SLOW).await(slow);
            assertArrayEquals(slow.readable(), slow.written());
        }
    }

    @Test
    void a_region_may_begin_anywhere_in_its_file() {
        try (Rig rig = new Rig().connect(); SharedRam more = new SharedRam()) {
            long offset = 5 * 4096;
            rig.frontEnd.accepted(FrontEnd.ADD_MEM_REG,
                    FrontEnd.single(FrontEnd.region(FAR, 4096, FAR_USER, offset)), more.descriptor());
            more.segment().set(JAVA_BYTE, offset + 3, (byte) 9);

            MemoryRegion region = rig.instance.memory().current().find(FAR);

            assertEquals(9, region.segment().get(JAVA_BYTE, 3));
            assertEquals(4096, region.length());
        }
    }

    @Test
    void rings_follow_their_memory_to_another_guest_address() {
        try (Rig rig = new Rig().connect().start(RingFormat.SPLIT)) {
            rig.exchange(1);

            rig.frontEnd.accepted(FrontEnd.SET_MEM_TABLE, FrontEnd.table(1,
                    FrontEnd.region(GuestRam.BASE + 0x10_0000_0000L, SharedRam.SIZE, SharedRam.USER, 0)),
                    rig.ram.descriptor());

            assertEquals(rig.driver.queue(0).deviceArea().address() + 0x10_0000_0000L,
                    rig.instance.queueConfig(0).deviceArea());
            assertTrue(rig.instance.isQueueEnabled(0));
            rig.ram.tell(rig.frontEnd);
            rig.exchange(2);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("VU-7")
    void rings_stop_while_their_memory_is_away(RingFormat format) {
        try (Rig rig = new Rig().connect().start(format)) {
            rig.exchange(1);
            rig.frontEnd.accepted(FrontEnd.REM_MEM_REG, FrontEnd.single(rig.ram.region()));
            rig.port.notifyQueue(TestDevice.ECHO);
            rig.instance.poll(100);
            assertFalse(rig.instance.isQueueEnabled(TestDevice.ECHO));

            rig.ram.tell(rig.frontEnd);

            rig.exchange(2);
            assertEquals(0, rig.instance.status() & DeviceStatus.DEVICE_NEEDS_RESET);
        }
    }
}
