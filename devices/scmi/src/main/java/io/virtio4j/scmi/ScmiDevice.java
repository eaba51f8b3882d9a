// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

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
import io.virtio4j.scmi.protocol.ScmiChannel;
import io.virtio4j.scmi.protocol.ScmiCounter;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An SCMI device: one agent's way to a platform. [Device Types / SCMI Device]
 *
 * <pre>{@code
 * ScmiPlatform board = new SimulatedPlatform()
 *     .add(Sensor.of("soc", SensorType.CELSIUS, thermometer::milliCelsius).scale(-3))
 *     .build();
 * ScmiDevice device = new ScmiDevice(board);
 * }</pre>
 *
 * <p>A device may be used by one instance at a time. It does not close its platform.
 */
public final class ScmiDevice implements VirtioDevice {

    private static final int COMMAND_QUEUE = 0;

    private final ScmiPlatform platform;
    private final List<SharedMemoryRegion> statistics;
    private final ScmiChannel channel;
    private volatile @Nullable VirtQueue eventQueue;

    /** Creates a device for the platform's first agent. */
    public ScmiDevice(ScmiPlatform platform) {
        this(platform, 1);
    }

    /**
     * Creates a device for an agent.
     *
     * @throws IllegalArgumentException if the platform has no such agent
     */
    public ScmiDevice(ScmiPlatform platform, int agent) {
        this.platform = platform;
        statistics = platform.statistics();
        channel = platform.open(agent, this::wakeEventQueue);
    }

    // ── Device ID ──────────────────────────────────────────────────────────

    @Override
    public DeviceType type() {
        return DeviceType.SCMI;
    }

    // ── Virtqueues ─────────────────────────────────────────────────────────

    @Override
    public List<QueueSpec> queues() {
        QueueSpec commands = QueueSpec.named("cmdq");
        // > The eventq only exists if VIRTIO_SCMI_F_P2A_CHANNELS was negotiated.
        return platform.usesEvents() ? List.of(commands, QueueSpec.named("eventq")) : List.of(commands);
    }

    // ── Feature bits ───────────────────────────────────────────────────────

    @Override
    public FeatureSet offeredFeatures() {
        FeatureSet offered = FeatureSet.NONE;
        if (platform.usesEvents()) {
            offered = offered.with(ScmiFeature.P2A_CHANNELS);
        }
        if (!statistics.isEmpty()) {
            offered = offered.with(ScmiFeature.SHARED_MEMORY);
        }
        return offered;
    }

    @Override
    public List<? extends Feature> features() {
        return List.of(ScmiFeature.values());
    }

    // ── Device Initialization ──────────────────────────────────────────────

    @Override
    public void activate(DeviceContext context) {
        channel.begin(context.negotiated().has(ScmiFeature.P2A_CHANNELS),
                context.negotiated().has(ScmiFeature.SHARED_MEMORY));
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
        if (queue.index() == COMMAND_QUEUE) {
            return new CommandQueue(channel);
        }
        eventQueue = queue;
        return new EventQueue(channel);
    }

    @Override
    public void stopQueue(VirtQueue queue) {
        if (queue.index() != COMMAND_QUEUE) {
            eventQueue = null;
        }
    }

    @Override
    public void reset() {
        channel.end();
    }

    // ── Device Operation ───────────────────────────────────────────────────

    private void wakeEventQueue() {
        VirtQueue queue = eventQueue;
        if (queue != null) {
            queue.wake();
        }
    }

    @Override
    public Counters<ScmiCounter> counters() {
        return channel.counters();
    }

    // ── Shared Memory Operation ────────────────────────────────────────────

    @Override
    public List<SharedMemoryRegion> sharedMemory() {
        return statistics;
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void save(StateWriter out) {
        channel.save(out);
    }

    @Override
    public void restore(StateReader in) {
        channel.restore(in);
    }

    @Override
    public String toString() {
        return "ScmiDevice[agent=" + channel.agent() + " " + platform + "]";
    }
}
