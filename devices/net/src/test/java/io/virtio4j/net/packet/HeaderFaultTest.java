// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.testkit.conformance.Normative;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Headers that do not fit their packet are refused, each with its reason. */
class HeaderFaultTest {

    private static final int TUNNEL4 = NetHeader.GSO_UDP_TUNNEL_IPV4;
    private static final int TUNNEL6 = NetHeader.GSO_UDP_TUNNEL_IPV6;

    private final Segmenter segmenter = new Segmenter();

    private static Frame tcp4() {
        return Frame.ethernet().type(0x0800).ipv4(6, new byte[0]).tcp(0x18, new byte[12])
                .payload(4000, new Random(1)).complete();
    }

    private static Frame udp4() {
        return Frame.ethernet().type(0x0800).ipv4(17, new byte[0]).udp(53)
                .payload(4000, new Random(1)).complete();
    }

    private static Frame vxlan() {
        return Frame.ethernet().type(0x0800).ipv4(17, new byte[0]).udp(4789).add(8, 0, 0, 0, 0, 0, 7, 0)
                .link().type(0x0800).ipv4(6, new byte[0]).tcp(0x10, new byte[0])
                .payload(4000, new Random(1)).complete();
    }

    private static NetHeader tunnelHeader(Frame frame) {
        return frame.header(NetHeader.GSO_TCPV4 | TUNNEL4, 1000)
                .tunnel(frame.outerUdp(), frame.lastLevel().offset());
    }

    private void assertRefused(HeaderFault expected, Frame frame, NetHeader header) {
        assertRefused(expected, frame.bytes(), header);
    }

    private void assertRefused(HeaderFault expected, byte[] bytes, NetHeader header) {
        ByteBuf packet = Unpooled.wrappedBuffer(bytes);
        assertEquals(expected, segmenter.check(packet, header), header::toString);
        assertEquals(expected, segmenter.prepare(packet, header), header::toString);
        assertEquals(0, segmenter.count());
    }

    private void assertRefused(HeaderFault expected, Frame frame, Consumer<byte[]> damage, NetHeader header) {
        byte[] bytes = frame.bytes();
        damage.accept(bytes);
        assertRefused(expected, bytes, header);
    }

    @Test
    void the_good_ones_are_not_refused() {
        for (Frame frame : new Frame[] {tcp4(), udp4()}) {
            int type = frame.isTcp() ? NetHeader.GSO_TCPV4 : NetHeader.GSO_UDP_L4;
            assertEquals(HeaderFault.NONE, segmenter.check(frame.buffer(), frame.header(type, 1000)));
            assertEquals(HeaderFault.NONE, segmenter.check(frame.buffer(), frame.header(NetHeader.GSO_NONE, 0)));
        }
        assertTrue(segmenter.check(vxlan().buffer(), tunnelHeader(vxlan())).isNone());
        assertFalse(HeaderFault.RUNT.isNone());
    }

    @Test
    void a_checksum_outside_of_the_packet() {
        Frame frame = tcp4();
        int length = frame.bytes().length;
        for (int[] place : new int[][] {
            {length, 0}, {length - 1, 0}, {0, length - 1}, {0xFFFF, 0xFFFF}, {length - 2, 1}, {0xFFFF, 2}}) {
            NetHeader header = new NetHeader().partialCsum(place[0], place[1]);
            assertRefused(HeaderFault.CSUM_OUT_OF_PACKET, frame, header);
        }
        assertTrue(segmenter.check(frame.buffer(), new NetHeader().partialCsum(length - 2, 0)).isNone());
        assertTrue(segmenter.check(frame.buffer(), new NetHeader().partialCsum(0, length - 2)).isNone());
    }

    @Test
    void segmentation_without_a_partial_checksum() {
        NetHeader header = tcp4().header(NetHeader.GSO_TCPV4, 1000).flags(0);

        assertRefused(HeaderFault.GSO_WITHOUT_CSUM, tcp4(), header);
    }

    @Test
    void types_that_do_not_exist() {
        for (int type : new int[] {2, 6, 7, 0x10, 0x1F, 0x81 | 2}) {
            assertRefused(HeaderFault.GSO_TYPE, tcp4(), tcp4().header(type, 1000));
        }
        assertRefused(HeaderFault.GSO_TYPE, udp4(), udp4().header(NetHeader.GSO_UDP_L4 | NetHeader.GSO_ECN, 1000));
        assertRefused(HeaderFault.GSO_TYPE, udp4(), udp4().header(NetHeader.GSO_UDP | NetHeader.GSO_ECN, 1000));
        assertRefused(HeaderFault.GSO_TYPE, vxlan(), tunnelHeader(vxlan()).gso(NetHeader.GSO_UDP | TUNNEL4, 1000));
    }

    @Test
    void sizes_that_make_no_or_too_many_segments() {
        assertRefused(HeaderFault.GSO_SIZE, tcp4(), tcp4().header(NetHeader.GSO_TCPV4, 0));
        assertRefused(HeaderFault.GSO_SIZE, udp4(), udp4().header(NetHeader.GSO_UDP, 7));
        assertRefused(HeaderFault.GSO_COUNT, tcp4(), tcp4().header(NetHeader.GSO_TCPV4, 1));
        NetHeader most = tcp4().header(NetHeader.GSO_TCPV4, 2);
        assertEquals(HeaderFault.NONE, segmenter.prepare(tcp4().buffer(), most));
        assertEquals(2000, segmenter.count());
    }

    @Test
    void headers_that_would_be_repeated_too_often() {
        Frame frame = Frame.ethernet().type(0x86DD).ipv6(0, 6).extension(60, 60).extension(6, 60)
                .tcp(0x10, new byte[0]).payload(2000, new Random(1)).complete();

        assertRefused(HeaderFault.HEADERS_TOO_LONG, frame, frame.header(NetHeader.GSO_TCPV6, 1000));
    }

