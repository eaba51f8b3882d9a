// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.sound.ItemInfo.ChmapInfo;
import io.virtio4j.sound.ItemInfo.CtlInfo;
import io.virtio4j.sound.ItemInfo.JackInfo;
import io.virtio4j.sound.ItemInfo.PcmInfo;
import java.lang.foreign.MemorySegment;

/** {@code struct virtio_snd_query_info}, and its answers. [Item Information Request] */
final class ItemQueries {

    /** A driver of the future may have larger structures; none needs more than this. */
    private static final int LARGEST_ITEM = 256;

    private final SoundDevice device;
    private final boolean hasControls;
    private final MemorySegment item = MemorySegment.ofArray(new byte[LARGEST_ITEM]);

    ItemQueries(SoundDevice device, boolean hasControls) {
        this.device = device;
        this.hasControls = hasControls;
    }

    int serve(int code, ChainReader in, ChainWriter out) {
        long start = in.readLe32();
        long count = in.readLe32();
        long size = in.readLe32();
        if (code == SoundCode.CTL_INFO && !hasControls) {
            return SoundCode.NOT_SUPP;
        }
        // > The driver MUST NOT set start_id and count such that start_id + count is greater than the total number
        // > The driver MUST provide a buffer of sizeof(struct virtio_snd_hdr) + count * size bytes
        if (start + count > total(code) || !fits(code, size) || count * size > out.remaining()) {
            return SoundCode.BAD_MSG;
        }
        for (int id = (int) start; id < start + count; id++) {
            item.fill((byte) 0);
            encode(code, id, (int) size);
            out.write(item, 0, size);
        }
        return SoundCode.OK;
    }

    private int total(int code) {
        return switch (code) {
            case SoundCode.JACK_INFO -> device.jacks().size();
            case SoundCode.PCM_INFO -> device.streams().size();
            case SoundCode.CHMAP_INFO -> device.channelMaps().size();
            default -> device.controls().size();
        };
    }

    /** Whether the driver's structure has room for what there is to say. What it has beyond is 0. */
    private static boolean fits(int code, long size) {
        return switch (code) {
            case SoundCode.JACK_INFO -> size >= JackInfo.SIZE;
            case SoundCode.PCM_INFO -> size >= PcmInfo.SIZE;
            case SoundCode.CHMAP_INFO -> size >= ChmapInfo.SIZE;
            default -> size == CtlInfo.SIZE || size >= CtlInfo.LINUX_SIZE;
        } && size <= LARGEST_ITEM;
    }

    private void encode(int code, int id, int size) {
        switch (code) {
            case SoundCode.JACK_INFO -> JackInfo.encode(device.jacks().get(id), item);
            case SoundCode.PCM_INFO -> PcmInfo.encode(device.streams().get(id).info(), item);
            case SoundCode.CHMAP_INFO -> ChmapInfo.encode(device.channelMaps().get(id), item);
            default -> CtlInfo.encode(device.controls().get(id), item,
                    size == CtlInfo.SIZE ? CtlInfo.VALUE : CtlInfo.LINUX_VALUE);
        }
    }
}
