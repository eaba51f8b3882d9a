// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.pcm;

import io.netty.buffer.ByteBuf;

/**
 * Reads and writes samples of any {@linkplain PcmFormat#isReadable() readable} format as signed 32-bit numbers
 * that use the whole range. A narrower format loses the low bits, without dithering; a wider one loses nothing.
 */
public final class Samples {

    private static final double FULL_SCALE = 0x1p31;

    private static final int MU_LAW_BIAS = 0x84;
    private static final int MU_LAW_CLIP = 32_635;

    private Samples() {}

    /** Reads the sample at {@code index}. */
    public static int get(PcmFormat format, ByteBuf from, int index) {
        return switch (format.kind()) {
            case SIGNED -> bits(format, from, index) << (Integer.SIZE - format.width());
            case UNSIGNED -> bits(format, from, index) << (Integer.SIZE - format.width()) ^ Integer.MIN_VALUE;
            case FLOAT -> fromReal(format == PcmFormat.FLOAT
                    ? Float.intBitsToFloat(from.getIntLE(index))
                    : Double.longBitsToDouble(from.getLongLE(index)));
            case MU_LAW -> fromMuLaw(from.getByte(index)) << 16;
            case A_LAW -> fromALaw(from.getByte(index)) << 16;
            case SUBFRAME -> from.getIntLE(index) >>> 4 << 8;
            case ADPCM, DSD -> throw noNumber(format);
        };
    }

    private static int bits(PcmFormat format, ByteBuf from, int index) {
        return switch (format.bytes()) {
            case 1 -> from.getByte(index);
            case 2 -> from.getShortLE(index);
            case 3 -> from.getMediumLE(index);
            default -> from.getIntLE(index);
        };
    }

    private static IllegalArgumentException noNumber(PcmFormat format) {
        return new IllegalArgumentException("samples of this format are no numbers: format=" + format);
    }

    /** Writes a sample at {@code index}. */
    public static void set(PcmFormat format, ByteBuf to, int index, int sample) {
        switch (format.kind()) {
            case SIGNED -> bits(format, to, index, sample >> (Integer.SIZE - format.width()));
            case UNSIGNED -> bits(format, to, index,
                    (sample ^ Integer.MIN_VALUE) >>> (Integer.SIZE - format.width()));
            case FLOAT -> {
                if (format == PcmFormat.FLOAT) {
                    to.setIntLE(index, Float.floatToRawIntBits((float) (sample / FULL_SCALE)));
                } else {
                    to.setLongLE(index, Double.doubleToRawLongBits(sample / FULL_SCALE));
                }
            }
            case MU_LAW -> to.setByte(index, toMuLaw(sample >> 16));
            case A_LAW -> to.setByte(index, toALaw(sample >> 16));
            case SUBFRAME, ADPCM, DSD -> throw noNumber(format);
        }
    }

    private static void bits(PcmFormat format, ByteBuf to, int index, int value) {
        switch (format.bytes()) {
            case 1 -> to.setByte(index, value);
            case 2 -> to.setShortLE(index, value);
            case 3 -> to.setMediumLE(index, value);
            default -> to.setIntLE(index, value);
        }
    }

    /** A signal from -1 to 1 as a sample; what is beyond is clipped. */
    public static int fromReal(double signal) {
        return (int) Math.rint(signal * FULL_SCALE); // saturates; not a number becomes 0
    }

    /** A sample as a signal from -1 to 1. */
    public static double toReal(int sample) {
        return sample / FULL_SCALE;
    }

    // ── G.711 ──────────────────────────────────────────────────────────────

    private static int fromMuLaw(int code) {
        int inverted = ~code;
        int magnitude = ((inverted & 0x0F) << 3) + MU_LAW_BIAS << (inverted >> 4 & 7);
        return (inverted & 0x80) != 0 ? MU_LAW_BIAS - magnitude : magnitude - MU_LAW_BIAS;
    }

    private static int toMuLaw(int sample) {
        int magnitude = Math.min(Math.abs(sample), MU_LAW_CLIP) + MU_LAW_BIAS;
        int exponent = 24 - Integer.numberOfLeadingZeros(magnitude); // the highest bit is 7 to 14
        int mantissa = magnitude >> (exponent + 3) & 0x0F;
        return ~((sample < 0 ? 0x80 : 0) | exponent << 4 | mantissa);
    }

    private static int fromALaw(int code) {
        int plain = code ^ 0x55;
        int exponent = plain >> 4 & 7;
        int mantissa = (plain & 0x0F) << 4 | 8;
        int magnitude = exponent == 0 ? mantissa : mantissa + 0x100 << (exponent - 1);
        return (plain & 0x80) != 0 ? magnitude : -magnitude;
    }

    private static int toALaw(int sample) {
        int magnitude = Math.min(sample < 0 ? ~sample : sample, 0x7FFF) >> 4; // 11 bits
        int exponent = Math.max(0, 28 - Integer.numberOfLeadingZeros(magnitude | 1));
        int mantissa = (exponent == 0 ? magnitude : magnitude >> (exponent - 1)) & 0x0F;
        return ((sample < 0 ? 0 : 0x80) | exponent << 4 | mantissa) ^ 0x55;
    }
}
