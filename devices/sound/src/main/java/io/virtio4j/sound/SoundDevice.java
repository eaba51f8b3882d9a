// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.Counters;
import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sound card. [Device Types / Sound Device]
 *
 * <pre>{@code
 * SoundDevice card = SoundDevice.builder()
 *         .output(WavOutput.to(file))
 *         .input(ToneInput.sine(440))
 *         .jack(Jack.headphones())
 *         .build();
 * }</pre>
 *
 * <p>The device has the pace: a message ends when its frames have passed, by its clock, whatever driver and
 * backends do. Where the driver is late there is silence, and an event; nothing ever waits for the host's audio.
 *
 * <p>A device may be used by one instance at a time. It closes the lines that it opened, not its backends.
 */
public final class SoundDevice implements VirtioDevice {

    private static final Logger LOG = LoggerFactory.getLogger(SoundDevice.class);

    private static final int CONTROLQ = 0;
    private static final int EVENTQ = 1;
    private static final int TXQ = 2;

    private final DeviceClock clock;
    private final int mostBufferBytes;
    private final List<PcmStream> streams;
    private final List<Jack> jacks;
    private final List<ChannelMap> channelMaps;
    private final List<ControlElement> controls;
    private final CounterTable<SoundCounter> counters = CounterTable.of(SoundCounter.class);
    private final Events events;
    private final ConfigSpace config = new ConfigSpace(SoundConfig.SIZE);
    private final AtomicBoolean failureLogged = new AtomicBoolean();

    private volatile @Nullable ControlQueue controlQueue;
    private volatile @Nullable VirtQueue eventQueue;
    private volatile @Nullable StreamQueue outputs;
    private volatile @Nullable StreamQueue inputs;

    SoundDevice(SoundDeviceBuilder from) {
        clock = from.clock();
        mostBufferBytes = from.mostBufferBytes();
        jacks = List.copyOf(from.jacks());
        channelMaps = List.copyOf(from.channelMaps());
        controls = List.copyOf(from.controls());
        List<PcmStream> made = new ArrayList<>();
        from.streams().forEach(stream -> made.add(PcmStream.of(made.size(), stream, this)));
        streams = List.copyOf(made);
        events = new Events(jacks, streams.size(), controls.size(), counters);
        events.onDue(this::wakeEvents);
        for (int i = 0; i < jacks.size(); i++) {
            int id = i;
            jacks.get(i).attach(() -> events.jackChanged(id));
        }
        for (int i = 0; i < controls.size(); i++) {
            int id = i;
            controls.get(i).attach(mask -> events.controlChanged(id, mask));
        }
        config.set(fields -> {
            SoundConfig.JACKS.set(fields, 0, jacks.size());
            SoundConfig.STREAMS.set(fields, 0, streams.size());
            SoundConfig.CHMAPS.set(fields, 0, channelMaps.size());
            SoundConfig.CONTROLS.set(fields, 0, controls.size());
        });
    }

    /** Begins a device; add what it has. */
    public static SoundDeviceBuilder builder() {
        return new SoundDeviceBuilder();
    }

    // ── Device ID ──────────────────────────────────────────────────────────

    @Override
    public DeviceType type() {
        return DeviceType.SOUND;
    }

    // ── Virtqueues ─────────────────────────────────────────────────────────

    @Override
    public List<QueueSpec> queues() {
        return List.of(QueueSpec.named("controlq"), QueueSpec.named("eventq"), QueueSpec.named("txq"),
                QueueSpec.named("rxq"));
    }

    // ── Feature Bits ───────────────────────────────────────────────────────

    @Override
    public FeatureSet offeredFeatures() {
        return controls.isEmpty() ? FeatureSet.NONE : FeatureSet.of(SoundFeature.CTLS);
    }

    @Override
    public List<? extends Feature> features() {
        return List.of(SoundFeature.values());
    }

    /** Messages of several streams are used as their time comes, which is not the order in which they came. */
    @Override
    public FeatureSet excludedFeatures() {
        long playing = streams.stream().filter(PcmStream::isOutput).count();
        return playing > 1 || streams.size() - playing > 1 ? FeatureSet.of(CoreFeature.IN_ORDER) : FeatureSet.NONE;
    }

