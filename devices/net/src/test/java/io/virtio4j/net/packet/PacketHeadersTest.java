// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PacketHeadersTest {

    private final PacketHeaders headers = new PacketHeaders();

    @Test
    void headers_are_found_where_the_frame_was_put_together() {
        long seed = 31;
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 1000; round++) {
            boolean tcp = random.nextBoolean();
            int version = random.nextBoolean() ? 4 : 6;
            Frame frame = new Frames(random).any(false, version, tcp, random.nextInt(100)).complete();

            assertTrue(headers.parse(frame.buffer()));

            IpHeaders ip = headers.ip();
            assertEquals(version, ip.version());
            assertEquals(frame.lastLevel().offset(), headers.networkOffset());
            assertEquals(frame.lastLevel().offset(), ip.offset());
            assertEquals(frame.transport(), ip.transportOffset());
            assertEquals(frame.headerLength(), ip.transportOffset() + ip.transportLength());
            assertEquals(tcp, ip.isTcp());
            assertEquals(!tcp, ip.isUdp());
            assertEquals(frame.bytes().length, ip.end());
            assertEquals(headers.vlanTags() == 0 ? PacketHeaders.NO_VLAN : 0xFA5, headers.vlanId());
        }
    }

    @Test
    void padding_behind_ip_is_not_part_of_it() {
        Frame udp = Frame.ethernet().type(0x0800).ipv4(17, new byte[0]).udp(53).complete();
        byte[] frame = Arrays.copyOf(udp.bytes(), 60);

        assertTrue(headers.parse(Unpooled.wrappedBuffer(frame)));

        assertEquals(42, headers.ip().end());
    }

    @Test
    void a_frame_may_end_anywhere() {
        byte[] whole = new Frames(new Random(2)).any(false, 6, true, 10).complete().bytes();
        for (int length = 0; length < whole.length; length++) {
            boolean ethernet = headers.parse(Unpooled.wrappedBuffer(Arrays.copyOf(whole, length)));

            boolean found = headers.networkOffset() > 0 && headers.networkOffset() <= length;
            assertEquals(found, ethernet, "length=" + length);
            int end = headers.ip().transportOffset() + headers.ip().transportLength();
            assertTrue(end <= length, "length=" + length);
        }
    }

    @Test
    void impossible_headers_are_not_ip() {
        byte[] frame = Frame.ethernet().type(0x0800).ipv4(17, new byte[0]).udp(53).complete().bytes();
        for (int first : new int[] {0x05, 0x44, 0x55, 0x65, 0xF5, 0x4F}) {
            frame[14] = (byte) first;

            assertTrue(headers.parse(Unpooled.wrappedBuffer(frame)));

            assertEquals(0, headers.ip().version(), "first=" + first);
        }
    }

    @Test
    void extension_headers_without_end_are_given_up() {
        Frame frame = Frame.ethernet().type(0x86DD).ipv6(60, 60);
        for (int i = 0; i < 100; i++) {
            frame.extension(60, 0);
        }

        assertTrue(headers.parse(frame.complete().buffer()));

        assertEquals(IpHeaders.NONE, headers.ip().transportOffset());
        assertTrue(headers.ip().hasExtensions());
    }

    @Test
    void tags_without_end_are_given_up() {
        int[] tags = new int[20];
        Arrays.fill(tags, 0x8100);

        assertTrue(headers.parse(Frame.ethernet(tags).type(0x0800).raw().buffer()));

        assertEquals(4, headers.vlanTags());
        assertEquals(0x8100, headers.etherType());
        assertFalse(headers.parse(Unpooled.wrappedBuffer(Arrays.copyOf(Frame.ethernet(tags).raw().bytes(), 17))));
    }
}
