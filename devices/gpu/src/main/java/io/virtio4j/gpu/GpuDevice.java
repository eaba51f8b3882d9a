// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.Counters;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;

/**
 * A graphics adapter. [Device Types / GPU Device]
 *
 * <pre>{@code
 * GpuDevice gpu = new GpuDevice(Monitor.of(1280, 800));
 * gpu.scanout(0).addListener(listener);
 * gpu.scanout(0).plug(Monitor.of(1920, 1080)); // a resize
 * }</pre>
 *
 * <p>It draws nothing by itself: what the driver shows is read from its {@link Scanout}s.
 *
 * <p>A device may be used by one instance at a time. Closing it, after the instance, gives back memory that lies
 * outside of the heap.
 */
public final class GpuDevice implements VirtioDevice, AutoCloseable {

    private static final int CONTROL = 0;

    private final CounterTable<GpuCounter> counters = CounterTable.of(GpuCounter.class);
    private final ConfigSpace config = new ConfigSpace(GpuConfig.SIZE);
    private final FeatureSet offered;
    private final Adapter adapter;

    /** Creates a device with an output and what suits most; {@link #builder} has choices. */
    public GpuDevice(Monitor monitor) {
        this(builder().output(monitor));
    }

    GpuDevice(GpuDeviceBuilder from) {
        offered = from.features();
        adapter = new Adapter(from, counters, this::monitorsChanged);
        config.set(fields -> {
            GpuConfig.NUM_SCANOUTS.set(fields, 0, adapter.scanouts().size());
            GpuConfig.NUM_CAPSETS.set(fields, 0, adapter.contextTypes().size());
            GpuConfig.BLOB_ALIGNMENT.set(fields, 0,
                    offered.has(GpuFeature.BLOB_ALIGNMENT) ? adapter.blobAlignment() : 0);
        });
        config.writable(GpuConfig.EVENTS_CLEAR.offset(), 4, written -> eventsCleared());
    }

    /** Begins a device with choices. */
    public static GpuDeviceBuilder builder() {
        return new GpuDeviceBuilder();
    }

    // ── Device ID ──────────────────────────────────────────────────────────

    @Override
    public DeviceType type() {
        return DeviceType.GPU;
    }

    // ── Virtqueues ─────────────────────────────────────────────────────────

    @Override
    public List<QueueSpec> queues() {
        return List.of(QueueSpec.named("controlq"), new QueueSpec("cursorq", 16));
    }

    // ── Feature bits ───────────────────────────────────────────────────────

    @Override
    public FeatureSet offeredFeatures() {
        return offered;
    }

    @Override
    public List<? extends Feature> features() {
        return List.of(GpuFeature.values());
    }

    // ── Device configuration layout ────────────────────────────────────────

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    /** > Writing a '1' into a bit will clear the corresponding bit in events_read */
    private void eventsCleared() {
        config.set(fields -> {
            long pending = GpuConfig.EVENTS_READ.get(fields, 0) & ~GpuConfig.EVENTS_CLEAR.get(fields, 0);
            GpuConfig.EVENTS_READ.set(fields, 0, pending);
            GpuConfig.EVENTS_CLEAR.set(fields, 0, 0);
        });
    }

    private static final Consumer<MemorySegment> DISPLAY_EVENT =
            fields -> GpuConfig.EVENTS_READ.set(fields, 0, GpuConfig.EVENT_DISPLAY);

    /** > Display configuration has changed. */
    private void monitorsChanged() {
        counters.count(GpuCounter.DISPLAY_EVENTS);
        config.update(DISPLAY_EVENT);
    }

    // ── Device Initialization ──────────────────────────────────────────────

    /** > MUST support [...] MAP_BLOB and [...] UNMAP_BLOB if the host visible memory region is available. */
    @Override
    public List<SharedMemoryRegion> sharedMemory() {
        HostVisibleRegion region = adapter.hostVisible();
        return region == null ? List.of() : region.regions();
    }

    @Override
    public void activate(DeviceContext context) {
        adapter.negotiated(context.negotiated());
        adapter.memory(context.memory());
        // What a saved state shows may lie in the guest's pages, which can be read from now on.
        adapter.redraw();
        adapter.tell();
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
        return queue.index() == CONTROL ? new ControlQueue(adapter) : new CursorQueue(adapter);
    }

    @Override
    public void reset() {
        adapter.clear();
        adapter.tell();
        adapter.negotiated(FeatureSet.NONE);
        config.set(fields -> GpuConfig.EVENTS_READ.set(fields, 0, 0));
    }

    // ── Device Operation ───────────────────────────────────────────────────

    /** The outputs, by number. */
    public List<Scanout> scanouts() {
        return List.copyOf(adapter.scanouts());
    }

    /**
     * An output.
     *
     * @throws IndexOutOfBoundsException if there is none of that number
     */
    public Scanout scanout(int id) {
        return adapter.scanouts().get(id);
    }

    @Override
    public Counters<GpuCounter> counters() {
        return counters;
    }

    /** How many resources the driver has now. */
    public int resources() {
        synchronized (adapter) {
            return adapter.resources().size();
        }
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void save(StateWriter out) {
        synchronized (adapter) {
            new SavedAdapter(adapter).save(out);
        }
    }

    @Override
    public void restore(StateReader in) {
        synchronized (adapter) {
            new SavedAdapter(adapter).restore(in).run();
        }
        adapter.tell();
        // The monitors here may be others than those there.
        monitorsChanged();
    }

    @Override
    public void close() {
        adapter.close();
    }

    @Override
    public String toString() {
        return "GpuDevice" + adapter.scanouts();
    }
}
