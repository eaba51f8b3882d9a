// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.core.wire.U8;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** The information structures of items, as the driver sees them. What is not set is 0. */
final class ItemInfo {

    private ItemInfo() {}

    /** {@code struct virtio_snd_jack_info}. [VIRTIO_SND_R_JACK_INFO] */
    static final class JackInfo {
        private static final StructLayout LAYOUT = StructLayout.of("virtio_snd_jack_info");
        static final Le32 HDA_FN_NID = LAYOUT.le32("hda_fn_nid");
        static final Le32 FEATURES = LAYOUT.le32("features");
        static final Le32 HDA_REG_DEFCONF = LAYOUT.le32("hda_reg_defconf");
        static final Le32 HDA_REG_CAPS = LAYOUT.le32("hda_reg_caps");
        static final U8 CONNECTED = LAYOUT.u8("connected");
        static final int PADDING = LAYOUT.bytes("padding", 7); // zero
        static final int SIZE = LAYOUT.size(24);

        private static final int F_REMAP = 1;

        private JackInfo() {}

        static void encode(Jack jack, MemorySegment to) {
            HDA_FN_NID.set(to, 0, jack.node());
            FEATURES.set(to, 0, jack.isRemappable() ? F_REMAP : 0);
            HDA_REG_DEFCONF.set(to, 0, jack.defaultConfiguration());
            HDA_REG_CAPS.set(to, 0, jack.capabilities());
            CONNECTED.set(to, 0, jack.isConnected() ? 1 : 0);
        }
    }

    /** {@code struct virtio_snd_pcm_info}. [VIRTIO_SND_R_PCM_INFO] */
    static final class PcmInfo {
        private static final StructLayout LAYOUT = StructLayout.of("virtio_snd_pcm_info");
        static final Le32 HDA_FN_NID = LAYOUT.le32("hda_fn_nid");
        static final Le32 FEATURES = LAYOUT.le32("features");
        static final Le64 FORMATS = LAYOUT.le64("formats");
        static final Le64 RATES = LAYOUT.le64("rates");
        static final U8 DIRECTION = LAYOUT.u8("direction");
        static final U8 CHANNELS_MIN = LAYOUT.u8("channels_min");
        static final U8 CHANNELS_MAX = LAYOUT.u8("channels_max");
        static final int PADDING = LAYOUT.bytes("padding", 5); // zero
        static final int SIZE = LAYOUT.size(32);

        private PcmInfo() {}

        static void encode(PcmStreamInfo info, MemorySegment to) {
            HDA_FN_NID.set(to, 0, info.node());
            FEATURES.set(to, 0, info.featureBits());
            FORMATS.set(to, 0, info.formatBits());
            RATES.set(to, 0, info.rateBits());
            DIRECTION.set(to, 0, info.direction().ordinal());
            CHANNELS_MIN.set(to, 0, info.channelsMin());
            CHANNELS_MAX.set(to, 0, info.channelsMax());
        }
    }

    /** {@code struct virtio_snd_chmap_info}. [VIRTIO_SND_R_CHMAP_INFO] */
    static final class ChmapInfo {
        private static final StructLayout LAYOUT = StructLayout.of("virtio_snd_chmap_info");
        static final Le32 HDA_FN_NID = LAYOUT.le32("hda_fn_nid");
        static final U8 DIRECTION = LAYOUT.u8("direction");
        static final U8 CHANNELS = LAYOUT.u8("channels");
        static final int POSITIONS = LAYOUT.bytes("positions", ChannelMap.MOST_CHANNELS);
        static final int SIZE = LAYOUT.size(24);

        private ChmapInfo() {}

        static void encode(ChannelMap map, MemorySegment to) {
            HDA_FN_NID.set(to, 0, map.node());
            DIRECTION.set(to, 0, map.direction().ordinal());
            CHANNELS.set(to, 0, map.positions().size());
            for (int i = 0; i < map.positions().size(); i++) {
                new U8(POSITIONS + i).set(to, 0, map.positions().get(i).ordinal());
            }
        }
    }

    /**
     * {@code struct virtio_snd_ctl_info}. The specification packs it, so that its last field begins at 68; Linux
     * aligns that field to 8, so that it begins at 72. The driver says how large its structure is, and thereby
     * which one it has. [Control Elements / Query information]
     */
    static final class CtlInfo {
        static final int NAME_SIZE = 44;

        private static final StructLayout LAYOUT = StructLayout.of("virtio_snd_ctl_info");
        static final Le32 HDA_FN_NID = LAYOUT.le32("hda_fn_nid");
        static final Le32 ROLE = LAYOUT.le32("role");
        static final Le32 TYPE = LAYOUT.le32("type");
        static final Le32 ACCESS = LAYOUT.le32("access");
        static final Le32 COUNT = LAYOUT.le32("count");
        static final Le32 INDEX = LAYOUT.le32("index");
        static final int NAME = LAYOUT.bytes("name", NAME_SIZE);
        static final int VALUE = LAYOUT.bytes("value", 24);
        static final int SIZE = LAYOUT.size(92);

        static final int LINUX_VALUE = VALUE + 4;
        static final int LINUX_SIZE = SIZE + 4;

        private static final Le32 MIN = new Le32(0);
        private static final Le32 MAX = new Le32(4);
        private static final Le32 STEP = new Le32(8);
        private static final Le64 MIN64 = new Le64(0);
        private static final Le64 MAX64 = new Le64(8);
        private static final Le64 STEP64 = new Le64(16);
        private static final Le32 ITEMS = new Le32(0);

        private CtlInfo() {}

        static void encode(ControlElement element, MemorySegment to, int value) {
            HDA_FN_NID.set(to, 0, element.node());
            ROLE.set(to, 0, element.role());
            TYPE.set(to, 0, element.type().ordinal());
            ACCESS.set(to, 0, element.access());
            COUNT.set(to, 0, element.count());
            INDEX.set(to, 0, element.index());
            byte[] name = element.name().getBytes(StandardCharsets.US_ASCII);
            MemorySegment.copy(MemorySegment.ofArray(name), 0, to, NAME, name.length);
            switch (element.type()) {
                case INTEGER, BOOLEAN -> {
                    MIN.set(to, value, element.min());
                    MAX.set(to, value, element.max());
                    STEP.set(to, value, element.step());
                }
                case INTEGER64 -> {
                    MIN64.set(to, value, element.min());
                    MAX64.set(to, value, element.max());
                    STEP64.set(to, value, element.step());
                }
                case ENUMERATED -> ITEMS.set(to, value, element.items().size());
                case BYTES, IEC958 -> { }
            }
        }
    }
}
