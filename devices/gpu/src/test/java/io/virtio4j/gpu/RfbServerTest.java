// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.gpu.rfb.RfbServer;
import io.virtio4j.testkit.GuestBuffer;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A viewer that speaks RFC 6143 by itself. */
@Timeout(60)
class RfbServerTest {

    private static final int WIDTH = 150;
    private static final int HEIGHT = 90;
    private static final int RAW = 0;
    private static final int ZRLE = 16;
    private static final int DESKTOP_SIZE = -223;

    private final GpuRig rig = GpuRig.of(new GpuDevice(Monitor.of(320, 200)));
    private final RfbServer server;

    RfbServerTest() throws IOException {
        server = RfbServer.listen(rig.scanout(), 0);
    }

    @AfterEach
    void close() {
        server.close();
        rig.close();
    }

    /** One viewer and what it sees. */
    private final class Viewer implements AutoCloseable {

        private final Socket socket = new Socket(server.address().getAddress(), server.address().getPort());
        private final DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        private final Inflater inflater = new Inflater();
        private int width;
        private int height;
        private int[] picture;
        private String areas = "";

        Viewer(String version) throws IOException {
            byte[] theirs = in.readNBytes(12);
            assertEquals("RFB 003.008\n", new String(theirs, StandardCharsets.US_ASCII));
            socket.getOutputStream().write(version.getBytes(StandardCharsets.US_ASCII));
            if (version.equals("RFB 003.003\n")) {
                assertEquals(1, in.readInt());
            } else {
                assertEquals(0x0101, in.readUnsignedShort());
                socket.getOutputStream().write(1);
                if (version.equals("RFB 003.008\n")) {
                    assertEquals(0, in.readInt());
                }
            }
            socket.getOutputStream().write(1);
            width = in.readUnsignedShort();
            height = in.readUnsignedShort();
            assertEquals("2018000100ff00ff00ff1008", HexFormat.of().formatHex(in.readNBytes(12)));
            in.skipNBytes(4);
            assertEquals("virtio4j output 0", new String(in.readNBytes(in.readInt()), StandardCharsets.US_ASCII));
            picture = new int[width * height];
        }

        Viewer send(byte[] message) throws IOException {
            socket.getOutputStream().write(message);
            return this;
        }

        Viewer encodings(int... codes) throws IOException {
            ByteBuffer message = ByteBuffer.allocate(4 + 4 * codes.length).put((byte) 2).put((byte) 0)
                    .putShort((short) codes.length);
            for (int code : codes) {
                message.putInt(code);
            }
            return send(message.array());
        }

        Viewer ask(boolean incremental) throws IOException {
            return send(ByteBuffer.allocate(10).put((byte) 3).put((byte) (incremental ? 1 : 0)).putInt(0)
                    .putShort((short) width).putShort((short) height).array());
        }

        Viewer update() throws IOException {
            assertEquals(0, in.readUnsignedByte());
            in.readUnsignedByte();
            int count = in.readUnsignedShort();
            areas = "";
            for (int i = 0; i < count; i++) {
                int x = in.readUnsignedShort();
                int y = in.readUnsignedShort();
                int areaWidth = in.readUnsignedShort();
                int areaHeight = in.readUnsignedShort();
                int encoding = in.readInt();
                areas += " " + x + "," + y + " " + areaWidth + "x" + areaHeight;
                switch (encoding) {
                    case RAW -> raw(x, y, areaWidth, areaHeight);
                    case ZRLE -> zrle(x, y, areaWidth, areaHeight);
                    case DESKTOP_SIZE -> {
                        areas += " size";
                        width = areaWidth;
                        height = areaHeight;
                        picture = new int[width * height];
                    }
                    default -> throw new AssertionError("encoding=" + encoding);
                }
            }
            return this;
        }

