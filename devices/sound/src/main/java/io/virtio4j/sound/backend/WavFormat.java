// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import io.virtio4j.sound.pcm.PcmFormat;
import org.jspecify.annotations.Nullable;

/** How samples lie in a WAV file, and how formats that it does not have are stored: without a loss. */
final class WavFormat {

    static final int PCM = 1;
    static final int IEEE_FLOAT = 3;
    static final int A_LAW = 6;
    static final int MU_LAW = 7;
    static final int EXTENSIBLE = 0xFFFE;

    private WavFormat() {}

    /** The format in a file that holds every sample of this one. */
    static PcmFormat stored(PcmFormat format) {
        return switch (format) {
            case S8 -> PcmFormat.U8;
            case U16 -> PcmFormat.S16;
            case S18_3, U18_3, S20_3, U20_3, U24_3, S20, U20, S24, U24, IEC958_SUBFRAME -> PcmFormat.S24_3;
            case U32 -> PcmFormat.S32;
            default -> format;
        };
    }

    /** The format tag. */
    static int tag(PcmFormat stored) {
        return switch (stored) {
            case FLOAT, FLOAT64 -> IEEE_FLOAT;
            case A_LAW -> A_LAW;
            case MU_LAW -> MU_LAW;
            default -> PCM;
        };
    }

    /** What a file has; {@code null} if it is something that is not known. */
    static @Nullable PcmFormat of(int tag, int bits) {
        return switch (tag) {
            case PCM -> switch (bits) {
                case 8 -> PcmFormat.U8;
                case 16 -> PcmFormat.S16;
                case 24 -> PcmFormat.S24_3;
                case 32 -> PcmFormat.S32;
                default -> null;
            };
            case IEEE_FLOAT -> bits == 32 ? PcmFormat.FLOAT : bits == 64 ? PcmFormat.FLOAT64 : null;
            case A_LAW -> bits == 8 ? PcmFormat.A_LAW : null;
            case MU_LAW -> bits == 8 ? PcmFormat.MU_LAW : null;
            default -> null;
        };
    }
}
