// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.sound;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.transport.DeviceInstance;
import java.lang.foreign.MemorySegment;

/** A control queue with all that it takes to start a stream: it is served once, when the device starts. */
final class StreamCommands {

    private static final int CONTROLQ = 0;
    private static final long RING = 0x30000;
    private static final long DRIVER_AREA = 0x31000;
    private static final long DEVICE_AREA = 0x32000;
    private static final long BUFFERS = 0x33000;
    private static final long BUFFER = 0x100;
    private static final long REPLY = 0x80;
    private static final int SIZE = 8;
    private static final int REQUESTS = 3;

    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int AVAIL = 1 << 7;
    private static final int OK = 0x8000;

    private final MemorySegment memory;

    StreamCommands(MemorySegment memory) {
        this.memory = memory;
    }

    /** Writes SET_PARAMS, PREPARE and START. */
    void write(RingFormat format, int stream, int bufferBytes, int periodBytes, int channelsFormatRate) {
        request(0, 0x0101, stream, bufferBytes, periodBytes, 0, channelsFormatRate);
        request(1, 0x0102, stream);
        request(2, 0x0104, stream);
        for (int i = 0; i < REQUESTS; i++) {
            describe(format, 2 * i, BUFFERS + i * BUFFER, i == 0 ? 24 : 8, NEXT, i);
            describe(format, 2 * i + 1, BUFFERS + i * BUFFER + REPLY, 4, WRITE, i);
            memory.set(JAVA_SHORT_UNALIGNED, DRIVER_AREA + 4 + 2L * i, (short) (2 * i));
        }
        memory.set(JAVA_SHORT_UNALIGNED, DRIVER_AREA + 2, (short) (format == RingFormat.SPLIT ? REQUESTS : 0));
    }

    private void request(int number, int... words) {
        for (int i = 0; i < words.length; i++) {
            memory.set(JAVA_INT_UNALIGNED, BUFFERS + number * BUFFER + 4L * i, words[i]);
        }
        memory.set(JAVA_BYTE, BUFFERS + number * BUFFER + REPLY, (byte) -1);
    }

    private void describe(RingFormat format, int slot, long address, int length, int flags, int id) {
        long at = RING + 16L * slot;
        memory.set(JAVA_LONG_UNALIGNED, at, address);
        memory.set(JAVA_INT_UNALIGNED, at + 8, length);
        if (format == RingFormat.SPLIT) {
            memory.set(JAVA_SHORT_UNALIGNED, at + 12, (short) flags);
            memory.set(JAVA_SHORT_UNALIGNED, at + 14, (short) (slot + 1));
        } else {
            memory.set(JAVA_SHORT_UNALIGNED, at + 12, (short) id);
            memory.set(JAVA_SHORT_UNALIGNED, at + 14, (short) (flags | AVAIL));
        }
    }

    void setUp(DeviceInstance device) {
        device.queueSize(CONTROLQ, SIZE);
        device.configureQueue(CONTROLQ, config -> {
            config.descriptorArea(RING);
            config.driverArea(DRIVER_AREA);
            config.deviceArea(DEVICE_AREA);
        });
        device.enableQueue(CONTROLQ);
    }

    /** Whether every request was answered OK. */
    boolean succeeded() {
        for (int i = 0; i < REQUESTS; i++) {
            if (memory.get(JAVA_INT_UNALIGNED, BUFFERS + i * BUFFER + REPLY) != OK) {
                return false;
            }
        }
        return true;
    }
}
