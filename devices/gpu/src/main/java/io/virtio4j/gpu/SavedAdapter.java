// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The state of an adapter in the middle of its work: resources with their pixels, what is scanned out, cursors and
 * contexts. Under the adapter's lock. Everything is read and checked before anything changes.
 */
final class SavedAdapter {

    private static final int VERSION = 1;
    private static final int IMAGE = 0;
    private static final int BLOB = 1;

    private final Adapter adapter;

    /** By id, while restoring. */
    private final Map<Integer, Resource> resources = new HashMap<>();
    private final List<Resource> made = new ArrayList<>();
    private final List<GpuContext> contexts = new ArrayList<>();
    private final List<Runnable> steps = new ArrayList<>();

    SavedAdapter(Adapter adapter) {
        this.adapter = adapter;
    }

    // ── Saving ─────────────────────────────────────────────────────────────

    void save(StateWriter out) {
        out.le16(VERSION);
        out.le32(adapter.resources().size());
        for (Resource resource : adapter.resources()) {
            save(out, resource);
        }
        out.le16(adapter.scanouts().size());
        for (Scanout scanout : adapter.scanouts()) {
            save(out, scanout);
        }
        out.le32(adapter.contexts().size());
        for (Context context : adapter.contexts()) {
            save(out, context);
        }
    }

    private static void save(StateWriter out, Resource resource) {
        out.le32(resource.id());
        switch (resource) {
            case ImageResource image ->
                    out.u8(IMAGE).le32(image.format().code()).le32(image.width()).le32(image.height());
            case BlobResource blob ->
                    out.u8(BLOB).u8(blob.kind()).u8(blob.flags()).le64(blob.size()).le64(blob.mappedAt());
        }
        MemorySegment host = resource.host();
        out.bytes(host == null ? new byte[0] : host.toArray(ValueLayout.JAVA_BYTE));
        Backing.save(out, resource.backing());
        UUID uuid = resource.uuid();
        out.flag(uuid != null);
        if (uuid != null) {
            out.le64(uuid.getMostSignificantBits()).le64(uuid.getLeastSignificantBits());
        }
    }

    private static void save(StateWriter out, Scanout scanout) {
        Resource shown = scanout.shown();
        out.le32(shown == null ? 0 : shown.id());
        if (shown != null) {
            Area area = scanout.area();
            out.le32(scanout.format().code())
                    .le32(area.x).le32(area.y).le32(area.width).le32(area.height)
                    .le32(scanout.imageWidth()).le32(scanout.imageHeight())
                    .le32(scanout.offset()).le32(scanout.stride());
        }
        scanout.cursorState().save(out);
    }

    private static void save(StateWriter out, Context context) {
        out.le32(context.id()).u8(context.type()).text(context.debugName());
        StateWriter own = new StateWriter();
        context.context().save(own);
        out.bytes(own.toByteArray());
        out.le32(context.attached().size());
        for (Resource resource : context.attached()) {
            out.le32(resource.id());
        }
    }

    // ── Restoring ──────────────────────────────────────────────────────────

    /** Reads and checks. What it returns changes the adapter, and does not fail. */
    Runnable restore(StateReader in) {
        try {
            if (in.le16() != VERSION) {
                throw new StateException("saved GPU is of another version: expected=" + VERSION);
            }
            restoreResources(in);
            restoreScanouts(in);
            restoreContexts(in);
            in.end();
            exportAgain();
        } catch (RuntimeException | OutOfMemoryError e) {
            undo();
            throw e instanceof RuntimeException known
                    ? known
                    : new StateException("saved GPU does not fit into memory", e);
        }
        return this::apply;
    }

    private void undo() {
        for (Resource resource : made) {
            UUID uuid = resource.uuid();
            if (uuid != null) {
                adapter.exports().withdraw(uuid, resource);
            }
            resource.free();
        }
        contexts.forEach(GpuContext::close);
    }

    private void apply() {
        adapter.clear();
        made.forEach(adapter::add);
        steps.forEach(Runnable::run);
    }

    private void restoreResources(StateReader in) {
        GpuLimits limits = adapter.limits();
        int count = in.le32("resources", 0, limits.resources());
        long hostBytes = 0;
        int entries = 0;
        for (int i = 0; i < count; i++) {
            int id = (int) in.le32();
            Resource resource = in.u8() == IMAGE
                    ? image(in, id, limits.hostBytes() - hostBytes)
                    : blob(in, id, limits.hostBytes() - hostBytes);
            hostBytes += resource.hostBytes();
            resource.backing(Backing.restore(in, limits.entries() - entries));
            Backing backing = resource.backing();
            entries += backing == null ? 0 : backing.entries();
            if (resource instanceof BlobResource blob && backing != null
                    && (backing.length() < blob.size() || blob.kind() == BlobResource.HOST3D)) {
                throw new StateException("saved blob and its pages do not fit: " + blob);
            }
            if (in.flag()) {
                resource.uuid(new UUID(in.le64(), in.le64()));
            }
            if (id == 0 || resources.put(id, resource) != null) {
                throw new StateException("saved resource's id is 0, or not its alone: id=" + id);
            }
        }
    }