        private void raw(int x, int y, int areaWidth, int areaHeight) throws IOException {
            for (int row = y; row < y + areaHeight; row++) {
                for (int column = x; column < x + areaWidth; column++) {
                    picture[row * width + column] = Integer.reverseBytes(in.readInt());
                }
            }
        }

        private void zrle(int x, int y, int areaWidth, int areaHeight) throws IOException {
            inflater.setInput(in.readNBytes(in.readInt()));
            for (int top = y; top < y + areaHeight; top += 64) {
                for (int left = x; left < x + areaWidth; left += 64) {
                    tile(left, top, Math.min(64, x + areaWidth - left), Math.min(64, y + areaHeight - top));
                }
            }
            assertEquals(0, inflater.getRemaining());
        }

        private byte[] inflate(int count) throws IOException {
            byte[] bytes = new byte[count];
            try {
                assertEquals(count, inflater.inflate(bytes));
            } catch (DataFormatException e) {
                throw new IOException(e);
            }
            return bytes;
        }

        private int pixel() throws IOException {
            byte[] three = inflate(3);
            return three[0] & 255 | (three[1] & 255) << 8 | (three[2] & 255) << 16;
        }

        private void tile(int x, int y, int tileWidth, int tileHeight) throws IOException {
            int colors = inflate(1)[0];
            int[] palette = new int[colors];
            for (int i = 0; i < colors; i++) {
                palette[i] = pixel();
            }
            int bits = colors <= 1 ? 0 : colors == 2 ? 1 : colors <= 4 ? 2 : 4;
            for (int row = 0; row < tileHeight; row++) {
                byte[] packed = bits == 0 ? new byte[0] : inflate((tileWidth * bits + 7) / 8);
                for (int column = 0; column < tileWidth; column++) {
                    int index = bits == 0 ? 0
                            : (packed[column * bits / 8] & 255) >> 8 - bits - column * bits % 8 & (1 << bits) - 1;
                    picture[(y + row) * width + x + column] = colors == 0 ? pixel() : palette[index];
                }
            }
        }

        void assertSees(int[] argb) {
            int[] expected = new int[argb.length];
            for (int i = 0; i < argb.length; i++) {
                expected[i] = argb[i] & 0xFFFFFF;
            }
            assertTrue(Arrays.equals(expected, picture));
        }

