// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.queue.ChainJournal;
import io.virtio4j.core.queue.QueueConfig;
import io.virtio4j.core.queue.QueueState;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.Poller;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The rings: what the front-end said about each, and which of them the device works on. For the thread of the
 * connection. [Ring states]
 */
final class Vrings {

    private static final StructLayout STATE = StructLayout.of("vring state description");
    private static final Le32 INDEX = STATE.le32("index");
    private static final Le32 NUM = STATE.le32("num");

    static {
        STATE.size(8);
    }

    private static final StructLayout ADDRESS = StructLayout.of("vring address description");
    private static final Le32 ADDRESS_INDEX = ADDRESS.le32("index");
    private static final Le32 ADDRESS_FLAGS = ADDRESS.le32("flags");
    private static final Le64 ADDRESS_DESCRIPTOR = ADDRESS.le64("descriptor");
    private static final Le64 ADDRESS_USED = ADDRESS.le64("used");
    private static final Le64 ADDRESS_AVAILABLE = ADDRESS.le64("available");
    private static final Le64 ADDRESS_LOG = ADDRESS.le64("log");

    static {
        ADDRESS.size(40);
    }

    /** {@code VHOST_VRING_F_LOG} */
    private static final int LOG = 1;

    private static final int INVALID_FD = 1 << 8;

    // Of a split ring's used ring, and of a packed ring's descriptor.
    private static final Le16 USED_IDX = new Le16(2);
    private static final Le16 DESCRIPTOR_FLAGS = new Le16(14);
    private static final int DESCRIPTOR_BYTES = 16;
    private static final int DESCRIPTOR_F_USED = 1 << 15;
    private static final int USED_ELEMENT_BYTES = 8;
    private static final int USED_FIXED_BYTES = 6;

    // Polling: at first without a break, then a thousand times a second.
    private static final int SPINS = 1000;

    private final DeviceInstance device;
    private final Driver driver;
    private final MemoryTable memory;
    private final Notifications notifications;
    private final Logging logging;
    private final SharedRegions shared;
    private final Duration grace;
    private final Vring[] rings;

    private @Nullable Poller poller;
    private @Nullable InflightRegion inflight;
    private int idle;

    /** Whether a ring could start, but for the device's shared memory. */
    private boolean held;

    Vrings(
            DeviceInstance device, Driver driver, MemoryTable memory, Notifications notifications,
            Logging logging, SharedRegions shared, Duration grace) {
        this.device = device;
        this.driver = driver;
        this.memory = memory;
        this.notifications = notifications;
        this.logging = logging;
        this.shared = shared;
        this.grace = grace;
        rings = new Vring[device.queueCount()];
        for (int i = 0; i < rings.length; i++) {
            rings[i] = new Vring(i, device.queueSizeMax(i));
        }
    }

    void attach(@Nullable Poller newPoller) {
        poller = newPoller;
    }

    int count() {
        return rings.length;
    }

    void forEach(Consumer<Vring> action) {
        for (Vring ring : rings) {
            action.accept(ring);
        }
    }

    private Vring at(long index) throws Refusal {
        if (index < 0 || index >= rings.length) {
            throw new Refusal("no such ring: index=" + index + " rings=" + rings.length);
        }
        return rings[(int) index];
    }

    private Vring stopped(long index, String what) throws Refusal {
        Vring ring = at(index);
        if (ring.running) {
            throw new Refusal(what + " of a ring that runs: index=" + index);
        }
        return ring;
    }

    boolean anyRuns() {
        for (Vring ring : rings) {
            if (ring.running) {
                return true;
            }
        }
        return false;
    }

    private boolean anyStarted() {
        for (Vring ring : rings) {
            if (ring.started) {
                return true;
            }
        }
        return false;
    }

    /** Whether a ring is set up to go on where it was, and not at its beginning. */
    boolean goOn() {
        for (Vring ring : rings) {
            if (ring.hasBase && ring.hasLeft && ring.base == ring.left
                    && !isInitial(position(ring.base, 0))) {
                return true;
            }
        }
        return false;
    }

    // ── Messages ───────────────────────────────────────────────────────────

    void size(Message message) throws Refusal {
        Vring ring = stopped(message.get(INDEX), "size");
        long size = message.get(NUM);
        int most = device.queueConfig(ring.index) instanceof QueueConfig config ? config.maxSize() : 0;
        if (size < 1 || size > most) {
            throw new Refusal("ring size: index=" + ring.index + " size=" + size + " device has at most=" + most
                    + ": give the device a larger queue, or the front-end a smaller one");
        }
        ring.size = (int) size;
    }

