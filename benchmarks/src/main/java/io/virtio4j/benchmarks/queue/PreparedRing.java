// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.queue;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceStatus;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * A driver that makes the same {@value #BURST} chains available again and again, at the least cost: what
 * is measured is the device. Little-endian hosts only.
 */
public final class PreparedRing {

    /** Chains that are made available at once. */
    public static final int BURST = 256;

    static final long RING = 0x1000;
    static final long DRIVER_AREA = 0x10000;
    static final long DEVICE_AREA = 0x20000;
    static final long TABLES = 0x80000;
    static final long BUFFERS = 0x100000;

    /** The longest buffer. */
    private static final long MOST_BYTES = 4096;

    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    /** Bits 0 to 23. */
    private static final int DEVICE_FEATURES = (1 << 24) - 1;

    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;
    private static final long AVAIL = 1L << 7 << 48;
    private static final long USED = 1L << 15 << 48;

    private final MemorySegment memory;
    private final RingFormat format;
    private final ChainShape shape;
    private final int size;

    private int availIndex;

    // Packed: len, id and flags of each slot, without the bits that tell whether it is available; and these.
    private final long[] slots;
    private long availableMark = AVAIL;

    /** Writes descriptors into guest memory that starts at address 0. */
    public PreparedRing(MemorySegment memory, RingFormat format, ChainShape shape) {
        this.memory = memory;
        this.format = format;
        this.shape = shape;
        int needed = BURST * (shape.isIndirect() ? 1 : shape.descriptors());
        size = format == RingFormat.PACKED ? needed : Integer.highestOneBit(needed * 2 - 1);
        slots = new long[needed];
        if (format == RingFormat.PACKED) {
            preparePacked();
        } else {
            prepareSplit();
        }
    }

    int size() {
        return size;
    }

    /** Where a buffer of a chain is. */
    public long buffer(int chain, int descriptor) {
        return buffer(chain * shape.descriptors() + descriptor);
    }

    private static long buffer(int index) {
        return BUFFERS + index * MOST_BYTES;
    }

    private void prepareSplit() {
        for (int chain = 0; chain < BURST; chain++) {
            long table = shape.isIndirect() ? TABLES + chain * 256L : RING;
            for (int d = 0; d < shape.descriptors(); d++) {
                int index = chain * shape.descriptors() + d;
                long at = shape.isIndirect() ? table + d * 16L : RING + index * 16L;
                int next = shape.isIndirect() ? d + 1 : index + 1;
                describe(at, index, flags(d), next);
            }
            if (shape.isIndirect()) {
                long at = RING + chain * 16L;
                memory.set(JAVA_LONG_UNALIGNED, at, table);
                memory.set(JAVA_LONG_UNALIGNED, at + 8, shape.descriptors() * 16L | (long) INDIRECT << 32);
            }
        }
        for (int i = 0; i < size; i++) {
            int head = i % BURST * (shape.isIndirect() ? 1 : shape.descriptors());
            memory.set(JAVA_SHORT_UNALIGNED, DRIVER_AREA + 4 + 2L * i, (short) head);
        }
    }

    private int flags(int descriptor) {
        return (descriptor < shape.descriptors() - 1 ? NEXT : 0) | (shape.isWritable(descriptor) ? WRITE : 0);
    }

    private void describe(long at, int index, int flags, int next) {
        memory.set(JAVA_LONG_UNALIGNED, at, buffer(index));
        memory.set(JAVA_INT_UNALIGNED, at + 8, shape.length(index % shape.descriptors()));
        memory.set(JAVA_SHORT_UNALIGNED, at + 12, (short) flags);
        memory.set(JAVA_SHORT_UNALIGNED, at + 14, (short) next);
    }

