// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** The comparison behind EVENT_IDX, against its meaning: does {@code event} lie in [before, now)? */
class NeedEventTest {

    @Test
    void an_event_is_due_when_its_entry_is_among_the_new_ones_at_every_distance() {
        int[] starts = {0, 1, 2, 255, 256, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF};
        int[] advances = {0, 1, 2, 3, 16, 255, 256, 0x7FFF, 0x8000, 0xFFFF};
        for (int before : starts) {
            for (int advance : advances) {
                int now = before + advance & 0xFFFF;
                for (int event = 0; event <= 0xFFFF; event++) {
                    boolean isNew = (event - before & 0xFFFF) < advance;
                    assertEquals(isNew, Ring.needEvent(event, now, before),
                            "before=" + before + " now=" + now + " event=" + event);
                }
            }
        }
    }
}
