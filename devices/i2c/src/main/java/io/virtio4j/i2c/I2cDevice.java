// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.Counters;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An I2C adapter: the controller of a bus. [Device Types / I2C Adapter Device]
 *
 * <pre>{@code
 * SimulatedBus bus = new SimulatedBus();
 * bus.attach(0x48, new Lm75(() -> celsius));
 * I2cDevice adapter = new I2cDevice(bus);
 * }</pre>
 *
 * <p>Requests are served in the order of the queue, and those of a group as one transaction on the bus. What of
 * a group comes after its first failure is failed without being attempted.
 *
 * <p>A device may be used by one instance at a time. It does not close its bus.
 */
public final class I2cDevice implements VirtioDevice {

    private static final int SAVED_VERSION = 1;

    private final CounterTable<I2cCounter> counters = CounterTable.of(I2cCounter.class);
    private final BusAccess access;
    private final long groupWait;
    private final int mostBytes;
    private final int mostMessages;

    private volatile @Nullable I2cQueue queue;

    /** Whether the first request belongs to a group that failed; of a saved state. */
    private boolean failingAtFirst;

    /** Creates a device with what suits most; {@link #of} has choices. */
    public I2cDevice(I2cBus bus) {
        this(of(bus));
    }

    I2cDevice(I2cDeviceBuilder from) {
        access = new BusAccess(from, counters, this::wake);
        groupWait = from.groupWait();
        mostBytes = from.maxMessageBytes();
        mostMessages = from.maxMessages();
    }

    /** Begins a device with choices. */
    public static I2cDeviceBuilder of(I2cBus bus) {
        return new I2cDeviceBuilder(bus);
    }

    // ── Device ID ──────────────────────────────────────────────────────────

    @Override
    public DeviceType type() {
        return DeviceType.I2C;
    }

    // ── Virtqueues ─────────────────────────────────────────────────────────

    @Override
    public List<QueueSpec> queues() {
        return List.of(QueueSpec.named("requestq"));
    }

    // ── Feature bits ───────────────────────────────────────────────────────

    @Override
    public FeatureSet offeredFeatures() {
        return FeatureSet.of(I2cFeature.ZERO_LENGTH_REQUEST);
    }

    @Override
    public List<? extends Feature> features() {
        return List.of(I2cFeature.values());
    }

    // ── Device Initialization ──────────────────────────────────────────────

    @Override
    public @Nullable String negotiate(FeatureSet accepted) {
        // > A device MUST offer the VIRTIO_I2C_F_ZERO_LENGTH_REQUEST feature and MUST reject any driver
        // > that doesn't negotiate this feature. [Device Operation]
        return accepted.has(I2cFeature.ZERO_LENGTH_REQUEST)
                ? null
                : "I2C adapter needs ZERO_LENGTH_REQUEST, and it was not accepted";
    }

    @Override
    public QueueHandler startQueue(VirtQueue virtQueue, DeviceContext context) {
        I2cQueue started = new I2cQueue(this, virtQueue, failingAtFirst);
        failingAtFirst = false;
        queue = started;
        return started;
    }

    @Override
    public void stopQueue(VirtQueue virtQueue) {
        I2cQueue stopped = queue;
        if (stopped != null) {
            queue = null;
            stopped.stop();
        }
    }

    @Override
    public void reset() {
        failingAtFirst = false;
    }

    // ── Device Operation ───────────────────────────────────────────────────

    BusAccess access() {
        return access;
    }

    /** How long to wait for the rest of a group, in nanoseconds. */
    long groupWait() {
        return groupWait;
    }

    /** The most bytes of a message. */
    int mostBytes() {
        return mostBytes;
    }

    /** The most messages of a transaction. */
    int mostMessages() {
        return mostMessages;
    }

    private void wake() {
        I2cQueue current = queue;
        if (current != null) {
            current.wake();
        }
    }

    @Override
    public Counters<I2cCounter> counters() {
        return counters;
    }

    /** The same, to count in. */
    CounterTable<I2cCounter> counts() {
        return counters;
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void save(StateWriter out) {
        I2cQueue current = queue;
        out.le16(SAVED_VERSION).flag(current != null ? current.isFailing() : failingAtFirst);
    }

    @Override
    public void restore(StateReader in) {
        int version = in.le16();
        boolean failing = in.flag();
        in.end();
        if (version != SAVED_VERSION) {
            throw new StateException("saved I2C adapter is of another version: version=" + version
                    + " expected=" + SAVED_VERSION);
        }
        failingAtFirst = failing;
    }
}
