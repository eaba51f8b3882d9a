// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.sound.pcm.PcmDirection;
import java.util.List;

/**
 * Says where the channels of streams are heard: of all that have the same direction and node, and so many channels.
 * [Channel Map Control Messages]
 *
 * @param node the function group, {@code hda_fn_nid}
 * @param direction of the streams
 * @param positions one for each channel; 1 to 18
 */
public record ChannelMap(int node, PcmDirection direction, List<ChannelPosition> positions) {

    /** VIRTIO_SND_CHMAP_MAX_SIZE. */
    public static final int MOST_CHANNELS = 18;

    /** Checks the number of channels. */
    public ChannelMap {
        positions = List.copyOf(positions);
        // > The device MUST NOT set the channels value to more than VIRTIO_SND_CHMAP_MAX_SIZE.
        if (positions.isEmpty() || positions.size() > MOST_CHANNELS) {
            throw new IllegalArgumentException("a channel map has 1 to " + MOST_CHANNELS + " channels: channels="
                    + positions.size());
        }
    }

    /** A map of output streams of node 0. */
    public static ChannelMap output(ChannelPosition... positions) {
        return new ChannelMap(0, PcmDirection.OUTPUT, List.of(positions));
    }

    /** A map of input streams of node 0. */
    public static ChannelMap input(ChannelPosition... positions) {
        return new ChannelMap(0, PcmDirection.INPUT, List.of(positions));
    }
}
