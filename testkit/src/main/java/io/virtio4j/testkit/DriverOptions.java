// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.RingFormat;
import org.jspecify.annotations.Nullable;

/**
 * What a driver wants of a device. Immutable; each method returns a changed copy.
 *
 * <p>As a driver of a real system, it accepts all that is offered, but for RING_PACKED where it wants split
 * rings.
 */
public final class DriverOptions {

    private static final int DEFAULT_QUEUE_SIZE = 64;

    private final RingFormat format;
    private final FeatureSet refused;
    private final @Nullable FeatureSet exactly;
    private final int queueSize;
    private final Layout layout;

    private DriverOptions(
            RingFormat format, FeatureSet refused, @Nullable FeatureSet exactly, int queueSize,
            Layout layout) {
        this.format = format;
        this.refused = refused;
        this.exactly = exactly;
        this.queueSize = queueSize;
        this.layout = layout;
    }

    /** Split rings of 64 entries. */
    public static DriverOptions split() {
        return of(RingFormat.SPLIT);
    }

    /** Packed rings of 64 entries. */
    public static DriverOptions packed() {
        return of(RingFormat.PACKED);
    }

    /** Rings of 64 entries. */
    public static DriverOptions of(RingFormat format) {
        return new DriverOptions(format, FeatureSet.NONE, null, DEFAULT_QUEUE_SIZE, Layout.AS_LINUX);
    }

    /** Does not accept these features. */
    public DriverOptions without(Feature... features) {
        return new DriverOptions(
                format, refused.union(FeatureSet.of(features)), exactly, queueSize, layout);
    }

    /** Accepts this set, whatever is offered. */
    public DriverOptions exactly(FeatureSet features) {
        RingFormat implied =
                features.has(CoreFeature.RING_PACKED) ? RingFormat.PACKED : RingFormat.SPLIT;
        return new DriverOptions(implied, refused, features, queueSize, layout);
    }

    /** Uses queues of this size, or the largest that the device has if that is less. */
    public DriverOptions queueSize(int size) {
        return new DriverOptions(format, refused, exactly, size, layout);
    }

    /** Cuts buffers into descriptors like this. */
    public DriverOptions layout(Layout newLayout) {
        return new DriverOptions(format, refused, exactly, queueSize, newLayout);
    }

    /** The format of the rings. */
    public RingFormat format() {
        return format;
    }

    /** The wanted size of a queue. */
    public int queueSize() {
        return queueSize;
    }

    /** How buffers are cut. */
    public Layout layout() {
        return layout;
    }

    /** What is accepted of an offer. */
    FeatureSet choose(FeatureSet offered) {
        if (exactly != null) {
            return exactly;
        }
        if (format == RingFormat.PACKED && !offered.has(CoreFeature.RING_PACKED)) {
            throw new IllegalStateException("packed rings are wanted and not offered: offered=" + offered);
        }
        FeatureSet unwanted = format == RingFormat.PACKED
                ? refused
                : refused.with(CoreFeature.RING_PACKED);
        return offered.minus(unwanted);
    }

    @Override
    public String toString() {
        return format + " layout=" + layout + " queueSize=" + queueSize
                + (refused.isEmpty() ? "" : " without=" + refused)
                + (exactly == null ? "" : " exactly=" + exactly);
    }
}
