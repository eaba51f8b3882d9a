// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The mouse cursor of an output: a picture of its own, and where it is. The shape is guarded by the adapter's lock;
 * the position is not, so that a move waits for nothing. [Device Operation: Configure mouse cursor]
 */
final class Cursor {

    /** > a normal resource, except that it must be 64x64 in size */
    static final int SIDE = 64;

    static final int BYTES = SIDE * SIDE * PixelFormat.BYTES;

    private final int[] shape = new int[SIDE * SIDE];
    private final int[] next = new int[SIDE * SIDE];
    private final MemorySegment nextBytes = MemorySegment.ofArray(next);
    private int hotX;
    private int hotY;

    private volatile boolean visible;

    /** Of the upper left corner: x in the upper half, y in the lower. */
    private volatile long position;

    boolean isVisible() {
        return visible;
    }

    int x() {
        return (int) (position >> 32);
    }

    int y() {
        return (int) position;
    }

    int hotX() {
        return hotX;
    }

    int hotY() {
        return hotY;
    }

    void move(int x, int y) {
        position = (long) x << 32 | y & 0xFFFF_FFFFL;
    }

    void hide() {
        visible = false;
    }

    /** Takes a picture over. Says whether its bytes were there; nothing changed if not. */
    boolean show(Pixels pixels, PixelFormat format, int newHotX, int newHotY) {
        if (!pixels.read(0, nextBytes, 0, BYTES)) {
            return false;
        }
        System.arraycopy(next, 0, shape, 0, shape.length);
        format.toArgb(shape, 0, shape.length);
        hotX = newHotX;
        hotY = newHotY;
        visible = true;
        return true;
    }

    void copyTo(int[] argb) {
        System.arraycopy(shape, 0, argb, 0, shape.length);
    }

    /** Draws what of it lies in an area over the pixels of that area; colors were multiplied with alpha. */
    void draw(int areaX, int areaY, int width, int height, int[] pixels, int offset, int stride) {
        if (!visible) {
            return;
        }
        long where = position;
        long left = (where >> 32) - areaX;
        long top = (int) where - (long) areaY;
        int fromX = Math.clamp(-left, 0, SIDE);
        int fromY = Math.clamp(-top, 0, SIDE);
        long toX = Math.min(SIDE, width - left);
        long toY = Math.min(SIDE, height - top);
        for (int y = fromY; y < toY; y++) {
            for (int x = fromX; x < toX; x++) {
                int at = offset + (int) (top + y) * stride + (int) (left + x);
                pixels[at] = over(shape[y * SIDE + x], pixels[at]);
            }
        }
    }

    private static int over(int front, int back) {
        int rest = 255 - (front >>> 24);
        int result = 0;
        for (int shift = 0; shift < 32; shift += 8) {
            int sum = (front >>> shift & 255) + ((back >>> shift & 255) * rest + 127) / 255;
            result |= Math.min(255, sum) << shift;
        }
        return result;
    }

    void reset() {
        visible = false;
        position = 0;
        hotX = 0;
        hotY = 0;
        Arrays.fill(shape, 0);
    }

    // ── State ──────────────────────────────────────────────────────────────

    void save(StateWriter out) {
        byte[] bytes = new byte[BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(shape);
        out.flag(visible).le64(position).le32(hotX).le32(hotY).bytes(visible ? bytes : new byte[0]);
    }

    /** What was saved, still to be applied. */
    static Runnable restore(StateReader in, Cursor into) {
        boolean visible = in.flag();
        long position = in.le64();
        int hotX = (int) in.le32();
        int hotY = (int) in.le32();
        byte[] bytes = in.bytes();
        if (bytes.length != (visible ? BYTES : 0)) {
            throw new StateException("saved cursor has another size: bytes=" + bytes.length);
        }
        return () -> {
            into.reset();
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(into.shape, 0, bytes.length / 4);
            into.hotX = hotX;
            into.hotY = hotY;
            into.position = position;
            into.visible = visible;
        };
    }
}
