// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * {@code enum virtio_gpu_formats}: four bytes a pixel, named in the order in which they lie in memory. What is
 * called X is not looked at. [Device Operation: controlq]
 */
public enum PixelFormat {
    /** Blue, green, red, alpha. What Linux uses for cursors. */
    B8G8R8A8_UNORM(1),
    /** Blue, green, red. What Linux uses for framebuffers. */
    B8G8R8X8_UNORM(2),
    /** Alpha, red, green, blue. */
    A8R8G8B8_UNORM(3),
    /** Red, green, blue from the second byte on. */
    X8R8G8B8_UNORM(4),
    /** Red, green, blue, alpha. */
    R8G8B8A8_UNORM(67),
    /** Blue, green, red from the second byte on. */
    X8B8G8R8_UNORM(68),
    /** Alpha, blue, green, red. */
    A8B8G8R8_UNORM(121),
    /** Red, green, blue. */
    R8G8B8X8_UNORM(134);

    /** Bytes of a pixel. */
    public static final int BYTES = 4;

    private static final int OPAQUE = 0xFF00_0000;
    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private final int code;

    PixelFormat(int code) {
        this.code = code;
    }

    /** The value in the protocol. */
    public int code() {
        return code;
    }

    /** Finds a format by its value in the protocol. */
    static @Nullable PixelFormat of(long code) {
        for (PixelFormat format : VALUES) {
            if (format.code == code) {
                return format;
            }
        }
        return null;
    }

    private static final PixelFormat[] VALUES = values();

    /** Whether there is an alpha channel. */
    public boolean hasAlpha() {
        return switch (this) {
            case B8G8R8A8_UNORM, A8R8G8B8_UNORM, R8G8B8A8_UNORM, A8B8G8R8_UNORM -> true;
            case B8G8R8X8_UNORM, X8R8G8B8_UNORM, X8B8G8R8_UNORM, R8G8B8X8_UNORM -> false;
        };
    }

    /**
     * Converts pixels in place.
     *
     * @param pixels as four bytes each lie in memory; becomes {@code 0xAARRGGBB}, with an alpha of 255 if the
     *     format has none
     */
    void toArgb(int[] pixels, int from, int count) {
        if (!LITTLE) {
            for (int i = from; i < from + count; i++) {
                pixels[i] = Integer.reverseBytes(pixels[i]);
            }
        }
        switch (this) {
            case B8G8R8A8_UNORM -> { }
            case B8G8R8X8_UNORM -> {
                for (int i = from; i < from + count; i++) {
                    pixels[i] |= OPAQUE;
                }
            }
            case A8R8G8B8_UNORM -> {
                for (int i = from; i < from + count; i++) {
                    pixels[i] = Integer.reverseBytes(pixels[i]);
                }
            }
            case X8R8G8B8_UNORM -> {
                for (int i = from; i < from + count; i++) {
                    pixels[i] = Integer.reverseBytes(pixels[i]) | OPAQUE;
                }
            }
            case R8G8B8A8_UNORM -> {
                for (int i = from; i < from + count; i++) {
                    pixels[i] = swapRedAndBlue(pixels[i]);
                }
            }
            case R8G8B8X8_UNORM -> {
                for (int i = from; i < from + count; i++) {
                    pixels[i] = swapRedAndBlue(pixels[i]) | OPAQUE;
                }
            }
            case A8B8G8R8_UNORM -> {
                for (int i = from; i < from + count; i++) {
                    pixels[i] = Integer.rotateRight(pixels[i], 8);
                }
            }
            case X8B8G8R8_UNORM -> {
                for (int i = from; i < from + count; i++) {
                    pixels[i] = Integer.rotateRight(pixels[i], 8) | OPAQUE;
                }
            }
        }
    }

    private static int swapRedAndBlue(int pixel) {
        return pixel & 0xFF00_FF00 | (pixel & 0xFF) << 16 | pixel >>> 16 & 0xFF;
    }
}
