// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A GPU device and a driver that speaks its protocol; codes are written out, as a driver's author reads them. */
final class GpuRig implements AutoCloseable {

    static final int OK = 0x1100;
    static final int OK_DISPLAY_INFO = 0x1101;
    static final int OK_CAPSET_INFO = 0x1102;
    static final int OK_CAPSET = 0x1103;
    static final int OK_EDID = 0x1104;
    static final int OK_RESOURCE_UUID = 0x1105;
    static final int OK_MAP_INFO = 0x1106;
    static final int UNSPEC = 0x1200;
    static final int OUT_OF_MEMORY = 0x1201;
    static final int INVALID_SCANOUT_ID = 0x1202;
    static final int INVALID_RESOURCE_ID = 0x1203;
    static final int INVALID_CONTEXT_ID = 0x1204;
    static final int INVALID_PARAMETER = 0x1205;

    /** {@code B8G8R8X8_UNORM} */
    static final int XRGB = 2;
    /** {@code B8G8R8A8_UNORM} */
    static final int ARGB = 1;

    static final int HEADER = 24;

    private final GpuDevice device;
    private final TestDriver driver;

    private GpuRig(GpuDevice device, TestDriver driver) {
        this.device = device;
        this.driver = driver;
    }

    static GpuRig of(GpuDevice device) {
        return of(device, DriverOptions.split());
    }

    static GpuRig of(GpuDevice device, DriverOptions options) {
        return new GpuRig(device, TestDriver.attach(device).start(options));
    }

    GpuDevice device() {
        return device;
    }

    TestDriver driver() {
        return driver;
    }

    DriverQueue queue() {
        return driver.queue(0);
    }

    Scanout scanout() {
        return device.scanout(0);
    }

    long count(GpuCounter counter) {
        return device.counters().get(counter);
    }

    // ── Commands ───────────────────────────────────────────────────────────

    /** A command without fence or context: type, then values of 32 bits. */
    static byte[] command(int type, long... le32) {
        return withHeader(type, 0, 0, 0, 0, le32);
    }

    static byte[] withHeader(int type, int flags, long fence, int context, int ring, long... le32) {
        ByteBuffer bytes = ByteBuffer.allocate(HEADER + 4 * le32.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(type).putInt(flags).putLong(fence).putInt(context).put((byte) ring).put(new byte[3]);
        for (long value : le32) {
            bytes.putInt((int) value);
        }
        return bytes.array();
    }

    static byte[] inContext(int context, int type, long... le32) {
        return withHeader(type, 0, 0, context, 0, le32);
    }

    static byte[] join(byte[] first, byte... second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /** Sends a command of the controlq. */
    Response send(byte[] command, int room) {
        return new Response(queue().exchange(command, room));
    }

    /** Sends a command that has no data in its answer; returns the answer's type. */
    int send(byte[] command) {
        Response response = send(command, HEADER);
        assertEquals(HEADER, response.submitted.usedLength());
        return response.type();
    }

    int sendCursor(byte[] command) {
        return new Response(driver.queue(1).exchange(command, HEADER)).type();
    }

    /** An answer. */
    record Response(Submitted submitted) {

        ByteBuffer bytes() {
            return ByteBuffer.wrap(submitted.written()).order(ByteOrder.LITTLE_ENDIAN);
        }

        int type() {
            return bytes().getInt(0);
        }

        int le32(int offset) {
            return bytes().getInt(offset);
        }
    }

    int create2d(int id, int format, long width, long height) {
        return send(command(0x101, id, format, width, height));
    }

    int unref(int id) {
        return send(command(0x102, id, 0));
    }

    int setScanout(int scanout, int id, long x, long y, long width, long height) {
        return send(command(0x103, x, y, width, height, scanout, id));
    }

    int flush(int id, long x, long y, long width, long height) {
        return send(command(0x104, x, y, width, height, id, 0));
    }

    int transfer(int id, long offset, long x, long y, long width, long height) {
        return send(command(0x105, x, y, width, height, offset, offset >>> 32, id, 0));
    }

    /** Attaches pages, of which each may be a part of a buffer. */
    int attach(int id, long... addressesAndLengths) {
        return send(attachCommand(id, addressesAndLengths.length / 2, addressesAndLengths));
    }

    static byte[] attachCommand(int id, long entries, long... addressesAndLengths) {
        return join(command(0x106, id, entries), entries(addressesAndLengths));
    }

    static byte[] entries(long... addressesAndLengths) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * addressesAndLengths.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < addressesAndLengths.length; i += 2) {
            bytes.putLong(addressesAndLengths[i]).putInt((int) addressesAndLengths[i + 1]).putInt(0);
        }
        return bytes.array();
    }

    int attach(int id, GuestBuffer buffer) {
        return attach(id, buffer.address(), buffer.length());
    }

    int detach(int id) {
        return send(command(0x107, id, 0));
    }

    Response assignUuid(int id) {
        return send(command(0x10B, id, 0), 40);
    }

    int createBlob(int context, int id, int kind, int flags, long blobId, long size, long... addressesAndLengths) {
        return send(join(inContext(context, 0x10C, id, kind, flags, addressesAndLengths.length / 2,
                blobId, blobId >>> 32, size, size >>> 32), entries(addressesAndLengths)));
    }

    int setScanoutBlob(int scanout, int id, int[] area, long width, long height, int format, long stride, long offset) {
        return send(command(0x10D, area[0], area[1], area[2], area[3], scanout, id, width, height, format, 0,
                stride, 0, 0, 0, offset, 0, 0, 0));
    }

    int cursor(int type, int scanout, int x, int y, int id, int hotX, int hotY) {
        return sendCursor(command(type, scanout, x, y, 0, id, hotX, hotY, 0));
    }

    // ── Pictures ───────────────────────────────────────────────────────────

    GuestBuffer buffer(long bytes) {
        return driver.ram().allocate(bytes, 4096);
    }

    /** A pixel whose bytes all differ, and that tells where it is. */
    static int pixel(int x, int y) {
        return (x & 0xFF) << 16 | (y & 0xFF) << 8 | (x * 7 + y * 13 & 0xFF) | (x ^ y) << 24;
    }

    /** Writes such pixels as words, little-endian. */
    static void paint(GuestBuffer buffer, int width, int height) {
        ByteBuffer bytes = ByteBuffer.allocate(width * height * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                bytes.putInt(pixel(x, y));
            }
        }
        buffer.write(0, bytes.array());
    }

    /** An image of such pixels in the host's memory, shown on the first output. */
    GuestBuffer show(int id, int width, int height) {
        GuestBuffer pages = buffer((long) width * height * 4);
        paint(pages, width, height);
        assertEquals(OK, create2d(id, XRGB, width, height));
        assertEquals(OK, attach(id, pages));
        assertEquals(OK, transfer(id, 0, 0, 0, width, height));
        assertEquals(OK, setScanout(0, id, 0, 0, width, height));
        assertEquals(OK, flush(id, 0, 0, width, height));
        return pages;
    }

    int shown(int x, int y) {
        int[] pixel = new int[1];
        assertEquals(true, scanout().readWithoutCursor(x, y, 1, 1, pixel, 0, 1));
        return pixel[0];
    }

    @Override
    public void close() {
        driver.close();
        device.close();
    }
}