    void address(Message message) throws Refusal {
        Vring ring = at(message.get(ADDRESS_INDEX));
        long flags = message.get(ADDRESS_FLAGS);
        long descriptor = message.get(ADDRESS_DESCRIPTOR);
        long available = message.get(ADDRESS_AVAILABLE);
        long used = message.get(ADDRESS_USED);
        if ((flags & ~(long) LOG) != 0) {
            throw new Refusal("ring address: index=" + ring.index + " flags=0x" + Long.toHexString(flags));
        }
        if (ring.running
                && (ring.descriptor != descriptor || ring.available != available || ring.used != used)) {
            throw new Refusal("address of a ring that runs: index=" + ring.index);
        }
        ring.descriptor = descriptor;
        ring.available = available;
        ring.used = used;
        ring.hasAddresses = true;
        ring.logged = (flags & LOG) != 0;
        ring.logAddress = message.get(ADDRESS_LOG);
        start(ring);
        logging.aliases(this);
    }

    void base(Message message) throws Refusal {
        Vring ring = stopped(message.get(INDEX), "base");
        int base = (int) message.get(NUM);
        if (!ring.hasBase || ring.base != base) {
            ring.kept = null;
        }
        ring.base = base;
        ring.hasBase = true;
    }

    /** > Stops the vring and returns the current descriptor index or indices. */
    int stop(Message message) throws Refusal {
        Vring ring = at(message.get(INDEX));
        suspend(ring);
        ring.kick(null);
        ring.started = false;
        if (!anyStarted()) {
            shared.end();
        }
        INDEX.set(message.bytes(), Message.HEADER, ring.index);
        NUM.set(message.bytes(), Message.HEADER, Integer.toUnsignedLong(baseOf(ring)));
        return 2 * Integer.BYTES;
    }

    void kick(Message message) throws Refusal {
        Vring ring = ofEvent(message);
        EventFd event = event(message);
        ring.kick(event);
        if (event != null) {
            watch(ring, event);
        }
        ring.started = true;
        idle = 0;
        start(ring);
    }

    private void watch(Vring ring, EventFd event) throws Refusal {
        if (poller == null) {
            return;
        }
        try {
            ring.watched = poller.register(event.descriptor(), Poller.READ, events -> kicked(ring, event, events));
        } catch (LinuxException e) {
            throw Refusal.of(e);
        }
    }

    private void kicked(Vring ring, EventFd event, int events) throws IOException {
        if ((events & Poller.READ) != 0) {
            event.tryRead();
            driver.kicked(ring.index);
            device.notifyQueue(ring.index);
        } else if (ring.watched != null) {
            // A pipe whose other end was closed: nothing comes any more.
            ring.watched.close();
            ring.watched = null;
        }
    }

    void call(Message message) throws Refusal {
        Vring ring = ofEvent(message);
        notifications.call(ring.index, event(message));
    }

    void error(Message message) throws Refusal {
        Vring ring = ofEvent(message);
        notifications.error(ring.index, event(message));
    }

    private Vring ofEvent(Message message) throws Refusal {
        long value = message.u64();
        Vring ring = at(value & ~(long) INVALID_FD);
        int expected = (value & INVALID_FD) != 0 ? 0 : 1;
        if (message.descriptorCount() != expected) {
            throw new Refusal("ring event: index=" + ring.index + " descriptors=" + message.descriptorCount()
                    + " expected=" + expected);
        }
        return ring;
    }

    private static @Nullable EventFd event(Message message) throws Refusal {
        return message.descriptorCount() == 0 ? null : Descriptors.event(message.takeDescriptor());
    }

    void enable(Message message) throws Refusal {
        Vring ring = at(message.get(INDEX));
        long num = message.get(NUM);
        if (num > 1) {
            throw new Refusal("ring is enabled by 1 and disabled by 0: index=" + ring.index + " num=" + num);
        }
        enable(ring, num == 1);
    }

    private void enable(Vring ring, boolean on) throws Refusal {
        ring.enabled = on;
        if (on) {
            start(ring);
        } else {
            suspend(ring);
        }
    }

    void enableAll(boolean on) throws Refusal {
        for (Vring ring : rings) {
            enable(ring, on);
        }
    }

    /** What the chains of rings that start from now on are tracked in. */
    void track(InflightRegion region) throws Refusal {
        if (anyRuns()) {
            region.close();
            throw new Refusal("inflight region for rings that run");
        }
        dropInflight();
        inflight = region;
    }

    private void dropInflight() {
        if (inflight != null) {
            inflight.close();
            inflight = null;
        }
    }

    // ── Starting and stopping ──────────────────────────────────────────────

