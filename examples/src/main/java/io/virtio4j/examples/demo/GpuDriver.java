// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A driver of GPU devices, in two dimensions and with blobs. [Device Operation: controlq] */
final class GpuDriver {

    private static final int GET_DISPLAY_INFO = 0x0100;
    private static final int RESOURCE_CREATE_2D = 0x0101;
    private static final int SET_SCANOUT = 0x0103;
    private static final int RESOURCE_FLUSH = 0x0104;
    private static final int TRANSFER_TO_HOST_2D = 0x0105;
    private static final int RESOURCE_ATTACH_BACKING = 0x0106;
    private static final int RESOURCE_CREATE_BLOB = 0x010C;
    private static final int SET_SCANOUT_BLOB = 0x010D;
    private static final int UPDATE_CURSOR = 0x0300;
    private static final int OK_NODATA = 0x1100;
    private static final int OK_DISPLAY_INFO = 0x1101;

    /** {@code B8G8R8A8_UNORM} */
    static final int ARGB = 1;
    /** {@code B8G8R8X8_UNORM} */
    static final int XRGB = 2;

    private static final int HEADER = 24;
    private static final int PIXEL = 4;

    private final TestDriver driver;
    private final RunLog log;

    GpuDriver(TestDriver driver, RunLog log) {
        this.driver = driver;
        this.log = log;
    }

    private static byte[] command(int type, long... le32) {
        ByteBuffer bytes = ByteBuffer.allocate(HEADER + 4 * le32.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(0, type);
        for (int i = 0; i < le32.length; i++) {
            bytes.putInt(HEADER + 4 * i, (int) le32[i]);
        }
        return bytes.array();
    }

    private ByteBuffer send(int queue, byte[] command, int room, int expected, long moved) {
        DriverQueue to = driver.queue(queue);
        ByteBuffer answer = ByteBuffer.wrap(to.exchange(command, room).written()).order(ByteOrder.LITTLE_ENDIAN);
        log.operation(moved);
        if (answer.remaining() != room || answer.getInt(0) != expected) {
            throw new IllegalStateException("GPU answered 0x" + Integer.toHexString(answer.getInt(0)) + " to 0x"
                    + Integer.toHexString(ByteBuffer.wrap(command).order(ByteOrder.LITTLE_ENDIAN).getInt(0)));
        }
        return answer;
    }

    private void send(byte[] command) {
        send(0, command, HEADER, OK_NODATA, 0);
    }

    /** The width and height of what is plugged into an output. */
    int[] display(int output) {
        ByteBuffer info = send(0, command(GET_DISPLAY_INFO), 408, OK_DISPLAY_INFO, 0);
        return new int[] {info.getInt(HEADER + 24 * output + 8), info.getInt(HEADER + 24 * output + 12)};
    }

    /** Pages of a picture. */
    GuestBuffer pages(int width, int height) {
        return driver.ram().allocate((long) width * height * PIXEL, 4096);
    }

    void createImage(int id, int format, int width, int height, GuestBuffer pages) {
        send(command(RESOURCE_CREATE_2D, id, format, width, height));
        send(command(RESOURCE_ATTACH_BACKING, id, 1, pages.address(), pages.address() >>> 32, pages.length(), 0));
    }

    void show(int output, int id, int width, int height) {
        send(command(SET_SCANOUT, 0, 0, width, height, output, id));
    }

    /** Moves a part of a picture of a width to the host. */
    void transfer(int id, int pictureWidth, int x, int y, int width, int height) {
        long offset = ((long) y * pictureWidth + x) * PIXEL;
        send(0, command(TRANSFER_TO_HOST_2D, x, y, width, height, offset, offset >>> 32, id, 0), HEADER, OK_NODATA,
                (long) width * height * PIXEL);
    }

    void flush(int id, int x, int y, int width, int height) {
        send(command(RESOURCE_FLUSH, x, y, width, height, id, 0));
    }

    void createBlob(int id, GuestBuffer pages) {
        send(command(RESOURCE_CREATE_BLOB, id, 1, 1, 1, 0, 0, pages.length(), 0,
                pages.address(), pages.address() >>> 32, pages.length(), 0));
    }

    void showBlob(int output, int id, int width, int height) {
        send(command(SET_SCANOUT_BLOB, 0, 0, width, height, output, id, width, height, XRGB, 0,
                (long) width * PIXEL, 0, 0, 0, 0, 0, 0, 0));
    }

    void cursor(int output, int id, int x, int y) {
        send(1, command(UPDATE_CURSOR, output, x, y, 0, id, 0, 0, 0), HEADER, OK_NODATA, 0);
    }
}