    @Test
    void a_segment_longer_than_ip_can_say() {
        Frame frame = Frame.ethernet().type(0x0800).ipv4(6, new byte[0]).tcp(0x10, new byte[0])
                .payload(66_000, new Random(1)).complete();

        assertRefused(HeaderFault.SEGMENT_TOO_LONG, frame, frame.header(NetHeader.GSO_TCPV4, 65_535));
        assertEquals(HeaderFault.NONE, segmenter.prepare(frame.buffer(), frame.header(NetHeader.GSO_TCPV4, 65_000)));
    }

    @Test
    void another_version_of_ip_or_another_protocol() {
        assertRefused(HeaderFault.NOT_IP, tcp4(), tcp4().header(NetHeader.GSO_TCPV6, 1000));
        assertRefused(HeaderFault.NOT_IP, tcp4(), bytes -> bytes[13] = 6, tcp4().header(NetHeader.GSO_TCPV4, 1000));
        assertRefused(HeaderFault.NOT_IP, tcp4(), bytes -> bytes[14] = 0x44, tcp4().header(NetHeader.GSO_TCPV4, 9));
        assertRefused(HeaderFault.NOT_TRANSPORT, tcp4(), tcp4().header(NetHeader.GSO_UDP_L4, 1000));
        assertRefused(HeaderFault.NOT_TRANSPORT, udp4(), udp4().header(NetHeader.GSO_TCPV4, 1000));
        assertRefused(HeaderFault.NOT_TRANSPORT, tcp4(), bytes -> bytes[34 + 12] = 0x40,
                tcp4().header(NetHeader.GSO_TCPV4, 1000));
    }

    @Test
    void fragments_and_the_beginning_of_a_connection() {
        assertRefused(HeaderFault.FRAGMENT, tcp4(), bytes -> bytes[14 + 6] = 0x20,
                tcp4().header(NetHeader.GSO_TCPV4, 1000));
        assertRefused(HeaderFault.FRAGMENT, vxlan(), bytes -> bytes[14 + 7] = 1, tunnelHeader(vxlan()));
        assertRefused(HeaderFault.TCP_SYN, tcp4(), bytes -> bytes[34 + 13] = 0x02,
                tcp4().header(NetHeader.GSO_TCPV4, 1000));
    }

    @Test
    void a_checksum_that_is_not_the_transports() {
        assertRefused(HeaderFault.CSUM_NOT_TRANSPORT, tcp4(), tcp4().header(NetHeader.GSO_TCPV4, 9).csum(35, 16));
        assertRefused(HeaderFault.CSUM_NOT_TRANSPORT, tcp4(), tcp4().header(NetHeader.GSO_TCPV4, 9).csum(34, 6));
    }

    @Test
    void a_frame_without_an_ethernet_header() {
        assertRefused(HeaderFault.RUNT, new byte[13], new NetHeader());
        assertRefused(HeaderFault.RUNT, new byte[0], new NetHeader());
    }

    @Test
    @Normative("NET-22")
    void a_tunnel_of_both_versions() {
        NetHeader header = tunnelHeader(vxlan()).gso(NetHeader.GSO_TCPV4 | TUNNEL4 | TUNNEL6, 1000);

        assertRefused(HeaderFault.TUNNEL_TYPE, vxlan(), header);
    }

    @Test
    @Normative("NET-24")
    void a_tunnel_with_a_complete_checksum_or_nothing_to_segment() {
        Frame frame = vxlan();
        assertRefused(HeaderFault.TUNNEL_FLAGS, frame, tunnelHeader(frame).flags(0));
        assertRefused(HeaderFault.TUNNEL_FLAGS, frame, tunnelHeader(frame).flags(3));
        assertRefused(HeaderFault.TUNNEL_FLAGS, frame, tunnelHeader(frame).gso(TUNNEL4, 1000));
        assertRefused(HeaderFault.TUNNEL_FLAGS, frame, tunnelHeader(frame).gso(TUNNEL6, 0));
    }

    @Test
    @Normative("NET-25")
    void an_outer_checksum_without_a_tunnel() {
        assertRefused(HeaderFault.TUNNEL_CSUM_WITHOUT_TUNNEL, tcp4(), new NetHeader().flags(8));
        NetHeader header = tcp4().header(NetHeader.GSO_TCPV4, 1000);
        assertRefused(HeaderFault.TUNNEL_CSUM_WITHOUT_TUNNEL, tcp4(), header.flags(header.flags() | 8));
    }

    @Test
    void offsets_of_a_tunnel_that_lead_elsewhere() {
        Frame frame = vxlan();
        int udp = frame.outerUdp();
        int inner = frame.lastLevel().offset();
        for (int wrong : new int[] {0, udp - 1, udp + 1, 0xFFFF}) {
            assertRefused(HeaderFault.TUNNEL_OUTER, frame, tunnelHeader(frame).tunnel(wrong, inner));
        }
        for (int wrong : new int[] {0, udp, udp + 7, inner - 1, frame.bytes().length - 4, 0xFFFF}) {
            assertRefused(HeaderFault.TUNNEL_INNER, frame, tunnelHeader(frame).tunnel(udp, wrong));
        }
        NetHeader other = tunnelHeader(frame).gso(NetHeader.GSO_TCPV6 | TUNNEL6, 1000);
        assertRefused(HeaderFault.TUNNEL_INNER, frame, other);
        assertRefused(HeaderFault.TUNNEL_OUTER, tcp4(),
                tcp4().header(NetHeader.GSO_TCPV4 | TUNNEL4, 1000).tunnel(34, 60));
    }
}
