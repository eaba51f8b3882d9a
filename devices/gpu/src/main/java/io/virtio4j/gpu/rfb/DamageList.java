// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu.rfb;

/** Rectangles that changed; a few of them exactly, more as one around all. Not safe for use by several threads. */
final class DamageList {

    private static final int MOST = 32;

    private final int[] left = new int[MOST];
    private final int[] top = new int[MOST];
    private final int[] right = new int[MOST];
    private final int[] bottom = new int[MOST];
    private int count;

    int count() {
        return count;
    }

    int x(int index) {
        return left[index];
    }

    int y(int index) {
        return top[index];
    }

    int width(int index) {
        return right[index] - left[index];
    }

    int height(int index) {
        return bottom[index] - top[index];
    }

    void clear() {
        count = 0;
    }

    /** Takes over what another list has. */
    void takeFrom(DamageList other, int width, int height) {
        clear();
        for (int i = 0; i < other.count; i++) {
            add(other.left[i], other.top[i], Math.min(width, other.right[i]), Math.min(height, other.bottom[i]));
        }
        other.clear();
    }

    void addSized(int x, int y, int width, int height) {
        add(x, y, x + width, y + height);
    }

    private void add(int newLeft, int newTop, int newRight, int newBottom) {
        if (newLeft >= newRight || newTop >= newBottom) {
            return;
        }
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (left[i] <= newLeft && top[i] <= newTop && right[i] >= newRight && bottom[i] >= newBottom) {
                return; // all of it is known
            }
            boolean covered = newLeft <= left[i] && newTop <= top[i] && newRight >= right[i] && newBottom >= bottom[i];
            if (!covered) {
                set(kept++, left[i], top[i], right[i], bottom[i]);
            }
        }
        count = kept;
        if (count == MOST) {
            mergeAll();
            set(0, Math.min(left[0], newLeft), Math.min(top[0], newTop), Math.max(right[0], newRight),
                    Math.max(bottom[0], newBottom));
        } else {
            set(count++, newLeft, newTop, newRight, newBottom);
        }
    }

    private void mergeAll() {
        for (int i = 1; i < count; i++) {
            set(0, Math.min(left[0], left[i]), Math.min(top[0], top[i]), Math.max(right[0], right[i]),
                    Math.max(bottom[0], bottom[i]));
        }
        count = 1;
    }

    private void set(int index, int newLeft, int newTop, int newRight, int newBottom) {
        left[index] = newLeft;
        top[index] = newTop;
        right[index] = newRight;
        bottom[index] = newBottom;
    }
}