    /** Starts what is set up, since the device runs now. */
    void startAll() throws Refusal {
        for (Vring ring : rings) {
            start(ring);
        }
    }

    /** Starts what waited for shared memory, if that is where the driver looks for it. */
    void startHeld() throws Refusal {
        if (held && shared.isReady()) {
            held = false;
            startAll();
        }
    }

    private void start(Vring ring) throws Refusal {
        if (ring.running || !ring.enabled || !ring.started || !ring.hasAddresses || !driver.runs()) {
            return;
        }
        resolve(ring);
        RingFormat format = format();
        int most = device.queueSizeMax(ring.index);
        if (!QueueConfig.isSize(ring.size, most, format)) {
            throw new Refusal("ring size: index=" + ring.index + " format=" + format + " size=" + ring.size
                    + " most=" + most);
        }
        // The driver may use shared memory as soon as the device has answered anything.
        shared.begin(goOn());
        if (!shared.isReady()) {
            held = true;
            return;
        }
        ChainJournal journal = null;
        QueueState from = ring.kept != null ? ring.kept : new QueueState(begin(ring, format), List.of());
        if (inflight != null && inflight.covers(ring.index)) {
            InflightRegion.Part part = inflight.part(ring, format);
            QueueState.Position position;
            if (format == RingFormat.SPLIT) {
                SplitJournal split = new SplitJournal(part, ring.size, usedIndex(ring));
                journal = split;
                position = split.position();
            } else {
                PackedJournal packed = new PackedJournal(part, ring.size, from.position(),
                        slot -> word(ring.guestDescriptor + (long) DESCRIPTOR_BYTES * slot, DESCRIPTOR_FLAGS));
                journal = packed;
                position = packed.position();
            }
            from = new QueueState(position, List.of());
        }
        ring.tracked = journal != null;
        ring.kept = null;
        notifications.begin(ring.index);
        ring.running = device.startQueue(ring.index, ring::program, from, journal);
        if (!ring.running && !driver.needsReset()) {
            throw new Refusal("ring cannot start, the device still works on its buffers: index=" + ring.index);
        }
        logging.aliases(this);
        if (!isInitial(from.position())) {
            // Whoever was here before may have used buffers without telling.
            notifications.usedBuffers(ring.index);
        }
    }

    private void resolve(Vring ring) throws Refusal {
        ring.guestDescriptor = memory.toGuest(ring.descriptor);
        ring.guestAvailable = memory.toGuest(ring.available);
        ring.guestUsed = memory.toGuest(ring.used);
    }

    private RingFormat format() {
        return device.accepted().has(CoreFeature.RING_PACKED) ? RingFormat.PACKED : RingFormat.SPLIT;
    }

    /** Stops the device's work on a ring, such that it can go on. */
    private void suspend(Vring ring) {
        if (!ring.running) {
            return;
        }
        QueueState state = device.stopQueue(ring.index, grace);
        ring.running = false;
        if (state != null) {
            ring.base = encode(state.position());
            ring.hasBase = true;
            ring.left = ring.base;
            ring.hasLeft = true;
            ring.kept = ring.tracked || state.inWork().isEmpty() ? null : state;
        }
        logging.aliases(this);
    }

    void suspendAll() {
        for (Vring ring : rings) {
            suspend(ring);
        }
    }

    /**
     * The device was reset, with all rings.
     *
     * @param forGood whether the front-end cannot go on where it was
     */
    void reset(boolean forGood) {
        for (Vring ring : rings) {
            ring.reset();
            ring.hasLeft &= !forGood;
        }
        shared.end();
        dropInflight();
        logging.aliases(this);
    }

    /** The front-end's memory is another: rings go with it, or stop while they are in none. */
    void remap() throws Refusal {
        for (Vring ring : rings) {
            if (ring.running && !(isInMemory(ring) && isWhereItWas(ring))) {
                suspend(ring);
            }
            if (isInMemory(ring)) {
                start(ring);
            }
        }
    }

    private boolean isInMemory(Vring ring) {
        return memory.has(ring.descriptor) && memory.has(ring.available) && memory.has(ring.used);
    }

    private boolean isWhereItWas(Vring ring) throws Refusal {
        return memory.toGuest(ring.descriptor) == ring.guestDescriptor
                && memory.toGuest(ring.available) == ring.guestAvailable
                && memory.toGuest(ring.used) == ring.guestUsed;
    }

    // ── Positions ──────────────────────────────────────────────────────────

    private int baseOf(Vring ring) {
        return ring.hasBase ? ring.base : encode(QueueState.initial(format()).position());
    }

