// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static io.virtio4j.sound.SoundRig.BAD_MSG;
import static io.virtio4j.sound.SoundRig.OK;
import static io.virtio4j.sound.SoundRig.RELEASE;
import static io.virtio4j.sound.SoundRig.START;
import static io.virtio4j.sound.SoundRig.STOP;
import static io.virtio4j.sound.SoundRig.frames;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A sound card that goes on elsewhere, in the middle of playback and of everything else. */
class SavedStateTest {

    private final RecordingBackend here = new RecordingBackend();
    private final RecordingBackend there = new RecordingBackend();

    private static SoundDeviceBuilder card(RecordingBackend backend) {
        return SoundDevice.builder().output(backend.output()).input(backend.input());
    }

    @Test
    @HostileCase("MG-3")
    void playback_goes_on_in_the_middle_of_a_message() {
        try (SoundRig rig = SoundRig.of(card(here))) {
            rig.prepare(0);
            Submitted first = rig.play(0, frames(160, 0));
            Submitted second = rig.play(0, frames(160, 1));
            rig.succeed(START, 0);
            rig.pass(4);
            rig.migrateTo(card(there));
            rig.pass(5);
            assertFalse(rig.isUsed(first));
            rig.pass(1);
            assertTrue(rig.isUsed(first));
            rig.pass(10);
            assertTrue(rig.isUsed(second));

            assertEquals(OK, SoundRig.status(second));
            assertArrayEquals(frames(160, 0), here.played.toByteArray());
            byte[] rest = there.played.toByteArray();
            assertArrayEquals(Arrays.copyOfRange(frames(160, 0), 64, 160), Arrays.copyOf(rest, 96));
            assertArrayEquals(frames(160, 1), Arrays.copyOfRange(rest, 96, 256));
            assertEquals(List.of("open", "start"), there.seen);
            rig.succeed(STOP, 0);
            rig.succeed(RELEASE, 0);
        }
    }

    @Test
    @HostileCase("MG-3")
    void a_recording_goes_on_in_the_middle_of_a_message() {
        try (SoundRig rig = SoundRig.of(card(here))) {
            rig.prepare(1);
            Submitted message = rig.record(1, 160);
            rig.succeed(START, 1);
            rig.pass(7);
            rig.migrateTo(card(there));
            rig.pass(2);
            assertFalse(rig.isUsed(message));
            rig.pass(1);
            assertTrue(rig.isUsed(message));
            assertEquals(OK, SoundRig.status(message));
        }
    }

    @Test
    void every_state_of_a_stream_is_kept() {
        int[][] ways = {{}, {START}, {START, STOP}, {RELEASE}};
        for (int[] way : ways) {
            try (SoundRig rig = SoundRig.of(card(new RecordingBackend()))) {
                rig.prepare(0, SoundRig.XRUNS);
                for (int command : way) {
                    rig.succeed(command, 0);
                }
                rig.migrateTo(card(there));
                int last = way.length == 0 ? SoundRig.PREPARE : way[way.length - 1];
                assertEquals(last == SoundRig.PREPARE || last == STOP ? OK : BAD_MSG, rig.command(START, 0));
                assertEquals(last != RELEASE ? OK : BAD_MSG, rig.command(STOP, 0));
            }
        }
    }

    @Test
    @HostileCase("MG-3")
    void a_command_that_was_not_answered_is_done_where_the_state_is_restored() {
        try (SoundRig rig = SoundRig.of(card(here))) {
            rig.prepare(0);
            Submitted message = rig.play(0, frames(160, 0));
            Submitted begun = rig.control().submit(SoundRig.words(START, 0), 4);
            rig.driver().instance().poll(1);
            rig.migrateTo(card(there));
            rig.control().await(begun);
            assertEquals(OK, SoundRig.word(begun.written(), 0));
            rig.pass(10);
            assertTrue(rig.isUsed(message));
            assertEquals(OK, SoundRig.status(message));
        }
    }

    @Test
    void a_backend_that_cannot_be_opened_there_costs_messages_and_no_time() {
        there.cannotOpen = true;
        try (SoundRig rig = SoundRig.of(card(here))) {
            rig.prepare(0);
            Submitted message = rig.play(0, frames(160, 0));
            rig.succeed(START, 0);
            rig.pass(4);
            rig.migrateTo(card(there));
            rig.pass(6);
            assertTrue(rig.isUsed(message));
            assertEquals(SoundRig.IO_ERR, SoundRig.status(message));
        }
    }

    @Test
    void values_mappings_and_events_are_kept() {
        try (SoundRig rig = SoundRig.of(mixer())) {
            rig.request(SoundRig.words(SoundRig.CTL_WRITE, 0, 33), 0).payload();
            rig.request(SoundRig.words(SoundRig.CTL_TLV_WRITE, 1, 9, 4, 5), 0).payload();
            rig.request(SoundRig.words(SoundRig.JACK_REMAP, 0, 8, 9), 0).payload();
            rig.device().jacks().getFirst().plug();
            rig.migrateTo(mixer());

            assertArrayEquals(SoundRig.words(33),
                    rig.request(SoundRig.words(SoundRig.CTL_READ, 0), 512).payload());
            assertArrayEquals(SoundRig.words(9, 4, 5),
                    rig.request(SoundRig.words(SoundRig.CTL_TLV_READ, 1), 64).payload());
            assertEquals(0x89, SoundRig.word(rig.query(SoundRig.JACK_INFO, 0, 1, 24).payload(), 8) & 0xFF);
            // What is plugged in is so on this side, and here nothing is.
            assertEquals(new SoundRig.Event(0x1001, 0), rig.event());
        }
    }

    private static SoundDeviceBuilder mixer() {
        return SoundDevice.builder().jack(Jack.headphones())
                .control(ControlElement.integer("Volume", 0, 100, 1).build())
                .control(ControlElement.bytes("Bytes", 2).writableTlv(8).build());
    }

    @Test
    @HostileCase("MG-1")
    void the_state_of_another_card_is_refused_and_changes_nothing() {
        SoundDevice device = mixer().build();
        StateWriter own = new StateWriter();
        device.save(own);
        byte[] saved = own.toByteArray();
        byte[] version = saved.clone();
        version[0] = 2;
        assertThrows(StateException.class, () -> device.restore(new StateReader(version)));
        assertThrows(StateException.class, () -> card(here).build().restore(new StateReader(saved)));
        for (int length = 0; length < saved.length; length++) {
            byte[] cut = Arrays.copyOf(saved, length);
            assertThrows(StateException.class, () -> device.restore(new StateReader(cut)));
        }
        device.restore(new StateReader(saved));
    }
}
