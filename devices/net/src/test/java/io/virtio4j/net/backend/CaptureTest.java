// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.Unpooled;
import io.virtio4j.net.backend.CaptureReader.Captured;
import io.virtio4j.net.backend.ReplayBackend.Pace;
import io.virtio4j.net.packet.NetHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class CaptureTest {

    private static final long A = 0x0200_0000_000AL;
    private static final long B = 0x0200_0000_000BL;
    private static final long START = 1_790_000_000_123_456_789L;

    private final AtomicLong clock = new AtomicLong(START);

    @TempDir
    private Path directory;
    private Path path;

    @BeforeEach
    void name_the_file() {
        path = directory.resolve("capture");
    }

    private static byte[] frame(int size) {
        return Station.frame(A, B, 0, size);
    }

    private CaptureBackend capture(int snapLength) throws IOException {
        return new CaptureBackend(LoopbackBackend.answering(), path, snapLength, () -> clock.getAndAdd(1000));
    }

    // ── Recording ──────────────────────────────────────────────────────────

    @Test
    void the_file_is_byte_for_byte_what_the_format_says() throws Exception {
        CaptureBackend capture = new CaptureBackend(LoopbackBackend.plain(), path, 65_536, () -> START);
        Station station = new Station(capture);
        station.room(0);
        station.send(0, new byte[] {1, 2, 3, 4, 5}, new NetHeader());
        capture.close();

        String expected = ""
                + "0a0d0d0a" + "1c000000" + "4d3c2b1a" + "0100" + "0000" + "ffffffffffffffff" + "1c000000"
                + "01000000" + "20000000" + "0100" + "0000" + "00000100"
                + "0900" + "0100" + "09000000" + "00000000" + "20000000"
                + "06000000" + "34000000" + "00000000" + "0000000000000000" + "05000000" + "05000000"
                + "0102030405000000" + "0200" + "0400" + "02000000" + "00000000" + "34000000";
        byte[] bytes = Files.readAllBytes(path);
        ByteBuffer time = ByteBuffer.wrap(bytes, 60 + 12, 8).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(START, (long) time.getInt() << 32 | Integer.toUnsignedLong(time.getInt()));
        Arrays.fill(bytes, 72, 80, (byte) 0);
        assertEquals(expected, HexFormat.of().formatHex(bytes));
    }

    @Test
    void both_directions_are_recorded_and_read_again() throws Exception {
        CaptureBackend capture = capture(CaptureBackend.WHOLE);
        Station station = new Station(capture);
        for (int i = 0; i < 100; i++) {
            station.send(frame(60 + i));
        }
        capture.close();
        assertEquals(100, station.take().size());
        assertEquals(0, capture.lost());

        try (CaptureReader reader = new CaptureReader(path)) {
            for (int i = 0; i < 100; i++) {
                Captured out = reader.next();
                Captured in = reader.next();
                assertEquals(START + 2000 * i, out.time());
                assertArrayEquals(frame(60 + i), out.bytes());
                assertEquals(START + 2000 * i + 1000, in.time());
                assertArrayEquals(Station.frame(B, A, 0, 60 + i), in.bytes());
            }
            assertNull(reader.next());
        }
    }

    @Test
    void as_much_of_a_packet_is_kept_as_was_wanted() throws Exception {
        CaptureBackend capture = capture(64);
        Station station = new Station(capture);
        station.send(frame(1514));
        capture.close();

        assertEquals(1514, station.take().getFirst().length);
        try (CaptureReader reader = new CaptureReader(path)) {
            assertArrayEquals(Arrays.copyOf(frame(1514), 64), reader.next().bytes());
        }
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(64, file.getInt(60 + 20));
        assertEquals(1514, file.getInt(60 + 24));
    }

    @Test
    void what_is_left_to_do_is_in_the_comment() throws Exception {
        CaptureBackend capture = capture(CaptureBackend.WHOLE);
        Station station = new Station(capture);
        station.send(0, frame(3000), new NetHeader().partialCsum(34, 16).gso(NetHeader.GSO_TCPV4, 1448));
        capture.close();

        String file = Files.readString(path, StandardCharsets.ISO_8859_1);
        assertTrue(file.contains("gsoSize=1448"), "the comment");
        assertEquals(3000, station.take().getFirst().length);
    }

    @Test
    void a_packet_that_is_offered_twice_is_recorded_once() throws Exception {
        CaptureBackend capture = capture(CaptureBackend.WHOLE);
        Station station = new Station(capture);
        station.room(0);
        station.send(frame(60));
        station.ready();
        station.room(1);
        station.ready();
        capture.close();

        try (CaptureReader reader = new CaptureReader(path)) {
            assertArrayEquals(frame(60), reader.next().bytes());
            assertArrayEquals(Station.frame(B, A, 0, 60), reader.next().bytes());
            assertNull(reader.next());
        }
    }

    @Test
    void tcpdump_opens_it() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/tcpdump")), "skipped: tcpdump is not installed");
        CaptureBackend capture = capture(CaptureBackend.WHOLE);
        Station station = new Station(capture);
        for (int i = 0; i < 10; i++) {
            station.send(0, frame(60 + i), new NetHeader().partialCsum(20, 2));
        }
        capture.close();

        Process tcpdump = new ProcessBuilder("/usr/bin/tcpdump", "-r", path.toString(), "-nn", "-tt", "-e")
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        List<String> lines = tcpdump.inputReader().lines()
                .filter(line -> line.contains("ethertype")).toList(); // others are bytes

        assertEquals(0, tcpdump.waitFor());
        assertEquals(20, lines.size());
        assertTrue(lines.getFirst().contains("02:00:00:00:00:0b > 02:00:00:00:00:0a"), lines.getFirst());
        assertTrue(lines.getFirst().startsWith("1790000000.123456"), lines.getFirst());
    }

    // ── Replay ─────────────────────────────────────────────────────────────

    private void record(int packets) throws IOException {
        CaptureBackend capture = capture(CaptureBackend.WHOLE);
        capture.attach(new Station(LoopbackBackend.plain()));
        for (int i = 0; i < packets; i++) {
            capture.transmit(0, Unpooled.wrappedBuffer(frame(60 + i)), new NetHeader());
        }
        capture.close();
    }

    @Test
    void a_capture_is_given_to_the_driver_as_it_has_room() throws Exception {
        record(50);
        try (ReplayBackend replay = new ReplayBackend(path, Pace.AT_ONCE)) {
            Station station = new Station(replay);
            station.room(0);
            for (int i = 0; i < 100; i++) {
                station.room(1);
                station.ready();
                station.await(1);
            }
            assertEquals(100, replay.end().get(10, TimeUnit.SECONDS));
            station.send(frame(60));
            assertEquals(1, replay.transmitted());
        }
    }

    @Test
    void times_are_kept_if_that_is_wanted() throws Exception {
        clock.set(0);
        CaptureBackend capture = new CaptureBackend(LoopbackBackend.plain(), path, 100,
                () -> clock.getAndAdd(50_000_000));
        Station recorded = new Station(capture);
        recorded.room(0);
        for (int i = 0; i < 5; i++) {
            recorded.send(frame(60));
        }
        capture.close();
        try (CaptureReader reader = new CaptureReader(path)) {
            Captured first = reader.next();
            long last = first.time();
            for (Captured packet = first; packet != null; packet = reader.next()) {
                last = packet.time();
            }
            long start = System.nanoTime();
            try (ReplayBackend replay = new ReplayBackend(path, Pace.AS_RECORDED)) {
                new Station(replay);
                replay.end().get(20, TimeUnit.SECONDS);
            }
            assertTrue(System.nanoTime() - start >= last - first.time(), "too early");
        }
    }

    @Test
    void files_of_both_byte_orders_and_resolutions_are_read() throws Exception {
        for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            for (boolean nanoseconds : new boolean[] {false, true}) {
                ByteBuffer file = ByteBuffer.allocate(24 + 16 + 60).order(order);
                file.putInt(nanoseconds ? 0xA1B23C4D : 0xA1B2C3D4).putShort((short) 2).putShort((short) 4);
                file.putInt(0).putInt(0).putInt(65_535).putInt(1);
                file.putInt(7).putInt(123).putInt(60).putInt(60).put(frame(60));
                Files.write(path, file.array());
                try (CaptureReader reader = new CaptureReader(path)) {
                    Captured packet = reader.next();
                    assertEquals(7_000_000_000L + (nanoseconds ? 123 : 123_000), packet.time());
                    assertArrayEquals(frame(60), packet.bytes());
                    assertNull(reader.next());
                }
            }
        }
    }

    @Test
    void what_is_no_capture_or_not_of_ethernet_is_refused() throws Exception {
        Files.write(path, new byte[40]);
        assertThrows(IOException.class, () -> new ReplayBackend(path, Pace.AT_ONCE));
        Files.write(path, new byte[2]);
        assertThrows(IOException.class, () -> new ReplayBackend(path, Pace.AT_ONCE));
        ByteBuffer raw = ByteBuffer.allocate(24).putInt(0xA1B2C3D4).putInt(0x00020004);
        raw.putInt(20, 101);
        Files.write(path, raw.array());
        IOException refused = assertThrows(IOException.class, () -> new ReplayBackend(path, Pace.AT_ONCE));
        assertEquals("only captures of Ethernet can be replayed: linktype=101", refused.getMessage());
    }

    @Test
    void a_capture_that_is_cut_off_says_so_at_its_end() throws Exception {
        record(3);
        byte[] bytes = Files.readAllBytes(path);
        Files.write(path, Arrays.copyOf(bytes, bytes.length - 10));
        try (ReplayBackend replay = new ReplayBackend(path, Pace.AT_ONCE)) {
            Station station = new Station(replay);
            ExecutionException broken = assertThrows(ExecutionException.class,
                    () -> replay.end().get(10, TimeUnit.SECONDS));
            assertTrue(broken.getCause().getMessage().startsWith("the capture ends in the middle"));
            assertEquals(5, station.take().size());
        }
    }

    @Test
    void damaged_captures_are_an_error_or_fewer_packets_and_nothing_else() throws Exception {
        record(5);
        byte[] good = Files.readAllBytes(path);
        long seed = 77;
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 2000; round++) {
            byte[] bad = good.clone();
            for (int i = 0; i < 1 + random.nextInt(3); i++) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            Files.write(path, bad);
            try (CaptureReader reader = new CaptureReader(path)) {
                int packets = 0;
                while (reader.next() != null) {
                    packets++;
                }
                assertTrue(packets <= 10);
            } catch (IOException expected) {
                assertTrue(expected.getMessage() == null || !expected.getMessage().isEmpty());
            }
        }
    }
}
