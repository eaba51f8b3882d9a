// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.pcm;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Sample formats, VIRTIO_SND_PCM_FMT_*; the ordinal is the value on the wire. [VIRTIO_SND_R_PCM_INFO]
 *
 * <p>A sample that is narrower than its bytes lies in the low bits: {@code S18_3} is 18 bits in 3 bytes, {@code
 * S20} is 20 bits in 4.
 */
public enum PcmFormat {
    /** 4 bits; its samples do not fill bytes, and the specification does not say how channels share them. */
    IMA_ADPCM(4, 4, Kind.ADPCM),
    /** G.711 of North America and Japan. */
    MU_LAW(8, 8, Kind.MU_LAW),
    /** G.711 of elsewhere. */
    A_LAW(8, 8, Kind.A_LAW),
    /** Signed, 8 bits. */
    S8(8, 8, Kind.SIGNED),
    /** Unsigned, 8 bits. */
    U8(8, 8, Kind.UNSIGNED),
    /** Signed, 16 bits. */
    S16(16, 16, Kind.SIGNED),
    /** Unsigned, 16 bits. */
    U16(16, 16, Kind.UNSIGNED),
    /** Signed, 18 bits in 3 bytes. */
    S18_3(18, 24, Kind.SIGNED),
    /** Unsigned, 18 bits in 3 bytes. */
    U18_3(18, 24, Kind.UNSIGNED),
    /** Signed, 20 bits in 3 bytes. */
    S20_3(20, 24, Kind.SIGNED),
    /** Unsigned, 20 bits in 3 bytes. */
    U20_3(20, 24, Kind.UNSIGNED),
    /** Signed, 24 bits in 3 bytes. */
    S24_3(24, 24, Kind.SIGNED),
    /** Unsigned, 24 bits in 3 bytes. */
    U24_3(24, 24, Kind.UNSIGNED),
    /** Signed, 20 bits in 4 bytes. */
    S20(20, 32, Kind.SIGNED),
    /** Unsigned, 20 bits in 4 bytes. */
    U20(20, 32, Kind.UNSIGNED),
    /** Signed, 24 bits in 4 bytes. */
    S24(24, 32, Kind.SIGNED),
    /** Unsigned, 24 bits in 4 bytes. */
    U24(24, 32, Kind.UNSIGNED),
    /** Signed, 32 bits. */
    S32(32, 32, Kind.SIGNED),
    /** Unsigned, 32 bits. */
    U32(32, 32, Kind.UNSIGNED),
    /** IEEE 754, 32 bits, from -1 to 1. */
    FLOAT(32, 32, Kind.FLOAT),
    /** IEEE 754, 64 bits, from -1 to 1. */
    FLOAT64(64, 64, Kind.FLOAT),
    /** Direct Stream Digital, 8 bits of it. */
    DSD_U8(8, 8, Kind.DSD),
    /** Direct Stream Digital, 16 bits of it. */
    DSD_U16(16, 16, Kind.DSD),
    /** Direct Stream Digital, 32 bits of it. */
    DSD_U32(32, 32, Kind.DSD),
    /** A subframe of IEC 60958: 24 bits of audio in bits 4 to 27. */
    IEC958_SUBFRAME(24, 32, Kind.SUBFRAME);

    /** How a sample is to be understood. */
    enum Kind { ADPCM, MU_LAW, A_LAW, SIGNED, UNSIGNED, FLOAT, DSD, SUBFRAME }

    private static final long DSD_SILENCE = 0x6969_6969L;

    private final int width;
    private final int physicalWidth;
    private final Kind kind;

    PcmFormat(int width, int physicalWidth, Kind kind) {
        this.width = width;
        this.physicalWidth = physicalWidth;
        this.kind = kind;
    }

    /** The bits that hold sound. */
    public int width() {
        return width;
    }

    /** The bytes of a sample; 0 if it is less than one. */
    public int bytes() {
        return physicalWidth / Byte.SIZE;
    }

    Kind kind() {
        return kind;
    }

    /** Whether samples are numbers in proportion to a signal, which {@link Samples} reads. */
    public boolean isReadable() {
        return kind != Kind.ADPCM && kind != Kind.DSD;
    }

    /** Whether {@link Samples} writes it too. */
    public boolean isWritable() {
        return isReadable() && kind != Kind.SUBFRAME;
    }

    /** A sample of silence, in the low bytes. */
    public long silence() {
        return switch (kind) {
            case UNSIGNED -> 1L << (width - 1);
            case MU_LAW -> 0x7F;
            case A_LAW -> 0x55;
            case DSD -> DSD_SILENCE;
            case SIGNED, FLOAT, SUBFRAME, ADPCM -> 0;
        };
    }

    /** All formats whose samples are whole bytes. */
    public static Set<PcmFormat> wholeBytes() {
        return Collections.unmodifiableSet(EnumSet.complementOf(EnumSet.of(IMA_ADPCM)));
    }

    /** All formats that {@link Samples} reads. */
    public static Set<PcmFormat> readable() {
        EnumSet<PcmFormat> formats = EnumSet.allOf(PcmFormat.class);
        formats.removeIf(format -> !format.isReadable());
        return Collections.unmodifiableSet(formats);
    }

    /** All formats that {@link Samples} writes. */
    public static Set<PcmFormat> writable() {
        EnumSet<PcmFormat> formats = EnumSet.allOf(PcmFormat.class);
        formats.removeIf(format -> !format.isWritable());
        return Collections.unmodifiableSet(formats);
    }
}
