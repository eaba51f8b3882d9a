// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static io.virtio4j.sound.SoundRig.BAD_MSG;
import static io.virtio4j.sound.SoundRig.IO_ERR;
import static io.virtio4j.sound.SoundRig.NOT_SUPP;
import static io.virtio4j.sound.SoundRig.OK;
import static io.virtio4j.sound.SoundRig.PREPARE;
import static io.virtio4j.sound.SoundRig.RELEASE;
import static io.virtio4j.sound.SoundRig.START;
import static io.virtio4j.sound.SoundRig.STOP;
import static io.virtio4j.sound.SoundRig.frames;
import static io.virtio4j.sound.SoundRig.setParams;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmRate;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The states of a stream. [PCM Control Messages / PCM Command Lifecycle] */
class PcmCommandLifecycleTest {

    private static final int SET = SoundRig.SET_PARAMS;
    private static final int[] COMMANDS = {SET, PREPARE, START, STOP, RELEASE};

    /** What may follow what, as the specification lists it; 0 is the beginning. */
    private static final Map<Integer, Set<Integer>> FOLLOWS = Map.of(
            0, Set.of(SET),
            SET, Set.of(SET, PREPARE),
            PREPARE, Set.of(SET, PREPARE, START, RELEASE),
            START, Set.of(STOP),
            STOP, Set.of(START, RELEASE),
            RELEASE, Set.of(SET, PREPARE));

    private final RecordingBackend backend = new RecordingBackend();

    private SoundRig start() {
        return SoundRig.of(SoundDevice.builder().output(backend.output()));
    }

    private static int send(SoundRig rig, int command) {
        return command == SET
                ? rig.request(setParams(0, 640, 160, 0, 1, SoundRig.S16, SoundRig.HZ_8000), 0).status()
                : rig.command(command, 0);
    }

    @Test
    @HostileCase("SN-3")
    void every_sequence_of_five_commands_is_answered_as_the_lifecycle_says() {
        int sequences = (int) Math.pow(COMMANDS.length, 5);
        try (SoundRig rig = start()) {
            for (int sequence = 0; sequence < sequences; sequence++) {
                rig.driver().start(DriverOptions.split());
                int state = 0;
                for (int rest = sequence, i = 0; i < 5; i++, rest /= COMMANDS.length) {
                    int command = COMMANDS[rest % COMMANDS.length];
                    boolean valid = FOLLOWS.get(state).contains(command);
                    assertEquals(valid ? OK : BAD_MSG, send(rig, command), "sequence " + sequence + " step " + i);
                    state = valid ? command : state;
                }
            }
        }
        HostileCases.count("SN-3", sequences - 1);
    }

    @Test
    void a_line_lasts_from_prepare_to_release() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            assertEquals(new PcmParameters(PcmFormat.S16, PcmRate.HZ_8000, 1, 640, 160), backend.parameters);
            rig.succeed(PREPARE, 0);
            rig.succeed(START, 0);
            rig.succeed(STOP, 0);
            rig.succeed(RELEASE, 0);
            rig.succeed(PREPARE, 0);
            rig.prepare(0);
            rig.driver().reset();

