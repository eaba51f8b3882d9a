// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu.rfb;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * {@code PIXEL_FORMAT}: how a client wants its pixels. [RFC 6143, Pixel Format Data Structure]
 *
 * @param bits of a pixel: 8, 16 or 32
 * @param depth how many of them mean something
 * @param bigEndian the order of a pixel's bytes
 */
record RfbPixelFormat(
        int bits, int depth, boolean bigEndian, int redMax, int greenMax, int blueMax, int redShift, int greenShift,
        int blueShift) {

    static final int SIZE = 16;

    /** What the server has: 32 bits, little-endian, red above green above blue. */
    static final RfbPixelFormat NATIVE = new RfbPixelFormat(32, 24, false, 255, 255, 255, 16, 8, 0);

    static RfbPixelFormat read(DataInputStream in) throws IOException {
        int bits = in.readUnsignedByte();
        int depth = in.readUnsignedByte();
        boolean bigEndian = in.readUnsignedByte() != 0;
        boolean trueColor = in.readUnsignedByte() != 0;
        RfbPixelFormat format = new RfbPixelFormat(bits, depth, bigEndian, in.readUnsignedShort(),
                in.readUnsignedShort(), in.readUnsignedShort(), in.readUnsignedByte(), in.readUnsignedByte(),
                in.readUnsignedByte());
        in.readFully(new byte[3]);
        if (!trueColor || bits != 8 && bits != 16 && bits != 32
                || Math.max(format.redShift, Math.max(format.greenShift, format.blueShift)) >= bits) {
            throw new IOException("client wants pixels that this server does not have: bits=" + bits + " trueColor="
                    + trueColor);
        }
        return format;
    }

    void write(ByteBuffer out) {
        out.put((byte) bits).put((byte) depth).put((byte) (bigEndian ? 1 : 0)).put((byte) 1);
        out.putShort((short) redMax).putShort((short) greenMax).putShort((short) blueMax);
        out.put((byte) redShift).put((byte) greenShift).put((byte) blueShift).put(new byte[3]);
    }

    int bytes() {
        return bits / 8;
    }

    /** Whether a pixel fits into three bytes, as ZRLE then sends it. */
    boolean isCompact() {
        return bits == 32 && depth <= 24 && (isLow() || isHigh());
    }

    private boolean isLow() {
        return Math.max(redShift, Math.max(greenShift, blueShift)) <= 16;
    }

    private boolean isHigh() {
        return Math.min(redShift, Math.min(greenShift, blueShift)) >= 8;
    }

    /** Converts {@code 0xAARRGGBB}. */
    int convert(int argb) {
        return scale(argb >> 16 & 255, redMax) << redShift
                | scale(argb >> 8 & 255, greenMax) << greenShift
                | scale(argb & 255, blueMax) << blueShift;
    }

    private static int scale(int value, int max) {
        return max == 255 ? value : (value * max + 127) / 255;
    }

    void put(byte[] to, int at, int pixel) {
        int bytes = bytes();
        for (int i = 0; i < bytes; i++) {
            to[at + i] = (byte) (pixel >>> 8 * (bigEndian ? bytes - 1 - i : i));
        }
    }

    /** Writes the three bytes that mean something; returns how many bytes a pixel takes. */
    int putCompact(byte[] to, int at, int pixel) {
        if (!isCompact()) {
            put(to, at, pixel);
            return bytes();
        }
        int three = isLow() ? pixel : pixel >>> 8;
        for (int i = 0; i < 3; i++) {
            to[at + i] = (byte) (three >>> 8 * (bigEndian ? 2 - i : i));
        }
        return 3;
    }
}
