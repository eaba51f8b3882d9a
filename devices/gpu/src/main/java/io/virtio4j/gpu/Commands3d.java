// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** 3d commands, and capability sets. Under the adapter's lock. [Device Operation: controlq (3d)] */
final class Commands3d {

    private static final int NAME = 64;
    /** {@code VIRTIO_GPU_CONTEXT_INIT_CAPSET_ID_MASK} */
    private static final int CAPSET_ID_MASK = 0xFF;

    /** {@code PIPE_TEXTURE_2D}: the kind of an image in Gallium, whose words the command uses. */
    private static final int TEXTURE_2D = 2;

    private final Adapter adapter;
    private final Commands2d images;
    private final Area box = new Area();
    private byte[] commands = {};

    Commands3d(Adapter adapter, Commands2d images) {
        this.adapter = adapter;
        this.images = images;
    }

    private boolean isOff() {
        return !adapter.negotiated(GpuFeature.VIRGL);
    }

    // ── VIRTIO_GPU_CMD_GET_CAPSET_INFO, VIRTIO_GPU_CMD_GET_CAPSET ──────────

    int getCapsetInfo(Request request) {
        if (!request.has(32) || !request.hasRoom(40)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        long index = request.in().readLe32();
        List<GpuContextType> types = adapter.contextTypes();
        // > capset_index, which MUST less than num_capsets
        if (index >= types.size()) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        GpuContextType type = types.get((int) index);
        request.answer(ControlType.OK_CAPSET_INFO);
        ChainWriter out = request.out();
        out.writeLe32(type.capsetId());
        out.writeLe32(type.maxVersion());
        out.writeLe32(type.capset(type.maxVersion()).length);
        out.writeLe32(0);
        return ControlType.ANSWERED;
    }

    int getCapset(Request request) {
        if (!request.has(32)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        int index = indexOf(request.in().readLe32());
        long version = request.in().readLe32();
        if (index < 0 || version > adapter.contextTypes().get(index).maxVersion()) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        byte[] capset = adapter.contextTypes().get(index).capset((int) version);
        if (!request.hasRoom(Request.HEADER + capset.length)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        request.answer(ControlType.OK_CAPSET);
        request.out().write(capset);
        return ControlType.ANSWERED;
    }

    private int indexOf(long capsetId) {
        List<GpuContextType> types = adapter.contextTypes();
        for (int i = 0; i < types.size(); i++) {
            if (types.get(i).capsetId() == capsetId) {
                return i;
            }
        }
        return -1;
    }

    // ── VIRTIO_GPU_CMD_CTX_CREATE, VIRTIO_GPU_CMD_CTX_DESTROY ──────────────

    int ctxCreate(Request request) {
        if (isOff()) {
            return ControlType.ERR_UNSPEC;
        }
        if (!request.has(96)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        if (request.contextId() == 0 || adapter.context(request.contextId()) != null) {
            return ControlType.ERR_INVALID_CONTEXT_ID;
        }
        int nameLength = (int) Math.min(NAME, request.in().readLe32());
        long init = request.in().readLe32();
        byte[] name = new byte[NAME];
        request.in().read(name);
        int capsetId = adapter.negotiated(GpuFeature.CONTEXT_INIT) ? (int) init & CAPSET_ID_MASK : 0;
        // > If the lower 8-bits of the context_init are zero, then the type of the context is determined by the
        // > device.
        int type = capsetId == 0 ? 0 : indexOf(capsetId);
        if (type < 0) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        if (!adapter.hasRoomForContext()) {
            return ControlType.ERR_OUT_OF_MEMORY;
        }
        String debugName = new String(name, 0, nameLength, StandardCharsets.US_ASCII).replaceAll("[^ -~]", "");
        adapter.add(new Context(request.contextId(), type, debugName,
                adapter.contextTypes().get(type).create(debugName)));
        return ControlType.OK_NODATA;
    }

    int ctxDestroy(Request request) {
        Context context = adapter.context(request.contextId());
        if (isOff()) {
            return ControlType.ERR_UNSPEC;
        }
        if (context == null) {
            return ControlType.ERR_INVALID_CONTEXT_ID;
        }
        adapter.destroy(context);
        return ControlType.OK_NODATA;
    }

    // ── VIRTIO_GPU_CMD_CTX_ATTACH_RESOURCE, VIRTIO_GPU_CMD_CTX_DETACH_RESOURCE

    int ctxResource(Request request, boolean attach) {
        if (isOff()) {
            return ControlType.ERR_UNSPEC;
        }
        if (!request.has(32)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        Context context = adapter.context(request.contextId());
        if (context == null) {
            return ControlType.ERR_INVALID_CONTEXT_ID;
        }
        Resource resource = adapter.resource(request.in().readLe32());
        if (resource == null) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        if (attach) {
            context.attach(resource);
            return ControlType.OK_NODATA;
        }
        return context.detach(resource) ? ControlType.OK_NODATA : ControlType.ERR_INVALID_RESOURCE_ID;
    }

    // ── VIRTIO_GPU_CMD_RESOURCE_CREATE_3D ──────────────────────────────────

    /** Images: textures of two dimensions, one layer, one level and one sample. */
    int resourceCreate3d(Request request) {
        if (isOff()) {
            return ControlType.ERR_UNSPEC;
        }
        if (!request.has(72)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        ChainReader in = request.in();
        long id = in.readLe32();
        long target = in.readLe32();
        PixelFormat format = PixelFormat.of(in.readLe32());
        in.readLe32(); // bind: what it is for
        long width = in.readLe32();
        long height = in.readLe32();
        long depth = in.readLe32();
        long arraySize = in.readLe32();
        long lastLevel = in.readLe32();
        long samples = in.readLe32();
        boolean image = target == TEXTURE_2D && depth == 1 && arraySize == 1 && lastLevel == 0 && samples <= 1;
        return images.createImage(id, image ? format : null, width, height);
    }

    // ── VIRTIO_GPU_CMD_TRANSFER_TO_HOST_3D, VIRTIO_GPU_CMD_TRANSFER_FROM_HOST_3D

    int transfer3d(Request request, boolean toHost) {
        if (isOff()) {
            return ControlType.ERR_UNSPEC;
        }
        if (!request.has(72)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        ChainReader in = request.in();
        long x = in.readLe32();
        long y = in.readLe32();
        long z = in.readLe32();
        box.set(x, y, in.readLe32(), in.readLe32());
        long depth = in.readLe32();
        long offset = in.readLe64();
        Resource resource = adapter.resource(in.readLe32());
        long level = in.readLe32();
        long stride = in.readLe32();
        if (resource == null) {
            return ControlType.ERR_INVALID_RESOURCE_ID;
        }
        if (z != 0 || depth > 1 || level != 0) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        return switch (resource) {
            case ImageResource image -> images.transfer3d(image, box, offset, stride, toHost);
            case BlobResource blob -> transferBytes(blob, offset, toHost);
        };
    }

    /** A blob is a row of bytes; its pages are the shadow of its memory. */
    private int transferBytes(BlobResource blob, long offset, boolean toHost) {
        Backing backing = blob.backing();
        GuestMemory guest = adapter.memory();
        if (blob.kind() != BlobResource.HOST3D_GUEST || backing == null || guest == null) {
            return ControlType.ERR_UNSPEC;
        }
        if (box.y != 0 || box.height > 1 || box.x + box.width > blob.size()
                || offset < 0 || offset > backing.length() - box.width) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        MemoryMap map = guest.pin();
        try {
            boolean moved = toHost
                    ? blob.pull(map, offset, box.x, box.width)
                    : blob.push(map, offset, box.x, box.width);
            if (!moved) {
                return ControlType.ERR_UNSPEC;
            }
        } finally {
            map.unpin();
        }
        adapter.counters().count(GpuCounter.TRANSFERS);
        adapter.counters().count(GpuCounter.TRANSFERRED_BYTES, box.width);
        return ControlType.OK_NODATA;
    }

    // ── VIRTIO_GPU_CMD_SUBMIT_3D ───────────────────────────────────────────

    int submit3d(Request request) {
        if (isOff()) {
            return ControlType.ERR_UNSPEC;
        }
        if (!request.has(32)) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        Context context = adapter.context(request.contextId());
        if (context == null) {
            return ControlType.ERR_INVALID_CONTEXT_ID;
        }
        long size = request.in().readLe32();
        request.in().readLe32(); // padding
        if (size > request.in().remaining()) {
            return ControlType.ERR_INVALID_PARAMETER;
        }
        if (size > adapter.limits().commandBytes()) {
            adapter.counters().count(GpuCounter.OVER_BUDGET);
            return ControlType.ERR_OUT_OF_MEMORY;
        }
        adapter.counters().count(GpuCounter.SUBMITS);
        return context.context().submit(copy(request.in(), (int) size))
                ? ControlType.OK_NODATA
                : ControlType.ERR_INVALID_PARAMETER;
    }

    private ByteBuffer copy(ChainReader in, int size) {
        if (commands.length == 0) {
            commands = new byte[adapter.limits().commandBytes()];
        }
        in.read(MemorySegment.ofArray(commands), 0, size);
        return ByteBuffer.wrap(commands, 0, size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
