// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A virtio device as a device author writes it.
 *
 * <pre>{@code
 * final class Echo implements VirtioDevice {
 *     public DeviceType type() { return new DeviceType(63, "echo"); }
 *     public List<QueueSpec> queues() { return List.of(QueueSpec.named("requestq")); }
 *     public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
 *         return chain -> {
 *             byte[] bytes = new byte[16];
 *             chain.reader().read(bytes);
 *             chain.writer().write(bytes);
 *             chain.complete();
 *         };
 *     }
 * }
 * }</pre>
 *
 * <p>Except for handlers, methods are called one at a time, under the lock of the device instance, by
 * the thread that carries the driver's access; they do not block for long. A queue lives from {@link
 * #startQueue} to {@link #stopQueue}; that one pair serves DRIVER_OK, queue reset, device reset and
 * migration.
 */
public interface VirtioDevice {

    /** What it is. [Device ID] */
    DeviceType type();

    /** The queues it can have, by index. Asked once. [Virtqueues] */
    List<QueueSpec> queues();

    /** The feature bits of its type that it offers. Asked once. [Feature bits] */
    default FeatureSet offeredFeatures() {
        return FeatureSet.NONE;
    }

    /**
     * Features of all devices that it cannot work with, whatever the embedder wants: they are not offered.
     * Asked once.
     */
    default FeatureSet excludedFeatures() {
        return FeatureSet.NONE;
    }

    /** The feature bits of its type that exist, to check what they require of each other. */
    default List<? extends Feature> features() {
        return List.of();
    }

    /** The device-specific configuration. Asked once. [Device configuration layout] */
    default ConfigSpace configSpace() {
        return ConfigSpace.EMPTY;
    }

    /** The memory that it shares with the driver. Asked once. [Shared Memory Regions] */
    default List<SharedMemoryRegion> sharedMemory() {
        return List.of();
    }

    /**
     * The driver wrote FEATURES_OK; subset and requirements hold. The device may adapt its configuration
     * space to what was accepted. [Device Initialization]
     *
     * @return {@code null} to agree; otherwise why not, and FEATURES_OK stays clear
     */
    default @Nullable String negotiate(FeatureSet accepted) {
        return null;
    }

    /** The driver wrote DRIVER_OK; {@link #startQueue} follows for each enabled queue. */
    default void activate(DeviceContext context) {}

    /**
     * A queue starts, or starts again.
     *
     * @return what serves its chains
     */
    QueueHandler startQueue(VirtQueue queue, DeviceContext context);

    /**
     * A queue was stopped and takes no more chains. Cancel asynchronous work on deferred chains of it;
     * each of them is still to be completed, which publishes nothing. Idempotent.
     */
    default void stopQueue(VirtQueue queue) {}

    /** The device was reset; all queues were stopped before. Back to the state after construction. */
    default void reset() {}

    /** Writes the device's own state. All queues are held; chains in work are saved with their queue. */
    default void save(StateWriter out) {}

    /**
     * Reads what {@link #save} wrote, before any queue starts.
     *
     * @throws io.virtio4j.core.wire.StateException if the state does not fit; nothing was changed then
     */
    default void restore(StateReader in) {}

    /** What it has counted. For the embedder: called by any thread, without the lock. */
    default Counters<?> counters() {
        return Counters.none();
    }
}
