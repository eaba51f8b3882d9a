// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import static io.virtio4j.core.transport.DeviceStatus.DRIVER_OK;
import static io.virtio4j.core.transport.DeviceStatus.FEATURES_OK;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.ChainJournal;
import io.virtio4j.core.queue.QueueConfig;
import io.virtio4j.core.queue.QueueCounters;
import io.virtio4j.core.queue.QueueState;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.queue.VirtQueue;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One device as a driver sees it. The lifecycle of the specification, once, for every transport. [Basic
 * Facilities of a Virtio Device], [General Initialization And Device Operation]
 *
 * <p>Methods for the driver's accesses may be called by any thread; they take a lock that no queue ever
 * takes. {@link #notifyQueue} takes none. What a driver must not do is ignored; what breaks a ring sets
 * DEVICE_NEEDS_RESET; nothing that a driver does makes a method throw.
 */
public final class DeviceInstance implements AutoCloseable {

    private final DeviceType type;
    private final GuestMemory memory;
    private final Runner runner;
    private final ConfigSpace config;
    private final List<SharedMemoryRegion> sharedMemory;
    private final Negotiation negotiation;
    private final Lifecycle lifecycle;

    DeviceInstance(DeviceInstanceBuilder from) {
        type = from.device.type();
        memory = from.memory;
        runner = from.runner;
        sharedMemory = List.copyOf(from.device.sharedMemory());
        lifecycle = new Lifecycle(from);
        config = lifecycle.config();
        negotiation = lifecycle.negotiation();
    }

    /** Begins an instance of a device. */
    public static DeviceInstanceBuilder of(VirtioDevice device) {
        return new DeviceInstanceBuilder(device);
    }

    // ── For the transport ──────────────────────────────────────────────────

    /**
     * Connects the transport, before the driver's first access.
     *
     * @param newSink takes notifications
     * @param unsupported features that this transport cannot carry; they are not offered
     */
    public void attach(NotificationSink newSink, FeatureSet unsupported) {
        synchronized (lifecycle) {
            negotiation.withdraw(unsupported);
            lifecycle.events().connect(newSink);
        }
    }

    /** The type of the device. */
    public DeviceType type() {
        return type;
    }

    /** The memory that the device sees. */
    public GuestMemory memory() {
        return memory;
    }

    /** How many queues the device has. */
    public int queueCount() {
        return lifecycle.queueCount();
    }

    /** The regions that the device shares with the driver. */
    public List<SharedMemoryRegion> sharedMemory() {
        return sharedMemory;
    }

    /** The features that are offered. */
    public FeatureSet offered() {
        return negotiation.offered();
    }

    /** The features that the driver accepted so far; negotiated once FEATURES_OK is set. */
    public FeatureSet accepted() {
        synchronized (lifecycle) {
            return negotiation.accepted();
        }
    }

    /** The driver accepts features, 32 bits at once. Ignored once FEATURES_OK is set. */
    public void acceptFeatures(int word, int bits) {
        synchronized (lifecycle) {
            if (!lifecycle.has(FEATURES_OK) && !lifecycle.isResetting()) {
                negotiation.accept(word, bits);
            }
        }
    }

    /**
     * Device status. A reset or a suspension that had to wait for the host's I/O ends with the read that
     * finds it done.
     */
    public int status() {
        if (lifecycle.isWaiting()) {
            synchronized (lifecycle) {
                lifecycle.settle();
            }
        }
        return lifecycle.status();
    }

    /** The driver writes device status; 0 resets. [Device Status Field] */
    public void writeStatus(int value) {
        synchronized (lifecycle) {
            if ((value & 0xFF) == 0) {
                lifecycle.reset();
            } else if (!lifecycle.isResetting()) {
                StatusWrite.apply(lifecycle, value & 0xFF);
            }
        }
    }

    /** Reads the device-specific configuration; see {@link ConfigSpace#read}. */
    public long readConfig(int offset, int width) {
        return config.read(offset, width);
    }

    /** Writes the device-specific configuration; see {@link ConfigSpace#write}. */
    public void writeConfig(int offset, int width, long value) {
        config.write(offset, width, value);
    }

    /** The generation of the device-specific configuration. */
    public int configGeneration() {
        return config.generation();
    }

    /** How many bytes the device-specific configuration has. */
    public int configSize() {
        return config.size();
    }

    // ── Queues ─────────────────────────────────────────────────────────────

    /** Whether the device has this queue. */
    public boolean hasQueue(int index) {
        return index >= 0 && index < lifecycle.queueCount();
    }

    /** The largest size that the driver may choose; 0 if there is no such queue. */
    public int queueSizeMax(int index) {
        if (!hasQueue(index)) {
            return 0;
        }
        int max = lifecycle.slot(index).config.maxSize();
        return accepted().has(CoreFeature.RING_PACKED) ? max : Integer.highestOneBit(max);
    }

    /** The size that the driver chose, or the largest; 0 if there is no such queue. */
    public int queueSize(int index) {
        return hasQueue(index) ? Math.min(lifecycle.slot(index).config.size(), sizeOrMax(index)) : 0;
    }

    private int sizeOrMax(int index) {
        // Until one is chosen that this format can have it is the largest: a power of two with split rings.
        QueueConfig queue = lifecycle.slot(index).config;
        RingFormat format =
                accepted().has(CoreFeature.RING_PACKED) ? RingFormat.PACKED : RingFormat.SPLIT;
        return QueueConfig.isSize(queue.size(), queue.maxSize(), format)
                ? queue.size() : queueSizeMax(index);
    }

    /** The driver programs a queue; ignored where it must not. */
    public void configureQueue(int index, Consumer<QueueConfig> change) {
        if (!hasQueue(index)) {
            return;
        }
        synchronized (lifecycle) {
            if (lifecycle.isProgrammable(lifecycle.slot(index))) {
                change.accept(lifecycle.slot(index).config);
            }
        }
    }

    /** The driver chooses a size; ignored if no queue can have it. */
    public void queueSize(int index, int size) {
        configureQueue(index, queue -> {
            if (QueueConfig.isSize(size, queue.maxSize(), negotiation.ring().format())) {
                queue.size(size);
            }
        });
    }

    /** What the driver programmed, to be read back; {@code null} if there is no such queue. */
    public @Nullable QueueConfig queueConfig(int index) {
        return hasQueue(index) ? lifecycle.slot(index).config : null;
    }

    /** The driver enables a queue; it starts now if the device runs, else with DRIVER_OK. */
    public void enableQueue(int index) {
        if (!hasQueue(index)) {
            return;
        }
        synchronized (lifecycle) {
            QueueSlot slot = lifecycle.slot(index);
            if (lifecycle.isProgrammable(slot)) {
                slot.config.size(queueSize(index));
                slot.config.enabled(true);
                slot.wasReset = false;
                if (lifecycle.has(DRIVER_OK)) {
                    lifecycle.start(slot, null);
                }
            }
        }
    }

    /**
     * Takes a queue out of use without RING_RESET, for transports that let the driver clear the ready
     * flag.
     */
    public void disableQueue(int index) {
        if (!hasQueue(index)) {
            return;
        }
        synchronized (lifecycle) {
            if (!lifecycle.isResetting()) {
                lifecycle.stop(lifecycle.slot(index));
                lifecycle.slot(index).config.enabled(false);
            }
        }
    }

    /** Whether the driver enabled the queue. */
    public boolean isQueueEnabled(int index) {
        return hasQueue(index) && lifecycle.slot(index).config.isEnabled();
    }

    /**
     * Starts a queue of a running device where it was stopped, or elsewhere: for transports whose peer starts
     * and stops queues one by one. The host's I/O on buffers of the time before has the grace of a reset.
     *
     * @param program sets size and addresses
     * @param from where to begin
     * @param journal is told of chains in work, and says what is to be handled again besides what {@code from}
     *     says; or {@code null}
     * @return whether the queue runs; if not, the device does not run, or the queue runs already or is still
     *     held by the host, or it cannot run as programmed and the device needs a reset
     */
    public boolean startQueue(
            int index, Consumer<QueueConfig> program, QueueState from, @Nullable ChainJournal journal) {
        if (!hasQueue(index)) {
            return false;
        }
        synchronized (lifecycle) {
            QueueSlot slot = lifecycle.slot(index);
            if (lifecycle.isResetting() || !lifecycle.has(DRIVER_OK) || slot.running != null
                    || !lifecycle.awaitLeft(slot)) {
                return false;
            }
            program.accept(slot.config);
            slot.wasReset = false;
            lifecycle.start(slot, from, journal);
            slot.config.enabled(slot.running != null);
            return slot.running != null;
        }
    }

    /**
     * Stops a queue such that it can go on later, here or elsewhere: nothing new is taken, and the host's I/O
     * has time to end. Chains that the device still keeps then are in the state. Not for queue handlers.
     *
     * @param grace how long to wait for the host's I/O
     * @return where the queue is; {@code null} if it does not run
     */
    public @Nullable QueueState stopQueue(int index, Duration grace) {
        if (!hasQueue(index)) {
            return null;
        }
        synchronized (lifecycle) {
            return lifecycle.stopInOrder(lifecycle.slot(index), grace);
        }
    }

    /** The driver resets one queue. Ignored without RING_RESET. [Virtqueue Reset] */
    public void resetQueue(int index) {
        if (!hasQueue(index)) {
            return;
        }
        synchronized (lifecycle) {
            QueueSlot slot = lifecycle.slot(index);
            if (!lifecycle.isResetting() && slot.config.isEnabled() && lifecycle.has(FEATURES_OK)
                    && lifecycle.accepted(CoreFeature.RING_RESET)) {
                lifecycle.stop(slot);
                slot.config.reset();
                slot.wasReset = true;
            }
        }
    }

    /** Whether a queue's reset waits for the host's I/O on its buffers. */
    public boolean isQueueResetting(int index) {
        if (!hasQueue(index)) {
            return false;
        }
        synchronized (lifecycle) {
            return lifecycle.slot(index).wasReset && lifecycle.slot(index).isLeaving();
        }
    }

    /** Whether a queue that was reset or disabled waits for the host's I/O on its buffers. */
    public boolean isQueueStopping(int index) {
        if (!hasQueue(index)) {
            return false;
        }
        synchronized (lifecycle) {
            return lifecycle.slot(index).isLeaving();
        }
    }

    /**
     * The driver notifies a queue. Ignored if it does not run. Never blocks, but for the device's own work
     * with {@link Runner#onCaller()}.
     */
    public void notifyQueue(int index) {
        VirtQueue queue = hasQueue(index) ? lifecycle.slot(index).running : null;
        NotifyEvent.record(type.name(), index);
        if (queue != null) {
            queue.notifyAvailable();
        }
    }

    // ── For the embedder ───────────────────────────────────────────────────

    /**
     * Keeps the device away from guest memory until {@link #unpause()}: waits for the chains in work on
     * this moment's threads, then nothing moves. Deferred chains stay in work. Nests. Not for queue
     * handlers.
     */
    public void pause() {
        synchronized (lifecycle) {
            lifecycle.pause();
        }
    }

    /**
     * As {@link #pause()}, and waits for the host's I/O on deferred chains, for the grace of a reset at
     * most. What was completed meanwhile is used after {@link #unpause()}.
     *
     * @return whether nothing can touch guest memory now; false if a device keeps a chain, which it may do
     *     for as long as it likes
     */
    public boolean pauseUntilQuiet() {
        synchronized (lifecycle) {
            lifecycle.pause();
            return lifecycle.awaitUnlent();
        }
    }

    /** Ends a {@link #pause()}; queues look for what they missed. */
    public void unpause() {
        synchronized (lifecycle) {
            lifecycle.unpause();
        }
    }

    /**
     * Saves device status, features, configuration, queues with the chains in work, and the device's own
     * state. The driver must not access the device meanwhile; queues are paused for the moment.
     */
    public byte[] save() {
        synchronized (lifecycle) {
            lifecycle.settle();
            lifecycle.pause();
            try {
                return DeviceSnapshot.save(lifecycle);
            } finally {
                lifecycle.unpause();
            }
        }
    }

    /**
     * Restores a fresh instance to what {@link #save()} wrote. Chains that were in work are handled again
     * before new ones. Pause before if the driver is not to run yet.
     *
     * @throws io.virtio4j.core.wire.StateException if it does not fit; the instance is unchanged then
     * @throws IllegalStateException if a driver has begun to use this instance
     */
    public void restore(byte[] saved) {
        synchronized (lifecycle) {
            lifecycle.settle();
            if (lifecycle.status() != 0) {
                throw new IllegalStateException("only a fresh or reset device can be restored: device="
                        + type.name() + " status=" + DeviceStatus.text(lifecycle.status()));
            }
            DeviceSnapshot.restore(lifecycle, saved);
        }
    }

    /** Works on queues on the calling thread, with {@link Runner#manual()}. */
    public int poll(int limit) {
        return runner.poll(limit);
    }

    /** What a queue did. */
    public QueueCounters counters(int queue) {
        return lifecycle.slot(queue).counters;
    }

    /** Resets the device and ends its runner. Deferred chains may still return; they change nothing. */
    @Override
    public void close() {
        synchronized (lifecycle) {
            lifecycle.reset();
            lifecycle.events().disconnect();
            runner.close();
        }
    }

    @Override
    public String toString() {
        return "DeviceInstance[" + type.name() + " " + DeviceStatus.text(lifecycle.status()) + "]";
    }
}