            assertEquals(List.of("open", "start", "stop", "close", "open", "close", "open", "close"), backend.seen);
        }
    }

    @Test
    void a_backend_that_cannot_be_opened_fails_prepare_only() {
        try (SoundRig rig = start()) {
            backend.cannotOpen = true;
            assertEquals(OK, send(rig, SET));
            assertEquals(IO_ERR, send(rig, PREPARE));
            assertEquals(BAD_MSG, send(rig, START));
            backend.cannotOpen = false;
            assertEquals(OK, send(rig, PREPARE));
            assertEquals(OK, send(rig, START));
        }
    }

    // ── Parameters ─────────────────────────────────────────────────────────

    private static int set(SoundRig rig, int buffer, int period, int features, int channels, int format, int rate) {
        return rig.request(setParams(0, buffer, period, features, channels, format, rate), 0).status();
    }

    @Test
    @HostileCase("SN-5")
    void impossible_parameters_are_refused_and_the_stream_is_as_before() {
        PcmStreamInfo info = PcmStreamInfo.output().channels(2, 4).formats(Set.of(PcmFormat.S16, PcmFormat.U8))
                .rates(Set.of(PcmRate.HZ_8000)).features(Set.of(PcmFeature.EVT_XRUNS));
        try (SoundRig rig = SoundRig.of(SoundDevice.builder().output(info, backend.output()))) {
            assertEquals(OK, set(rig, 640, 160, SoundRig.XRUNS, 2, 5, 1));
            assertEquals(BAD_MSG, set(rig, 640, 0, 0, 2, 5, 1));
            assertEquals(BAD_MSG, set(rig, 0, 0, 0, 2, 5, 1));
            assertEquals(BAD_MSG, set(rig, 0, 160, 0, 2, 5, 1));
            assertEquals(BAD_MSG, set(rig, 160, 320, 0, 2, 5, 1));
            assertEquals(BAD_MSG, set(rig, 640, 600, 0, 2, 5, 1));
            assertEquals(BAD_MSG, set(rig, 642, 321, 0, 2, 5, 1)); // no whole frames
            assertEquals(BAD_MSG, set(rig, -1, 160, 0, 2, 5, 1)); // 2^32 - 1
            assertEquals(NOT_SUPP, set(rig, 0xFFFF_FFA0, 160, 0, 2, 5, 1));
            assertEquals(NOT_SUPP, set(rig, (16 << 20) + 16, (16 << 20) + 16, 0, 2, 5, 1));
            assertEquals(OK, set(rig, 16 << 20, 16 << 20, 0, 2, 5, 1));
            for (int format = 0; format < 256; format++) {
                int expected = format == 4 || format == 5 ? OK : format < 25 ? NOT_SUPP : BAD_MSG;
                assertEquals(expected, set(rig, 640, 160, 0, 2, format, 1), "format " + format);
            }
            for (int rate = 0; rate < 256; rate++) {
                int expected = rate == 1 ? OK : rate < 16 ? NOT_SUPP : BAD_MSG;
                assertEquals(expected, set(rig, 640, 160, 0, 2, 5, rate), "rate " + rate);
            }
            for (int channels = 0; channels < 256; channels++) {
                int expected = channels == 0 ? BAD_MSG : channels < 2 || channels > 4 ? NOT_SUPP : OK;
                assertEquals(expected, set(rig, 960, 240, 0, channels, 5, 1), "channels " + channels);
            }
            for (int bit = 0; bit < 32; bit++) {
                int expected = bit == 4 ? OK : bit < 5 ? NOT_SUPP : BAD_MSG;
                assertEquals(expected, set(rig, 640, 160, 1 << bit, 2, 5, 1), "feature " + bit);
            }
            byte[] padded = setParams(0, 640, 160, 0, 2, 5, 1);
            padded[23] = 1;
            rig.request(padded, 0).failed(BAD_MSG);
            rig.succeed(PREPARE, 0);
            HostileCases.count("SN-5", 256 + 256 + 256 + 32 + 10);
        }
    }

    @Test
    void shared_memory_cannot_be_selected() {
        try (SoundRig rig = start()) {
            assertEquals(NOT_SUPP, set(rig, 640, 160, 1, 1, 5, 1));
            assertEquals(NOT_SUPP, set(rig, 640, 160, 2, 1, 5, 1));
        }
    }

    static Stream<PcmFormat> formats() {
        return PcmFormat.wholeBytes().stream();
    }

    @ParameterizedTest
    @MethodSource("formats")
    @Normative("SND-5")
    void every_format_is_played_at_every_rate_from_a_buffer_of_any_size(PcmFormat format) {
        try (SoundRig rig = start()) {
            for (PcmRate rate : EnumSet.allOf(PcmRate.class)) {
                int period = rate.hertz() / 100 * 2 * format.bytes();
                assertEquals(OK, set(rig, 8 * period, period, 0, 2, format.ordinal(), rate.ordinal()));
                rig.succeed(PREPARE, 0);
                Submitted whole = rig.play(0, frames(8 * period, rate.ordinal()));
                rig.succeed(START, 0);
                rig.pass(79);
                assertFalse(rig.isUsed(whole));
                rig.pass(1);
                assertTrue(rig.isUsed(whole), format + " " + rate);
                assertEquals(OK, SoundRig.status(whole));
                assertEquals(8 * period, backend.played.size());
                backend.played.reset();
                rig.succeed(STOP, 0);
                rig.succeed(RELEASE, 0);
            }
        }
    }

    // ── Release ────────────────────────────────────────────────────────────

    @Test
    @Normative({"SND-6", "SND-7"})
    void a_release_returns_every_message_before_it_is_answered() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            Submitted noticed = rig.play(0, frames(160, 0));
            rig.succeed(START, 0);
            rig.pass(3);
            rig.succeed(STOP, 0);
            Submitted alsoNoticed = rig.play(0, frames(160, 1));
            Submitted unnoticed = rig.tx().add(SoundRig.message(0, frames(160, 2)), 8);
            rig.tx().publish();
            Submitted release = rig.control().submit(SoundRig.words(RELEASE, 0), 4);
            for (int turn = 0; !release.isUsed(); turn++) {
                rig.driver().instance().poll(1);
                rig.control().collect();
                if (release.isUsed()) {
                    assertEquals(3, rig.tx().collect());
                }
                assertTrue(turn < 100);
            }
            for (Submitted each : List.of(noticed, alsoNoticed, unnoticed)) {
                assertEquals(IO_ERR, SoundRig.status(each));
            }
            assertEquals(3, rig.count(SoundCounter.RELEASED));
        }
    }

    @Test
    void messages_for_a_stream_that_is_not_prepared_are_refused() {
        try (SoundRig rig = start()) {
            for (int command : new int[] {0, SET, PREPARE, RELEASE}) {
                if (command != 0) {
                    assertEquals(OK, send(rig, command));
                }
                Submitted message = rig.play(0, frames(160, 0));
                assertEquals(command != PREPARE, rig.isUsed(message));
            }
            assertEquals(3, rig.count(SoundCounter.MESSAGE_ERRORS));
        }
    }

    @Test
    void new_parameters_return_messages_that_were_prepared_for_others() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            Submitted message = rig.play(0, frames(160, 0));
            assertEquals(OK, send(rig, SET));
            assertTrue(rig.isUsed(message));
            assertEquals(IO_ERR, SoundRig.status(message));
        }
    }

    /** Streams are commanded even while the queue of their messages is being reset. */
    @Test
    void commands_need_no_queue_of_messages() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            rig.play(0, frames(160, 0));
            rig.driver().resetQueue(2);
            rig.succeed(START, 0);
            rig.succeed(STOP, 0);
            rig.succeed(RELEASE, 0);
            rig.prepare(0);
            rig.succeed(START, 0);
            rig.driver().setUpQueue(2).mayKeepBuffers();
            Submitted message = rig.play(0, frames(160, 1));
            rig.pass(11);
            assertTrue(rig.isUsed(message));
            assertEquals(OK, SoundRig.status(message));
        }
    }

    @Test
    void a_command_whose_queue_stops_meanwhile_is_answered() {
        try (SoundRig rig = start()) {
            rig.prepare(0);
            Submitted begun = rig.control().submit(SoundRig.words(START, 0), 4);
            rig.driver().instance().poll(1);
            rig.driver().resetQueue(2);
            rig.control().await(begun);
            assertEquals(OK, SoundRig.word(begun.written(), 0));
        }
    }

    @Test
    void several_requests_at_once_are_answered_in_order() {
        try (SoundRig rig = start()) {
            byte[] set = setParams(0, 640, 160, 0, 1, SoundRig.S16, SoundRig.HZ_8000);
            List<Submitted> all = List.of(rig.control().add(set, 4),
                    rig.control().add(SoundRig.words(PREPARE, 0), 4), rig.control().add(SoundRig.words(START, 0), 4),
                    rig.control().add(SoundRig.words(STOP, 0), 4), rig.control().add(SoundRig.words(RELEASE, 0), 4));
            rig.control().publish();
            rig.control().kick();
            rig.control().awaitAll();
            all.forEach(each -> assertEquals(OK, SoundRig.word(each.written(), 0)));
        }
    }

    @Test
    void nowhere_and_silence_take_every_format() {
        try (SoundRig rig = SoundRig.of(SoundDevice.builder().output(PcmOutput.nowhere()))) {
            rig.prepare(0);
            Submitted message = rig.play(0, frames(160, 0));
            rig.succeed(START, 0);
            rig.pass(10);
            assertTrue(rig.isUsed(message));
            assertEquals(0, SoundRig.latency(message));
        }
    }
}
