// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.device.ExportedObjects;
import io.virtio4j.core.device.FeatureSet;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The choices for a {@link GpuDevice}; each has a default that suits most. */
public final class GpuDeviceBuilder {

    /** {@code VIRTIO_GPU_MAX_SCANOUTS} */
    private static final int MAX_SCANOUTS = 16;
    private static final int PAGE = 4096;
    private static final int MOST_CAPSET = 64 << 10;

    private final List<@Nullable Monitor> outputs = new ArrayList<>();
    private final List<GpuContextType> contextTypes = new ArrayList<>();
    private GpuLimits limits = GpuLimits.DEFAULT;
    private @Nullable ExportedObjects exports;
    private boolean blobs = true;
    private int blobAlignment = PAGE;
    private long hostVisibleBytes;
    private @Nullable MemorySegment hostVisible;

    GpuDeviceBuilder() {}

    /** Adds an output with a monitor. At least one output is needed, and 16 are the most. */
    public GpuDeviceBuilder output(Monitor monitor) {
        outputs.add(monitor);
        return this;
    }

    /** Adds an output without a monitor: one may be plugged in later. */
    public GpuDeviceBuilder emptyOutput() {
        outputs.add(null);
        return this;
    }

    /** What the driver may use of the host. Default: {@link GpuLimits#DEFAULT}. */
    public GpuDeviceBuilder limits(GpuLimits newLimits) {
        limits = newLimits;
        return this;
    }

    /** Offers RESOURCE_UUID: resources can be exported to devices with the same registry. Default: not offered. */
    public GpuDeviceBuilder exports(ExportedObjects registry) {
        exports = registry;
        return this;
    }

    /** Whether to offer RESOURCE_BLOB, and with it BLOB_ALIGNMENT. Default: yes. */
    public GpuDeviceBuilder blobs(boolean on) {
        blobs = on;
        return this;
    }

    /** To how many bytes the sizes and places of blobs are aligned: a power of two. Default: 4096. */
    public GpuDeviceBuilder blobAlignment(int bytes) {
        blobAlignment = bytes;
        return this;
    }

    /** Adds a type of contexts; the first is that of contexts whose type the driver leaves open. Default: none. */
    public GpuDeviceBuilder contextType(GpuContextType type) {
        contextTypes.add(type);
        return this;
    }

    /**
     * The size of the host visible memory region, where the driver maps blobs of contexts: a power of two. Memory that
     * is never touched costs nothing. Default: there is none.
     */
    public GpuDeviceBuilder hostVisibleBytes(long bytes) {
        hostVisibleBytes = bytes;
        hostVisible = null;
        return this;
    }

    /**
     * The host visible memory region, where the embedder makes the memory, to show it to the guest's processors or to
     * another process. Instead of {@link #hostVisibleBytes}.
     *
     * @param memory native, of a power of two bytes, filled with zeros; stays the caller's, valid as long as the device
     */
    public GpuDeviceBuilder hostVisible(MemorySegment memory) {
        if (!memory.isNative() || memory.isReadOnly()) {
            throw new IllegalArgumentException("hostVisible has to be native memory that can be written: native="
                    + memory.isNative() + " readOnly=" + memory.isReadOnly());
        }
        hostVisibleBytes = memory.byteSize();
        hostVisible = memory;
        return this;
    }

    /** Makes the device; choices that contradict each other are refused. */
    public GpuDevice build() {
        check();
        return new GpuDevice(this);
    }

    private void check() {
        if (outputs.isEmpty() || outputs.size() > MAX_SCANOUTS) {
            throw new IllegalArgumentException("a GPU needs 1 to " + MAX_SCANOUTS + " outputs: outputs="
                    + outputs.size());
        }
        if (blobAlignment < 1 || Integer.bitCount(blobAlignment) != 1) {
            throw new IllegalArgumentException(
                    "blobAlignment has to be a power of two, at most 2^30: blobAlignment=" + blobAlignment);
        }
        if (hostVisibleBytes != 0 && (hostVisibleBytes < PAGE || Long.bitCount(hostVisibleBytes) != 1)) {
            throw new IllegalArgumentException("hostVisibleBytes has to be a power of two, at least " + PAGE
                    + ": hostVisibleBytes=" + hostVisibleBytes);
        }
        if (hostVisibleBytes != 0 && (contextTypes.isEmpty() || !blobs)) {
            throw new IllegalArgumentException("blobs of contexts are mapped into the host visible region: it needs"
                    + " a contextType, and blobs: hostVisibleBytes=" + hostVisibleBytes);
        }
        for (GpuContextType type : contextTypes) {
            checkType(type);
        }
    }

    private void checkType(GpuContextType type) {
        if (type.capsetId() < 1 || type.capsetId() > 63
                || contextTypes.stream().filter(other -> other.capsetId() == type.capsetId()).count() > 1) {
            throw new IllegalArgumentException(
                    "each contextType needs a capsetId of its own, 1 to 63: capsetId=" + type.capsetId());
        }
        if (type.capset(type.maxVersion()).length > MOST_CAPSET) {
            throw new IllegalArgumentException("a capability set has to be at most " + MOST_CAPSET
                    + " bytes: capsetId=" + type.capsetId());
        }
    }

    // ── For the device ─────────────────────────────────────────────────────

    FeatureSet features() {
        FeatureSet set = FeatureSet.of(GpuFeature.EDID);
        if (exports != null) {
            set = set.with(GpuFeature.RESOURCE_UUID);
        }
        if (blobs) {
            set = set.with(GpuFeature.RESOURCE_BLOB).with(GpuFeature.BLOB_ALIGNMENT);
        }
        return contextTypes.isEmpty() ? set : set.with(GpuFeature.VIRGL).with(GpuFeature.CONTEXT_INIT);
    }

    List<@Nullable Monitor> outputs() {
        return outputs;
    }

    GpuLimits limits() {
        return limits;
    }

    ExportedObjects exports() {
        return exports == null ? new ExportedObjects() : exports;
    }

    int blobAlignment() {
        return blobAlignment;
    }

    List<GpuContextType> contextTypes() {
        return List.copyOf(contextTypes);
    }

    @Nullable HostVisibleRegion hostVisible() {
        if (hostVisible != null) {
            return HostVisibleRegion.of(hostVisible);
        }
        return hostVisibleBytes == 0 ? null : HostVisibleRegion.allocate(hostVisibleBytes);
    }
}
