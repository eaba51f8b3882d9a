// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An output of the device: a monitor may be plugged in, and the driver may show a picture on it. Any thread may call
 * its methods.
 *
 * <p>Pictures are read where they are, in the resource or in the guest's pages, when somebody asks for them: who keeps
 * one of its own reads what {@link ScanoutListener#damaged} says, and nothing else.
 */
public final class Scanout {

    private final Adapter adapter;
    private final int id;
    private final Cursor cursor = new Cursor();

    /** Never changed, but replaced: telling all of them allocates nothing. */
    private volatile ScanoutListener[] listeners = {};

    private volatile @Nullable Monitor monitor;

    // What is shown; guarded by the adapter's lock.
    private @Nullable Resource shown;
    private PixelFormat format = PixelFormat.B8G8R8X8_UNORM;
    private final Area area = new Area();
    private long imageWidth;
    private long imageHeight;
    private long offset;
    private long stride;
    private boolean fresh;

    // What listeners are to be told of once the lock is free; guarded by it.
    private final Area damage = new Area();
    private boolean resized;

    /** Width in the upper half, height in the lower; 0 if nothing is shown. For those without the lock. */
    private volatile long size;

    Scanout(Adapter adapter, int id, @Nullable Monitor monitor) {
        this.adapter = adapter;
        this.id = id;
        this.monitor = monitor;
    }

    /** Its number; from 0. */
    public int id() {
        return id;
    }

    // ── The monitor ────────────────────────────────────────────────────────

    /** What is plugged in, or {@code null}. */
    public @Nullable Monitor monitor() {
        return monitor;
    }

    /** Plugs in a monitor, or another one: the way to a new size too. The driver is told. */
    public void plug(Monitor newMonitor) {
        monitor = newMonitor;
        adapter.monitorsChanged();
    }

    /** Unplugs the monitor. The driver is told; it may go on to show a picture. */
    public void unplug() {
        monitor = null;
        adapter.monitorsChanged();
    }

    // ── The picture ────────────────────────────────────────────────────────

    /** Whether the driver shows a picture. */
    public boolean isOn() {
        return size != 0;
    }

    /** The picture's width in pixels; 0 if there is none. */
    public int width() {
        return (int) (size >> 32);
    }

    /** The picture's height in pixels; 0 if there is none. */
    public int height() {
        return (int) size;
    }

    /**
     * Reads an area of the picture, with the cursor over it.
     *
     * @param x of the first column
     * @param y of the first row
     * @param width columns
     * @param height rows
     * @param argb takes pixels as {@code 0xAARRGGBB}; alpha is 255 for formats without it
     * @param at where in it the first pixel comes
     * @param rowLength from there, where the next row comes
     * @return false if the area is not in the picture, which may have changed its size, or if the guest's memory
     *     behind it is gone; some pixels may have been read then
     */
    public boolean read(int x, int y, int width, int height, int[] argb, int at, int rowLength) {
        synchronized (adapter) {
            if (!readWithoutCursor(x, y, width, height, argb, at, rowLength)) {
                return false;
            }
            cursor.draw(x, y, width, height, argb, at, rowLength);
            return true;
        }
    }

    /** As {@link #read}, without the cursor. */
    public boolean readWithoutCursor(int x, int y, int width, int height, int[] argb, int at, int rowLength) {
        synchronized (adapter) {
            Resource from = shown;
            if (from == null || x < 0 || y < 0 || width < 0 || height < 0
                    || x > area.width - width || y > area.height - height) {
                return false;
            }
            MemorySegment target = MemorySegment.ofArray(argb);
            long row = offset + (area.y + y) * stride + (area.x + x) * PixelFormat.BYTES;
            for (int i = 0; i < height; i++, row += stride) {
                int start = at + i * rowLength;
                if (!from.read(row, target, (long) start * PixelFormat.BYTES, (long) width * PixelFormat.BYTES)) {
                    return false;
                }
                format.toArgb(argb, start, width);
            }
            return true;
        }
    }

    /** Reads the whole picture, row by row; {@code null} if there is none. */
    public int @Nullable [] read() {
        synchronized (adapter) {
            int[] argb = new int[(int) (area.width * area.height)];
            return isOn() && read(0, 0, width(), height(), argb, 0, width()) ? argb : null;
        }
    }

    /** Tells a listener of what changes from now on. */
    public void addListener(ScanoutListener listener) {
        synchronized (adapter) {
            ScanoutListener[] more = Arrays.copyOf(listeners, listeners.length + 1);
            more[listeners.length] = listener;
            listeners = more;
        }
    }

    /** Tells a listener nothing any more; a call that is under way may still come. */
    public void removeListener(ScanoutListener listener) {
        synchronized (adapter) {
            listeners = Arrays.stream(listeners).filter(each -> each != listener).toArray(ScanoutListener[]::new);
        }
    }

    // ── The cursor ─────────────────────────────────────────────────────────

    /** Whether there is a cursor on the picture. */
    public boolean isCursorVisible() {
        return cursor.isVisible();
    }

    /** Where the left edge of the cursor is; may be outside of the picture. */
    public int cursorX() {
        return cursor.x();
    }

    /** Where the upper edge of the cursor is; may be outside of the picture. */
    public int cursorY() {
        return cursor.y();
    }

    /** Which column of the cursor is the one that points. */
    public int cursorHotX() {
        synchronized (adapter) {
            return cursor.hotX();
        }
    }

    /** Which row of the cursor is the one that points. */
    public int cursorHotY() {
        synchronized (adapter) {
            return cursor.hotY();
        }
    }

    /** The cursor's 64 rows of 64 pixels, as {@code 0xAARRGGBB}; colors were multiplied with alpha. */
    public int[] cursor() {
        int[] argb = new int[Cursor.SIDE * Cursor.SIDE];
        synchronized (adapter) {
            cursor.copyTo(argb);
        }
        return argb;
    }

    // ── For the adapter, which has its lock ────────────────────────────────

    @Nullable Resource shown() {
        return shown;
    }

    Cursor cursorState() {
        return cursor;
    }

    /** Shows an area of an image; everything was checked. */
    void show(
            Resource resource, PixelFormat newFormat, Area newArea, long newWidth, long newHeight, long newOffset,
            long newStride) {
        boolean sameSize = shown != null && area.width == newArea.width && area.height == newArea.height;
        shown = resource;
        format = newFormat;
        area.set(newArea.x, newArea.y, newArea.width, newArea.height);
        imageWidth = newWidth;
        imageHeight = newHeight;
        offset = newOffset;
        stride = newStride;
        fresh = true;
        size = area.width << 32 | area.height;
        if (!sameSize) {
            tellLater(true);
        }
    }

    void hide() {
        boolean was = shown != null;
        shown = null;
        area.set(0, 0, 0, 0);
        size = 0;
        if (was) {
            tellLater(true);
        }
    }

    /** The size of the image that a blob is taken for. */
    boolean holds(Area flushed) {
        return flushed.isInside(imageWidth, imageHeight);
    }

    /** A part of the image was flushed: notes what of it is in the picture. Returns how many pixels. */
    long flush(Area flushed) {
        if (fresh) {
            // The picture is another one: all of it changed.
            damage.set(0, 0, area.width, area.height);
        } else {
            damage.set(flushed.x, flushed.y, flushed.width, flushed.height);
            damage.clip(area.x, area.y, area.width, area.height);
            damage.set(damage.x - area.x, damage.y - area.y, damage.width, damage.height);
        }
        if (damage.isEmpty()) {
            return 0;
        }
        fresh = false;
        tellLater(false);
        return damage.width * damage.height;
    }

    /** Everything is to be drawn anew. */
    void redraw() {
        if (shown != null) {
            fresh = false;
            damage.set(0, 0, area.width, area.height);
            tellLater(false);
        }
    }

    private void tellLater(boolean newSize) {
        if (newSize) {
            resized = true;
            damage.set(0, 0, 0, 0);
        }
        adapter.tellLater();
    }

    /** Tells what was noted. Without the lock: what listeners do is not known. */
    void tell() {
        boolean newSize;
        int x;
        int y;
        int width;
        int height;
        synchronized (adapter) {
            newSize = resized;
            resized = false;
            x = (int) damage.x;
            y = (int) damage.y;
            width = (int) damage.width;
            height = (int) damage.height;
            damage.set(0, 0, 0, 0);
        }
        if (newSize) {
            tellChanged();
        }
        if (width > 0 && height > 0) {
            tellDamaged(x, y, width, height);
        }
    }

    /** Where the cursor was, or is. Needs no lock. */
    void damageCursor(int x, int y) {
        long now = size;
        int left = Math.max(0, x);
        int top = Math.max(0, y);
        int right = (int) Math.min((long) x + Cursor.SIDE, now >> 32);
        int bottom = (int) Math.min((long) y + Cursor.SIDE, (int) now);
        if (left < right && top < bottom) {
            tellDamaged(left, top, right - left, bottom - top);
        }
    }

    private void tellChanged() {
        for (ScanoutListener listener : listeners) {
            listener.changed(this);
        }
    }

    private void tellDamaged(int x, int y, int width, int height) {
        for (ScanoutListener listener : listeners) {
            listener.damaged(this, x, y, width, height);
        }
    }

    PixelFormat format() {
        return format;
    }

    Area area() {
        return area;
    }

    long imageWidth() {
        return imageWidth;
    }

    long imageHeight() {
        return imageHeight;
    }

    long offset() {
        return offset;
    }

    long stride() {
        return stride;
    }

    @Override
    public String toString() {
        return "Scanout[" + id + " " + width() + "x" + height() + "]";
    }
}