    private ImageResource image(StateReader in, int id, long room) {
        PixelFormat format = PixelFormat.of(in.le32());
        int width = in.le32("width", 1, adapter.limits().side());
        int height = in.le32("height", 1, adapter.limits().side());
        byte[] pixels = in.bytes();
        if (format == null || pixels.length != ImageResource.bytes(width, height) || pixels.length > room) {
            throw new StateException("saved image does not fit: id=" + id + " width=" + width + " height=" + height
                    + " bytes=" + pixels.length + " room=" + room);
        }
        ImageResource image = new ImageResource(adapter, id, format, width, height);
        made.add(image);
        image.host().copyFrom(MemorySegment.ofArray(pixels));
        return image;
    }

    private BlobResource blob(StateReader in, int id, long room) {
        int kind = in.u8();
        int flags = in.u8();
        long size = in.le64();
        long mappedAt = in.le64();
        byte[] bytes = in.bytes();
        boolean inHost = kind == BlobResource.HOST3D || kind == BlobResource.HOST3D_GUEST;
        if (!inHost && kind != BlobResource.GUEST || flags > BlobResource.ALL_FLAGS || size <= 0
                || bytes.length != (inHost ? size : 0) || bytes.length > room) {
            throw new StateException("saved blob does not fit: id=" + id + " kind=" + kind + " size=" + size
                    + " bytes=" + bytes.length + " room=" + room);
        }
        BlobResource blob = new BlobResource(adapter, id, kind, flags, size);
        made.add(blob);
        MemorySegment host = blob.host();
        if (host != null) {
            host.copyFrom(MemorySegment.ofArray(bytes));
        }
        if (mappedAt != -1) {
            mapLater(blob, mappedAt);
        }
        return blob;
    }

    /** Where mapped blobs are to be; none is there yet. */
    private final Map<Long, BlobResource> places = new HashMap<>();

    private void mapLater(BlobResource blob, long at) {
        HostVisibleRegion region = adapter.hostVisible();
        boolean overlaps = places.entrySet().stream().anyMatch(other ->
                other.getKey() < at + blob.size() && at < other.getKey() + other.getValue().size());
        if (region == null || !blob.isMappable() || !region.holds(at, blob.size()) || overlaps) {
            throw new StateException("saved blob is mapped where it cannot be: " + blob + " offset=" + at);
        }
        places.put(at, blob);
        steps.add(() -> region.map(blob, at));
    }

    private void restoreScanouts(StateReader in) {
        int count = in.le16();
        if (count != adapter.scanouts().size()) {
            throw new StateException("saved GPU has another number of outputs: saved=" + count + " outputs="
                    + adapter.scanouts().size());
        }
        for (Scanout scanout : adapter.scanouts()) {
            int id = (int) in.le32();
            if (id != 0) {
                restoreShown(in, scanout, resources.get(id));
            }
            steps.add(Cursor.restore(in, scanout.cursorState()));
        }
    }

    private void restoreShown(StateReader in, Scanout scanout, @Nullable Resource resource) {
        PixelFormat format = PixelFormat.of(in.le32());
        Area area = new Area();
        area.set(in.le32(), in.le32(), in.le32(), in.le32());
        int side = adapter.limits().side();
        int width = in.le32("image width", 1, side);
        int height = in.le32("image height", 1, side);
        long offset = in.le32();
        long stride = in.le32();
        boolean fits = format != null && resource != null && !area.isEmpty() && area.isInside(width, height)
                && stride >= (long) width * PixelFormat.BYTES
                && offset + (height - 1) * stride + (long) width * PixelFormat.BYTES <= resource.size();
        if (format == null || resource == null || !fits) {
            throw new StateException("saved output shows what is not there: output=" + scanout.id());
        }
        steps.add(() -> scanout.show(resource, format, area, width, height, offset, stride));
    }

    private void restoreContexts(StateReader in) {
        int count = in.le32("contexts", 0, adapter.limits().contexts());
        Map<Integer, Context> restored = new HashMap<>();
        for (int i = 0; i < count; i++) {
            int id = (int) in.le32();
            int type = in.u8();
            String name = in.text();
            StateReader own = new StateReader(in.bytes());
            if (id == 0 || type >= adapter.contextTypes().size()) {
                throw new StateException("saved context cannot be: id=" + id + " type=" + type);
            }
            GpuContext context = adapter.contextTypes().get(type).restore(name, own);
            contexts.add(context);
            own.end();
            Context whole = new Context(id, type, name, context);
            if (restored.put(id, whole) != null) {
                throw new StateException("saved context is there twice: id=" + id);
            }
            steps.add(() -> adapter.add(whole));
            restoreAttached(in, whole);
        }
    }

    private void restoreAttached(StateReader in, Context context) {
        int count = in.le32("attached", 0, resources.size());
        for (int i = 0; i < count; i++) {
            Resource resource = resources.get((int) in.le32());
            if (resource == null) {
                throw new StateException("saved context has a resource that is not there: id=" + context.id());
            }
            steps.add(() -> context.attach(resource));
        }
    }

    /** Last of all: what another device finds is whole. */
    private void exportAgain() {
        for (Resource resource : made) {
            UUID uuid = resource.uuid();
            if (uuid != null && !adapter.exports().export(uuid, resource)) {
                resource.uuid(null);
                throw new StateException("saved resource's UUID is in use, reset the device that it comes from"
                        + " first: uuid=" + uuid);
            }
        }
    }
}
