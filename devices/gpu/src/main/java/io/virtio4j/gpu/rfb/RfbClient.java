// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu.rfb;

import io.virtio4j.gpu.Monitor;
import io.virtio4j.gpu.Scanout;
import io.virtio4j.gpu.ScanoutListener;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One viewer: a thread reads its messages, another sends what it asked for. What the device's threads do is to note
 * which areas changed; a slow viewer misses intermediate pictures, and holds nobody up. [RFC 6143]
 */
final class RfbClient implements ScanoutListener, AutoCloseable {

    private static final int RAW = 0;
    private static final int ZRLE = 16;
    private static final int DESKTOP_SIZE = -223;

    private static final int SECURITY_NONE = 1;
    private static final int VERSION_LENGTH = 12;

    private static final int SET_PIXEL_FORMAT = 0;
    private static final int SET_ENCODINGS = 2;
    private static final int UPDATE_REQUEST = 3;
    private static final int KEY_EVENT = 4;
    private static final int POINTER_EVENT = 5;
    private static final int CUT_TEXT = 6;
    private static final int MOST_TEXT = 1 << 20;

    /** Pixels that are read and sent at a time. */
    private static final int STRIP = 1 << 16;

    private final Scanout scanout;
    private final SocketChannel socket;
    private final DataInputStream in;

    // Guarded by this.
    private final DamageList damage = new DamageList();
    private RfbPixelFormat format = RfbPixelFormat.NATIVE;
    private int encoding = RAW;
    private boolean resizes;
    private boolean wanted;
    private boolean closed;
    /** What the viewer believes the size to be. */
    private int width;
    private int height;
    private boolean resized;

    // Of the sending thread.
    private final DamageList sending = new DamageList();
    private final int[] argb = new int[STRIP];
    private byte[] raw = {};
    private final ZrleEncoder zrle = new ZrleEncoder();
    private final ByteBuffer out = ByteBuffer.allocate(1 << 16);

    RfbClient(Scanout scanout, SocketChannel socket) {
        this.scanout = scanout;
        this.socket = socket;
        in = new DataInputStream(new BufferedInputStream(Channels.newInputStream(socket)));
    }

