// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.testkit.conformance.Normative;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Segments are put together again and compared with the original; checksums are verified the slow way. */
class SegmenterTest {

    private static final int ROUNDS = 300;

    @ParameterizedTest(name = "IPv{1}, tcp={2}, tunnel={0}")
    @CsvSource({
        "false, 4, true", "false, 6, true", "false, 4, false", "false, 6, false",
        "true, 4, true", "true, 6, true", "true, 4, false", "true, 6, false",
    })
    void segments_carry_the_payload_and_every_header_is_right(boolean tunnel, int version, boolean tcp) {
        long seed = 1_000_003L * version + (tcp ? 1 : 0) + (tunnel ? 2 : 0);
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            int size = 1 + random.nextInt(1500);
            Frame frame = new Frames(random).any(tunnel, version, tcp, random.nextInt(size * 5));
            NetHeader header = frame.complete().header(type(version, tcp), size);
            boolean outerChecksum = random.nextBoolean();
            if (tunnel) {
                asTunnel(frame, header, version, outerChecksum);
            }

            List<byte[]> segments = segments(frame, header);

            String where = "round=" + round + " size=" + size + " " + header;
            assertEquals(Math.max(1, (frame.bytes().length - frame.headerLength() + size - 1) / size),
                    segments.size(), where);
            ByteArrayOutputStream payload = new ByteArrayOutputStream();
            for (int i = 0; i < segments.size(); i++) {
                byte[] segment = segments.get(i);
                assertHeaders(frame, segment, i, where);
                if (tcp) {
                    assertTcp(frame, segment, i, segments.size(), i * size, where);
                }
                payload.write(segment, frame.headerLength(), segment.length - frame.headerLength());
            }
            assertArrayEquals(Arrays.copyOfRange(frame.bytes(), frame.headerLength(), frame.bytes().length),
                    payload.toByteArray(), where);
        }
    }

    private static int type(int version, boolean tcp) {
        return !tcp ? NetHeader.GSO_UDP_L4 : version == 4 ? NetHeader.GSO_TCPV4 : NetHeader.GSO_TCPV6;
    }

    private static void asTunnel(Frame frame, NetHeader header, int version, boolean outerChecksum) {
        int bit = version == 4 ? NetHeader.GSO_UDP_TUNNEL_IPV4 : NetHeader.GSO_UDP_TUNNEL_IPV6;
        header.gso(header.gsoType() | bit, header.gsoSize());
        header.tunnel(frame.outerUdp(), frame.lastLevel().offset());
        if (outerChecksum) {
            header.flags(header.flags() | NetHeader.F_UDP_TUNNEL_CSUM);
        }
    }

    static List<byte[]> segments(Frame frame, NetHeader header) {
        Segmenter segmenter = new Segmenter(77);
        ByteBuf packet = frame.directBuffer();
        assertEquals(HeaderFault.NONE, segmenter.prepare(packet, header), header::toString);
        List<byte[]> segments = new ArrayList<>();
        for (int i = 0; i < segmenter.count(); i++) {
            ByteBuf target = Unpooled.directBuffer(segmenter.length(i)).writeZero(2);
            segmenter.write(i, target);
            assertEquals(2 + segmenter.length(i), target.writerIndex());
            byte[] segment = new byte[segmenter.length(i)];
            target.getBytes(2, segment);
            target.release();
            segments.add(segment);
        }
        packet.release();
        return segments;
    }

    /** Lengths and checksums of every level, and all other bytes as they were. */
    private static void assertHeaders(Frame frame, byte[] segment, int index, String where) {
        byte[] expected = Arrays.copyOf(frame.bytes(), frame.headerLength());
        byte[] actual = Arrays.copyOf(segment, frame.headerLength());
        for (int i = 0; i < frame.levels().size(); i++) {
            Frame.Level level = frame.levels().get(i);
            int at = level.offset();
            if (level.version() == 4) {
                assertEquals(segment.length - at, get16(segment, at + 2), where);
                assertEquals(get16(expected, at + 4) + index & 0xFFFF, get16(segment, at + 4), where);
                assertEquals(0xFFFF, SlowChecksum.sum(Arrays.copyOfRange(segment, at, at + level.length())), where);
                forget(expected, actual, at + 2, 4);
                forget(expected, actual, at + 10, 2);
            } else {
                assertEquals(segment.length - at - 40, get16(segment, at + 4), where);
                forget(expected, actual, at + 4, 2);
            }
            boolean last = i == frame.levels().size() - 1;
            assertTransport(level, segment, last ? frame.transport() : frame.outerUdp(), where);
        }
        if (frame.levels().size() > 1) {
            forget(expected, actual, frame.outerUdp() + 4, 4);
        }
        if (frame.isTcp()) {
            forget(expected, actual, frame.transport() + 4, 4);
            forget(expected, actual, frame.transport() + 13, 1);
            forget(expected, actual, frame.transport() + 16, 2);
        } else {
            forget(expected, actual, frame.transport() + 4, 4);
        }
        assertArrayEquals(expected, actual, where);
    }

    private static void assertTransport(Frame.Level level, byte[] segment, int at, String where) {
        byte[] covered = Arrays.copyOfRange(segment, at, segment.length);
        byte[] pseudo = Frame.pseudoHeader(segment, level, covered.length);
        assertTrue(SlowChecksum.isRight(pseudo, covered), () -> "checksum at " + at + ": " + where);
        if (level.protocol() == 17) {
            assertEquals(covered.length, get16(segment, at + 4), where);
            assertTrue(get16(segment, at + 6) != 0, where);
        }
    }

    private static void assertTcp(
            Frame frame, byte[] segment, int index, int count, int offset, String where) {
        int at = frame.transport();
        int first = frame.bytes()[at + 13];
        int expected = first & 0x76 // what is in all of them
                | (index == 0 ? first & 0x80 : 0)
                | (index == count - 1 ? first & 0x09 : 0);
        assertEquals(expected & 0xFF, segment[at + 13] & 0xFF, where);
        assertEquals(get32(frame.bytes(), at + 4) + offset, get32(segment, at + 4), where);
    }

    @Test
    void a_tunnel_without_an_outer_checksum_stays_without() {
        Random random = new Random(3);
        Frame frame = new Frames(random).any(true, 4, true, 5000).complete();
        byte[] bytes = frame.bytes();
        bytes[frame.outerUdp() + 6] = 0;
        bytes[frame.outerUdp() + 7] = 0;
        NetHeader header = frame.header(NetHeader.GSO_TCPV4, 1000);
        asTunnel(frame, header, 4, false);
        Segmenter segmenter = new Segmenter();

        assertEquals(HeaderFault.NONE, segmenter.prepare(Unpooled.wrappedBuffer(bytes), header));
        ByteBuf segment = Unpooled.buffer();
        segmenter.write(2, segment);

        assertEquals(0, segment.getUnsignedShort(frame.outerUdp() + 6));
    }

    @ParameterizedTest
    @CsvSource({"4", "6"})
    void a_datagram_becomes_fragments_of_ip(int version) {
        long seed = 4711 + version;
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            int size = 8 + random.nextInt(1500);
            Frame frame = new Frames(random).any(false, version, false, size + random.nextInt(size * 4)).complete();
            NetHeader header = frame.header(NetHeader.GSO_UDP, size);

            List<byte[]> fragments = segments(frame, header);

            String where = "round=" + round + " size=" + size;
            byte[] whole = version == 4
                    ? Reassembly.ofIpv4(frame, fragments, size & ~7, where)
                    : Reassembly.ofIpv6(frame, fragments, size & ~7, 78, where);
            int transport = whole.length - (frame.bytes().length - frame.transport());
            byte[] datagram = Arrays.copyOfRange(whole, transport, whole.length);
            assertArrayEquals(Arrays.copyOfRange(frame.bytes(), frame.transport(), frame.bytes().length),
                    datagram, where);
            assertTrue(SlowChecksum.isRight(
                    Frame.pseudoHeader(frame.bytes(), frame.lastLevel(), datagram.length), datagram), where);
        }
    }

    @Test
    @Normative({"NET-16", "NET-23"})
    void nothing_is_done_for_a_packet_for_which_nothing_is_left_to_do() {
        Frame frame = new Frames(new Random(5)).any(false, 4, true, 100).complete();
        NetHeader header = new NetHeader().csum(9999, 9999).tunnel(7777, 8888).hdrLen(5555);

        List<byte[]> segments = segments(frame, header);

        assertEquals(1, segments.size());
        assertArrayEquals(frame.bytes(), segments.getFirst());
    }

    @Test
    void a_partial_checksum_is_completed_in_place() {
        Random random = new Random(6);
        for (int round = 0; round < ROUNDS; round++) {
            boolean tcp = random.nextBoolean();
            Frame frame = new Frames(random).any(false, random.nextBoolean() ? 4 : 6, tcp, random.nextInt(2000))
                    .complete();
            byte[] bytes = frame.bytes();
            int field = frame.transport() + (tcp ? 16 : 6);
            int length = bytes.length - frame.transport();
            int pseudo = SlowChecksum.sum(Frame.pseudoHeader(bytes, frame.lastLevel(), length));
            bytes[field] = (byte) (pseudo >> 8);
            bytes[field + 1] = (byte) pseudo;
            ByteBuf packet = Unpooled.wrappedBuffer(bytes);

            Segmenter segmenter = new Segmenter();
            assertEquals(HeaderFault.NONE, segmenter.prepare(packet, frame.header(NetHeader.GSO_NONE, 0)));

            assertEquals(1, segmenter.count());
            byte[] completed = new byte[bytes.length];
            packet.getBytes(0, completed);
            assertArrayEquals(frame.bytes(), completed, "round=" + round);
        }
    }

    @Test
    @Normative("NET-21")
    void a_wrong_hdr_len_changes_nothing() {
        Frame frame = new Frames(new Random(8)).any(false, 4, true, 9000).complete();
        List<byte[]> expected = segments(frame, frame.header(NetHeader.GSO_TCPV4, 1448));
        for (int wrong : new int[] {0, 1, 13, 54, 1500, 0xFFFF}) {
            List<byte[]> actual = segments(frame, frame.header(NetHeader.GSO_TCPV4, 1448).hdrLen(wrong));

            for (int i = 0; i < expected.size(); i++) {
                assertArrayEquals(expected.get(i), actual.get(i), "hdr_len=" + wrong);
            }
        }
    }

    @Test
    void lengths_that_the_sender_left_zero_do_not_matter() {
        Frame frame = new Frames(new Random(9)).any(false, 4, true, 9000).complete();
        byte[] bytes = frame.bytes();
        int at = frame.lastLevel().offset();
        bytes[at + 2] = 0;
        bytes[at + 3] = 0;
        Segmenter segmenter = new Segmenter();

        segmenter.prepare(Unpooled.wrappedBuffer(bytes), frame.header(NetHeader.GSO_TCPV4, 1448));

        assertEquals(7, segmenter.count());
    }

    private static void forget(byte[] expected, byte[] actual, int at, int length) {
        Arrays.fill(expected, at, at + length, (byte) 0);
        Arrays.fill(actual, at, at + length, (byte) 0);
    }

    static int get16(byte[] bytes, int at) {
        return (bytes[at] & 0xFF) << 8 | bytes[at + 1] & 0xFF;
    }

    static int get32(byte[] bytes, int at) {
        return get16(bytes, at) << 16 | get16(bytes, at + 2);
    }
}
