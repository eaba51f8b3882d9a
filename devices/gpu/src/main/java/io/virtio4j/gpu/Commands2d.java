// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** 2d commands, in the order of the chapter. Under the adapter's lock. [Device Operation: controlq] */
final class Commands2d {

    private static final int MAX_SCANOUTS = 16;
    private static final int EDID_SIZE = 1024;

    private final Adapter adapter;
    private final GuestPages memory;
    private final Area area = new Area();

    Commands2d(Adapter adapter) {
        this.adapter = adapter;
        memory = new GuestPages(adapter);
    }

    // ── VIRTIO_GPU_CMD_GET_DISPLAY_INFO ────────────────────────────────────

    int getDisplayInfo(Request request) {
        if (!request.hasRoom(408)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        request.answer(ControlType.OK_DISPLAY_INFO);
        ChainWriter out = request.out();
        for (int i = 0; i < MAX_SCANOUTS; i++) {
            Scanout scanout = adapter.scanout(i);
            Monitor monitor = scanout == null ? null : scanout.monitor();
            out.writeLe32(monitor == null ? 0 : monitor.x());
            out.writeLe32(monitor == null ? 0 : monitor.y());
            out.writeLe32(monitor == null ? 0 : monitor.width());
            out.writeLe32(monitor == null ? 0 : monitor.height());
            out.writeLe32(monitor == null ? 0 : 1); // enabled
            out.writeLe32(0); // flags
        }
        return ControlType.ANSWERED;
    }

    // ── VIRTIO_GPU_CMD_GET_EDID ────────────────────────────────────────────

    int getEdid(Request request) {
        if (!adapter.negotiated(GpuFeature.EDID)) {
            return ControlType.ERR_UNSPEC;
        }
        if (!request.has(32) || !request.hasRoom(32 + EDID_SIZE)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        Scanout scanout = adapter.scanout(request.in().readLe32());
        if (scanout == null) {
            return ControlType.ERR_INVALID_SCANOUT_ID;
        }
        Monitor monitor = scanout.monitor();
        byte[] edid = monitor == null ? new byte[0] : Edid.of(monitor, scanout.id() + 1);
        request.answer(ControlType.OK_EDID);
        ChainWriter out = request.out();
        out.writeLe32(edid.length);
        out.writeLe32(0);
        out.write(edid);
        out.fill(0, EDID_SIZE - edid.length);
        return ControlType.ANSWERED;
    }

    // ── VIRTIO_GPU_CMD_RESOURCE_CREATE_2D ──────────────────────────────────

    int resourceCreate2d(Request request) {
        if (!request.has(40)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        ChainReader in = request.in();
        long id = in.readLe32();
        PixelFormat format = PixelFormat.of(in.readLe32());
        return createImage(id, format, in.readLe32(), in.readLe32());
    }

    int createImage(long id, @Nullable PixelFormat format, long width, long height) {
        if (id == 0 || adapter.resource(id) != null) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        int side = adapter.limits().side();
        if (format == null || width == 0 || height == 0 || width > side || height > side) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        if (!adapter.hasRoom(ImageResource.bytes(width, height))) {
            return ControlType.ERR_OUT_OF_MEMORY;
        }
        try {
            adapter.add(new ImageResource(adapter, (int) id, format, (int) width, (int) height));
        } catch (OutOfMemoryError e) {
            return ControlType.ERR_OUT_OF_MEMORY;
        }
        return ControlType.OK_NODATA;
    }

    // ── VIRTIO_GPU_CMD_RESOURCE_UNREF ──────────────────────────────────────

    int resourceUnref(Request request) {
        if (!request.has(32)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        Resource resource = adapter.resource(request.in().readLe32());
        if (resource == null) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        adapter.destroy(resource);
        return ControlType.OK_NODATA;
    }

    // ── VIRTIO_GPU_CMD_SET_SCANOUT ─────────────────────────────────────────

    int setScanout(Request request) {
        if (!request.has(48)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        area.read(request.in());
        Scanout scanout = adapter.scanout(request.in().readLe32());
        long resourceId = request.in().readLe32();
        if (scanout == null) {
            return ControlType.ERR_INVALID_SCANOUT_ID;
        }
        if (resourceId == 0) {
            // > The driver can use resource_id = 0 to disable a scanout.
            adapter.counters().count(GpuCounter.SCANOUTS_SET);
            scanout.hide();
            return ControlType.OK_NODATA;
        }
        if (!(adapter.resource(resourceId) instanceof ImageResource image)) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        // > Scanout rectangles must be completely covered by the underlying resource.
        if (area.isEmpty() || !area.isInside(image.width(), image.height())) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        adapter.counters().count(GpuCounter.SCANOUTS_SET);
        scanout.show(image, image.format(), area, image.width(), image.height(), 0, image.stride());
        return ControlType.OK_NODATA;
    }

    // ── VIRTIO_GPU_CMD_RESOURCE_FLUSH ──────────────────────────────────────

    int resourceFlush(Request request) {
        if (!request.has(48)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        area.read(request.in());
        Resource resource = adapter.resource(request.in().readLe32());
        if (resource == null) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        if (!isInside(resource)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        long pixels = 0;
        for (int i = 0; i < adapter.scanouts().size(); i++) {
            Scanout scanout = adapter.scanouts().get(i);
            if (scanout.shown() == resource) {
                pixels += scanout.flush(area);
            }
        }
        adapter.counters().count(GpuCounter.FLUSHES);
        adapter.counters().count(GpuCounter.FLUSHED_PIXELS, pixels);
        return ControlType.OK_NODATA;
    }

    /** A blob has no width and height but where it is scanned out. */
    private boolean isInside(Resource resource) {
        if (resource instanceof ImageResource image) {
            return area.isInside(image.width(), image.height());
        }
        boolean scannedOut = false;
        for (int i = 0; i < adapter.scanouts().size(); i++) {
            Scanout scanout = adapter.scanouts().get(i);
            if (scanout.shown() == resource) {
                if (scanout.holds(area)) {
                    return true;
                }
                scannedOut = true;
            }
        }
        return !scannedOut;
    }

    // ── VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D ─────────────────────────────────

    int transferToHost2d(Request request) {
        if (!request.has(56)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        area.read(request.in());
        long offset = request.in().readLe64();
        Resource resource = adapter.resource(request.in().readLe32());
        if (resource == null) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        if (!(resource instanceof ImageResource image)) {
            // Linux transfers blobs too that it uses as framebuffers: there is nothing to move.
            return ControlType.OK_NODATA;
        }
        return transfer(image, offset, image.stride(), true);
    }

    /**
     * Moves the area between an image and the guest's pages.
     *
     * @param offset of its first pixel in the pages
     * @param pagesStride bytes from row to row there
     */
    private int transfer(ImageResource image, long offset, long pagesStride, boolean toHost) {
        Backing backing = image.backing();
        GuestMemory guest = adapter.memory();
        if (backing == null || guest == null) {
            return ControlType.ERR_UNSPEC;
        }
        if (!area.isInside(image.width(), image.height())) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        if (area.isEmpty()) {
            return ControlType.OK_NODATA;
        }
        long row = area.width * PixelFormat.BYTES;
        long last = Math.multiplyHigh(area.height - 1, pagesStride) != 0 ? -1 : (area.height - 1) * pagesStride + row;
        if (offset < 0 || last < 0 || offset > backing.length() || last > backing.length() - offset) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        MemoryMap map = guest.pin();
        try {
            if (!move(map, image, offset, pagesStride, row, toHost)) {
                return ControlType.ERR_UNSPEC;
            }
        } finally {
            map.unpin();
        }
        adapter.counters().count(GpuCounter.TRANSFERS);
        adapter.counters().count(GpuCounter.TRANSFERRED_BYTES, row * area.height);
        return ControlType.OK_NODATA;
    }

    private boolean move(MemoryMap map, ImageResource image, long offset, long pagesStride, long row, boolean toHost) {
        long at = area.y * image.stride() + area.x * PixelFormat.BYTES;
        if (row == pagesStride && row == image.stride()) {
            return toHost
                    ? image.pull(map, offset, at, row * area.height)
                    : image.push(map, offset, at, row * area.height);
        }
        boolean moved = true;
        for (long y = 0; y < area.height && moved; y++) {
            long from = offset + y * pagesStride;
            long to = at + y * image.stride();
            moved = toHost ? image.pull(map, from, to, row) : image.push(map, from, to, row);
        }
        return moved;
    }

    /** Moves an area that another command gave. */
    int transfer3d(ImageResource image, Area box, long offset, long pagesStride, boolean toHost) {
        area.set(box.x, box.y, box.width, box.height);
        return transfer(image, offset, pagesStride == 0 ? image.stride() : pagesStride, toHost);
    }

    // ── VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING ─────────────────────────────

    int resourceAttachBacking(Request request) {
        if (!request.has(32)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        Resource resource = adapter.resource(request.in().readLe32());
        long entries = request.in().readLe32();
        if (resource == null) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        if (resource.backing() != null || resource instanceof BlobResource blob && blob.kind() == BlobResource.HOST3D) {
            return ControlType.ERR_UNSPEC;
        }
        int fault = memory.check(request.in(), entries);
        if (fault != 0) {
            return fault;
        }
        Backing backing = Backing.read(request.in(), (int) entries);
        if (!memory.isThere(backing) || resource instanceof BlobResource && backing.length() < resource.size()) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        adapter.attach(resource, backing);
        return ControlType.OK_NODATA;
    }

    // ── VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING ─────────────────────────────

    int resourceDetachBacking(Request request) {
        if (!request.has(32)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        Resource resource = adapter.resource(request.in().readLe32());
        if (resource == null) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        if (resource.backing() == null) {
            return ControlType.ERR_UNSPEC;
        }
        adapter.detach(resource);
        return ControlType.OK_NODATA;
    }

    // ── VIRTIO_GPU_CMD_RESOURCE_ASSIGN_UUID ────────────────────────────────

    int resourceAssignUuid(Request request) {
        if (!adapter.negotiated(GpuFeature.RESOURCE_UUID)) {
            return ControlType.ERR_UNSPEC;
        }
        if (!request.has(32) || !request.hasRoom(40)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        Resource resource = adapter.resource(request.in().readLe32());
        if (resource == null) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        UUID uuid = adapter.export(resource);
        request.answer(ControlType.OK_RESOURCE_UUID);
        // The bytes of a UUID, as RFC 4122 orders them.
        request.out().writeLe64(Long.reverseBytes(uuid.getMostSignificantBits()));
        request.out().writeLe64(Long.reverseBytes(uuid.getLeastSignificantBits()));
        return ControlType.ANSWERED;
    }
}
