// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static io.virtio4j.sound.SoundRig.IO_ERR;
import static io.virtio4j.sound.SoundRig.OK;
import static io.virtio4j.sound.SoundRig.RELEASE;
import static io.virtio4j.sound.SoundRig.START;
import static io.virtio4j.sound.SoundRig.STOP;
import static io.virtio4j.sound.SoundRig.frames;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.Normative;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Playback. [PCM I/O Messages / Output Stream] */
class PcmOutputStreamTest {

    private final RecordingBackend backend = new RecordingBackend();

    private SoundRig start() {
        return SoundRig.of(SoundDevice.builder().output(backend.output()));
    }

    static Stream<DriverOptions> drivers() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed()).flatMap(options ->
                Layout.all().stream().map(layout -> options.layout(layout).queueSize(256)));
    }

    @ParameterizedTest
    @MethodSource("drivers")
    void every_byte_is_played_in_order(DriverOptions options) throws Exception {
        try (SoundRig rig = SoundRig.of(SoundDevice.builder().output(backend.output()), options)) {
            ByteArrayOutputStream expected = new ByteArrayOutputStream();
            assertEquals(OK, rig.request(SoundRig.setParams(0, 96, 24, 0, 2, 11, 1), 0).status()); // S24_3, 8 kHz
            rig.succeed(SoundRig.PREPARE, 0);
            List<Submitted> sent = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                byte[] frames = frames(24, i);
                expected.writeBytes(frames);
                sent.add(rig.play(0, frames));
            }
            rig.succeed(START, 0);
            rig.pass(2);
            for (Submitted each : sent) {
                assertTrue(rig.isUsed(each));
                assertEquals(OK, SoundRig.status(each));
                assertEquals(8, each.usedLength());
            }
            assertArrayEquals(expected.toByteArray(), backend.played.toByteArray());
        }
    }

    @Test
    @Normative("SND-8")
    void a_message_is_used_once_its_last_frame_has_passed() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            Submitted first = rig.play(0, frames(160, 0));
            Submitted second = rig.play(0, frames(160, 1));
            rig.pass(50);
            assertFalse(rig.isUsed(first));
            rig.succeed(START, 0);

            rig.pass(9);
            assertFalse(rig.isUsed(first));
            rig.pass(1);
            assertTrue(rig.isUsed(first));
            rig.clock().advance(Duration.ofNanos(9_999_999));
            assertFalse(rig.isUsed(second));
            rig.clock().advance(Duration.ofNanos(1));
            assertTrue(rig.isUsed(second));
        }
    }

    @Test
    void time_stands_still_between_stop_and_start() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            Submitted message = rig.play(0, frames(160, 0));
            rig.succeed(START, 0);
            rig.pass(4);
            rig.succeed(STOP, 0);
            rig.pass(100);
            assertFalse(rig.isUsed(message));
            rig.succeed(START, 0);
            rig.pass(5);
            assertFalse(rig.isUsed(message));
            rig.pass(1);

            assertTrue(rig.isUsed(message));
            assertEquals(160, backend.played.size());
            assertEquals(List.of("open", "start", "stop", "start"), backend.seen);
        }
    }

    @Test
    void the_pace_is_exact_however_long_it_lasts() {
        try (SoundRig rig = start()) {
            // 44.1 kHz, a message of 441 frames each 10 ms, for 20 s
            assertEquals(OK, rig.request(SoundRig.setParams(0, 1764, 882, 0, 1, SoundRig.S16, 6), 0).status());
            rig.succeed(SoundRig.PREPARE, 0);
            rig.play(0, frames(882, 0));
            rig.succeed(START, 0);
            for (int i = 0; i < 2_000; i++) {
                rig.play(0, frames(882, i));
                rig.clock().advance(Duration.ofMillis(10));
                rig.driver().runDevice();
                rig.tx().collect();
                assertEquals(1, rig.tx().pending().size());
            }
            assertEquals(2_000, rig.count(SoundCounter.PLAYED));
            assertEquals(0, rig.count(SoundCounter.UNDERRUNS));
        }
    }

    @Test
    void a_device_that_comes_late_makes_up_for_it() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            List<Submitted> sent = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                sent.add(rig.play(0, frames(160, i)));
            }
            rig.succeed(START, 0);
            rig.clock().advance(Duration.ofMillis(35));
            rig.driver().runDevice();

            assertTrue(rig.isUsed(sent.get(2)));
            assertFalse(rig.isUsed(sent.get(3)));
            rig.pass(5);
            assertTrue(rig.isUsed(sent.get(3)));
            assertEquals(0, rig.count(SoundCounter.UNDERRUNS));
        }
    }

    /** A snapshot, a laptop that sleeps: nobody wants to hear an hour of silence afterwards. */
    @Test
    void a_clock_that_leaps_makes_up_for_a_second_at_most() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            rig.play(0, frames(160, 0));
            rig.succeed(START, 0);
            rig.clock().advance(Duration.ofHours(1));
            rig.driver().runDevice();
            Submitted next = rig.play(0, frames(160, 1));
            rig.pass(10);

            assertTrue(rig.isUsed(next));
            assertTrue(rig.count(SoundCounter.SILENT_FRAMES) <= 8_000);
        }
    }

    // ── Underruns ──────────────────────────────────────────────────────────

    @Test
    void an_underrun_gives_silence_and_an_event_and_playback_goes_on() {
        try (SoundRig rig = start()) {
            rig.prepare(0, SoundRig.XRUNS);
            Submitted event = rig.giveEventBuffer();
            rig.play(0, frames(160, 0));
            rig.succeed(START, 0);
            rig.pass(10);
            assertFalse(rig.hasEvent(event));
            rig.pass(1);
            assertTrue(rig.hasEvent(event));
            assertEquals(new SoundRig.Event(0x1101, 0), rig.eventIn(event));
            Submitted later = rig.giveEventBuffer();
            rig.pass(4);
            Submitted late = rig.play(0, frames(160, 1));
            rig.pass(9);
            assertFalse(rig.isUsed(late));
            rig.pass(1);

            assertTrue(rig.isUsed(late));
            assertFalse(rig.hasEvent(later));
            assertEquals(List.of("open", "start", "silence 40"), backend.seen);
            assertEquals(1, rig.count(SoundCounter.UNDERRUNS));
            assertEquals(1, rig.count(SoundCounter.GAPS));
            assertEquals(40, rig.count(SoundCounter.SILENT_FRAMES));
        }
    }

    @Test
    void without_the_feature_there_is_no_event() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            Submitted event = rig.giveEventBuffer();
            rig.succeed(START, 0);
            rig.pass(100);

            assertFalse(rig.hasEvent(event));
            assertEquals(1, rig.count(SoundCounter.UNDERRUNS));
        }
    }

    @Test
    void the_end_of_playback_is_no_gap() {
        try (SoundRig rig = start()) {
            for (int i = 0; i < 3; i++) {
                rig.prepare(0);
                rig.play(0, frames(160, i));
                rig.succeed(START, 0);
                rig.pass(20);
                rig.succeed(STOP, 0);
                rig.succeed(RELEASE, 0);
            }
            assertEquals(3, rig.count(SoundCounter.UNDERRUNS));
            assertEquals(0, rig.count(SoundCounter.GAPS));
            assertEquals(480, backend.played.size());
        }
    }

    // ── Message polling ────────────────────────────────────────────────────

    @Test
    void with_polling_messages_are_found_without_notifications() {
        try (SoundRig rig = start()) {
            rig.prepare(0, SoundRig.POLLING);
            rig.tx().add(SoundRig.message(0, frames(160, 0)), 8);
            rig.tx().publish();
            rig.succeed(START, 0);
            rig.pass(5);
            for (int i = 1; i < 20; i++) {
                rig.tx().add(SoundRig.message(0, frames(160, i)), 8);
                rig.tx().publish();
                rig.pass(10);
                rig.tx().collect();
            }
            assertEquals(19, rig.count(SoundCounter.PLAYED));
            assertEquals(0, rig.count(SoundCounter.UNDERRUNS));
            rig.pass(30);
            assertEquals(1, rig.count(SoundCounter.UNDERRUNS));
            Submitted late = rig.tx().add(SoundRig.message(0, frames(160, 20)), 8);
            rig.tx().publish();
            rig.pass(15);
            assertTrue(rig.isUsed(late));
        }
    }

    // ── Periods ────────────────────────────────────────────────────────────

    @Test
    void with_the_feature_there_is_an_event_for_each_period() {
        PcmStreamInfo info = PcmStreamInfo.output().features(java.util.Set.of(PcmFeature.EVT_SHMEM_PERIODS));
        try (SoundRig rig = SoundRig.of(SoundDevice.builder().output(info, backend.output()))) {
            rig.prepare(0, SoundRig.PERIODS);
            rig.play(0, frames(640, 0));
            rig.succeed(START, 0);
            for (int i = 0; i < 4; i++) {
                Submitted event = rig.giveEventBuffer();
                rig.pass(9);
                assertFalse(rig.hasEvent(event));
                rig.pass(1);
                assertTrue(rig.hasEvent(event));
                assertEquals(new SoundRig.Event(0x1100, 0), rig.eventIn(event));
            }
        }
    }

    // ── The backend ────────────────────────────────────────────────────────

    @Test
    void latency_is_what_the_backend_says() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            Submitted message = rig.play(0, frames(160, 0));
            backend.delay = 1234;
            rig.succeed(START, 0);
            rig.pass(10);
            assertTrue(rig.isUsed(message));
            assertEquals(1234, SoundRig.latency(message));
        }
    }

    @Test
    void a_backend_that_breaks_costs_its_messages_and_no_time() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            Submitted first = rig.play(0, frames(160, 0));
            Submitted second = rig.play(0, frames(160, 1));
            backend.broken = true;
            rig.succeed(START, 0);
            rig.pass(5);
            backend.broken = false;
            rig.pass(5);
            assertTrue(rig.isUsed(first));
            assertEquals(IO_ERR, SoundRig.status(first));
            rig.pass(10);
            assertTrue(rig.isUsed(second));
            assertEquals(OK, SoundRig.status(second));
            assertArrayEquals(frames(160, 1), backend.played.toByteArray());
            assertEquals(1, rig.count(SoundCounter.BACKEND_ERRORS));
        }
    }

    @Test
    void streams_of_a_queue_have_their_own_pace() {
        RecordingBackend other = new RecordingBackend();
        try (SoundRig rig = SoundRig.of(SoundDevice.builder().output(backend.output()).output(other.output()))) {
            rig.prepare(0);
            assertEquals(OK, rig.request(SoundRig.setParams(1, 640, 160, 0, 1, SoundRig.S16, 3), 0).status());
            rig.succeed(SoundRig.PREPARE, 1);
            Submitted slow = rig.play(0, frames(160, 0));
            Submitted fast = rig.play(1, frames(160, 1));
            rig.succeed(START, 0);
            rig.succeed(START, 1);
            rig.pass(5);
            assertTrue(rig.isUsed(fast));
            assertFalse(rig.isUsed(slow));
            rig.pass(5);
            assertTrue(rig.isUsed(slow));
            assertArrayEquals(frames(160, 1), other.played.toByteArray());
        }
    }
}
