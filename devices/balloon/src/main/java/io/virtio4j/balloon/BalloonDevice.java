// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.Counters;
import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A memory balloon: takes memory from the guest and gives it back, and learns how much it needs. [Device Types /
 * Traditional Memory Balloon Device]
 *
 * <pre>{@code
 * BalloonDevice balloon = BalloonDevice.of(new LinuxPageRelease()).statisticsEvery(Duration.ofSeconds(1)).build();
 * balloon.target(65_536);                          // 256 MiB
 * balloon.statistics().ifPresent(System.out::println);
 * }</pre>
 *
 * <p>A device may be used by one instance at a time. What an embedder calls may be called by any thread.
 */
public final class BalloonDevice implements VirtioDevice {

    /** Bytes of a page of the balloon, whatever the pages of guest and host are. */
    public static final int PAGE_SIZE = 4096;

    static final long COMMAND_STOP = 0;
    static final long COMMAND_DONE = 1;
    private static final long FIRST_COMMAND = 2;
    private static final long LAST_COMMAND = 0xFFFF_FFFFL;

    private static final int SAVED_VERSION = 1;
    private static final long MOST_PAGES = 0xFFFF_FFFFL;

    /** The queues in the specification's order, each with the feature that it depends on. */
    private enum Role {
        INFLATE("inflateq", null),
        DEFLATE("deflateq", null),
        STATS("statsq", BalloonFeature.STATS_VQ),
        HINTS("free_page_vq", BalloonFeature.FREE_PAGE_HINT),
        REPORTS("reporting_vq", BalloonFeature.PAGE_REPORTING);

        private final String label;
        private final @Nullable BalloonFeature feature;

        Role(String label, @Nullable BalloonFeature feature) {
            this.label = label;
            this.feature = feature;
        }

        boolean exists(FeatureSet negotiated) {
            return feature == null || negotiated.has(feature);
        }
    }

    private final PageRelease release;
    private final boolean demandsToBeTold;
    private final FeatureSet offered;
    private final boolean literalQueues;
    private final long intervalNanos;
    private final DeviceClock clock;

    private final CounterTable<BalloonCounter> counters = CounterTable.of(BalloonCounter.class);
    private final ConfigSpace config = new ConfigSpace(BalloonConfig.SIZE);
    private final AtomicBoolean failureLogged = new AtomicBoolean();
    private final List<Consumer<BalloonStatistics>> listeners = new CopyOnWriteArrayList<>();

    private volatile FeatureSet negotiated = FeatureSet.NONE;
    private volatile @Nullable DeviceContext context;
    private volatile @Nullable StatsQueue stats;
    private volatile @Nullable BalloonStatistics latest;

    private final Object hinting = new Object();
    private long lastCommand = FIRST_COMMAND - 1; // guarded by hinting
    private volatile long command = COMMAND_STOP; // written under hinting
    private volatile @Nullable HintingRound round; // written under hinting

    BalloonDevice(BalloonDeviceBuilder from) {
        release = from.release;
        demandsToBeTold = from.demandsToBeTold;
        offered = from.offered;
        literalQueues = from.literalQueues;
        intervalNanos = from.interval.toNanos();
        clock = from.clock;
        if (release.granule() < PAGE_SIZE || Integer.bitCount(release.granule()) != 1) {
            throw new IllegalArgumentException("a host's page is a power of two from " + PAGE_SIZE + " on: granule="
                    + release.granule());
        }
        config.writable(BalloonConfig.ACTUAL_AT, Integer.BYTES, written -> {});
        config.writable(BalloonConfig.POISON_VAL_AT, Integer.BYTES, written -> {});
    }

    /** Creates a device with all defaults. */
    public BalloonDevice(PageRelease release) {
        this(of(release));
    }

    /**
     * Begins a device.
     *
     * @param release what gives pages back to the host; {@link PageRelease#NONE} if they are to be counted only
     */
    public static BalloonDeviceBuilder of(PageRelease release) {
        return new BalloonDeviceBuilder(release);
    }

    // ── Device ID ──────────────────────────────────────────────────────────

    @Override
    public DeviceType type() {
        return DeviceType.BALLOON;
    }

    // ── Virtqueues ─────────────────────────────────────────────────────────

    @Override
    public List<QueueSpec> queues() {
        return List.of(Role.values()).stream().map(role -> QueueSpec.named(role.label)).toList();
    }

