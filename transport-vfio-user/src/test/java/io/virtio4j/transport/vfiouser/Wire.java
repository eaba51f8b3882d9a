// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The protocol once more, from its text alone: what the tests send is not made by what they test. */
final class Wire {

    // [Commands]
    static final int VERSION = 1;
    static final int DMA_MAP = 2;
    static final int DMA_UNMAP = 3;
    static final int DEVICE_GET_INFO = 4;
    static final int DEVICE_GET_REGION_INFO = 5;
    static final int DEVICE_GET_REGION_IO_FDS = 6;
    static final int DEVICE_GET_IRQ_INFO = 7;
    static final int DEVICE_SET_IRQS = 8;
    static final int REGION_READ = 9;
    static final int REGION_WRITE = 10;
    static final int DMA_READ = 11;
    static final int DMA_WRITE = 12;
    static final int DEVICE_RESET = 13;
    static final int REGION_WRITE_MULTI = 15;
    static final int DEVICE_FEATURE = 16;
    static final int MIG_DATA_READ = 17;
    static final int MIG_DATA_WRITE = 18;

    // [Header]
    static final int HEADER = 16;
    static final int TYPE_REPLY = 1;
    static final int NO_REPLY = 1 << 4;
    static final int ERROR = 1 << 5;

    /** {@code max_data_xfer_size} of the server, and how a message with that much data is at most. */
    static final int MOST_DATA = 1 << 20;
    static final int MOST_MESSAGE = HEADER + 16 + MOST_DATA;

    static final int CONFIG = 7;
    static final int INTX = 0;
    static final int MSI = 1;
    static final int MSIX = 2;

    // [VFIO_USER_DEVICE_SET_IRQS]
    static final int NONE = 1;
    static final int BOOL = 1 << 1;
    static final int EVENTFD = 1 << 2;
    static final int MASK = 1 << 3;
    static final int UNMASK = 1 << 4;
    static final int TRIGGER = 1 << 5;

    // errno(3)
    static final int EPERM = 1;
    static final int EIO = 5;
    static final int EACCES = 13;
    static final int EBUSY = 16;
    static final int EEXIST = 17;
    static final int EINVAL = 22;
    static final int ENOTTY = 25;
    static final int ENOSPC = 28;
    static final int ENOSYS = 38;
    static final int EOPNOTSUPP = 95;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private Wire() {}

    /** Begins a payload. */
    static Wire payload() {
        return new Wire();
    }

    Wire u8(long value) {
        return put(value, 1);
    }

    Wire u16(long value) {
        return put(value, 2);
    }

    Wire u32(long value) {
        return put(value, 4);
    }

    Wire u64(long value) {
        return put(value, 8);
    }

    /** The low bytes of a value. */
    Wire put(long value, int width) {
        for (int i = 0; i < width; i++) {
            bytes.write((int) (value >>> 8 * i));
        }
        return this;
    }

    Wire raw(byte... more) {
        bytes.writeBytes(more);
        return this;
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    // ── Messages ───────────────────────────────────────────────────────────

    static byte[] message(int id, int command, int flags, byte[] payload) {
        return header(id, command, HEADER + payload.length, flags, 0).raw(payload).bytes();
    }

    static Wire header(int id, int command, long size, int flags, int error) {
        return payload().u16(id).u16(command).u32(size).u32(flags).u32(error);
    }

    static byte[] version(int major, int minor, String json) {
        return payload().u16(major).u16(minor).raw(json.getBytes(StandardCharsets.UTF_8)).u8(0).bytes();
    }

    static byte[] access(int region, long offset, long count, byte... data) {
        return payload().u64(offset).u32(region).u32(count).raw(data).bytes();
    }

    static byte[] map(int flags, long offset, long address, long size) {
        return payload().u32(32).u32(flags).u64(offset).u64(address).u64(size).bytes();
    }

    static byte[] unmap(int flags, long address, long size) {
        return payload().u32(24).u32(flags).u64(address).u64(size).bytes();
    }

    static byte[] interrupts(int flags, int index, long start, long count, byte... data) {
        return payload().u32(20 + data.length).u32(flags).u32(index).u32(start).u32(count)
                .raw(data).bytes();
    }

    static byte[] regionInfo(int index) {
        return regionInfo(index, 32);
    }

    /** With so much room for the reply. */
    static byte[] regionInfo(int index, int room) {
        return payload().u32(room).u32(0).u32(index).u32(0).u64(0).u64(0).bytes();
    }

    static byte[] irqInfo(int index) {
        return payload().u32(16).u32(0).u32(index).u32(0).bytes();
    }

    static byte[] deviceInfo() {
        return payload().u32(16).u32(0).u32(0).u32(0).bytes();
    }

    static ByteBuffer read(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
