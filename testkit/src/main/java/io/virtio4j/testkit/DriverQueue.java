// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.Submitted.Descriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * The driver's half of a queue. Used by one thread at a time.
 *
 * <p>{@link #submit} does all at once; {@link #add}, {@link #publish()} and {@link #kick()} are its steps.
 * {@link #collect()} looks for used buffers; {@link #await} runs the device, or waits for its
 * notification, until a buffer is used.
 */
public abstract sealed class DriverQueue permits SplitDriverQueue, PackedDriverQueue {

    static final ValueLayout.OfLong LE64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt LE32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfShort LE16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final VarHandle LE16_ORDERED =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    static final VarHandle LE32_ORDERED =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    static final int F_NEXT = 1;
    static final int F_WRITE = 2;
    static final int F_INDIRECT = 4;
    static final int DESCRIPTOR_SIZE = 16;

    /** Only a failure takes so long: a machine that builds much else may keep a thread waiting. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** How long a device that this thread runs may wait for its next turn. */
    private static final long NAP_NANOS = 1_000_000;

    final Setup setup;
    final int size;
    final boolean eventIndex;
    final boolean inOrder;

    private final GuestBuffer descriptorArea;
    private final GuestBuffer driverArea;
    private final GuestBuffer deviceArea;
    private Layout layout = Layout.AS_LINUX;
    private boolean mayKeep;
    private boolean wantsInterrupts = true;

    /**
     * What a queue needs.
     *
     * @param port the device
     * @param ram where rings and buffers go
     * @param index the queue's index
     * @param size how many entries
     * @param negotiated what was negotiated
     * @param device runs the device if nobody else does, and says how many turns it took
     */
    public record Setup(
            DriverPort port, GuestRam ram, int index, int size, FeatureSet negotiated,
            IntSupplier device) {}

    DriverQueue(Setup setup, long descriptorBytes, long driverBytes, long deviceBytes) {
        this.setup = setup;
        this.size = setup.size;
        this.eventIndex = setup.negotiated.has(CoreFeature.EVENT_IDX);
        this.inOrder = setup.negotiated.has(CoreFeature.IN_ORDER);
        descriptorArea = setup.ram.allocate(descriptorBytes);
        driverArea = setup.ram.allocate(driverBytes);
        deviceArea = setup.ram.allocate(deviceBytes);
    }

    /** Creates the driver's half of a queue in the negotiated format; the device does not know yet. */
    public static DriverQueue of(Setup setup) {
        return setup.negotiated.has(CoreFeature.RING_PACKED)
                ? new PackedDriverQueue(setup)
                : new SplitDriverQueue(setup);
    }

    // ── Set-up ─────────────────────────────────────────────────────────────

    /** The queue's index in its device. */
    public final int index() {
        return setup.index;
    }

    /** How many entries it has. */
    public final int size() {
        return size;
    }

    /** Its format. */
    public abstract RingFormat format();

    /** Split: the descriptor table. Packed: the ring. */
    public final GuestBuffer descriptorArea() {
        return descriptorArea;
    }

    /** Split: the available ring. Packed: the driver's event suppression. */
    public final GuestBuffer driverArea() {
        return driverArea;
    }

    /** Split: the used ring. Packed: the device's event suppression. */
    public final GuestBuffer deviceArea() {
        return deviceArea;
    }

    /** Tells the device size and addresses, and enables the queue. */
    public final void enable() {
        configure();
        setup.port.enableQueue(index());
    }

    /** Tells the device size and addresses. */
    public final void configure() {
        setup.port.queueSize(index(), size);
        setup.port.queueAddresses(index(), descriptorArea.address(), driverArea.address(),
                deviceArea.address());
    }

    /** How buffers are cut into descriptors. Default: {@link Layout#AS_LINUX}. */
    public final DriverQueue layout(Layout newLayout) {
        layout = newLayout;
        return this;
    }

    /** Says that the device may keep buffers, such as for packets to come: they are no leak. */
    public final DriverQueue mayKeepBuffers() {
        mayKeep = true;
        return this;
    }

    boolean mayKeep() {
        return mayKeep;
    }

    // ── Submitting ─────────────────────────────────────────────────────────

    /** Makes a buffer available, and notifies the device if it wants that. */
    public final Submitted submit(byte[] readable, int writable) {
        Submitted submitted = add(readable, writable);
        publish();
        kick();
        return submitted;
    }

    /** Makes a buffer available and waits until the device used it. */
    public final Submitted exchange(byte[] readable, int writable) {
        return await(submit(readable, writable));
    }

    /** Writes the descriptors of a buffer, cut as the layout says; the device cannot see it yet. */
    public final Submitted add(byte[] readable, int writable) {
        int share = Math.max(1, size / (readable.length > 0 && writable > 0 ? 2 : 1));
        List<Descriptor> descriptors = new ArrayList<>();
        List<GuestBuffer> owned = new ArrayList<>();
        int at = 0;
        for (int length : layout.pieces(readable.length, false, share)) {
            GuestBuffer buffer = setup.ram.allocate(length, 1);
            buffer.write(0, Arrays.copyOfRange(readable, at, at + length));
            at += length;
            owned.add(buffer);
            descriptors.add(new Descriptor(buffer.address(), length, false));
        }
        for (int length : layout.pieces(writable, true, share)) {
            GuestBuffer buffer = setup.ram.allocate(length, 1);
            buffer.fill(Submitted.UNTOUCHED);
            owned.add(buffer);
            descriptors.add(new Descriptor(buffer.address(), length, true));
        }
        Submitted submitted = new Submitted(index(), descriptors, readable.clone());
        owned.forEach(submitted::own);
        boolean indirect = setup.negotiated.has(CoreFeature.INDIRECT_DESC);
        int direct = descriptors.isEmpty() ? 0 : layout.direct(descriptors.size(), indirect, format());
        return place(submitted, direct);
    }

    /**
     * Writes descriptors that point where the caller says, in this order; the device cannot see them yet.
     * Their memory stays the caller's.
     *
     * @param descriptors may be anything
     * @param direct how many of them stand in the ring; the rest goes to an indirect table
     */
    public final Submitted add(List<Descriptor> descriptors, int direct) {
        return place(new Submitted(index(), descriptors, new byte[0]), direct);
    }

    /** As {@link #add(List, int)}, without an indirect table. */
    public final Submitted add(Descriptor... descriptors) {
        return add(List.of(descriptors), descriptors.length);
    }

    private Submitted place(Submitted submitted, int direct) {
        List<Descriptor> all = submitted.descriptors();
        if (all.isEmpty()) {
            throw new IllegalArgumentException("a buffer has at least one byte");
        }
        List<Descriptor> ring = new ArrayList<>(all.subList(0, direct));
        boolean indirect = direct < all.size();
        if (indirect) {
            GuestBuffer table = table(all.subList(direct, all.size()));
            submitted.ownTable(table);
            ring.add(new Descriptor(table.address(), table.length(), false));
        }
        if (ring.size() > free()) {
            submitted.release();
            throw new IllegalStateException("queue is full: queue=" + index() + " wanted=" + ring.size()
                    + " free=" + free());
        }
        place(submitted, ring, indirect);
        return submitted;
    }

    private GuestBuffer table(List<Descriptor> entries) {
        GuestBuffer table = setup.ram.allocate((long) DESCRIPTOR_SIZE * entries.size());
        MemorySegment at = table.segment();
        for (int i = 0; i < entries.size(); i++) {
            writeTableEntry(at, i, entries.get(i), i == entries.size() - 1);
        }
        return table;
    }

    abstract void writeTableEntry(MemorySegment table, int index, Descriptor entry, boolean last);

    /** Writes descriptors; the last of them refers to a table if {@code indirect}. */
    abstract void place(Submitted submitted, List<Descriptor> ring, boolean indirect);

    /** How many descriptors of the ring are free. */
    public abstract int free();

    /** Lets the device see what was added. */
    public abstract void publish();

    /** Whether the device asked to be notified of what was published since the last kick. */
    public abstract boolean isKickWanted();

    /** Notifies the device if it wants that; says whether. */
    public final boolean kick() {
        // What was published is visible before the device's wish is read, or both sides can go to sleep.
        VarHandle.fullFence();
        boolean wanted = isKickWanted();
        kicked();
        if (wanted) {
            kickAlways();
        }
        return wanted;
    }

    abstract void kicked();

    /** Notifies the device. */
    public final void kickAlways() {
        if (setup.negotiated.has(CoreFeature.NOTIFICATION_DATA)) {
            setup.port.notifyQueue(next());
        } else {
            setup.port.notifyQueue(index());
        }
    }

    /** Where the next available entry will be. */
    public abstract NotificationData next();

    // ── Collecting ─────────────────────────────────────────────────────────

    /** Takes what the device used, checking it; says how many buffers that were. */
    public final int collect() {
        int count = 0;
        while (true) {
            int found = takeUsed();
            count += found;
            if (found == 0) {
                return count;
            }
            if (wantsInterrupts) {
                interruptWhenUsed();
                VarHandle.fullFence();
            }
        }
    }

    abstract int takeUsed();

    /** The buffers that are available or in work. */
    public abstract Collection<Submitted> pending();

    /** Waits until the device used a buffer. */
    public final Submitted await(Submitted submitted) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        InterruptProbe probe = setup.port.interrupts();
        while (true) {
            long seen = probe.total();
            setup.device.getAsInt();
            collect();
            if (submitted.isUsed()) {
                return submitted;
            }
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new AssertionError("device did not use a buffer: " + submitted + " status=0x"
                        + Integer.toHexString(setup.port.status()) + " " + this);
            }
            if (isInterrupted(probe)) {
                continue;
            }
            // Without notifications, or with a device that this thread runs, time is all there is.
            boolean poll = !wantsInterrupts;
            if (!sleep(probe, seen, poll ? 100_000 : Math.min(left, 2_000_000_000L)) && !poll) {
                collect();
                if (submitted.isUsed() && !probe.await(seen, PATIENCE)) {
                    throw new AssertionError("device used a buffer and sent no notification: " + submitted);
                }
            }
        }
    }

    /**
     * Sleeps until there is an interrupt, or this thread had to run the device: a timer or a thread of the host's
     * may have woken it, which tells nobody.
     *
     * @return whether to look again
     */
    private boolean sleep(InterruptProbe probe, long seen, long nanos) {
        long end = System.nanoTime() + nanos;
        long left = nanos;
        do {
            if (probe.await(seen, Duration.ofNanos(Math.min(left, NAP_NANOS))) || setup.device.getAsInt() > 0) {
                return true;
            }
            left = end - System.nanoTime();
        } while (left > 0);
        return false;
    }

    /**
     * Handles an interrupt instead of sleeping: a wired one does not rise again before it is acknowledged,
     * and interrupts as long as it is high.
     */
    private boolean isInterrupted(InterruptProbe probe) {
        return !setup.port.takeNotifications().equals(DriverPort.Notifications.NONE) || probe.isHigh();
    }

    /** Waits until the device used everything that is pending. */
    public final void awaitAll() {
        for (Submitted submitted : List.copyOf(pending())) {
            await(submitted);
        }
    }

    // ── Used buffer notifications ──────────────────────────────────────────

    /** Asks for a notification whenever a buffer is used; the default. */
    public final void enableInterrupts() {
        wantsInterrupts = true;
        interruptWhenUsed();
        VarHandle.fullFence();
    }

    /** Advises the device that notifications are not needed. */
    public final void disableInterrupts() {
        wantsInterrupts = false;
        noInterrupts();
    }

    /**
     * Asks for one notification when so many buffers were used from now on. Needs EVENT_IDX. With packed
     * rings, counts descriptors.
     */
    public final void interruptAfter(int count) {
        if (!eventIndex) {
            throw new IllegalStateException("needs EVENT_IDX: queue=" + index());
        }
        wantsInterrupts = false;
        interruptAt(count);
        VarHandle.fullFence();
    }

    abstract void interruptWhenUsed();

    abstract void noInterrupts();

    abstract void interruptAt(int count);

    // ── The end ────────────────────────────────────────────────────────────

    /** Gives all memory back: the device does not know the queue any more. */
    public final void dispose() {
        pending().forEach(Submitted::release);
        forget();
        descriptorArea.free();
        driverArea.free();
        deviceArea.free();
    }

    abstract void forget();

    @Override
    public final String toString() {
        return format() + " driver queue[index=" + index() + " size=" + size + " free=" + free()
                + " pending=" + pending().size() + " layout=" + layout + "]";
    }
}
