// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import org.jspecify.annotations.Nullable;

/** Serves the cursorq. A driver need not leave room for an answer, as Linux does not. [Device Operation: cursorq] */
final class CursorQueue implements QueueHandler {

    private static final int SIZE = 56;

    private final Adapter adapter;
    private final CounterTable<GpuCounter> counters;
    private @Nullable Request last;

    CursorQueue(Adapter adapter) {
        this.adapter = adapter;
        counters = adapter.counters();
    }

    @Override
    public void handle(DescriptorChain chain) {
        Request request = Request.of(last, chain);
        last = request;
        counters.count(GpuCounter.COMMANDS);
        int answer = request.begin(chain) ? run(request) : ControlType.ERR_INVALID_PARAMETER;
        counters.count(GpuCounter.FENCES, request.hasFence() ? 1 : 0);
        counters.count(GpuCounter.ERRORS, answer >= ControlType.ERR_UNSPEC ? 1 : 0);
        if (request.hasRoom(Request.HEADER)) {
            request.answer(answer);
            chain.complete();
        } else {
            chain.complete(0);
        }
    }

    private int run(Request request) {
        boolean update = request.type() == ControlType.UPDATE_CURSOR;
        if (!update && request.type() != ControlType.MOVE_CURSOR) {
            return ControlType.ERR_UNSPEC;
        }
        if (!request.has(SIZE)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        ChainReader in = request.in();
        Scanout scanout = adapter.scanout(in.readLe32());
        int x = (int) in.readLe32();
        int y = (int) in.readLe32();
        in.readLe32(); // padding
        if (scanout == null) {
            return ControlType.ERR_INVALID_SCANOUT_ID;
        }
        Cursor cursor = scanout.cursorState();
        boolean wasVisible = cursor.isVisible();
        int oldX = cursor.x();
        int oldY = cursor.y();
        if (update) {
            int fault = update(cursor, in, x, y);
            if (fault != ControlType.OK_NODATA) {
                return fault;
            }
        } else {
            counters.count(GpuCounter.CURSOR_MOVES);
            cursor.move(x, y);
        }
        if (wasVisible) {
            scanout.damageCursor(oldX, oldY);
        }
        if (cursor.isVisible()) {
            scanout.damageCursor(x, y);
        }
        return ControlType.OK_NODATA;
    }

    /** > Cursor will be loaded from the specified resource_id and will be moved to pos. */
    private int update(Cursor cursor, ChainReader in, int x, int y) {
        long resourceId = in.readLe32();
        int hotX = (int) in.readLe32();
        int hotY = (int) in.readLe32();
        synchronized (adapter) {
            if (resourceId == 0) {
                cursor.hide();
            } else {
                int fault = load(cursor, adapter.resource(resourceId), hotX, hotY);
                if (fault != ControlType.OK_NODATA) {
                    return fault;
                }
            }
            cursor.move(x, y);
        }
        counters.count(GpuCounter.CURSOR_UPDATES);
        return ControlType.OK_NODATA;
    }

    /** Blobs have no format: Linux, which uses them for cursors, means what {@code DRM_FORMAT_ARGB8888} is called. */
    private static int load(Cursor cursor, @Nullable Resource resource, int hotX, int hotY) {
        return switch (resource) {
            case null -> ControlType.ERR_INVALID_RESOURCE_ID;
            case ImageResource image when image.width() == Cursor.SIDE && image.height() == Cursor.SIDE ->
                    loaded(cursor.show(image, image.format(), hotX, hotY));
            case BlobResource blob when blob.size() >= Cursor.BYTES ->
                    loaded(cursor.show(blob, PixelFormat.B8G8R8A8_UNORM, hotX, hotY));
            case ImageResource image -> ControlType.ERR_INVALID_PARAMETER;
            case BlobResource blob -> ControlType.ERR_INVALID_PARAMETER;
        };
    }

    private static int loaded(boolean there) {
        return there ? ControlType.OK_NODATA : ControlType.ERR_UNSPEC;
    }
}