    // ── Device Configuration Layout ────────────────────────────────────────

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    // ── Device Initialization ──────────────────────────────────────────────

    /** Where a saved state has streams that run, they go on. */
    @Override
    public void activate(DeviceContext context) {
        streams.forEach(PcmStream::reopen);
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
        return switch (queue.index()) {
            case CONTROLQ -> {
                ControlQueue started =
                        new ControlQueue(this, queue, context.negotiated().has(SoundFeature.CTLS));
                controlQueue = started;
                yield started;
            }
            case EVENTQ -> {
                eventQueue = queue;
                yield new EventQueue(events);
            }
            case TXQ -> {
                StreamQueue started = new StreamQueue(this, queue, streams, true);
                outputs = started;
                started.adopt();
                yield started;
            }
            default -> {
                StreamQueue started = new StreamQueue(this, queue, streams, false);
                inputs = started;
                started.adopt();
                yield started;
            }
        };
    }

    @Override
    public void stopQueue(VirtQueue queue) {
        switch (queue.index()) {
            case CONTROLQ -> {
                ControlQueue stopped = controlQueue;
                controlQueue = null;
                if (stopped != null) {
                    stopped.stop();
                }
            }
            case EVENTQ -> eventQueue = null;
            case TXQ -> outputs = null;
            default -> inputs = null;
        }
        wakeControl(); // an answer may wait for this queue
    }

    @Override
    public void reset() {
        streams.forEach(PcmStream::reset);
        jacks.forEach(Jack::reset);
        controls.forEach(ControlElement::reset);
        events.forget();
    }

    // ── Device Operation ───────────────────────────────────────────────────

    List<Jack> jacks() {
        return jacks;
    }

    List<PcmStream> streams() {
        return streams;
    }

    List<ChannelMap> channelMaps() {
        return channelMaps;
    }

    List<ControlElement> controls() {
        return controls;
    }

    DeviceClock clock() {
        return clock;
    }

    int mostBufferBytes() {
        return mostBufferBytes;
    }

    Events events() {
        return events;
    }

    @Override
    public Counters<SoundCounter> counters() {
        return counters;
    }

    /** The same, to count in. */
    CounterTable<SoundCounter> counts() {
        return counters;
    }

    private @Nullable StreamQueue queueOf(PcmStream stream) {
        return stream.isOutput() ? outputs : inputs;
    }

    /** Has the owner of a stream's messages do what is wanted of it. */
    void follow(PcmStream stream) {
        StreamQueue queue = queueOf(stream);
        if (queue != null) {
            queue.wake();
        }
    }

    /** Whether what is wanted of a stream is so. Without a queue there are no messages, and nobody to wait for. */
    boolean isFollowed(PcmStream stream) {
        StreamQueue queue = queueOf(stream);
        return queue == null || queue.hasFailed() || stream.isFollowed();
    }

    void wakeControl() {
        ControlQueue running = controlQueue;
        if (running != null) {
            running.wake();
        }
    }

    private void wakeEvents() {
        VirtQueue running = eventQueue;
        if (running != null) {
            running.wake();
        }
    }

    /** The first failure is logged, all are counted. */
    void backendFailed(int stream, Exception cause) {
        counters.count(SoundCounter.BACKEND_ERRORS);
        if (failureLogged.compareAndSet(false, true)) {
            LOG.warn("backend of a stream failed, further failures are only counted: stream={}", stream, cause);
        }
    }

    /** The first failure is logged, all are counted. */
    void controlFailed(ControlElement element, RuntimeException cause) {
        counters.count(SoundCounter.BACKEND_ERRORS);
        if (failureLogged.compareAndSet(false, true)) {
            LOG.warn("control element failed, further failures are only counted: name={}", element.name(), cause);
        }
    }

    // ── State ──────────────────────────────────────────────────────────────

    /** How many frames of a stream's first message have passed. Its queue is held. */
    long passedFrames(PcmStream stream) {
        StreamQueue queue = queueOf(stream);
        return queue == null ? 0 : queue.passedFrames(stream);
    }

    @Override
    public void save(StateWriter out) {
        SavedSound.save(this, out);
    }

    /** Streams go on where they were; what would have been heard meanwhile is not made up for. */
    @Override
    public void restore(StateReader in) {
        SavedSound.restore(this, in);
    }
}
