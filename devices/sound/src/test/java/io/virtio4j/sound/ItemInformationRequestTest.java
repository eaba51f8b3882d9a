// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static io.virtio4j.sound.SoundRig.BAD_MSG;
import static io.virtio4j.sound.SoundRig.CHMAP_INFO;
import static io.virtio4j.sound.SoundRig.CTL_INFO;
import static io.virtio4j.sound.SoundRig.JACK_INFO;
import static io.virtio4j.sound.SoundRig.NOT_SUPP;
import static io.virtio4j.sound.SoundRig.PCM_INFO;
import static io.virtio4j.sound.SoundRig.word;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.sound.backend.ToneInput;
import io.virtio4j.sound.pcm.PcmDirection;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmInput;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.sound.pcm.PcmRate;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the driver can ask about what there is. [Device Operation / Item Information Request] */
class ItemInformationRequestTest {

    private static final long DEFINED_FORMATS = (1L << 25) - 1;
    private static final long DEFINED_RATES = (1L << 16) - 1;

    private static SoundDeviceBuilder card() {
        return SoundDevice.builder()
                .output(PcmOutput.nowhere())
                .input(PcmStreamInfo.input().node(3).channels(2, 6).rates(Set.of(PcmRate.HZ_24000, PcmRate.HZ_8000))
                        .formats(Set.of(PcmFormat.S16, PcmFormat.IEC958_SUBFRAME)).features(Set.of()),
                        ToneInput.sine(440))
                .jack(Jack.headphones())
                .jack(new Jack(7, 0x1234_5678, 0x9ABC_DEF0, false))
                .channelMap(ChannelMap.output(ChannelPosition.FL, ChannelPosition.FR))
                .channelMap(new ChannelMap(2, PcmDirection.INPUT,
                        Collections.nCopies(ChannelMap.MOST_CHANNELS, ChannelPosition.BRC)))
                .control(ControlElement.integer("Volume", -5, 100, 5).node(9).index(3).count(2)
                        .role(ControlRole.GAIN, PcmDirection.INPUT).build())
                .control(ControlElement.integer64("Large", Long.MIN_VALUE, Long.MAX_VALUE, 0).readOnly().build())
                .control(ControlElement.enumerated("Choice", "a", "b", "c").build());
    }

