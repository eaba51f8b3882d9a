// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static io.virtio4j.sound.SoundRig.BAD_MSG;
import static io.virtio4j.sound.SoundRig.JACK_INFO;
import static io.virtio4j.sound.SoundRig.JACK_REMAP;
import static io.virtio4j.sound.SoundRig.NOT_SUPP;
import static io.virtio4j.sound.SoundRig.OK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.Submitted;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Jacks, and what is plugged into them. [Jack Control Messages], [Jack Notifications] */
class JackTest {

    private final Jack headphones = Jack.headphones();
    private final Jack fixed = new Jack(0, 0x50, 0, false);

    private SoundRig start() {
        return SoundRig.of(SoundDevice.builder().jack(fixed).jack(headphones));
    }

    @Test
    void the_driver_is_told_what_is_plugged_and_unplugged() {
        try (SoundRig rig = start()) {
            headphones.plug();
            assertEquals(new SoundRig.Event(0x1000, 1), rig.event());
            headphones.unplug();
            assertEquals(new SoundRig.Event(0x1001, 1), rig.event());
        }
    }

    @Test
    void nothing_is_told_that_is_not_new() {
        try (SoundRig rig = start()) {
            Submitted buffer = rig.giveEventBuffer();
            headphones.unplug();
            assertFalse(rig.hasEvent(buffer));
            headphones.plug();
            assertTrue(rig.hasEvent(buffer));
            buffer = rig.giveEventBuffer();
            headphones.plug();
            assertFalse(rig.hasEvent(buffer));
        }
    }

    @Test
    void without_a_buffer_the_driver_is_told_later_what_is_then() {
        try (SoundRig rig = start()) {
            headphones.plug();
            headphones.unplug();
            headphones.plug();
            fixed.plug();
            rig.driver().runDevice();
            List<SoundRig.Event> events = new ArrayList<>(List.of(rig.event(), rig.event()));
            assertTrue(events.contains(new SoundRig.Event(0x1000, 0)));
            assertTrue(events.contains(new SoundRig.Event(0x1000, 1)));
            assertFalse(rig.hasEvent(rig.giveEventBuffer()));
            assertEquals(2, rig.count(SoundCounter.MERGED_EVENTS));
        }
    }

    @Test
    void association_and_sequence_can_be_changed_where_the_jack_says_so() {
        List<String> seen = new ArrayList<>();
        headphones.onRemap(jack -> seen.add(jack.association() + "/" + jack.sequence()));
        try (SoundRig rig = start()) {
            assertEquals(OK, rig.request(SoundRig.words(JACK_REMAP, 1, 7, 15), 0).status());
            assertEquals(0x7F, SoundRig.word(rig.query(JACK_INFO, 1, 1, 24).payload(), 8) & 0xFF);
            rig.request(SoundRig.words(JACK_REMAP, 1, 16, 0), 0).failed(BAD_MSG);
            rig.request(SoundRig.words(JACK_REMAP, 1, 0, -1), 0).failed(BAD_MSG);
            rig.request(SoundRig.words(JACK_REMAP, 2, 1, 1), 0).failed(BAD_MSG);
            rig.request(SoundRig.words(JACK_REMAP, 1, 1), 0).failed(BAD_MSG);
            rig.request(SoundRig.words(JACK_REMAP, 0, 1, 1), 0).failed(NOT_SUPP);
            assertEquals(List.of("7/15"), seen);

            rig.driver().start();
            assertEquals(0x10, SoundRig.word(rig.query(JACK_INFO, 1, 1, 24).payload(), 8) & 0xFF);
        }
    }

    @Test
    void an_event_buffer_without_room_goes_back_empty_and_the_event_waits() {
        try (SoundRig rig = start()) {
            Submitted small = rig.driver().queue(1).submit(new byte[0], 7);
            headphones.plug();
            assertTrue(rig.hasEvent(small));
            assertEquals(0, small.usedLength());
            assertEquals(new SoundRig.Event(0x1000, 1), rig.event());
        }
    }
}
