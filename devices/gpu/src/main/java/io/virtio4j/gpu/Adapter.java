// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.netty.util.collection.IntObjectHashMap;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.ExportedObjects;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.memory.GuestMemory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the commands work on: resources, scanouts and contexts, and what is left of the budgets. Its monitor is the
 * lock of all of them, held by one command or one look at a picture at a time.
 */
final class Adapter implements AutoCloseable {

    private final GpuLimits limits;
    private final ExportedObjects exports;
    private final CounterTable<GpuCounter> counters;
    private final List<Scanout> scanouts = new ArrayList<>();
    private final List<GpuContextType> contextTypes;
    private final @Nullable HostVisibleRegion hostVisible;
    private final int blobAlignment;
    private final Runnable onMonitors;

    private final IntObjectHashMap<Resource> resources = new IntObjectHashMap<>();
    private final IntObjectHashMap<Context> contexts = new IntObjectHashMap<>();
    private long hostBytes;
    private int entries;

    private volatile boolean untold;

    private volatile @Nullable GuestMemory memory;
    private volatile FeatureSet negotiated = FeatureSet.NONE;

    Adapter(GpuDeviceBuilder from, CounterTable<GpuCounter> counters, Runnable onMonitors) {
        limits = from.limits();
        exports = from.exports();
        contextTypes = from.contextTypes();
        blobAlignment = from.blobAlignment();
        hostVisible = from.hostVisible();
        this.counters = counters;
        this.onMonitors = onMonitors;
        for (@Nullable Monitor monitor : from.outputs()) {
            scanouts.add(new Scanout(this, scanouts.size(), monitor));
        }
    }

    // ── What it is given ───────────────────────────────────────────────────

    GpuLimits limits() {
        return limits;
    }

    CounterTable<GpuCounter> counters() {
        return counters;
    }

    List<GpuContextType> contextTypes() {
        return contextTypes;
    }

    int blobAlignment() {
        return blobAlignment;
    }

    @Nullable HostVisibleRegion hostVisible() {
        return hostVisible;
    }

    @Nullable GuestMemory memory() {
        return memory;
    }

    void memory(GuestMemory newMemory) {
        memory = newMemory;
    }

    boolean negotiated(GpuFeature feature) {
        return negotiated.has(feature);
    }

    void negotiated(FeatureSet features) {
        negotiated = features;
    }

    // ── Scanouts ───────────────────────────────────────────────────────────

    List<Scanout> scanouts() {
        return scanouts;
    }

    @Nullable Scanout scanout(long id) {
        return id < scanouts.size() ? scanouts.get((int) id) : null;
    }

    /** Something is to be told once the lock is free. */
    void tellLater() {
        untold = true;
    }

    /** Tells listeners what the last command changed, without the lock. */
    void tell() {
        if (untold) {
            untold = false;
            for (int i = 0; i < scanouts.size(); i++) {
                scanouts.get(i).tell();
            }
        }
    }

    /** Everything that is shown is to be drawn anew. */
    synchronized void redraw() {
        scanouts.forEach(Scanout::redraw);
    }

    void monitorsChanged() {
        onMonitors.run();
    }

    // ── Resources ──────────────────────────────────────────────────────────

    @Nullable Resource resource(long id) {
        return resources.get((int) id);
    }

    Collection<Resource> resources() {
        return resources.values();
    }

    /** Whether there is room for one more resource with so much memory of the host's. */
    boolean hasRoom(long moreHostBytes) {
        if (resources.size() < limits.resources() && moreHostBytes <= limits.hostBytes() - hostBytes) {
            return true;
        }
        counters.count(GpuCounter.OVER_BUDGET);
        return false;
    }

    /** Whether there is room for more entries of the guest's pages. */
    boolean hasRoomForEntries(long more) {
        if (more <= limits.entries() - entries) {
            return true;
        }
        counters.count(GpuCounter.OVER_BUDGET);
        return false;
    }

    void add(Resource resource) {
        resources.put(resource.id(), resource);
        hostBytes += resource.hostBytes();
        Backing backing = resource.backing();
        entries += backing == null ? 0 : backing.entries();
    }

    void attach(Resource resource, Backing backing) {
        resource.backing(backing);
        entries += backing.entries();
    }

    void detach(Resource resource) {
        Backing backing = resource.backing();
        if (backing != null) {
            entries -= backing.entries();
            resource.backing(null);
        }
    }

    void destroy(Resource resource) {
        resources.remove(resource.id());
        for (int i = 0; i < scanouts.size(); i++) {
            if (scanouts.get(i).shown() == resource) {
                scanouts.get(i).hide();
            }
        }
        for (Context context : contexts.values()) {
            context.detach(resource);
        }
        release(resource);
    }

    private void release(Resource resource) {
        UUID uuid = resource.uuid();
        if (uuid != null) {
            exports.withdraw(uuid, resource);
            resource.uuid(null);
        }
        if (hostVisible != null && resource instanceof BlobResource blob) {
            hostVisible.unmap(blob, false);
        }
        detach(resource);
        hostBytes -= resource.hostBytes();
        resource.destroy();
    }

    /** The UUID of an exported resource; the same each time. */
    UUID export(Resource resource) {
        UUID uuid = resource.uuid();
        if (uuid == null) {
            uuid = exports.export(resource);
            resource.uuid(uuid);
        }
        return uuid;
    }

    ExportedObjects exports() {
        return exports;
    }

    // ── Contexts ───────────────────────────────────────────────────────────

    @Nullable Context context(int id) {
        return contexts.get(id);
    }

    Collection<Context> contexts() {
        return contexts.values();
    }

    boolean hasRoomForContext() {
        if (contexts.size() < limits.contexts()) {
            return true;
        }
        counters.count(GpuCounter.OVER_BUDGET);
        return false;
    }

    void add(Context context) {
        contexts.put(context.id(), context);
    }

    void destroy(Context context) {
        contexts.remove(context.id());
        context.close();
    }

    // ── Reset ──────────────────────────────────────────────────────────────

    /** Everything of the driver's goes. */
    synchronized void clear() {
        for (Scanout scanout : scanouts) {
            scanout.hide();
            scanout.cursorState().reset();
        }
        for (Context context : new ArrayList<>(contexts.values())) {
            destroy(context);
        }
        for (Resource resource : new ArrayList<>(resources.values())) {
            release(resource);
        }
        resources.clear();
    }

    /** Gives everything back that lies outside of the heap. */
    @Override
    public void close() {
        clear();
        tell();
        if (hostVisible != null) {
            hostVisible.close();
        }
    }
}
