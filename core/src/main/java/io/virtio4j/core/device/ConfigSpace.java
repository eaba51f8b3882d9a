// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The device-specific configuration: bytes, declared with wire fields, and a generation. [Device
 * Configuration Space]
 *
 * <p>Little-endian, byte-exact for accesses of 1, 2, 4 and 8 bytes at any offset. An access that passes
 * the end reads 0 and writes nothing. Safe for use by several threads.
 */
public final class ConfigSpace {

    /** A configuration without fields. */
    public static final ConfigSpace EMPTY = new ConfigSpace(0);

    private record Writable(int offset, int length, Consumer<ConfigSpace> written) {}

    private final byte[] bytes;
    private final MemorySegment segment;
    private final List<Writable> writables = new ArrayList<>();
    private final List<Consumer<MemorySegment>> deferred = new ArrayList<>();

    private int generation;
    private boolean frozen;
    private boolean changedUnseen;
    private @Nullable Runnable listener;

    /** Creates a configuration of zeroes. */
    public ConfigSpace(int size) {
        bytes = new byte[size];
        segment = MemorySegment.ofArray(bytes);
    }

    // ── For the device ─────────────────────────────────────────────────────

    /** Bytes. */
    public int size() {
        return bytes.length;
    }

    /**
     * Lets the driver write a field. Nothing else can be written.
     *
     * @param written called after the bytes changed, on the thread that carries the driver's access; may
     *     read, and write back what the field then shows
     */
    public synchronized void writable(int offset, int length, Consumer<ConfigSpace> written) {
        if (offset < 0 || length < 1 || offset > bytes.length - length) {
            throw new IllegalArgumentException("field passes the configuration: offset=" + offset
                    + " length=" + length + " size=" + bytes.length);
        }
        writables.add(new Writable(offset, length, written));
    }

    /** Reads a field. */
    public synchronized long get(ToLongFunction<MemorySegment> field) {
        return field.applyAsLong(segment);
    }

    /**
     * Sets fields without telling the driver: before it looks at them, or as the direct result of its own
     * write.
     */
    public synchronized void set(Consumer<MemorySegment> change) {
        change.accept(segment);
    }

    /**
     * Changes fields in one step: the generation changes, and the driver is notified once it runs. While
     * the device is suspended, the change and the notification wait until it resumes. [Device Suspend]
     */
    public void update(Consumer<MemorySegment> change) {
        Runnable notify;
        synchronized (this) {
            if (frozen) {
                deferred.add(change);
                return;
            }
            change.accept(segment);
            generation++;
            notify = listener;
        }
        if (notify != null) {
            notify.run();
        }
    }

    // ── For the device instance ────────────────────────────────────────────

    /**
     * Reads for the driver.
     *
     * @param offset bytes; any value
     * @param width 1, 2, 4 or 8
     */
    public synchronized long read(int offset, int width) {
        if (!isInside(offset, width)) {
            return 0;
        }
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= Byte.toUnsignedLong(bytes[offset + i]) << (8 * i);
        }
        return value;
    }

    /** Writes for the driver; bytes outside of writable fields are left alone. */
    public void write(int offset, int width, long value) {
        List<Consumer<ConfigSpace>> calls = new ArrayList<>(1);
        synchronized (this) {
            if (!isInside(offset, width) || frozen) {
                return;
            }
            for (Writable field : writables) {
                int from = Math.max(offset, field.offset);
                int to = Math.min(offset + width, field.offset + field.length);
                for (int at = from; at < to; at++) {
                    bytes[at] = (byte) (value >>> (8 * (at - offset)));
                }
                if (from < to) {
                    calls.add(field.written);
                }
            }
        }
        calls.forEach(call -> call.accept(this));
    }

    private boolean isInside(int offset, int width) {
        return offset >= 0 && offset <= bytes.length - width
                && (width == 1 || width == 2 || width == 4 || width == 8);
    }

    /** Changes with every change of a field that the device makes. */
    public synchronized int generation() {
        return generation;
    }

    /** Sets what learns of changes. */
    public synchronized void onChange(Runnable newListener) {
        if (bytes.length > 0) {
            listener = newListener;
        }
    }

    /** Keeps all fields as they are until {@link #thaw()}. */
    public synchronized void freeze() {
        frozen = true;
    }

    /** Makes the changes that waited. */
    public void thaw() {
        Runnable notify = null;
        synchronized (this) {
            frozen = false;
            if (!deferred.isEmpty() || changedUnseen) {
                deferred.forEach(change -> change.accept(segment));
                deferred.clear();
                changedUnseen = false;
                generation++;
                notify = listener;
            }
        }
        if (notify != null) {
            notify.run();
        }
    }

    /** Saves bytes and generation. */
    public synchronized void save(StateWriter out) {
        out.le32(generation).bytes(bytes);
    }

    /**
     * Checks saved bytes.
     *
     * @return restores them: what the driver wrote comes back; if other fields differ from what it saw, it
     *     is notified after {@link #thaw()}
     */
    public Runnable restore(StateReader in) {
        int savedGeneration = (int) in.le32();
        byte[] saved = in.bytes();
        if (saved.length != bytes.length) {
            throw new StateException("saved configuration has another size: saved=" + saved.length
                    + " size=" + bytes.length);
        }
        return () -> apply(savedGeneration, saved);
    }

    private synchronized void apply(int savedGeneration, byte[] saved) {
        for (Writable field : writables) {
            System.arraycopy(saved, field.offset, bytes, field.offset, field.length);
        }
        generation = savedGeneration;
        changedUnseen |= !Arrays.equals(saved, bytes);
    }
}
