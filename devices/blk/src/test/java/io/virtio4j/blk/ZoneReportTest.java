// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.Submitted;
import org.junit.jupiter.api.Test;

/** Reports of disks with very many zones. */
class ZoneReportTest {

    /** Otherwise a disk of very many zones would keep other queues, and a reset, waiting. */
    @Test
    void a_report_is_bounded_and_so_are_the_reports_of_a_turn() {
        int zones = ZoneReport.MOST + 2;
        BlockDevice many = BlockDevice.of(new MemoryBackend(zones * 512L)).zones(ZoneLayout.hostManaged(1))
                .build();
        try (Disk large = Disk.of(many, DriverOptions.split().layout(Layout.WHOLE), builder -> {})) {
            int room = Zone.REPORT_HEADER + zones * Zone.SIZE;
            Submitted first = large.queue().add(Disk.bytes(Disk.ZONE_REPORT, 0, new byte[0]), room + 1);
            Submitted second = large.queue()
                    .add(Disk.bytes(Disk.ZONE_REPORT, ZoneReport.MOST, new byte[0]), room + 1);
            large.queue().publish();
            large.queue().kick();

            large.driver().instance().poll(1);
            large.queue().collect();
            assertTrue(first.isUsed());
            assertFalse(second.isUsed());
            while (large.driver().instance().poll(1) > 0) {
                large.queue().collect();
            }

            assertEquals(ZoneReport.MOST, new Disk.Reply(first).littleEndian().getLong(0));
            assertEquals(2, new Disk.Reply(second).littleEndian().getLong(0));
        }
    }
}