    private QueueState.Position begin(Vring ring, RingFormat format) throws Refusal {
        if (format == RingFormat.PACKED && baseOf(ring) == 0 && !isFirstDescriptorUsed(ring)) {
            return QueueState.initial(format).position();
        }
        int base = baseOf(ring);
        int used = format == RingFormat.SPLIT ? usedIndex(ring) : 0;
        if (format == RingFormat.SPLIT && (base - used & 0xFFFF) > ring.size) {
            // No ring has so much in work. DPDK gives 0 to a back-end that follows another: it handles again what
            // was not used.
            base = base & ~0xFFFF | used;
        }
        QueueState.Position position = position(base, used);
        if (format == RingFormat.PACKED && position.availableIndex() >= ring.size
                || format == RingFormat.SPLIT && ring.base >>> Short.SIZE != 0) {
            throw new Refusal("ring base: index=" + ring.index + " base=0x" + Integer.toHexString(ring.base)
                    + " size=" + ring.size);
        }
        return position;
    }

    /**
     * Whether the device was here before. User-mode Linux gives a packed ring the base of a split one: 0, though
     * wrap counters begin with 1. A device that has come round to counter 0 has used this descriptor first, and
     * the driver never takes the mark away.
     */
    private boolean isFirstDescriptorUsed(Vring ring) {
        return (word(ring.guestDescriptor, DESCRIPTOR_FLAGS) & DESCRIPTOR_F_USED) != 0;
    }

    /**
     * Of a packed ring, where the device takes is where it uses too: chains in work are known otherwise, or
     * there are none. Some front-ends give only the first.
     */
    private QueueState.Position position(int base, int used) {
        if (format() == RingFormat.SPLIT) {
            return new QueueState.Position(base & 0xFFFF, false, used, false);
        }
        int available = base & 0x7FFF;
        boolean wrap = (base & 0x8000) != 0;
        return new QueueState.Position(available, wrap, available, wrap);
    }

    private int encode(QueueState.Position at) {
        return format() == RingFormat.SPLIT
                ? at.availableIndex()
                : at.availableIndex() | (at.availableWrap() ? 1 << 15 : 0)
                        | at.usedIndex() << 16 | (at.usedWrap() ? 1 << 31 : 0);
    }

    private boolean isInitial(QueueState.Position position) {
        return position.availableIndex() == 0
                && position.availableWrap() == (format() == RingFormat.PACKED);
    }

    /** > The device is supposed to read the next index in the Used Ring from the vring structure. */
    private int usedIndex(Vring ring) throws Refusal {
        int index = word(ring.guestUsed, USED_IDX);
        if (index < 0) {
            throw new Refusal("used ring is not in memory: index=" + ring.index);
        }
        return index;
    }

    /** Reads from guest memory; -1 if it is not there. */
    private int word(long address, Le16 field) {
        MemoryMap map = memory.memory().pin();
        try {
            MemoryMap.Area area = map.resolve(address + field.offset(), Short.BYTES, false);
            return area == null ? -1 : new Le16(0).get(area.segment(), 0);
        } finally {
            map.unpin();
        }
    }

    /** The bytes of the part of a ring that the device writes besides descriptors. */
    long usedBytes(Vring ring) {
        return format() == RingFormat.SPLIT
                ? USED_FIXED_BYTES + (long) USED_ELEMENT_BYTES * ring.size : Integer.BYTES;
    }

    // ── Polling ────────────────────────────────────────────────────────────

    /** How long to wait for the front-end before rings without kick are looked at, in milliseconds. */
    int pause() {
        for (Vring ring : rings) {
            if (ring.isPolled()) {
                return idle < SPINS ? 0 : 1;
            }
        }
        return -1;
    }

    /** Looks at the rings that nobody kicks. */
    void poll() {
        boolean found = false;
        for (Vring ring : rings) {
            if (ring.isPolled()) {
                device.notifyQueue(ring.index);
                long chains = device.counters(ring.index).chains();
                found |= chains != ring.seen;
                ring.seen = chains;
            }
        }
        idle = found ? 0 : Math.min(idle + 1, SPINS);
    }

    // ── Saving ─────────────────────────────────────────────────────────────

    /** What a ring left when it was stopped. */
    @Nullable QueueState kept(int index) {
        return rings[index].kept;
    }

    /** Goes on with chains that were in work where a ring was saved, if it goes on there. */
    void keep(int index, QueueState state) {
        Vring ring = rings[index];
        int base = encode(state.position());
        if (!ring.hasBase) {
            ring.base = base;
            ring.hasBase = true;
        }
        if (ring.base == base) {
            ring.kept = state;
        }
    }
}
