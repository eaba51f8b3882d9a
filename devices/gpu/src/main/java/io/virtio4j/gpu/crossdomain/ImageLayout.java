// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu.crossdomain;

import org.jspecify.annotations.Nullable;

/**
 * Where the planes of an image lie in its blob: linear, one after the other.
 *
 * @param planes how many
 * @param strides bytes from row to row, by plane
 * @param offsets of the first byte, by plane
 * @param size of the whole blob in bytes; whole pages
 */
record ImageLayout(int planes, long[] strides, long[] offsets, long size) {

    static final int MOST_PLANES = 4;

    private static final int ROW = 64;
    private static final int PAGE = 4096;
    private static final int SIDE = 1 << 16;

    /** A format of Linux's: bytes of a pixel of the first plane, and what the other planes have. */
    private enum Format {
        R8("R8  ", 1, 0), R565("RG16", 2, 0),
        XR24("XR24", 4, 0), AR24("AR24", 4, 0), XB24("XB24", 4, 0), AB24("AB24", 4, 0),
        XR30("XR30", 4, 0), AR30("AR30", 4, 0), XB30("XB30", 4, 0), AB30("AB30", 4, 0),
        AB4H("AB4H", 8, 0), NV12("NV12", 1, 1), P010("P010", 2, 1), YV12("YV12", 1, 2);

        private final int fourcc;
        private final int bytes;
        /** None; one with two values for four pixels; or two with one value each. */
        private final int chroma;

        Format(String name, int bytes, int chroma) {
            fourcc = name.charAt(0) | name.charAt(1) << 8 | name.charAt(2) << 16 | name.charAt(3) << 24;
            this.bytes = bytes;
            this.chroma = chroma;
        }
    }

    /** {@code null} if the size or the format, a code of Linux's {@code drm_fourcc.h}, is not known. */
    static @Nullable ImageLayout of(long width, long height, int fourcc) {
        if (width < 1 || height < 1 || width > SIDE || height > SIDE) {
            return null;
        }
        for (Format format : Format.values()) {
            if (format.fourcc == fourcc) {
                return of(width, height, format);
            }
        }
        return null;
    }

    private static ImageLayout of(long width, long height, Format format) {
        long[] strides = new long[MOST_PLANES];
        long[] offsets = new long[MOST_PLANES];
        strides[0] = align(width * format.bytes, ROW);
        long end = strides[0] * height;
        for (int plane = 1; plane <= format.chroma; plane++) {
            long values = (width + 1) / 2 * (format.chroma == 1 ? 2 : 1);
            strides[plane] = align(values * format.bytes, ROW);
            offsets[plane] = end;
            end += strides[plane] * ((height + 1) / 2);
        }
        return new ImageLayout(1 + format.chroma, strides, offsets, align(end, PAGE));
    }

    private static long align(long value, int to) {
        return (value + to - 1) / to * to;
    }
}