    void run() throws IOException {
        handshake();
        scanout.addListener(this);
        Thread sender = Thread.ofVirtual().name("virtio4j-rfb-sender").start(this::send);
        try {
            while (read()) {
                // Messages until the viewer goes.
            }
        } finally {
            close();
            try {
                sender.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            zrle.close();
        }
    }

    // ── Handshake ──────────────────────────────────────────────────────────

    private void handshake() throws IOException {
        write(ByteBuffer.wrap("RFB 003.008\n".getBytes(StandardCharsets.US_ASCII)));
        byte[] version = in.readNBytes(VERSION_LENGTH);
        String text = new String(version, StandardCharsets.US_ASCII);
        if (!text.startsWith("RFB 003.")) {
            throw new IOException("not a viewer: version=" + text.replaceAll("[^ -~]", "?"));
        }
        boolean first = text.startsWith("RFB 003.003") || text.startsWith("RFB 003.005");
        boolean last = !first && !text.startsWith("RFB 003.007");
        if (first) {
            write(ByteBuffer.allocate(4).putInt(SECURITY_NONE).flip());
        } else {
            write(ByteBuffer.wrap(new byte[] {1, SECURITY_NONE}));
            if (in.readUnsignedByte() != SECURITY_NONE) {
                throw new IOException("viewer chose what was not offered");
            }
        }
        if (last) {
            write(ByteBuffer.allocate(4)); // SecurityResult: OK
        }
        in.readUnsignedByte(); // ClientInit: others may stay in any case
        serverInit();
    }

    private void serverInit() throws IOException {
        byte[] name = ("virtio4j output " + scanout.id()).getBytes(StandardCharsets.US_ASCII);
        Monitor monitor = scanout.monitor();
        int initialWidth = scanout.width();
        int initialHeight = scanout.height();
        if (initialWidth == 0 || initialHeight == 0) {
            initialWidth = monitor == null ? 640 : monitor.width();
            initialHeight = monitor == null ? 480 : monitor.height();
        }
        synchronized (this) {
            width = initialWidth;
            height = initialHeight;
        }
        ByteBuffer init = ByteBuffer.allocate(8 + RfbPixelFormat.SIZE + name.length);
        init.putShort((short) initialWidth).putShort((short) initialHeight);
        RfbPixelFormat.NATIVE.write(init);
        write(init.putInt(name.length).put(name).flip());
    }

    // ── What the viewer says ───────────────────────────────────────────────

    private boolean read() throws IOException {
        int type = in.read();
        switch (type) {
            case -1 -> {
                return false;
            }
            case SET_PIXEL_FORMAT -> {
                in.skipNBytes(3);
                RfbPixelFormat chosen = RfbPixelFormat.read(in);
                synchronized (this) {
                    format = chosen;
                }
            }
            case SET_ENCODINGS -> encodings();
            case UPDATE_REQUEST -> updateRequest();
            case KEY_EVENT -> in.skipNBytes(7);
            case POINTER_EVENT -> in.skipNBytes(5);
            case CUT_TEXT -> {
                in.skipNBytes(3);
                long length = Integer.toUnsignedLong(in.readInt());
                if (length > MOST_TEXT) {
                    throw new IOException("viewer pastes too much: bytes=" + length);
                }
                in.skipNBytes(length);
            }
            default -> throw new IOException("viewer says what is not known: type=" + type);
        }
        return true;
    }

    /** The first that is known is the one that the viewer likes most. */
    private void encodings() throws IOException {
        in.skipNBytes(1);
        int count = in.readUnsignedShort();
        int chosen = -1;
        boolean size = false;
        for (int i = 0; i < count; i++) {
            int each = in.readInt();
            if (chosen < 0 && (each == RAW || each == ZRLE)) {
                chosen = each;
            }
            size |= each == DESKTOP_SIZE;
        }
        synchronized (this) {
            encoding = Math.max(RAW, chosen);
            resizes = size;
            resized |= size && (scanout.width() != width || scanout.height() != height);
        }
    }

    private void updateRequest() throws IOException {
        boolean incremental = in.readUnsignedByte() != 0;
        int x = in.readUnsignedShort();
        int y = in.readUnsignedShort();
        int requestWidth = in.readUnsignedShort();
        int requestHeight = in.readUnsignedShort();
        synchronized (this) {
            if (!incremental) {
                damage.addSized(x, y, Math.max(0, Math.min(requestWidth, width - x)),
                        Math.max(0, Math.min(requestHeight, height - y)));
            }
            wanted = true;
            notifyAll();
        }
    }

    // ── What the device says ───────────────────────────────────────────────

    @Override
    public synchronized void changed(Scanout from) {
        resized = resizes && from.isOn();
        damage.addSized(0, 0, width, height);
        notifyAll();
    }

    @Override
    public synchronized void damaged(Scanout from, int x, int y, int damagedWidth, int damagedHeight) {
        damage.addSized(x, y, damagedWidth, damagedHeight);
        notifyAll();
    }

    // ── Sending ────────────────────────────────────────────────────────────

    private void send() {
        try {
            while (await()) {
                update();
            }
        } catch (IOException e) {
            close(); // the reading thread ends then
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized boolean await() throws InterruptedException {
        while (!closed && !(wanted && (damage.count() > 0 || resized))) {
            wait();
        }
        return !closed;
    }

    private void update() throws IOException {
        RfbPixelFormat pixelFormat;
        int chosen;
        int newWidth = 0;
        int newHeight = 0;
        synchronized (this) {
            wanted = false;
            pixelFormat = format;
            chosen = encoding;
            if (resized) {
                resized = false;
                newWidth = scanout.width();
                newHeight = scanout.height();
            }
            if (newWidth > 0 && newHeight > 0 && (newWidth != width || newHeight != height)) {
                width = newWidth;
                height = newHeight;
                damage.addSized(0, 0, width, height);
            } else {
                newWidth = 0;
            }
            sending.takeFrom(damage, width, height);
        }
        int rectangles = newWidth > 0 ? 1 : 0;
        for (int i = 0; i < sending.count(); i++) {
            rectangles += strips(i);
        }
        room(4 + 12).put((byte) 0).put((byte) 0).putShort((short) rectangles);
        if (newWidth > 0) {
            rectangle(0, 0, newWidth, newHeight, DESKTOP_SIZE);
        }
        for (int i = 0; i < sending.count(); i++) {
            area(i, chosen, pixelFormat);
        }
        flush();
    }

    private int rowsOfStrip(int index) {
        return Math.max(1, STRIP / sending.width(index));
    }

    private int strips(int index) {
        int rows = rowsOfStrip(index);
        return (sending.height(index) + rows - 1) / rows;
    }

    private void area(int index, int chosen, RfbPixelFormat pixelFormat) throws IOException {
        int rows = rowsOfStrip(index);
        int areaWidth = sending.width(index);
        for (int done = 0; done < sending.height(index); done += rows) {
            int count = Math.min(rows, sending.height(index) - done);
            int y = sending.y(index) + done;
            if (!scanout.read(sending.x(index), y, areaWidth, count, argb, 0, areaWidth)) {
                // It has another size by now, or shows nothing: what there is to show is told again.
                Arrays.fill(argb, 0, areaWidth * count, 0);
            }
            rectangle(sending.x(index), y, areaWidth, count, chosen);
            if (chosen == ZRLE) {
                int length = zrle.encode(argb, areaWidth, count, pixelFormat);
                room(4).putInt(length);
                bytes(zrle.bytes(), length);
            } else {
                raw(areaWidth * count, pixelFormat);
            }
        }
    }

    private void rectangle(int x, int y, int rectangleWidth, int rectangleHeight, int type) throws IOException {
        room(12).putShort((short) x).putShort((short) y).putShort((short) rectangleWidth)
                .putShort((short) rectangleHeight).putInt(type);
    }

    private void raw(int pixels, RfbPixelFormat pixelFormat) throws IOException {
        int size = pixelFormat.bytes();
        if (raw.length < pixels * size) {
            raw = new byte[STRIP * 4];
        }
        for (int i = 0; i < pixels; i++) {
            pixelFormat.put(raw, i * size, pixelFormat.convert(argb[i]));
        }
        bytes(raw, pixels * size);
    }

    private ByteBuffer room(int bytes) throws IOException {
        if (out.remaining() < bytes) {
            flush();
        }
        return out;
    }

    private void bytes(byte[] source, int length) throws IOException {
        flush();
        write(ByteBuffer.wrap(source, 0, length));
    }

    private void flush() throws IOException {
        write(out.flip());
        out.clear();
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            socket.write(bytes);
        }
    }

    @Override
    public void close() {
        scanout.removeListener(this);
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        try {
            socket.close();
        } catch (IOException e) {
            // Nobody is there any more who could be told.
        }
    }
}
