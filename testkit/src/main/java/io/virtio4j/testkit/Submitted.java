// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A buffer that the driver made available. Once it is used, says what the device did with it.
 *
 * <p>When the driver finds it used, it checks what holds for every device: the used length fits, and no
 * device-readable byte changed.
 */
public final class Submitted {

    /** What device-writable bytes hold until the device writes them. */
    public static final byte UNTOUCHED = (byte) 0x5A;

    /**
     * One descriptor as the driver writes it.
     *
     * @param address guest-physical, or on the bus
     * @param length bytes; 0 is legal
     * @param writable whether the device writes, or reads
     */
    public record Descriptor(long address, long length, boolean writable) {}

    private final int queue;
    private final List<Descriptor> descriptors;
    private final List<GuestBuffer> owned = new ArrayList<>(); // given back when it is used
    private @Nullable GuestBuffer table; // likewise
    private final byte[] readable;
    private final long writableSize;

    // For the queue.
    int id;
    int slots;
    int[] taken = new int[0];

    private boolean used;
    private boolean skipped;
    private long usedLength;
    private byte[] writable = new byte[0];

    Submitted(int queue, List<Descriptor> descriptors, byte[] readable) {
        this.queue = queue;
        this.descriptors = List.copyOf(descriptors);
        this.readable = readable;
        this.writableSize = descriptors.stream().filter(Descriptor::writable)
                .mapToLong(Descriptor::length).sum();
    }

    void own(GuestBuffer buffer) {
        owned.add(buffer);
    }

    /** An indirect table, whoever the buffers belong to. */
    void ownTable(GuestBuffer newTable) {
        table = newTable;
    }

    List<GuestBuffer> owned() {
        return owned;
    }

    /** The descriptors, without the one that refers to an indirect table. */
    public List<Descriptor> descriptors() {
        return descriptors;
    }

    /** Split: the head. Packed: the buffer id. */
    public int id() {
        return id;
    }

    /** The device-readable bytes. Empty if the test placed the descriptors itself. */
    public byte[] readable() {
        return readable.clone();
    }

    /** How many device-writable bytes there are. */
    public long writableSize() {
        return writableSize;
    }

    /** Whether the driver saw that the device used it. */
    public boolean isUsed() {
        return used;
    }

    /** Whether it was used as a part of a batch, without a used entry of its own. With IN_ORDER. */
    public boolean wasSkipped() {
        requireUsed();
        return skipped;
    }

    /** How many bytes the device says it wrote. */
    public long usedLength() {
        requireUsed();
        return usedLength;
    }

    /** The bytes that the device says it wrote: the first {@link #usedLength()}. */
    public byte[] written() {
        requireUsed();
        return Arrays.copyOf(writable, Math.toIntExact(usedLength));
    }

    /** All device-writable bytes as they were when the buffer was found used. */
    public byte[] writable() {
        requireUsed();
        return writable.clone();
    }

    /**
     * Checks that no byte past {@link #usedLength()} was touched.
     *
     * @throws AssertionError if one was, or if the buffer was not used
     */
    public void assertNothingBeyond() {
        requireUsed();
        for (int i = (int) usedLength; i < writable.length; i++) {
            if (writable[i] != UNTOUCHED) {
                throw new AssertionError("byte past the used length was written: offset=" + i
                        + " value=" + writable[i] + " " + this);
            }
        }
    }

    private void requireUsed() {
        if (!used) {
            throw new AssertionError("not used by the device: " + this);
        }
    }

    // ── For the queue ──────────────────────────────────────────────────────

    /** The device used it. */
    void used(long length, boolean inBatch) {
        if (length > writableSize) {
            throw new AssertionError("device reports more than it could write: length=" + length + " "
                    + this);
        }
        used = true;
        skipped = inBatch;
        usedLength = length;
        checkReadable();
        collectWritable();
        release();
    }

    /** Gives memory back: used, or forgotten with a reset. */
    void release() {
        owned.forEach(GuestBuffer::free);
        owned.clear();
        GuestBuffer freed = table;
        if (freed != null) {
            table = null;
            freed.free();
        }
    }

    private void checkReadable() {
        int at = 0;
        for (Descriptor descriptor : descriptors) {
            if (!descriptor.writable && at < readable.length) {
                GuestBuffer buffer = bufferOf(descriptor);
                int length = (int) descriptor.length;
                int odd = Arrays.mismatch(buffer.bytes(), 0, length, readable, at, at + length);
                if (odd >= 0) {
                    throw new AssertionError("device wrote to a device-readable buffer: offset="
                            + (at + odd) + " " + this);
                }
                at += length;
            }
        }
    }

    private void collectWritable() {
        if (owned.isEmpty()) {
            return;
        }
        writable = new byte[(int) writableSize];
        int at = 0;
        for (Descriptor descriptor : descriptors) {
            if (descriptor.writable) {
                byte[] bytes = bufferOf(descriptor).bytes();
                System.arraycopy(bytes, 0, writable, at, bytes.length);
                at += bytes.length;
            }
        }
    }

    private GuestBuffer bufferOf(Descriptor descriptor) {
        return new GuestBuffer(owned.getFirst().ram(), descriptor.address, descriptor.length);
    }

    @Override
    public String toString() {
        return "Submitted[queue=" + queue + " id=" + id + " descriptors=" + descriptors.size()
                + " readable=" + readable.length + " writable=" + writableSize
                + (used ? " used=" + usedLength : " pending") + "]";
    }
}
