// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static io.virtio4j.sound.SoundRig.BAD_MSG;
import static io.virtio4j.sound.SoundRig.CTL_ENUM_ITEMS;
import static io.virtio4j.sound.SoundRig.CTL_READ;
import static io.virtio4j.sound.SoundRig.CTL_TLV_COMMAND;
import static io.virtio4j.sound.SoundRig.CTL_TLV_READ;
import static io.virtio4j.sound.SoundRig.CTL_TLV_WRITE;
import static io.virtio4j.sound.SoundRig.CTL_WRITE;
import static io.virtio4j.sound.SoundRig.IO_ERR;
import static io.virtio4j.sound.SoundRig.NOT_SUPP;
import static io.virtio4j.sound.SoundRig.OK;
import static io.virtio4j.sound.SoundRig.words;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.testkit.conformance.Normative;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Volumes, switches, choices. [Control Elements] */
class ControlElementTest {

    private static final int VOLUME = 0;
    private static final int SWITCH = 1;
    private static final int LARGE = 2;
    private static final int CHOICE = 3;
    private static final int BYTES = 4;
    private static final int DIGITAL = 5;
    private static final int METER = 6;
    private static final int SECRET = 7;

    private final List<String> written = new ArrayList<>();
    private final List<String> commands = new ArrayList<>();
    private long meter = 17;

    private final ControlElement volume = ControlElement.integer("Volume", -10, 50, 5).count(2).initially(20, 30)
            .decibels(-5000, 100, true).onWrite(element -> written.add(Arrays.toString(element.values()))).build();
    private final ControlElement toggle = ControlElement.toggle("Switch").build();
    private final ControlElement large = ControlElement.integer64("Large", -1L << 40, 1L << 40, 1).build();
    private final ControlElement choice = ControlElement.enumerated("Choice", "Mic", "Line", "x".repeat(63)).build();
    private final ControlElement bytes = ControlElement.bytes("Bytes", 5).writableTlv(16)
            .onTlvCommand((type, value) -> type < 100 && commands.add(type + Arrays.toString(value))).build();
    private final ControlElement digital = ControlElement.iec958("Digital").build();
    private final ControlElement shown = ControlElement.integer("Meter", 0, 100, 0).readOnly()
            .volatileValues(() -> new long[] {meter}).build();
    private final ControlElement secret = ControlElement.integer("Secret", 0, 9, 1).writeOnly().build();

    private SoundRig start() {
        SoundDeviceBuilder builder = SoundDevice.builder();
        List.of(volume, toggle, large, choice, bytes, digital, shown, secret).forEach(builder::control);
        return SoundRig.of(builder);
    }

    private static byte[] le64(long value) {
        return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    }

    /** A request with more bytes after its words. */
    private static byte[] with(byte[] more, int... words) {
        byte[] head = words(words);
        byte[] all = Arrays.copyOf(head, head.length + more.length);
        System.arraycopy(more, 0, all, head.length, more.length);
        return all;
    }

    private static byte[] read(SoundRig rig, int control) {
        return rig.request(words(CTL_READ, control), 512).payload();
    }

    private static SoundRig.Reply write(SoundRig rig, int control, byte[] value) {
        return rig.request(with(value, CTL_WRITE, control), 0);
    }

    // ── Value ──────────────────────────────────────────────────────────────