    private static long longAt(byte[] bytes, int offset) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(offset);
    }

    private static void assertZero(byte[] bytes, int from, int to) {
        assertArrayEquals(new byte[to - from], Arrays.copyOfRange(bytes, from, to));
    }

    @Test
    @Normative({"SND-1", "SND-2"})
    void jacks_are_described_as_pins_of_high_definition_audio() {
        try (SoundRig rig = SoundRig.of(card())) {
            rig.device().jacks().getFirst().plug();
            byte[] info = rig.query(JACK_INFO, 0, 2, 24).payload();
            assertEquals(48, info.length);
            assertEquals(List.of(0, 1, 0x0221_0010, 0x1C),
                    List.of(word(info, 0), word(info, 4), word(info, 8), word(info, 12)));
            assertEquals(1, info[16]);
            assertZero(info, 17, 24);
            assertEquals(List.of(7, 0, 0x1234_5678, 0x9ABC_DEF0),
                    List.of(word(info, 24), word(info, 28), word(info, 32), word(info, 36)));
            assertZero(info, 40, 48);
        }
    }

    @Test
    @Normative({"SND-3", "SND-4"})
    void streams_say_what_they_can_do() {
        try (SoundRig rig = SoundRig.of(card())) {
            byte[] info = rig.query(PCM_INFO, 0, 2, 32).payload();
            assertEquals(64, info.length);
            assertEquals(0, word(info, 0));
            assertEquals(SoundRig.POLLING | SoundRig.XRUNS, word(info, 4));
            assertEquals(DEFINED_FORMATS & ~1, longAt(info, 8));
            assertEquals(DEFINED_RATES, longAt(info, 16));
            assertEquals(List.of(0, 1, 2), List.of((int) info[24], (int) info[25], (int) info[26]));
            assertZero(info, 27, 32);
            assertEquals(3, word(info, 32));
            assertEquals(0, word(info, 36));
            assertEquals(1L << 5, longAt(info, 40)); // a tone cannot be subframes
            assertEquals(1L << 1 | 1L << 15, longAt(info, 48));
            assertEquals(List.of(1, 2, 6), List.of((int) info[56], (int) info[57], (int) info[58]));
            assertZero(info, 59, 64);
        }
    }

    @Test
    @Normative({"SND-10", "SND-11"})
    void channel_maps_have_a_direction_and_at_most_eighteen_positions() {
        try (SoundRig rig = SoundRig.of(card())) {
            byte[] info = rig.query(CHMAP_INFO, 0, 2, 24).payload();
            assertEquals(48, info.length);
            assertEquals(0, word(info, 0));
            assertEquals(List.of(0, 2, 3, 4), List.of((int) info[4], (int) info[5], (int) info[6], (int) info[7]));
            assertZero(info, 8, 24);
            assertEquals(2, word(info, 24));
            assertEquals(List.of(1, 18), List.of((int) info[28], (int) info[29]));
            assertEquals(36, info[47]);
        }
        assertThrows(IllegalArgumentException.class, () -> new ChannelMap(0, PcmDirection.OUTPUT, List.of()));
        assertThrows(IllegalArgumentException.class, () -> new ChannelMap(0, PcmDirection.OUTPUT,
                Collections.nCopies(19, ChannelPosition.FL)));
    }

    /** The specification packs the structure, Linux aligns its last field: the size tells which one is meant. */
    @Test
    @Normative({"SND-12", "SND-13", "SND-14"})
    void control_elements_are_described_in_both_layouts() {
        try (SoundRig rig = SoundRig.of(card())) {
            for (int size : new int[] {92, 96, 100}) {
                int value = size == 92 ? 68 : 72;
                byte[] info = rig.query(CTL_INFO, 0, 3, size).payload();
                assertEquals(3 * size, info.length);
                assertEquals(List.of(9, 3 << 1 | 1, 1, 3, 2, 3), List.of(word(info, 0), word(info, 4), word(info, 8),
                        word(info, 12), word(info, 16), word(info, 20)));
                assertEquals("Volume", new String(info, 24, 6, StandardCharsets.US_ASCII));
                assertZero(info, 30, value);
                assertEquals(List.of(-5, 100, 5),
                        List.of(word(info, value), word(info, value + 4), word(info, value + 8)));
                assertZero(info, value + 12, size);
                assertEquals(List.of(0, 0, 2, 1, 1, 0), List.of(word(info, size), word(info, size + 4),
                        word(info, size + 8), word(info, size + 12), word(info, size + 16), word(info, size + 20)));
                assertEquals(Long.MIN_VALUE, longAt(info, size + value));
                assertEquals(Long.MAX_VALUE, longAt(info, size + value + 8));
                assertEquals(3, word(info, 2 * size + 8));
                assertEquals(3, word(info, 2 * size + value));
            }
        }
    }

    @Test
    void a_part_of_the_items_can_be_asked_for() {
        try (SoundRig rig = SoundRig.of(card())) {
            byte[] all = rig.query(PCM_INFO, 0, 2, 32).payload();
            assertArrayEquals(Arrays.copyOfRange(all, 32, 64), rig.query(PCM_INFO, 1, 1, 32).payload());
            assertEquals(0, rig.query(PCM_INFO, 2, 0, 32).payload().length);
        }
    }

    /** A driver of the future has larger structures: what it knows beyond is 0. */
    @Test
    void larger_structures_are_filled_with_zeros() {
        try (SoundRig rig = SoundRig.of(card())) {
            byte[] known = rig.query(JACK_INFO, 0, 1, 24).payload();
            byte[] larger = rig.query(JACK_INFO, 0, 1, 256).payload();
            assertArrayEquals(Arrays.copyOf(known, 256), larger);
        }
    }

    @Test
    @HostileCase("SN-1")
    void impossible_queries_are_refused() {
        int[] starts = {0, 1, 2, 3, 4, 0x7FFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFE};
        int[] counts = {0, 1, 4, 0x8000_0000, 0xFFFF_FFFF, 0x0AAA_AAAB};
        int[] sizes = {0, 1, 23, 24, 91, 93, 95, 257, 65_536, 0x7FFF_FFFF, 0xFFFF_FFFF};
        int refused = 0;
        try (SoundRig rig = SoundRig.of(card())) {
            for (int code : new int[] {JACK_INFO, PCM_INFO, CHMAP_INFO, CTL_INFO}) {
                int total = code == CTL_INFO ? 3 : 2;
                int least = code == PCM_INFO ? 32 : code == CTL_INFO ? 96 : 24;
                for (int start : starts) {
                    for (int count : counts) {
                        for (int size : sizes) {
                            boolean good = (start & 0xFFFF_FFFFL) + (count & 0xFFFF_FFFFL) <= total
                                    && size >= least && size <= 256;
                            if (!good) {
                                rig.request(SoundRig.words(code, start, count, size), 512).failed(BAD_MSG);
                                refused++;
                            }
                        }
                    }
                }
                // > MUST provide a buffer of sizeof(struct virtio_snd_hdr) + count * size bytes
                rig.request(SoundRig.words(code, 0, 2, least), 2 * least - 1).failed(BAD_MSG);
                rig.request(SoundRig.words(code, 0, 2, least), 0).failed(BAD_MSG);
            }
            assertEquals(2, rig.query(PCM_INFO, 0, 2, 32).payload().length / 32);
        }
        HostileCases.count("SN-1", refused);
    }

    @Test
    void the_configuration_counts_everything() {
        try (SoundRig rig = SoundRig.of(card())) {
            for (int i = 0; i < 4; i++) {
                assertEquals(new int[] {2, 2, 2, 3}[i], rig.driver().port().readConfig(4 * i, 4));
            }
            assertTrue(rig.driver().offered().has(SoundFeature.CTLS));
        }
    }

    @Test
    void without_the_feature_there_are_no_control_elements() {
        try (SoundRig rig = SoundRig.of(card(), DriverOptions.split().without(SoundFeature.CTLS))) {
            rig.query(CTL_INFO, 0, 1, 92).failed(NOT_SUPP);
            for (int code = SoundRig.CTL_ENUM_ITEMS; code <= SoundRig.CTL_TLV_COMMAND; code++) {
                rig.request(SoundRig.words(code, 0, 0, 0), 512).failed(NOT_SUPP);
            }
        }
        try (SoundRig rig = SoundRig.of(SoundDevice.builder().input(PcmInput.silence()))) {
            assertTrue(!rig.driver().offered().has(SoundFeature.CTLS));
        }
    }

    @Test
    void what_cannot_be_offered_fails_at_construction() {
        assertThrows(IllegalArgumentException.class,
                () -> PcmStreamInfo.output().features(Set.of(PcmFeature.SHMEM_HOST)));
        assertThrows(IllegalArgumentException.class,
                () -> PcmStreamInfo.output().features(Set.of(PcmFeature.SHMEM_GUEST)));
        assertThrows(IllegalArgumentException.class, () -> PcmStreamInfo.output().formats(Set.of()));
        assertThrows(IllegalArgumentException.class, () -> PcmStreamInfo.output().rates(Set.of()));
        assertThrows(IllegalArgumentException.class, () -> PcmStreamInfo.output().channels(0, 2));
        assertThrows(IllegalArgumentException.class, () -> PcmStreamInfo.output().channels(3, 2));
        assertThrows(IllegalArgumentException.class, () -> PcmStreamInfo.output().channels(1, 256));
        assertThrows(IllegalArgumentException.class,
                () -> PcmStreamInfo.output().formats(Set.of(PcmFormat.IMA_ADPCM)));
        assertThrows(IllegalArgumentException.class, () -> SoundDevice.builder()
                .input(PcmStreamInfo.input().formats(Set.of(PcmFormat.DSD_U8)), ToneInput.sine(1)));
        assertThrows(IllegalArgumentException.class,
                () -> SoundDevice.builder().input(PcmStreamInfo.output(), PcmInput.silence()));
    }
}
