// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.sound.pcm.PcmDirection;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmRate;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a stream can do. The formats that its backend cannot do are left out. [VIRTIO_SND_R_PCM_INFO]
 *
 * @param direction of data
 * @param node the function group, {@code hda_fn_nid}: streams of a node are one device to Linux
 * @param features that a driver may select
 * @param formats that a driver may select; of whole bytes
 * @param rates that a driver may select
 * @param channelsMin the fewest channels
 * @param channelsMax the most channels, to 255
 */
public record PcmStreamInfo(
        PcmDirection direction,
        int node,
        Set<PcmFeature> features,
        Set<PcmFormat> formats,
        Set<PcmRate> rates,
        int channelsMin,
        int channelsMax) {

    private static final Set<PcmFeature> OFFERED = EnumSet.of(PcmFeature.MSG_POLLING, PcmFeature.EVT_XRUNS);

    /** Checks that there is something to select, and that all of it can be offered. */
    public PcmStreamInfo {
        features = Set.copyOf(features);
        formats = Set.copyOf(formats);
        rates = Set.copyOf(rates);
        if (features.contains(PcmFeature.SHMEM_HOST) || features.contains(PcmFeature.SHMEM_GUEST)) {
            throw new IllegalArgumentException("shared memory is a placeholder of the specification, leave it out:"
                    + " features=" + features);
        }
        if (formats.contains(PcmFormat.IMA_ADPCM)) {
            throw new IllegalArgumentException("samples have to be whole bytes, leave IMA_ADPCM out");
        }
        if (formats.isEmpty() || rates.isEmpty()) {
            throw new IllegalArgumentException("a stream has at least one format and one rate: formats=" + formats
                    + " rates=" + rates);
        }
        if (channelsMin < 1 || channelsMin > channelsMax || channelsMax > 255) {
            throw new IllegalArgumentException("a stream has 1 to 255 channels: channelsMin=" + channelsMin
                    + " channelsMax=" + channelsMax);
        }
    }

    /** An output stream with every format and rate, and one or two channels. */
    public static PcmStreamInfo output() {
        return everything(PcmDirection.OUTPUT);
    }

    /** An input stream with every format and rate, and one or two channels. */
    public static PcmStreamInfo input() {
        return everything(PcmDirection.INPUT);
    }

    private static PcmStreamInfo everything(PcmDirection direction) {
        return new PcmStreamInfo(direction, 0, OFFERED, PcmFormat.wholeBytes(), EnumSet.allOf(PcmRate.class), 1, 2);
    }

    /** The same in another function group. */
    public PcmStreamInfo node(int newNode) {
        return new PcmStreamInfo(direction, newNode, features, formats, rates, channelsMin, channelsMax);
    }

    /** The same with these features. */
    public PcmStreamInfo features(Set<PcmFeature> newFeatures) {
        return new PcmStreamInfo(direction, node, newFeatures, formats, rates, channelsMin, channelsMax);
    }

    /** The same with these formats. */
    public PcmStreamInfo formats(Set<PcmFormat> newFormats) {
        return new PcmStreamInfo(direction, node, features, newFormats, rates, channelsMin, channelsMax);
    }

    /** The same with these rates. */
    public PcmStreamInfo rates(Set<PcmRate> newRates) {
        return new PcmStreamInfo(direction, node, features, formats, newRates, channelsMin, channelsMax);
    }

    /** The same with so many channels. */
    public PcmStreamInfo channels(int least, int most) {
        return new PcmStreamInfo(direction, node, features, formats, rates, least, most);
    }

    /** The formats that both can do. */
    PcmStreamInfo limitedTo(Set<PcmFormat> backendFormats) {
        EnumSet<PcmFormat> both = EnumSet.copyOf(formats);
        both.retainAll(backendFormats);
        return formats(both);
    }

    long formatBits() {
        return formats.stream().mapToLong(format -> 1L << format.ordinal()).sum();
    }

    long rateBits() {
        return rates.stream().mapToLong(rate -> 1L << rate.ordinal()).sum();
    }

    int featureBits() {
        return features.stream().mapToInt(PcmFeature::mask).sum();
    }
}