        @Override
        public void close() throws IOException {
            inflater.end();
            socket.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"RFB 003.003\n", "RFB 003.007\n", "RFB 003.008\n"})
    void a_viewer_of_every_version_sees_the_picture(String version) throws IOException {
        rig.show(1, WIDTH, HEIGHT);
        try (Viewer viewer = new Viewer(version)) {
            viewer.ask(false).update().assertSees(rig.scanout().read());
            assertEquals(" 0,0 150x90", viewer.areas);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {RAW, ZRLE})
    void what_changed_is_sent_and_nothing_else(int encoding) throws IOException {
        GuestBuffer pages = rig.show(1, WIDTH, HEIGHT);
        try (Viewer viewer = new Viewer("RFB 003.008\n")) {
            viewer.encodings(7, encoding, RAW, ZRLE).ask(false).update().assertSees(rig.scanout().read());
            pages.fill(0x10);
            rig.transfer(1, 0, 0, 0, WIDTH, HEIGHT);
            rig.flush(1, 7, 8, 9, 10);
            rig.flush(1, 140, 80, 10, 10);
            rig.flush(1, 8, 8, 2, 2);
            viewer.ask(true).update();
            assertEquals(" 7,8 9x10 140,80 10x10", viewer.areas);
            assertEquals(0x101010, viewer.picture[8 * WIDTH + 7]);
            assertEquals(GpuRig.pixel(6, 8) & 0xFFFFFF, viewer.picture[8 * WIDTH + 6]);
            // The next is sent when something changes.
            viewer.ask(true);
            rig.flush(1, 0, 0, WIDTH, HEIGHT);
            viewer.update().assertSees(rig.scanout().read());
        }
    }

    /** One, two, four and sixteen colors in a tile are packed, more are not. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 16, 17, 200})
    void tiles_of_few_colors_arrive_whole(int colors) throws IOException {
        GuestBuffer pages = rig.show(1, WIDTH, HEIGHT);
        ByteBuffer bytes = ByteBuffer.allocate(WIDTH * HEIGHT * 4);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            bytes.putInt((i * 7 + i / 13) % colors * 0x01020300);
        }
        pages.write(0, bytes.array());
        rig.transfer(1, 0, 0, 0, WIDTH, HEIGHT);
        try (Viewer viewer = new Viewer("RFB 003.008\n")) {
            viewer.encodings(ZRLE).ask(false).update().assertSees(rig.scanout().read());
        }
    }

    @Test
    void a_viewer_follows_the_size_if_it_can() throws IOException {
        try (Viewer viewer = new Viewer("RFB 003.008\n"); Viewer stubborn = new Viewer("RFB 003.008\n")) {
            assertEquals(320, viewer.width);
            viewer.encodings(RAW, DESKTOP_SIZE).ask(false).update();
            stubborn.encodings(RAW).ask(false).update();
            assertTrue(Arrays.stream(viewer.picture).allMatch(pixel -> pixel == 0));
            viewer.ask(true);
            rig.show(1, WIDTH, HEIGHT);
            viewer.update();
            while (viewer.width != WIDTH) {
                viewer.ask(true).update();
            }
            viewer.ask(false).update().assertSees(rig.scanout().read());
            assertEquals(320, stubborn.width);
        }
    }

    /** 16 bits, big-endian, 5 of each. */
    @Test
    void a_viewer_may_choose_its_pixels() throws IOException {
        rig.show(1, 4, 1);
        try (Viewer viewer = new Viewer("RFB 003.008\n")) {
            viewer.send(new byte[] {0, 0, 0, 0, 16, 15, 1, 1, 0, 31, 0, 31, 0, 31, 10, 5, 0, 0, 0, 0}).ask(false);
            viewer.in.skipNBytes(16);
            for (int x = 0; x < 4; x++) {
                int pixel = GpuRig.pixel(x, 0);
                int expected = scaled(pixel >> 16) << 10 | scaled(pixel >> 8) << 5 | scaled(pixel);
                assertEquals(expected, viewer.in.readUnsignedShort());
            }
        }
    }

    private static int scaled(int value) {
        return ((value & 255) * 31 + 127) / 255;
    }

    @Test
    void viewers_that_speak_nonsense_are_let_go_and_others_stay() throws IOException {
        rig.show(1, WIDTH, HEIGHT);
        try (Viewer good = new Viewer("RFB 003.008\n")) {
            byte[][] nonsense = {
                {99}, {0, 0, 0, 0, 24, 24, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0},
                {0, 0, 0, 0, 8, 8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0}, {6, 0, 0, 0, 127, 0, 0, 0}};
            for (byte[] message : nonsense) {
                try (Viewer bad = new Viewer("RFB 003.008\n")) {
                    bad.send(message);
                    assertEquals(-1, bad.in.read());
                }
            }
            // Keys, pointers and text are taken and forgotten.
            good.send(new byte[] {4, 1, 0, 0, 0, 0, 0, 65}).send(new byte[] {5, 1, 0, 9, 0, 9})
                    .send(new byte[] {6, 0, 0, 0, 0, 0, 0, 2, 'h', 'i'});
            good.ask(false).update().assertSees(rig.scanout().read());
            assertEquals(1, server.clients());
        }
    }

    @Test
    void a_closed_server_lets_its_viewers_go() throws IOException {
        rig.show(1, WIDTH, HEIGHT);
        try (Viewer viewer = new Viewer("RFB 003.008\n")) {
            server.close();
            assertEquals(-1, viewer.in.read());
        }
    }
}