    @Test
    void values_of_every_type_are_read_and_written() {
        try (SoundRig rig = start()) {
            assertArrayEquals(words(20, 30), read(rig, VOLUME));
            assertEquals(OK, write(rig, VOLUME, words(-10, 50)).status());
            assertArrayEquals(words(-10, 50), read(rig, VOLUME));
            assertArrayEquals(new long[] {-10, 50}, volume.values());
            assertEquals(List.of("[-10, 50]"), written);

            assertEquals(OK, write(rig, SWITCH, words(1)).status());
            assertEquals(1, toggle.value());
            assertEquals(OK, write(rig, LARGE, le64(-1L << 40)).status());
            assertEquals(-1L << 40, large.value());
            assertArrayEquals(le64(-1L << 40), read(rig, LARGE));
            assertEquals(OK, write(rig, CHOICE, words(2)).status());
            assertEquals(2, choice.value());
            assertEquals(OK, write(rig, BYTES, new byte[] {1, 2, 3, 4, -1}).status());
            assertArrayEquals(new byte[] {1, 2, 3, 4, -1}, bytes.bytes());
            byte[] status = new byte[176];
            for (int i = 0; i < status.length; i++) {
                status[i] = (byte) i;
            }
            assertEquals(OK, write(rig, DIGITAL, status).status());
            assertArrayEquals(status, digital.bytes());
            assertArrayEquals(status, read(rig, DIGITAL));
        }
    }

    /** Linux sends the whole union, whatever the element's value needs. */
    @Test
    void a_request_may_have_room_for_the_largest_value() {
        try (SoundRig rig = start()) {
            assertEquals(OK, write(rig, VOLUME, Arrays.copyOf(words(0, 5), 512)).status());
            assertArrayEquals(new long[] {0, 5}, volume.values());
        }
    }

    @Test
    void values_that_cannot_be_are_refused_and_change_nothing() {
        try (SoundRig rig = start()) {
            write(rig, VOLUME, words(-15, 0)).failed(BAD_MSG);
            write(rig, VOLUME, words(0, 55)).failed(BAD_MSG);
            write(rig, VOLUME, words(1, 0)).failed(BAD_MSG); // between two steps
            write(rig, VOLUME, words(0)).failed(BAD_MSG);
            write(rig, SWITCH, words(2)).failed(BAD_MSG);
            write(rig, CHOICE, words(3)).failed(BAD_MSG);
            write(rig, CHOICE, words(-1)).failed(BAD_MSG);
            write(rig, LARGE, le64(1L << 41)).failed(BAD_MSG);
            write(rig, BYTES, new byte[4]).failed(BAD_MSG);
            write(rig, DIGITAL, new byte[175]).failed(BAD_MSG);
            rig.request(words(CTL_READ, VOLUME), 7).failed(BAD_MSG);
            rig.request(words(CTL_READ, 8), 512).failed(BAD_MSG);
            rig.request(words(CTL_READ, -1), 512).failed(BAD_MSG);
            assertArrayEquals(new long[] {20, 30}, volume.values());
            assertEquals(List.of(), written);
        }
    }

    @Test
    void access_rights_hold() {
        try (SoundRig rig = start()) {
            write(rig, METER, words(1)).failed(NOT_SUPP);
            rig.request(words(CTL_READ, SECRET), 512).failed(NOT_SUPP);
            assertEquals(OK, write(rig, SECRET, words(5)).status());
            assertEquals(5, secret.value());
            rig.request(words(CTL_TLV_READ, SWITCH), 512).failed(NOT_SUPP);
            rig.request(words(CTL_TLV_WRITE, VOLUME, 1, 0), 0).failed(NOT_SUPP);
            rig.request(words(CTL_TLV_COMMAND, VOLUME, 1, 0), 0).failed(NOT_SUPP);
        }
    }

    @Test
    void a_volatile_value_is_asked_for_whenever_it_is_read() {
        try (SoundRig rig = start()) {
            assertArrayEquals(words(17), read(rig, METER));
            meter = 99;
            assertArrayEquals(words(99), read(rig, METER));
            meter = 101; // out of range: the embedder's mistake
            rig.request(words(CTL_READ, METER), 512).failed(IO_ERR);
            assertEquals(1, rig.count(SoundCounter.BACKEND_ERRORS));
        }
    }

