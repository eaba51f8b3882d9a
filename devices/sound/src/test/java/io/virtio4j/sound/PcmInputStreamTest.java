// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static io.virtio4j.sound.SoundRig.IO_ERR;
import static io.virtio4j.sound.SoundRig.OK;
import static io.virtio4j.sound.SoundRig.RELEASE;
import static io.virtio4j.sound.SoundRig.START;
import static io.virtio4j.sound.SoundRig.STOP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.Normative;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Capture. [PCM I/O Messages / Input Stream] */
class PcmInputStreamTest {

    private final RecordingBackend backend = new RecordingBackend();

    private SoundRig start() {
        return SoundRig.of(SoundDevice.builder().input(backend.input()));
    }

    static Stream<DriverOptions> drivers() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed()).flatMap(options ->
                Layout.all().stream().map(layout -> options.layout(layout).queueSize(256)));
    }

    /** The backend counts: each byte is one more than the one before. */
    private static void assertCounts(byte[] bytes, int from, int to, int first) {
        for (int i = from; i < to; i++) {
            assertEquals((byte) (first + i - from), bytes[i], "offset " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("drivers")
    @Normative("SND-9")
    void a_message_is_used_once_it_is_full(DriverOptions options) {
        try (SoundRig rig = SoundRig.of(SoundDevice.builder().input(backend.input()), options)) {
            assertEquals(OK, rig.request(SoundRig.setParams(0, 96, 24, 0, 2, 11, 1), 0).status()); // S24_3, 8 kHz
            rig.succeed(SoundRig.PREPARE, 0);
            List<Submitted> sent = List.of(rig.record(0, 48), rig.record(0, 48));
            rig.succeed(START, 0);
            assertFalse(rig.isUsed(sent.getFirst()));
            rig.pass(1);
            assertTrue(rig.isUsed(sent.getFirst()));
            assertFalse(rig.isUsed(sent.getLast()));
            rig.pass(1);
            assertTrue(rig.isUsed(sent.getLast()));
            for (int i = 0; i < 2; i++) {
                Submitted each = sent.get(i);
                assertEquals(OK, SoundRig.status(each));
                assertEquals(48 + 8, each.usedLength());
                assertCounts(each.written(), 0, 48, 1 + 48 * i);
            }
        }
    }

    @Test
    void nothing_is_recorded_while_the_stream_is_stopped() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            Submitted message = rig.record(0, 160);
            rig.pass(100);
            rig.succeed(START, 0);
            rig.pass(6);
            rig.succeed(STOP, 0);
            rig.pass(100);
            rig.succeed(START, 0);
            rig.pass(3);
            assertFalse(rig.isUsed(message));
            rig.pass(1);

            assertTrue(rig.isUsed(message));
            assertCounts(message.written(), 0, 160, 1);
        }
    }

    @Test
    void an_overrun_loses_frames_and_gives_an_event() {
        try (SoundRig rig = start()) {
            rig.prepare(0, SoundRig.XRUNS);
            Submitted event = rig.giveEventBuffer();
            rig.record(0, 160);
            rig.succeed(START, 0);
            rig.pass(15);
            assertTrue(rig.hasEvent(event));
            assertEquals(new SoundRig.Event(0x1101, 0), rig.eventIn(event));
            Submitted late = rig.record(0, 160);
            rig.pass(10);

            assertTrue(rig.isUsed(late));
            assertEquals(List.of("open", "start", "skip 40"), backend.seen);
            assertEquals(1, rig.count(SoundCounter.OVERRUNS));
            assertEquals(40, rig.count(SoundCounter.LOST_FRAMES));
        }
    }

    @Test
    void what_the_backend_does_not_have_is_silence() {
        try (SoundRig rig = start()) {
            assertEquals(OK, rig.request(SoundRig.setParams(0, 640, 160, 0, 1, 6, 1), 0).status()); // U16
            rig.succeed(SoundRig.PREPARE, 0);
            backend.available = 100;
            Submitted message = rig.record(0, 160);
            rig.succeed(START, 0);
            rig.pass(10);

            assertTrue(rig.isUsed(message));
            assertCounts(message.written(), 0, 100, 1);
            for (int i = 100; i < 160; i += 2) {
                assertEquals(0, message.written()[i]);
                assertEquals((byte) 0x80, message.written()[i + 1]);
            }
            assertEquals(60, rig.count(SoundCounter.MISSING_BYTES));
        }
    }

    /** > The only exception is the end of the stream. */
    @Test
    @Normative({"SND-6", "SND-9"})
    void a_release_returns_what_was_recorded_so_far() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            Submitted partial = rig.record(0, 160);
            Submitted empty = rig.record(0, 160);
            rig.succeed(START, 0);
            rig.pass(4);
            rig.succeed(STOP, 0);
            rig.succeed(RELEASE, 0);

            assertTrue(rig.isUsed(partial));
            assertEquals(OK, SoundRig.status(partial));
            assertEquals(64 + 8, partial.usedLength());
            assertCounts(partial.written(), 0, 64, 1);
            for (int i = 64; i < 160; i++) {
                assertEquals(0, partial.writable()[i]);
            }
            assertTrue(rig.isUsed(empty));
            assertEquals(IO_ERR, SoundRig.status(empty));
            assertEquals(8, empty.usedLength());
        }
    }

    @Test
    void a_backend_that_breaks_costs_its_messages_and_no_time() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            Submitted first = rig.record(0, 160);
            Submitted second = rig.record(0, 160);
            backend.broken = true;
            rig.succeed(START, 0);
            rig.pass(10);
            backend.broken = false;
            rig.pass(10);

            assertTrue(rig.isUsed(first));
            assertEquals(IO_ERR, SoundRig.status(first));
            assertEquals(8, first.usedLength());
            assertTrue(rig.isUsed(second));
            assertEquals(OK, SoundRig.status(second));
        }
    }

    @Test
    void latency_is_what_the_backend_says() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            backend.delay = 77;
            Submitted message = rig.record(0, 160);
            rig.succeed(START, 0);
            rig.pass(10);
            assertTrue(rig.isUsed(message));
            assertEquals(77, SoundRig.latency(message));
        }
    }
}
