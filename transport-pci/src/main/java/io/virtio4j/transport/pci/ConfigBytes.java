// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.U8;
import java.lang.foreign.MemorySegment;

/**
 * Configuration space: its bytes, and which of their bits the driver can write. What a register means is
 * not known here. Safe for use by several threads; callers synchronize on it to do several things in one
 * step.
 */
final class ConfigBytes {

    private final byte[] bytes;
    private final byte[] writable;
    private final MemorySegment segment;
    private final MemorySegment mask;
    private byte[] initial;

    ConfigBytes(int size) {
        bytes = new byte[size];
        writable = new byte[size];
        initial = new byte[size];
        segment = MemorySegment.ofArray(bytes);
        mask = MemorySegment.ofArray(writable);
    }

    int size() {
        return bytes.length;
    }

    // ── Declaring registers ────────────────────────────────────────────────

    synchronized void declare(int at, U8 field, int value, int writableBits) {
        field.set(segment, at, value);
        field.set(mask, at, writableBits);
    }

    synchronized void declare(int at, Le16 field, int value, int writableBits) {
        field.set(segment, at, value);
        field.set(mask, at, writableBits);
    }

    synchronized void declare(int at, Le32 field, long value, long writableBits) {
        field.set(segment, at, value);
        field.set(mask, at, writableBits);
    }

    /** All registers are declared: these are the values after a reset. */
    synchronized void seal() {
        initial = bytes.clone();
    }

    synchronized void reset() {
        System.arraycopy(initial, 0, bytes, 0, bytes.length);
    }

    // ── For the function ───────────────────────────────────────────────────

    synchronized int get(int at, U8 field) {
        return field.get(segment, at);
    }

    synchronized int get(int at, Le16 field) {
        return field.get(segment, at);
    }

    synchronized long get(int at, Le32 field) {
        return field.get(segment, at);
    }

    synchronized void set(int at, Le16 field, int value) {
        field.set(segment, at, value);
    }

    synchronized void set(int at, Le32 field, long value) {
        field.set(segment, at, value);
    }

    // ── For the driver ─────────────────────────────────────────────────────

    /** Whether an access can be carried, and lies inside. */
    boolean isAccess(int offset, int width) {
        return offset >= 0 && Width.isConfig(offset, width) && offset <= bytes.length - width;
    }

    synchronized long read(int offset, int width) {
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= Byte.toUnsignedLong(bytes[offset + i]) << (8 * i);
        }
        return value;
    }

    synchronized void write(int offset, int width, long value) {
        for (int i = 0; i < width; i++) {
            byte bits = writable[offset + i];
            byte written = (byte) (value >>> (8 * i));
            bytes[offset + i] = (byte) (bytes[offset + i] & ~bits | written & bits);
        }
    }

    // ── Saving and restoring ───────────────────────────────────────────────

    synchronized byte[] save() {
        return bytes.clone();
    }

    /** Whether saved bytes differ only where the driver can write. */
    synchronized boolean accepts(byte[] saved) {
        if (saved.length != bytes.length) {
            return false;
        }
        for (int i = 0; i < saved.length; i++) {
            if (((saved[i] ^ initial[i]) & ~writable[i]) != 0) {
                return false;
            }
        }
        return true;
    }

    synchronized void restore(byte[] saved) {
        System.arraycopy(saved, 0, bytes, 0, bytes.length);
    }
}