    /** What a queue is for; nothing if it has no use with these features. */
    private @Nullable Role role(int index) {
        int next = 0;
        for (Role role : Role.values()) {
            boolean exists = role.exists(negotiated);
            if ((literalQueues || exists) && next++ == index) {
                return exists ? role : null;
            }
        }
        return null;
    }

    // ── Feature bits ───────────────────────────────────────────────────────

    @Override
    public FeatureSet offeredFeatures() {
        return offered;
    }

    @Override
    public List<? extends Feature> features() {
        return List.of(BalloonFeature.values());
    }

    /** > the device MAY signal failure by failing to set FEATURES_OK [Feature bits] */
    @Override
    public @Nullable String negotiate(FeatureSet accepted) {
        if (demandsToBeTold && !accepted.has(BalloonFeature.MUST_TELL_HOST)) {
            return "driver does not tell before it uses pages from the balloon: MUST_TELL_HOST is demanded";
        }
        negotiated = accepted;
        return null;
    }

    // ── Device configuration layout ────────────────────────────────────────

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    // ── Device Initialization ──────────────────────────────────────────────

    @Override
    public void activate(DeviceContext newContext) {
        context = newContext;
        if (intervalNanos > 0 && negotiated.has(BalloonFeature.STATS_VQ)) {
            new Asking(newContext).set();
        }
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext running) {
        Role role = role(queue.index());
        if (role == null) {
            return QueueHandler.unused();
        }
        GuestPages pages = new GuestPages(running.memory(), release, counters, failureLogged);
        return switch (role) {
            case INFLATE -> new PageQueue(BalloonCounter.INFLATED, counters, pages);
            case DEFLATE -> new PageQueue(BalloonCounter.DEFLATED, counters, null);
            case STATS -> {
                StatsQueue started = new StatsQueue(this, queue);
                stats = started;
                yield started;
            }
            case HINTS -> new HintQueue(this);
            case REPORTS -> new ReportingQueue(this, pages);
        };
    }

    @Override
    public void stopQueue(VirtQueue queue) {
        if (role(queue.index()) == Role.STATS) {
            stats = null;
        }
    }

    @Override
    public void reset() {
        context = null;
        stats = null;
        negotiated = FeatureSet.NONE;
        config.set(fields -> {
            BalloonConfig.ACTUAL.set(fields, 0, 0);
            BalloonConfig.POISON_VAL.set(fields, 0, 0);
        });
        command(COMMAND_STOP, true);
        config.set(this::showCommand);
    }

    // ── Device Operation ───────────────────────────────────────────────────

    @Override
    public Counters<BalloonCounter> counters() {
        return counters;
    }

    /** The same, to count in. */
    CounterTable<BalloonCounter> counts() {
        return counters;
    }

    /** How many pages of {@value #PAGE_SIZE} bytes are wanted in the balloon. */
    public long target() {
        return config.get(fields -> BalloonConfig.NUM_PAGES.get(fields, 0));
    }

    /**
     * Asks the driver to put pages into the balloon or to take some out, until it has so many. That takes its time, and
     * a guest that needs its memory may not do it.
     *
     * @param pages of {@value #PAGE_SIZE} bytes; less than 2<sup>32</sup>
     */
    public void target(long pages) {
        if (pages < 0 || pages > MOST_PAGES) {
            throw new IllegalArgumentException("a balloon has 0 to " + MOST_PAGES + " pages: target=" + pages);
        }
        config.update(fields -> BalloonConfig.NUM_PAGES.set(fields, 0, pages));
    }

    /** How many pages are in the balloon, as the driver says; 0 after a reset. */
    public long actual() {
        return config.get(fields -> BalloonConfig.ACTUAL.get(fields, 0));
    }

    // ── Memory Statistics ──────────────────────────────────────────────────

    /** The last statistics that the driver sent, if it ever did. */
    public Optional<BalloonStatistics> statistics() {
        return Optional.ofNullable(latest);
    }

    /**
     * Has a listener told of all statistics that come from now on, by the thread that serves the queue.
     *
     * @param listener does not block; what it throws is a fault of the device
     */
    public void onStatistics(Consumer<BalloonStatistics> listener) {
        listeners.add(listener);
    }

    /** Asks for statistics now; does nothing without a driver that sends any. */
    public void askForStatistics() {
        StatsQueue running = stats;
        if (running != null) {
            running.ask();
        }
    }

    /** Asks at an interval. Of one activation: it ends with the context. */
    private final class Asking extends DeviceClock.Alarm {

        private final DeviceContext asking;

