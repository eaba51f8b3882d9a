// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.GuestRam;
import java.lang.foreign.MemorySegment;

/** The driver's half of a split ring, just enough to see whether the device serves it. [Split Virtqueues] */
final class HandRing {

    private static final int BYTES = 0x1000;
    private static final int DRIVER_AREA = 0x400;
    private static final int DEVICE_AREA = 0x800;
    private static final int BUFFERS = 0xC00;

    private final MemorySegment memory;
    private final long base;
    private final int size;
    private int available;

    /** Creates a ring of cleared memory. */
    HandRing(GuestRam ram, int size) {
        GuestBuffer buffer = ram.allocate(BYTES, BYTES);
        this.memory = buffer.segment().fill((byte) 0);
        this.base = buffer.address();
        this.size = size;
        for (int head = 0; head < size; head += 2) {
            descriptor(head, base + BUFFERS + head * 16L, 1, head + 1);
            descriptor(head + 1, base + BUFFERS + head * 16L + 16, 2, 0);
        }
    }

    private void descriptor(int index, long address, int flags, int next) {
        long at = index * 16L;
        new Le64(0).set(memory, at, address);
        new Le32(8).set(memory, at, 4);
        new Le16(12).set(memory, at, flags);
        new Le16(14).set(memory, at, next);
    }

    long descriptorArea() {
        return base;
    }

    long driverArea() {
        return base + DRIVER_AREA;
    }

    long deviceArea() {
        return base + DEVICE_AREA;
    }

    /** Makes a buffer of four bytes to read and four to write available; does not notify. */
    void add(int value) {
        int head = available * 2 % size;
        new Le32(BUFFERS).set(memory, head * 16L, value);
        new Le16(DRIVER_AREA + 4).set(memory, available % size * 2L, head);
        available++;
        new Le16(DRIVER_AREA + 2).setRelease(memory, 0, available & 0xFFFF);
    }

    /** The device's used index. */
    int used() {
        return new Le16(DEVICE_AREA + 2).getAcquire(memory, 0);
    }

    /** What the device wrote to the buffer that was added last. */
    long answer() {
        int head = (available - 1) * 2 % size;
        return new Le32(BUFFERS + 16).get(memory, head * 16L);
    }
}
