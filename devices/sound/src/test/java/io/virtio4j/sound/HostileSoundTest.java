// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static io.virtio4j.sound.SoundRig.BAD_MSG;
import static io.virtio4j.sound.SoundRig.IO_ERR;
import static io.virtio4j.sound.SoundRig.NOT_SUPP;
import static io.virtio4j.sound.SoundRig.OK;
import static io.virtio4j.sound.SoundRig.RELEASE;
import static io.virtio4j.sound.SoundRig.START;
import static io.virtio4j.sound.SoundRig.STOP;
import static io.virtio4j.sound.SoundRig.frames;
import static io.virtio4j.sound.SoundRig.words;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests and messages that no honest driver sends, with both rings, direct and indirect. */
@ParameterizedClass(name = "{0}")
@MethodSource("drivers")
class HostileSoundTest {

    private static final int OUTPUT = 0;
    private static final int INPUT = 1;
    private static final long NOWHERE = 0xDEAD_0000L;

    @Parameter
    private DriverOptions options;

    private final RecordingBackend played = new RecordingBackend();
    private final RecordingBackend recorded = new RecordingBackend();
    private SoundRig rig;

    static Stream<DriverOptions> drivers() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed()).flatMap(options ->
                Stream.of(options.layout(Layout.AS_LINUX), options.layout(Layout.INDIRECT)));
    }

    @BeforeEach
    void start() {
        rig = SoundRig.of(SoundDevice.builder().output(played.output()).input(recorded.input())
                .control(ControlElement.toggle("Switch").build()), options);
        rig.prepare(OUTPUT);
        rig.prepare(INPUT);
    }

    /** Whatever came before: both streams run. */
    @AfterEach
    void the_streams_run() {
        Submitted out = rig.play(OUTPUT, frames(160, 1));
        Submitted in = rig.record(INPUT, 160);
        rig.succeed(START, OUTPUT);
        rig.succeed(START, INPUT);
        rig.pass(10);
        assertTrue(rig.isUsed(out));
        assertTrue(rig.isUsed(in));
        assertEquals(OK, SoundRig.status(out));
        assertEquals(OK, SoundRig.status(in));
        rig.close();
    }

    private void assertRefused(Submitted message) {
        assertTrue(rig.isUsed(message));
        assertEquals(IO_ERR, SoundRig.status(message));
        assertEquals(8, message.usedLength());
        byte[] writable = message.writable();
        for (int i = 0; i < writable.length - 8; i++) {
            assertEquals(Submitted.UNTOUCHED, writable[i]);
        }
    }

    private void assertReturnedEmpty(Submitted message) {
        assertTrue(rig.isUsed(message));
        assertEquals(0, message.usedLength());
    }

    // ── Streams ────────────────────────────────────────────────────────────

    @Test
    @HostileCase("SN-2")
    void streams_that_do_not_exist_are_refused() {
        int[] ids = {2, 3, 255, 65_535, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF};
        for (int id : ids) {
            for (int code = SoundRig.SET_PARAMS; code <= STOP; code++) {
                byte[] request = SoundRig.setParams(id, 640, 160, 0, 1, SoundRig.S16, SoundRig.HZ_8000);
                request[0] = (byte) code;
                rig.request(request, 0).failed(BAD_MSG);
            }
            assertRefused(rig.play(id, frames(160, 0)));
            assertRefused(rig.record(id, 160));
        }
        HostileCases.count("SN-2", ids.length * 7 - 1);
    }

    @Test
    @HostileCase("SN-2")
    void streams_of_the_other_direction_are_refused() {
        assertRefused(rig.play(INPUT, frames(160, 0)));
        assertRefused(rig.record(OUTPUT, 160));
    }

    // ── Messages ───────────────────────────────────────────────────────────

    @Test
    @HostileCase("SN-4")
    void capture_buffers_no_larger_than_the_status_are_refused() {
        assertRefused(rig.record(INPUT, 0));
        for (int room = 1; room < 8; room++) {
            Submitted tiny = rig.rx().submit(words(INPUT), room);
            rig.driver().runDevice();
            assertReturnedEmpty(tiny);
        }
        Submitted none = rig.rx().submit(words(INPUT), 0);
        rig.driver().runDevice();
        assertReturnedEmpty(none);
        HostileCases.count("SN-4", 8);
    }

    @Test
    @HostileCase("SN-4")
    void messages_that_are_no_whole_frames_are_refused() {
        assertRefused(rig.record(INPUT, 1));
        assertRefused(rig.record(INPUT, 159));
        assertRefused(rig.play(OUTPUT, new byte[0]));
        assertRefused(rig.play(OUTPUT, frames(159, 0)));
    }

    @Test
    void messages_longer_than_the_buffer_are_refused() {
        assertRefused(rig.play(OUTPUT, frames(642, 0)));
        assertRefused(rig.record(INPUT, 642));
    }

    /** The same page of memory again and again: 4 GiB is cheap for a driver to claim. */
    @Test
    @HostileCase("SN-4")
    void messages_of_gigabytes_cost_nothing() {
        GuestBuffer page = rig.driver().ram().allocate(1 << 20);
        for (boolean writable : new boolean[] {false, true}) {
            GuestBuffer header = rig.driver().ram().allocate(4);
            header.write(0, words(writable ? INPUT : OUTPUT));
            GuestBuffer status = rig.driver().ram().allocate(8);
            List<Descriptor> descriptors = new ArrayList<>();
            descriptors.add(new Descriptor(header.address(), 4, false));
            for (int i = 0; i < 30; i++) {
                descriptors.add(new Descriptor(page.address(), i == 29 ? 0x7FFF_0000L : 1 << 20, writable));
            }
            descriptors.add(new Descriptor(status.address(), 8, true));
            Submitted message = submit(writable, descriptors);
            assertTrue(rig.isUsed(message));
            assertEquals(8, message.usedLength());
            assertEquals(IO_ERR, SoundRig.word(status.bytes(), 0));
        }
    }

    private Submitted submit(boolean toRx, List<Descriptor> descriptors) {
        var queue = toRx ? rig.rx() : rig.tx();
        Submitted message = queue.add(descriptors,
                options.layout() == Layout.INDIRECT ? 0 : descriptors.size());
        queue.publish();
        queue.kick();
        return message;
    }

    @Test
    void messages_without_a_header_or_with_too_much_are_refused() {
        Submitted headless = rig.tx().submit(new byte[3], 8);
        rig.driver().runDevice();
        assertRefused(headless);
        Submitted writable = rig.tx().submit(SoundRig.message(OUTPUT, frames(160, 0)), 16);
        rig.driver().runDevice();
        assertRefused(writable);
        Submitted readable = rig.rx().submit(SoundRig.message(INPUT, frames(160, 0)), 168);
        rig.driver().runDevice();
        assertRefused(readable);
        Submitted statusless = rig.tx().submit(SoundRig.message(OUTPUT, frames(160, 0)), 7);
        rig.driver().runDevice();
        assertReturnedEmpty(statusless);
    }

    @Test
    void messages_that_are_not_in_memory_are_answered_where_that_can_be() {
        GuestBuffer header = rig.driver().ram().allocate(4);
        GuestBuffer status = rig.driver().ram().allocate(8);
        for (boolean capture : new boolean[] {false, true}) {
            header.write(0, words(capture ? INPUT : OUTPUT));
            Submitted data = submit(capture, List.of(new Descriptor(header.address(), 4, false),
                    new Descriptor(NOWHERE, 160, capture), new Descriptor(status.address(), 8, true)));
            assertTrue(rig.isUsed(data));
            assertEquals(8, data.usedLength());
            assertEquals(IO_ERR, SoundRig.word(status.bytes(), 0));
            Submitted lost = submit(capture, List.of(new Descriptor(header.address(), 4, false),
                    new Descriptor(NOWHERE, capture ? 168 : 160, capture), new Descriptor(NOWHERE, 8, true)));
            assertReturnedEmpty(lost);
        }
    }

    // ── Requests ───────────────────────────────────────────────────────────

    @Test
    void requests_that_do_not_exist_are_not_supported() {
        int[] codes = {0, 3, 0xFF, 0x106, 0x201, 0x307, 0x1000, 0x1100, 0x8000, 0x7FFF_FFFF, 0xFFFF_FFFF};
        for (int code : codes) {
            rig.request(words(code, 0, 0, 0), 64).failed(NOT_SUPP);
        }
    }

    @Test
    void requests_that_are_too_short_are_bad() {
        int[] codes = {1, 2, 0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x200, 0x300, 0x301, 0x302, 0x303};
        for (int code : codes) {
            for (int length = 1; length < 8; length++) {
                rig.request(java.util.Arrays.copyOf(words(code, 0), length), 64).failed(BAD_MSG);
            }
        }
        for (int room = 1; room < 4; room++) {
            Submitted noRoom = rig.control().exchange(words(SoundRig.PCM_INFO, 0, 0, 32), room);
            assertEquals(0, noRoom.usedLength());
        }
    }

    /** Ten thousand changes of state do not make the device keep anything. */
    @Test
    void a_driver_may_change_its_mind_again_and_again() {
        for (int i = 0; i < 2_000; i++) {
            rig.succeed(START, OUTPUT);
            rig.succeed(STOP, OUTPUT);
            rig.succeed(RELEASE, OUTPUT);
            rig.succeed(SoundRig.PREPARE, OUTPUT);
        }
        long opened = played.seen.stream().filter("open"::equals).count();
        long closed = played.seen.stream().filter("close"::equals).count();
        assertEquals(opened - 1, closed);
    }
}