    @Test
    void a_reset_returns_to_what_the_embedder_set() {
        try (SoundRig rig = start()) {
            volume.set(40, 45);
            assertEquals(OK, write(rig, VOLUME, words(0, 0)).status());
            rig.driver().start();
            assertArrayEquals(words(40, 45), read(rig, VOLUME));
            assertEquals(List.of("[0, 0]", "[40, 45]"), written);
        }
    }

    // ── Enumerated ─────────────────────────────────────────────────────────

    @Test
    @Normative("SND-14")
    void items_are_listed() {
        try (SoundRig rig = start()) {
            byte[] items = rig.request(words(CTL_ENUM_ITEMS, CHOICE), 192).payload();
            assertEquals(192, items.length);
            assertEquals("Mic\0", new String(items, 0, 4, StandardCharsets.US_ASCII));
            assertEquals("Line\0", new String(items, 64, 5, StandardCharsets.US_ASCII));
            assertEquals(0, items[191]);
            rig.request(words(CTL_ENUM_ITEMS, CHOICE), 191).failed(BAD_MSG);
            rig.request(words(CTL_ENUM_ITEMS, VOLUME), 192).failed(NOT_SUPP);
        }
    }

    // ── Metadata ───────────────────────────────────────────────────────────

    @Test
    void the_range_in_decibels_is_metadata_as_alsa_has_it() {
        try (SoundRig rig = start()) {
            assertArrayEquals(words(1, 8, -5000, 0x1_0064), rig.request(words(CTL_TLV_READ, VOLUME), 16).payload());
        }
    }

    @Test
    @Normative("SND-16")
    void metadata_is_cut_to_the_room_that_there_is() {
        try (SoundRig rig = start()) {
            byte[] all = words(1, 8, -5000, 0x1_0064);
            for (int room = 0; room < 16; room++) {
                assertArrayEquals(Arrays.copyOf(all, room),
                        rig.request(words(CTL_TLV_READ, VOLUME), room).payload());
            }
            assertEquals(16, rig.request(words(CTL_TLV_READ, VOLUME), 1000).payload().length);
        }
    }

    @Test
    void metadata_is_written_as_far_as_the_element_keeps_it() {
        try (SoundRig rig = start()) {
            assertEquals(0, rig.request(words(CTL_TLV_READ, BYTES), 64).payload().length);
            assertEquals(OK, rig.request(words(CTL_TLV_WRITE, BYTES, 77, 12, 1, 2, 3), 0).status());
            assertArrayEquals(words(77, 12, 1, 2, 3), rig.request(words(CTL_TLV_READ, BYTES), 64).payload());
            assertArrayEquals(words(77, 12, 1, 2, 3), bytes.tlv());
            rig.request(words(CTL_TLV_WRITE, BYTES, 77, 20, 1, 2, 3, 4, 5), 0).failed(BAD_MSG);
            rig.request(words(CTL_TLV_WRITE, BYTES, 77, 12, 1, 2), 0).failed(BAD_MSG);
            rig.request(words(CTL_TLV_WRITE, BYTES, 77, 3, 1), 0).failed(BAD_MSG);
            rig.request(words(CTL_TLV_WRITE, BYTES, 77, -4, 1), 0).failed(BAD_MSG);
            rig.request(words(CTL_TLV_WRITE, BYTES, 77), 0).failed(BAD_MSG);
            assertArrayEquals(words(77, 12, 1, 2, 3), bytes.tlv());
            rig.driver().start();
            assertEquals(0, bytes.tlv().length);
        }
    }

    @Test
    void commands_are_executed_by_the_embedder() {
        try (SoundRig rig = start()) {
            assertEquals(OK, rig.request(words(CTL_TLV_COMMAND, BYTES, 5, 8, 6, 7), 0).status());
            rig.request(words(CTL_TLV_COMMAND, BYTES, 100, 0), 0).failed(NOT_SUPP);
            rig.request(with(new byte[65_540], CTL_TLV_COMMAND, BYTES, 5, 65_540), 0).failed(BAD_MSG);
            assertEquals(OK, rig.request(with(new byte[65_536], CTL_TLV_COMMAND, BYTES, 6, 65_536), 0).status());
            assertEquals("5[6, 7]", commands.getFirst());
            assertEquals(2, commands.size());
        }
    }

