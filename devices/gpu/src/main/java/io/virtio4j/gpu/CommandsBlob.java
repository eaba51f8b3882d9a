// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.queue.ChainReader;

/** Commands for blobs. Under the adapter's lock. [Device Operation: controlq] */
final class CommandsBlob {

    /** {@code VIRTIO_GPU_MAP_CACHE_CACHED} */
    private static final int MAP_CACHE_CACHED = 1;

    private static final int PLANES = 4;

    private final Adapter adapter;
    private final GuestPages pages;
    private final Area area = new Area();

    CommandsBlob(Adapter adapter) {
        this.adapter = adapter;
        pages = new GuestPages(adapter);
    }

    // ── VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB ────────────────────────────────

    int resourceCreateBlob(Request request) {
        if (!adapter.negotiated(GpuFeature.RESOURCE_BLOB)) {
            return ControlType.ERR_UNSPEC;
        }
        if (!request.has(56)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        ChainReader in = request.in();
        long id = in.readLe32();
        long kind = in.readLe32();
        long flags = in.readLe32();
        long entries = in.readLe32();
        long blobId = in.readLe64();
        long size = in.readLe64();
        if (id == 0 || adapter.resource(id) != null) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        if (!isValid(kind, flags, entries, size)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        if (kind != BlobResource.GUEST) {
            int fault = checkObject(request.contextId(), blobId, size);
            if (fault != 0) {
                return fault;
            }
        }
        if (!adapter.hasRoom(kind == BlobResource.GUEST ? 0 : size)) {
            return ControlType.ERR_OUT_OF_MEMORY;
        }
        int fault = pages.check(in, entries);
        return fault != 0 ? fault : create(in, (int) id, (int) kind, (int) flags, (int) entries, size);
    }

    private boolean isValid(long kind, long flags, long entries, long size) {
        // > The memory properties of the blob resource MUST be described by blob_mem, which MUST be non-zero.
        // > blob_mem can only be [...] HOST3D and [...] HOST3D_GUEST if VIRTIO_GPU_F_VIRGL is supported.
        boolean known = kind == BlobResource.GUEST
                || (kind == BlobResource.HOST3D || kind == BlobResource.HOST3D_GUEST)
                    && adapter.negotiated(GpuFeature.VIRGL);
        // > size MUST be aligned to blob_alignment
        boolean aligned = !adapter.negotiated(GpuFeature.BLOB_ALIGNMENT) || size % adapter.blobAlignment() == 0;
        return known && aligned && (flags & ~BlobResource.ALL_FLAGS) == 0 && size > 0
                && (kind != BlobResource.HOST3D || entries == 0);
    }

    /** > MUST be created from the rendering context local object identified by the blob_id. */
    private int checkObject(int contextId, long blobId, long size) {
        Context context = adapter.context(contextId);
        if (context == null) {
            return ControlType.ERR_INVALID_CONTEXT_ID;
        }
        return context.context().permitsBlob(blobId, size) ? 0 : ControlType.ERR_INVALID_PARAMETER;
    }

    private int create(ChainReader in, int id, int kind, int flags, int entries, long size) {
        Backing backing = entries == 0 ? null : Backing.read(in, entries);
        if (backing != null && (backing.length() < size || !pages.isThere(backing))) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        try {
            BlobResource blob = new BlobResource(adapter, id, kind, flags, size);
            blob.backing(backing);
            adapter.add(blob);
        } catch (OutOfMemoryError e) {
            return ControlType.ERR_OUT_OF_MEMORY;
        }
        return ControlType.OK_NODATA;
    }

    // ── VIRTIO_GPU_CMD_SET_SCANOUT_BLOB ────────────────────────────────────

    int setScanoutBlob(Request request) {
        if (!adapter.negotiated(GpuFeature.RESOURCE_BLOB)) {
            return ControlType.ERR_UNSPEC;
        }
        if (!request.has(96)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        ChainReader in = request.in();
        area.read(in);
        Scanout scanout = adapter.scanout(in.readLe32());
        long resourceId = in.readLe32();
        long width = in.readLe32();
        long height = in.readLe32();
        PixelFormat format = PixelFormat.of(in.readLe32());
        in.readLe32(); // padding
        long stride = firstPlane(in);
        long offset = firstPlane(in);
        if (scanout == null) {
            return ControlType.ERR_INVALID_SCANOUT_ID;
        }
        if (resourceId == 0) {
            adapter.counters().count(GpuCounter.SCANOUTS_SET);
            scanout.hide();
            return ControlType.OK_NODATA;
        }
        if (!(adapter.resource(resourceId) instanceof BlobResource blob)) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        int side = adapter.limits().side();
        if (format == null || width > side || height > side || area.isEmpty() || !area.isInside(width, height)
                || stride < width * PixelFormat.BYTES
                || offset + (height - 1) * stride + width * PixelFormat.BYTES > blob.size()) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        adapter.counters().count(GpuCounter.SCANOUTS_SET);
        scanout.show(blob, format, area, width, height, offset, stride);
        return ControlType.OK_NODATA;
    }

    /** All formats have one plane. */
    private static long firstPlane(ChainReader in) {
        long first = in.readLe32();
        for (int plane = 1; plane < PLANES; plane++) {
            in.readLe32();
        }
        return first;
    }

    // ── VIRTIO_GPU_CMD_RESOURCE_MAP_BLOB ───────────────────────────────────

    int resourceMapBlob(Request request) {
        HostVisibleRegion region = adapter.hostVisible();
        if (region == null || !adapter.negotiated(GpuFeature.RESOURCE_BLOB)) {
            return ControlType.ERR_UNSPEC;
        }
        if (!request.has(40) || !request.hasRoom(32)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        Resource resource = adapter.resource(request.in().readLe32());
        request.in().readLe32(); // padding
        long offset = request.in().readLe64();
        if (!(resource instanceof BlobResource blob)) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        // > The driver MUST not map a blob resource that is already mapped.
        // > offset MUST be aligned to blob_alignment
        boolean aligned = !adapter.negotiated(GpuFeature.BLOB_ALIGNMENT) || offset % adapter.blobAlignment() == 0;
        if (!blob.isMappable() || blob.isMapped() || !aligned || !region.isFree(offset, blob.size())) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        region.map(blob, offset);
        request.answer(ControlType.OK_MAP_INFO);
        request.out().writeLe32(MAP_CACHE_CACHED);
        request.out().writeLe32(0);
        return ControlType.ANSWERED;
    }

    // ── VIRTIO_GPU_CMD_RESOURCE_UNMAP_BLOB ─────────────────────────────────

    int resourceUnmapBlob(Request request) {
        HostVisibleRegion region = adapter.hostVisible();
        if (region == null || !adapter.negotiated(GpuFeature.RESOURCE_BLOB)) {
            return ControlType.ERR_UNSPEC;
        }
        if (!request.has(32)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        if (!(adapter.resource(request.in().readLe32()) instanceof BlobResource blob)) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        if (!blob.isMapped()) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        try {
            region.unmap(blob, true);
        } catch (OutOfMemoryError e) {
            return ControlType.ERR_OUT_OF_MEMORY;
        }
        return ControlType.OK_NODATA;
    }
}