        Asking(DeviceContext asking) {
            this.asking = asking;
        }

        void set() {
            clock.set(this, clock.nanoTime() + intervalNanos);
        }

        @Override
        public void ring() {
            if (context == asking && clock.nanoTime() - time() >= 0) {
                askForStatistics();
                set();
            }
        }
    }

    void received(EnumMap<BalloonStatistic, Long> values) {
        BalloonStatistics now = new BalloonStatistics(values, clock.nanoTime());
        latest = now;
        counters.count(BalloonCounter.STATISTICS);
        listeners.forEach(listener -> listener.accept(now));
    }

    // ── Free Page Hinting ──────────────────────────────────────────────────

    /**
     * Asks the driver which pages are free, and ends the round before.
     *
     * @return what the driver says; to be closed
     * @throws IllegalStateException if there is no running driver that accepted FREE_PAGE_HINT
     */
    public HintingRound hint() {
        HintingRound begun;
        synchronized (hinting) {
            DeviceContext running = context;
            if (running == null || !negotiated.has(BalloonFeature.FREE_PAGE_HINT)) {
                throw new IllegalStateException("no driver that hints at free pages: running=" + (running != null)
                        + " features=" + negotiated);
            }
            MemoryMap map = running.memory().current();
            // > MUST NOT reuse a command ID until it has received ... STOP [Free Page Hinting]: by 2^32 rounds.
            lastCommand = lastCommand >= LAST_COMMAND ? FIRST_COMMAND : lastCommand + 1;
            begun = new HintingRound(this, lastCommand, new PageSet(map));
            end(round);
            round = begun;
            command = begun.id();
        }
        config.update(this::showCommand);
        return begun;
    }

    private static void end(@Nullable HintingRound before) {
        if (before != null && !before.isComplete()) {
            before.abort();
        }
    }

    private void showCommand(MemorySegment fields) {
        BalloonConfig.FREE_PAGE_HINT_CMD_ID.set(fields, 0, command);
    }

    /** > set free_page_hint_cmd_id to STOP any time that it will not be able to make use of the hints */
    void stopHinting(HintingRound ended) {
        boolean changed;
        synchronized (hinting) {
            changed = round == ended && command == ended.id();
            if (changed) {
                command = COMMAND_STOP;
            }
        }
        if (changed) {
            config.update(this::showCommand);
        }
    }

    /** > MUST report ... DONE ... when it no longer has need for the previously hinted pages */
    void endHinting(HintingRound ended) {
        boolean changed;
        synchronized (hinting) {
            changed = round == ended;
            if (changed) {
                command(COMMAND_DONE, false);
            }
        }
        if (changed) {
            config.update(this::showCommand);
        }
    }

    private void command(long newCommand, boolean aborts) {
        synchronized (hinting) {
            HintingRound before = round;
            if (before != null && (aborts || !before.isComplete())) {
                before.abort();
            }
            round = null;
            command = newCommand;
        }
    }

    /** The round with an ID; none if it is not current. */
    @Nullable HintingRound round(long id) {
        HintingRound now = round;
        return now != null && now.id() == id ? now : null;
    }

    /** Whether hints for a round are wanted. */
    boolean isCurrent(HintingRound asked) {
        return round == asked && command == asked.id();
    }

    // ── Page Poison ────────────────────────────────────────────────────────

    /** What the driver fills free pages with; 0 if it did not accept PAGE_POISON. */
    public long poison() {
        return negotiated.has(BalloonFeature.PAGE_POISON)
                ? config.get(fields -> BalloonConfig.POISON_VAL.get(fields, 0)) : 0;
    }

    // ── State ──────────────────────────────────────────────────────────────

    /** The target is the embedder's, and what is in the balloon the driver's. A hinting round stays here. */
    @Override
    public void save(StateWriter out) {
        synchronized (hinting) {
            out.le16(SAVED_VERSION).le32(lastCommand).flag(command == COMMAND_DONE);
        }
    }

    @Override
    public void restore(StateReader in) {
        if (in.le16() != SAVED_VERSION) {
            throw new StateException("saved balloon is of another version");
        }
        long last = in.le32();
        if (last < FIRST_COMMAND - 1) {
            throw new StateException("saved command of free page hinting cannot be: last=" + last);
        }
        boolean isDone = in.flag();
        in.end();
        synchronized (hinting) {
            lastCommand = last;
            command = isDone ? COMMAND_DONE : COMMAND_STOP;
        }
        config.set(this::showCommand);
    }
}
