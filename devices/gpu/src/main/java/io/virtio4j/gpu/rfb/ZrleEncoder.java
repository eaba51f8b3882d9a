// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu.rfb;

import java.util.Arrays;
import java.util.zip.Deflater;

/**
 * ZRLE: tiles of 64 x 64 pixels, plain, of one color or of few colors, in one stream of zlib for a whole connection.
 * [RFC 6143, ZRLE Encoding]
 */
final class ZrleEncoder implements AutoCloseable {

    private static final int TILE = 64;
    private static final int MOST_COLORS = 16;

    private final Deflater deflater = new Deflater(Deflater.BEST_SPEED);
    private final int[] palette = new int[MOST_COLORS];
    private byte[] plain = new byte[1 << 14];
    private int length;
    private byte[] packed = new byte[1 << 14];

    /** Encodes pixels of {@code 0xAARRGGBB}, rows without gaps. Returns how many bytes {@link #bytes} then has. */
    int encode(int[] argb, int width, int height, RfbPixelFormat format) {
        length = 0;
        for (int y = 0; y < height; y += TILE) {
            for (int x = 0; x < width; x += TILE) {
                tile(argb, y * width + x, width, Math.min(TILE, width - x), Math.min(TILE, height - y), format);
            }
        }
        return deflate();
    }

    byte[] bytes() {
        return packed;
    }

    private int deflate() {
        deflater.setInput(plain, 0, length);
        int packedLength = 0;
        while (true) {
            int run = deflater.deflate(packed, packedLength, packed.length - packedLength, Deflater.SYNC_FLUSH);
            packedLength += run;
            if (packedLength < packed.length) {
                return packedLength;
            }
            packed = Arrays.copyOf(packed, packed.length * 2);
        }
    }

    private void tile(int[] argb, int at, int stride, int width, int height, RfbPixelFormat format) {
        room(1 + MOST_COLORS * 4 + width * height * 4);
        int colors = colors(argb, at, stride, width, height);
        plain[length++] = (byte) (colors > MOST_COLORS ? 0 : colors);
        if (colors > MOST_COLORS) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    put(argb[at + y * stride + x], format);
                }
            }
            return;
        }
        for (int i = 0; i < colors; i++) {
            put(palette[i], format);
        }
        if (colors > 1) {
            indices(argb, at, stride, width, height, colors);
        }
    }

    private void room(int bytes) {
        if (plain.length - length < bytes) {
            plain = Arrays.copyOf(plain, Math.max(plain.length * 2, length + bytes));
        }
    }

    private void put(int argb, RfbPixelFormat format) {
        length += format.putCompact(plain, length, format.convert(argb));
    }

    /** Collects the colors of a tile; one more than the most if there are too many. */
    private int colors(int[] argb, int at, int stride, int width, int height) {
        int count = 0;
        int last = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int pixel = argb[at + y * stride + x];
                if (count > 0 && pixel == last) {
                    continue;
                }
                last = pixel;
                if (indexOf(pixel, count) < 0) {
                    if (count == MOST_COLORS) {
                        return MOST_COLORS + 1;
                    }
                    palette[count++] = pixel;
                }
            }
        }
        return count;
    }

    private int indexOf(int pixel, int count) {
        for (int i = 0; i < count; i++) {
            if (palette[i] == pixel) {
                return i;
            }
        }
        return -1;
    }

    /** 1, 2 or 4 bits a pixel; each row begins with a byte of its own. */
    private void indices(int[] argb, int at, int stride, int width, int height, int colors) {
        int bits = colors == 2 ? 1 : colors <= 4 ? 2 : 4;
        for (int y = 0; y < height; y++) {
            int free = 8;
            int value = 0;
            for (int x = 0; x < width; x++) {
                free -= bits;
                value |= indexOf(argb[at + y * stride + x], colors) << free;
                if (free == 0 || x == width - 1) {
                    plain[length++] = (byte) value;
                    free = 8;
                    value = 0;
                }
            }
        }
    }

    @Override
    public void close() {
        deflater.end();
    }
}
