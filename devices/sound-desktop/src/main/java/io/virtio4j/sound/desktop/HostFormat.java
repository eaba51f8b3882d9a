// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.desktop;

import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmRate;
import java.util.ArrayList;
import java.util.List;
import javax.sound.sampled.AudioFormat;

/** Formats of ours as Java has them. */
final class HostFormat {

    private HostFormat() {}

    /** What to try, the best first: the format itself, one that holds it, and what every mixer takes. */
    static List<PcmFormat> candidates(PcmFormat format) {
        List<PcmFormat> all = new ArrayList<>();
        if (isKnown(format)) {
            all.add(format);
        }
        for (PcmFormat wider : List.of(PcmFormat.S24_3, PcmFormat.S32, PcmFormat.S16, PcmFormat.U8)) {
            if (!all.contains(wider) && (wider.width() >= format.width() || wider.width() <= 16)) {
                all.add(wider);
            }
        }
        return all;
    }

    private static boolean isKnown(PcmFormat format) {
        return switch (format) {
            case S8, U8, S16, U16, S24_3, S32, FLOAT, MU_LAW, A_LAW -> true;
            default -> false;
        };
    }

    /** A format that {@link #candidates} named. */
    static AudioFormat of(PcmFormat format, PcmRate rate, int channels) {
        AudioFormat.Encoding encoding = switch (format) {
            case U8, U16 -> AudioFormat.Encoding.PCM_UNSIGNED;
            case FLOAT -> AudioFormat.Encoding.PCM_FLOAT;
            case MU_LAW -> AudioFormat.Encoding.ULAW;
            case A_LAW -> AudioFormat.Encoding.ALAW;
            default -> AudioFormat.Encoding.PCM_SIGNED;
        };
        return new AudioFormat(encoding, rate.hertz(), 8 * format.bytes(), channels, channels * format.bytes(),
                rate.hertz(), false);
    }
}
