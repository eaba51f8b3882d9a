// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.packet.TransportChecksum.Verdict;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TransportChecksumTest {

    private final PacketHeaders headers = new PacketHeaders();

    private Verdict verdict(byte[] bytes) {
        ByteBuf packet = Unpooled.wrappedBuffer(bytes);
        headers.parse(packet);
        return TransportChecksum.verify(packet, headers);
    }

    @Test
    void right_ones_are_valid_and_any_bit_that_flips_is_noticed() {
        long seed = 17;
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            Frame frame = new Frames(random).any(false, random.nextBoolean() ? 4 : 6, random.nextBoolean(),
                    1 + random.nextInt(200)).complete();
            byte[] bytes = frame.bytes();
            assertEquals(Verdict.VALID, verdict(bytes), "round=" + round);

            int at = frame.headerLength() + random.nextInt(bytes.length - frame.headerLength());
            bytes[at] ^= (byte) (1 << random.nextInt(8));

            assertEquals(Verdict.WRONG, verdict(bytes), "round=" + round);
        }
    }

    @Test
    void a_wrong_ipv4_header_is_wrong() {
        byte[] bytes = new Frames(new Random(1)).any(false, 4, true, 10).complete().bytes();
        headers.parse(Unpooled.wrappedBuffer(bytes));
        bytes[headers.ip().offset() + 8]--; // the time to live, which the transport does not cover

        assertEquals(Verdict.WRONG, verdict(bytes));
    }

    @Test
    void padding_does_not_count() {
        byte[] bytes = Frame.ethernet().type(0x0800).ipv4(6, new byte[0]).tcp(0x10, new byte[0]).complete().bytes();
        byte[] padded = Arrays.copyOf(bytes, 60);
        padded[59] = 0x77;

        assertEquals(Verdict.VALID, verdict(padded));
    }

    @Test
    void none_is_unknown_over_ipv4_and_wrong_over_ipv6() {
        byte[] four = Frame.ethernet().type(0x0800).ipv4(17, new byte[0]).udp(53).complete().bytes();
        four[40] = 0;
        four[41] = 0;
        byte[] six = Frame.ethernet().type(0x86DD).ipv6(17, 17).udp(53).complete().bytes();
        six[60] = 0;
        six[61] = 0;

        assertEquals(Verdict.UNKNOWN, verdict(four));
        assertEquals(Verdict.WRONG, verdict(six));
    }

    @Test
    void fragments_and_other_protocols_are_unknown() {
        byte[] fragment = Frame.ethernet().type(0x0800).ipv4(17, new byte[0]).udp(53).complete().bytes();
        fragment[21] = 1;
        byte[] arp = Frame.ethernet().type(0x0806).add(new byte[28]).raw().bytes();

        assertEquals(Verdict.UNKNOWN, verdict(fragment));
        assertEquals(Verdict.UNKNOWN, verdict(arp));
    }

    @Test
    void a_length_that_udp_lies_about_is_wrong() {
        byte[] bytes = Frame.ethernet().type(0x0800).ipv4(17, new byte[0]).udp(53).add(1, 2, 3).complete().bytes();
        for (int wrong : new int[] {0, 7, 12, 0xFFFF}) {
            bytes[38] = (byte) (wrong >> 8);
            bytes[39] = (byte) wrong;

            assertEquals(Verdict.WRONG, verdict(bytes), "length=" + wrong);
        }
    }

    @Test
    void a_checksum_made_partial_and_completed_is_the_same_again() {
        Random random = new Random(23);
        for (int round = 0; round < 500; round++) {
            Frame frame = new Frames(random).any(false, random.nextBoolean() ? 4 : 6, random.nextBoolean(),
                    random.nextInt(200)).complete();
            ByteBuf packet = frame.buffer();
            NetHeader header = new NetHeader();
            headers.parse(packet);

            assertTrue(TransportChecksum.makePartial(packet, headers, header));
            assertEquals(frame.transport(), header.csumStart());
            assertTrue(header.needsCsum());
            assertEquals(HeaderFault.NONE, TransportChecksum.complete(packet, header));

            byte[] bytes = new byte[packet.readableBytes()];
            packet.getBytes(packet.readerIndex(), bytes);
            assertArrayEquals(frame.bytes(), bytes, "round=" + round);
            packet.release();
        }
    }

    @Test
    void a_fragment_is_not_made_partial() {
        byte[] fragment = Frame.ethernet().type(0x0800).ipv4(17, new byte[0]).udp(53).complete().bytes();
        fragment[21] = 1;
        ByteBuf packet = Unpooled.copiedBuffer(fragment);
        NetHeader header = new NetHeader();
        headers.parse(packet);

        assertFalse(TransportChecksum.makePartial(packet, headers, header));

        assertFalse(header.needsCsum());
        assertEquals(Unpooled.wrappedBuffer(fragment), packet);
    }
}
