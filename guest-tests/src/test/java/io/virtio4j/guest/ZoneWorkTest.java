// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.guest.ZoneWork.Zone;
import org.junit.jupiter.api.Test;

/** Lines of blkzone's report. */
class ZoneWorkTest {

    @Test
    void a_zone_with_a_write_pointer() {
        Zone zone = Zone.parse("  start: 0x000004000, len 0x002000, cap 0x001f00, wptr 0x000900 "
            + "reset:0 non-seq:0, zcond: 2(oi) [type: 2(SEQ_WRITE_REQUIRED)]");

        assertEquals(new Zone(0x4000, 0x2000, 0x1f00, 0x900, "oi", "SEQ_WRITE_REQUIRED"), zone);
    }

    @Test
    void a_zone_without_one() {
        Zone zone = Zone.parse("  start: 0x000006000, len 0x002000, cap 0x002000, wptr N/A "
            + "reset:0 non-seq:0, zcond:14(fu) [type: 2(SEQ_WRITE_REQUIRED)]");

        assertEquals(new Zone(0x6000, 0x2000, 0x2000, -1, "fu", "SEQ_WRITE_REQUIRED"), zone);
    }

    @Test
    void another_format_is_a_failure() {
        assertThrows(GuestFailure.class, () -> Zone.parse("start: 0x0"));
    }
}