    private void preparePacked() {
        for (int chain = 0; chain < BURST; chain++) {
            if (shape.isIndirect()) {
                long table = TABLES + chain * 256L;
                for (int d = 0; d < shape.descriptors(); d++) {
                    int index = chain * shape.descriptors() + d;
                    memory.set(JAVA_LONG_UNALIGNED, table + d * 16L, buffer(index));
                    memory.set(JAVA_LONG_UNALIGNED, table + d * 16L + 8,
                            slot(shape.length(d), 0, shape.isWritable(d) ? WRITE : 0));
                }
                memory.set(JAVA_LONG_UNALIGNED, RING + chain * 16L, table);
                slots[chain] = slot(shape.descriptors() * 16, chain, INDIRECT);
                continue;
            }
            for (int d = 0; d < shape.descriptors(); d++) {
                int index = chain * shape.descriptors() + d;
                memory.set(JAVA_LONG_UNALIGNED, RING + index * 16L, buffer(index));
                slots[index] = slot(shape.length(d), chain, flags(d));
            }
        }
        // The driver asks for a notification per burst: flags DESC, one slot behind the burst's end.
        memory.set(JAVA_INT_UNALIGNED, DRIVER_AREA, 2 << 16);
    }

    private static long slot(int length, int id, int flags) {
        return length | (long) id << 32 | (long) flags << 48;
    }

    // ── The driver ─────────────────────────────────────────────────────────

    /** Takes a device through the initialization sequence, with this ring as its queue 0. */
    public void start(DeviceInstance device) {
        start(device, 0);
    }

    /** Takes a device through the initialization sequence, with this ring as one of its queues. */
    public void start(DeviceInstance device, int queue) {
        start(device, queue, () -> {});
    }

    /** As {@link #start(DeviceInstance, int)}; the caller may set up other queues before DRIVER_OK. */
    public void start(DeviceInstance device, int queue, Runnable others) {
        FeatureSet features =
                FeatureSet.of(CoreFeature.VERSION_1, CoreFeature.EVENT_IDX, CoreFeature.INDIRECT_DESC);
        if (format == RingFormat.PACKED) {
            features = features.with(CoreFeature.RING_PACKED);
        }
        device.writeStatus(DeviceStatus.ACKNOWLEDGE);
        device.writeStatus(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        for (int word = 0; word < FeatureSet.WORDS; word++) {
            device.acceptFeatures(word, features.word(word) | deviceFeatures(device, word));
        }
        int status = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;
        device.writeStatus(status);
        device.queueSize(queue, size);
        device.configureQueue(queue, config -> {
            config.descriptorArea(RING);
            config.driverArea(DRIVER_AREA);
            config.deviceArea(DEVICE_AREA);
        });
        device.enableQueue(queue);
        others.run();
        device.writeStatus(status | DeviceStatus.DRIVER_OK);
    }

    /** What the device's own type offers is accepted, FLUSH for one. */
    private static int deviceFeatures(DeviceInstance device, int word) {
        return word == 0 ? device.offered().word(0) & DEVICE_FEATURES : 0;
    }

    /** Makes a burst available. */
    public void offer() {
        if (format == RingFormat.SPLIT) {
            availIndex = (availIndex + BURST) & 0xFFFF;
            SHORT.setRelease(memory, DRIVER_AREA + 2, (short) availIndex);
            return;
        }
        long mark = availableMark;
        for (int i = slots.length - 1; i > 0; i--) {
            memory.set(JAVA_LONG, RING + i * 16L + 8, slots[i] | mark);
        }
        LONG.setRelease(memory, RING + 8, slots[0] | mark);
        availableMark = mark ^ (AVAIL | USED); // a burst is exactly one round
    }

    /** Whether the device used the whole burst. */
    public boolean isUsed() {
        if (format == RingFormat.SPLIT) {
            return (short) SHORT.getAcquire(memory, DEVICE_AREA + 2) == (short) availIndex;
        }
        long last = memory.get(JAVA_LONG_UNALIGNED, RING + (slots.length - shapeSlots()) * 16L + 8);
        return (last & AVAIL) != 0 == ((last & USED) != 0);
    }

    private int shapeSlots() {
        return shape.isIndirect() ? 1 : shape.descriptors();
    }
}
