// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.queue.ChainReader;

/** {@code struct virtio_gpu_rect}, in pixels; to be filled in again and again. [Device Operation: controlq] */
final class Area {

    /** 0 to 2^32 - 1, each. */
    long x;
    long y;
    long width;
    long height;

    void read(ChainReader in) {
        x = in.readLe32();
        y = in.readLe32();
        width = in.readLe32();
        height = in.readLe32();
    }

    void set(long newX, long newY, long newWidth, long newHeight) {
        x = newX;
        y = newY;
        width = newWidth;
        height = newHeight;
    }

    boolean isEmpty() {
        return width <= 0 || height <= 0;
    }

    /** Whether all of it lies in an image; no sum of values of 32 bits passes a long. */
    boolean isInside(long imageWidth, long imageHeight) {
        return x + width <= imageWidth && y + height <= imageHeight;
    }

    /** Makes it smaller: what lies in another area too. */
    void clip(long otherX, long otherY, long otherWidth, long otherHeight) {
        long right = Math.min(x + width, otherX + otherWidth);
        long bottom = Math.min(y + height, otherY + otherHeight);
        x = Math.max(x, otherX);
        y = Math.max(y, otherY);
        width = Math.max(0, right - x);
        height = Math.max(0, bottom - y);
    }
}
