// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.Counters;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.QueueConfig;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A GPIO controller. [Device Types / GPIO Device]
 *
 * <pre>{@code
 * SimulatedBoard board = SimulatedBoard.of("button", "led");
 * GpioDevice device = new GpioDevice(board);
 * }</pre>
 *
 * <p>A device may be used by one instance at a time. It does not close its backend.
 */
public final class GpioDevice implements VirtioDevice {

    private static final Logger LOG = LoggerFactory.getLogger(GpioDevice.class);

    private static final int SAVED_VERSION = 1;
    private static final int REQUESTQ = 0;
    private static final int MOST_LINES = 0xFFFF;

    private final GpioBackend backend;
    private final boolean canInterrupt;
    private final byte[] names;
    private final Lines lines;
    private final CounterTable<GpioCounter> counters = CounterTable.of(GpioCounter.class);
    private final ConfigSpace config = new ConfigSpace(GpioConfig.SIZE);
    private final AtomicBoolean failureLogged = new AtomicBoolean();

    private volatile boolean interrupts;
    private volatile @Nullable EventQueue events;

    /**
     * Creates a device.
     *
     * @param backend the lines; stays the caller's to close
     * @throws IllegalArgumentException if there are too few or too many lines, or names that cannot be
     */
    public GpioDevice(GpioBackend backend) {
        this.backend = backend;
        int count = backend.lines();
        if (count < 1 || count > MOST_LINES) {
            throw new IllegalArgumentException("a GPIO device has 1 to " + MOST_LINES + " lines: lines="
                    + count);
        }
        canInterrupt = backend.canInterrupt();
        names = LineNames.encode(backend);
        lines = new Lines(count);
        config.set(fields -> {
            GpioConfig.NGPIO.set(fields, 0, count);
            GpioConfig.GPIO_NAMES_SIZE.set(fields, 0, names.length);
        });
        backend.attach(this::changed);
    }

    // ── Device ID ──────────────────────────────────────────────────────────

    @Override
    public DeviceType type() {
        return DeviceType.GPIO;
    }

    // ── Virtqueues ─────────────────────────────────────────────────────────

    /** > The eventq virtqueue is available only if the VIRTIO_GPIO_F_IRQ feature has been negotiated. */
    @Override
    public List<QueueSpec> queues() {
        QueueSpec requests = QueueSpec.named("requestq");
        return canInterrupt ? List.of(requests, new QueueSpec("eventq", eventQueueSize())) : List.of(requests);
    }

    /** Room for a buffer of two descriptors for each line. */
    private int eventQueueSize() {
        int wanted = Integer.highestOneBit(2 * lines.count() - 1) << 1;
        return Math.clamp(wanted, QueueSpec.DEFAULT_SIZE, QueueConfig.LARGEST_SIZE);
    }

    // ── Feature bits ───────────────────────────────────────────────────────

    @Override
    public FeatureSet offeredFeatures() {
        return canInterrupt ? FeatureSet.of(GpioFeature.IRQ) : FeatureSet.NONE;
    }

    @Override
    public List<? extends Feature> features() {
        return List.of(GpioFeature.values());
    }

    /** Event buffers are used as lines interrupt, which is not the order in which they came. */
    @Override
    public FeatureSet excludedFeatures() {
        return canInterrupt ? FeatureSet.of(CoreFeature.IN_ORDER) : FeatureSet.NONE;
    }

    // ── Device configuration layout ────────────────────────────────────────

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    /** The gpio-names memory block; empty if no line has a name. */
    byte[] names() {
        return names;
    }

    // ── Device Initialization ──────────────────────────────────────────────

    @Override
    public @Nullable String negotiate(FeatureSet accepted) {
        interrupts = accepted.has(GpioFeature.IRQ);
        return null;
    }

    boolean hasInterrupts() {
        return interrupts;
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
        if (queue.index() == REQUESTQ) {
            return new RequestQueue(this, queue);
        }
        if (!interrupts) {
            return QueueHandler.unused();
        }
        EventQueue started = new EventQueue(this, queue);
        events = started;
        return started;
    }

    @Override
    public void stopQueue(VirtQueue queue) {
        EventQueue running = events;
        if (running == null) {
            return;
        }
        if (queue.index() == REQUESTQ) {
            running.forgetAnswer();
        } else {
            events = null;
            running.stop();
        }
    }

    @Override
    public void reset() {
        interrupts = false;
        for (int line = 0; line < lines.count(); line++) {
            if (lines.direction(line) != GpioDirection.NONE || lines.trigger(line) != GpioTrigger.NONE) {
                lines.forget(line);
                release(line);
            }
            lines.forget(line);
        }
    }

    private void release(int line) {
        try {
            backend.watch(line, GpioTrigger.NONE);
            backend.release(line);
        } catch (IOException | RuntimeException e) {
            backendFailed(line, e);
        }
    }

    // ── Device Operation ───────────────────────────────────────────────────

    Lines lines() {
        return lines;
    }

    GpioBackend backend() {
        return backend;
    }

    @Nullable EventQueue events() {
        return events;
    }

    @Override
    public Counters<GpioCounter> counters() {
        return counters;
    }

    /** The same, to count in. */
    CounterTable<GpioCounter> counts() {
        return counters;
    }

    /** A line's level changed. Any thread. */
    private void changed(int line, boolean high) {
        switch (lines.sense(line, high)) {
            case DUE -> look(line);
            case MERGED -> counters.count(GpioCounter.MERGED_EDGES);
            case NOTHING -> { }
        }
    }

    /** Has the event queue look at a line. Any thread. */
    void look(int line) {
        lines.setDue(line);
        EventQueue running = events;
        if (running != null) {
            running.wake();
        }
    }

    /** The first failure is logged, all are counted. */
    void backendFailed(int line, Exception cause) {
        counters.count(GpioCounter.BACKEND_ERRORS);
        if (failureLogged.compareAndSet(false, true)) {
            LOG.warn("line does not work, further failures are only counted: line={} backend={}", line,
                    backend, cause);
        }
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void save(StateWriter out) {
        out.le16(SAVED_VERSION);
        lines.save(out);
    }

    /** Lines are driven and watched as they were; what they did meanwhile is lost, but for levels. */
    @Override
    public void restore(StateReader in) {
        if (in.le16() != SAVED_VERSION) {
            throw new StateException("saved lines are of another version");
        }
        Runnable take = lines.restore(in, interrupts);
        in.end();
        take.run();
        for (int line = 0; line < lines.count(); line++) {
            takeUp(line);
        }
    }

    private void takeUp(int line) {
        try {
            switch (lines.direction(line)) {
                case NONE -> { }
                case IN -> backend.input(line);
                case OUT -> backend.output(line, lines.output(line));
            }
            if (lines.trigger(line) != GpioTrigger.NONE) {
                backend.watch(line, lines.trigger(line));
            }
        } catch (IOException | RuntimeException e) {
            backendFailed(line, e);
        }
    }
}