    // ── Notifications ──────────────────────────────────────────────────────

    @Test
    @Normative("SND-17")
    void the_driver_is_told_what_changed_of_what() {
        try (SoundRig rig = start()) {
            choice.set(1);
            assertEquals(new SoundRig.Event(0x1200, CHOICE | 1 << 16), rig.event());
            toggle.setActive(false);
            assertEquals(new SoundRig.Event(0x1200, SWITCH | 2 << 16), rig.event());
            volume.setTlv(1, -6000, 50);
            assertEquals(new SoundRig.Event(0x1200, VOLUME | 4 << 16), rig.event());
            assertArrayEquals(words(1, 8, -6000, 50), rig.request(words(CTL_TLV_READ, VOLUME), 16).payload());
            bytes.setBytes(new byte[] {5, 4, 3, 2, 1});
            assertEquals(new SoundRig.Event(0x1200, BYTES | 1 << 16), rig.event());
            int access = SoundRig.word(rig.query(SoundRig.CTL_INFO, SWITCH, 1, 92).payload(), 12);
            assertEquals(1 | 2 | 8, access);
        }
    }

    @Test
    void several_changes_become_one_event() {
        try (SoundRig rig = start()) {
            volume.set(0);
            volume.set(5);
            volume.setTlv(1, 0, 1);
            assertEquals(new SoundRig.Event(0x1200, VOLUME | 5 << 16), rig.event());
            assertFalse(rig.hasEvent(rig.giveEventBuffer()));
        }
    }

    @Test
    void nothing_is_told_of_what_the_driver_wrote_or_what_stays() {
        try (SoundRig rig = start()) {
            assertEquals(OK, write(rig, VOLUME, words(0, 0)).status());
            volume.set(0);
            toggle.setActive(true);
            assertFalse(rig.hasEvent(rig.giveEventBuffer()));
        }
    }

    // ── Construction ───────────────────────────────────────────────────────

    @Test
    @Normative({"SND-13", "SND-14", "SND-15"})
    void elements_that_cannot_be_fail_at_construction() {
        refused(() -> ControlElement.toggle(""));
        refused(() -> ControlElement.toggle("x".repeat(44)));
        refused(() -> ControlElement.toggle("Lautstärke"));
        refused(() -> ControlElement.toggle("a\0b"));
        refused(() -> ControlElement.enumerated("Choice"));
        refused(() -> ControlElement.enumerated("Choice", ""));
        refused(() -> ControlElement.enumerated("Choice", "x".repeat(64)));
        refused(() -> ControlElement.toggle("a").count(0));
        refused(() -> ControlElement.toggle("a").count(129));
        refused(() -> ControlElement.integer64("a", 0, 1, 1).count(65));
        refused(() -> ControlElement.bytes("a", 513));
        refused(() -> ControlElement.iec958("a").count(2));
        refused(() -> ControlElement.integer("a", 1, 0, 1));
        refused(() -> ControlElement.integer("a", 0, 1, 1).initially(2).build());
        refused(() -> ControlElement.bytes("a", 1).writableTlv(65_537));
        refused(() -> SoundDevice.builder().control(ControlElement.toggle("a").build())
                .control(ControlElement.integer("a", 0, 1, 1).build()).build());
        SoundDevice.builder().control(ControlElement.toggle("a").build())
                .control(ControlElement.toggle("a").index(1).build()).build();
        assertThrows(IllegalStateException.class, () -> digital.values());
        refused(() -> volume.set(1, 2, 3));
        refused(() -> bytes.setBytes(new byte[4]));
    }

    private static void refused(org.junit.jupiter.api.function.Executable what) {
        assertThrows(IllegalArgumentException.class, what);
    }
}
