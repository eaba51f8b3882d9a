// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.virtio4j.testkit.conformance.Normative;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** [Hash calculation for incoming packets] and [Inner Header Hash]. */
class PacketHashTest {

    private static final int HOME_ADDRESS = 201;

    private final Toeplitz key = new Toeplitz(ToeplitzTest.KEY);
    private final PacketHash hash = new PacketHash();

    private static Frame tcp4() {
        return Frame.ethernet(0x8100).type(0x0800).ipv4(6, new byte[8]).tcp(0x10, new byte[0]).add(1, 2, 3)
                .complete();
    }

    private static Frame udp4() {
        return Frame.ethernet().type(0x0800).ipv4(17, new byte[0]).udp(53).add(1, 2, 3).complete();
    }

    private static Frame tcp6() {
        return Frame.ethernet().type(0x86DD).ipv6(6, 6).tcp(0x10, new byte[0]).complete();
    }

    private static Frame udp6() {
        return Frame.ethernet().type(0x86DD).ipv6(17, 17).udp(53).complete();
    }

    /** Destination options with a home address, and a type 2 routing header. */
    private static Frame extended(boolean tcp) {
        int[] home = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11};
        int[] care = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x22};
        Frame frame = Frame.ethernet().type(0x86DD).ipv6(60, tcp ? 6 : 17)
                .add(43, 2, 0, 1, 1, 0, HOME_ADDRESS, 16).add(home) // Pad1, PadN, the option: 24 bytes
                .add(tcp ? 6 : 17, 2, 2, 1, 0, 0, 0, 0).add(care);
        return (tcp ? frame.tcp(0x10, new byte[0]) : frame.udp(53)).complete();
    }

    private void assertHash(int report, Frame frame, int types, int... ranges) {
        assertHashWith(0, report, frame, types, ranges);
    }

    /** @param ranges pairs of offset and length, which are hashed one after the other */
    private void assertHashWith(int tunnels, int report, Frame frame, int types, int... ranges) {
        ByteArrayOutputStream input = new ByteArrayOutputStream();
        for (int i = 0; i < ranges.length; i += 2) {
            input.writeBytes(Arrays.copyOfRange(frame.bytes(), ranges[i], ranges[i] + ranges[i + 1]));
        }
        int expected = key.hash(0, 0, Unpooled.wrappedBuffer(input.toByteArray()), 0, input.size());

        assertEquals(report != 0, hash.calculate(frame.buffer(), key, types, tunnels));

        assertEquals(report, hash.report());
        assertEquals(expected, hash.value());
    }

    private static int[] addresses(Frame frame) {
        return new int[] {frame.lastLevel().source(), 2 * (frame.lastLevel().version() == 4 ? 4 : 16)};
    }

    private static int[] addressesAndPorts(Frame frame) {
        int[] both = Arrays.copyOf(addresses(frame), 4);
        both[2] = frame.transport();
        both[3] = 4;
        return both;
    }

    @Test
    void ipv4_packets_by_the_first_enabled_type_that_fits() {
        assertHash(2, tcp4(), PacketHash.ALL, addressesAndPorts(tcp4()));
        assertHash(2, tcp4(), PacketHash.TCPV4, addressesAndPorts(tcp4()));
        assertHash(1, tcp4(), PacketHash.ALL & ~PacketHash.TCPV4, addresses(tcp4()));
        assertHash(3, udp4(), PacketHash.ALL, addressesAndPorts(udp4()));
        assertHash(1, udp4(), PacketHash.IPV4 | PacketHash.TCPV4, addresses(udp4()));
        assertHash(0, udp4(), PacketHash.ALL & ~(PacketHash.UDPV4 | PacketHash.IPV4));
    }

    @Test
    void ipv6_packets_without_extension_header() {
        assertHash(5, tcp6(), PacketHash.ALL, addressesAndPorts(tcp6()));
        assertHash(6, udp6(), PacketHash.ALL, addressesAndPorts(udp6()));
        assertHash(4, udp6(), PacketHash.ALL & ~PacketHash.UDPV6, addresses(udp6()));
        assertHash(0, udp6(), PacketHash.IP_EX | PacketHash.UDP_EX | PacketHash.TCP_EX);
    }

    @Test
    void ipv6_packets_with_extension_header() {
        int home = 14 + 40 + 8;
        int care = home + 16 + 8;
        int ports = care + 16;

        assertHash(8, extended(true), PacketHash.ALL, home, 16, care, 16, ports, 4);
        assertHash(9, extended(false), PacketHash.ALL, home, 16, care, 16, ports, 4);
        assertHash(7, extended(true), PacketHash.ALL & ~PacketHash.TCP_EX, home, 16, care, 16);
    }

    @Test
    void extension_headers_are_skipped_if_no_type_for_them_is_enabled() {
        int plain = PacketHash.IPV6 | PacketHash.TCPV6 | PacketHash.UDPV6;

        assertHash(5, extended(true), plain, addressesAndPorts(extended(true)));
        assertHash(6, extended(false), plain, addressesAndPorts(extended(false)));
        assertHash(4, extended(false), PacketHash.IPV6, addresses(extended(false)));
    }

    @Test
    void extension_headers_without_those_addresses_give_the_packets_own() {
        Frame frame = Frame.ethernet().type(0x86DD).ipv6(0, 6).extension(6, 1).tcp(0x10, new byte[0]).complete();

        assertHash(8, frame, PacketHash.ALL, addressesAndPorts(frame));
    }

    @Test
    void fragments_have_no_ports() {
        byte[] first = udp4().bytes();
        first[14 + 6] = 0x20; // more fragments
        Frame frame = Frame.ethernet().type(0x86DD).ipv6(44, 17).add(17, 0, 0, 1, 0, 0, 0, 7).udp(53).complete();

        assertTrue(hash.calculate(Unpooled.wrappedBuffer(first), key, PacketHash.ALL, 0));
        assertEquals(1, hash.report());
        assertHash(7, frame, PacketHash.ALL, addresses(frame));
    }

    @Test
    void what_is_not_ip_has_no_hash() {
        Frame arp = Frame.ethernet().type(0x0806).add(new byte[28]).raw();

        assertHash(0, arp, PacketHash.ALL);
        assertFalse(hash.calculate(Unpooled.EMPTY_BUFFER, key, PacketHash.ALL, Tunnel.ALL));
    }

    // ── Inner Header Hash ──────────────────────────────────────────────────

    private static Frame outer4(int protocol) {
        return Frame.ethernet().type(0x0800).ipv4(protocol, new byte[4]);
    }

    private static Frame inner(Frame frame) {
        return frame.ipv4(6, new byte[0]).tcp(0x10, new byte[0]).complete();
    }

    private static Frame gre(int flags, int protocol, int... options) {
        return outer4(47).add(flags >> 8, flags, protocol >> 8, protocol).add(options);
    }

    private void assertInner(int tunnelTypes, Frame frame) {
        Tunnel tunnel = new Tunnel();
        PacketHeaders headers = new PacketHeaders();
        headers.parse(frame.buffer());
        assertEquals(tunnelTypes, tunnel.parse(frame.buffer(), headers));
        for (int bit = 0; bit < 9; bit++) {
            if ((tunnelTypes >> bit & 1) != 0) {
                assertHashWith(1 << bit, 2, frame, PacketHash.ALL, addressesAndPorts(frame));
            }
        }
        hash.calculate(frame.buffer(), key, PacketHash.ALL, Tunnel.ALL & ~tunnelTypes);
        int outside = hash.value();
        hash.calculate(frame.buffer(), key, PacketHash.ALL, 0);
        assertEquals(hash.value(), outside, "another type is enabled");
    }

    @Test
    @Normative("NET-66")
    void every_type_of_tunnel_is_entered_if_it_is_enabled_and_only_then() {
        int[] key4 = {0, 0, 1, 0};
        assertInner(Tunnel.GRE_2784, inner(gre(0, 0x0800)));
        assertInner(Tunnel.GRE_2784, inner(gre(0x8000, 0x0800, 0, 0, 0, 0)));
        assertInner(Tunnel.GRE_2784, inner(gre(0, 0x6558).link().type(0x0800)));
        assertInner(Tunnel.GRE_2890, inner(gre(0x2000, 0x0800, key4)));
        assertInner(Tunnel.GRE_2890, inner(gre(0x3000, 0x0800, 0, 0, 1, 0, 0, 0, 0, 9)));
        assertInner(Tunnel.GRE_2890 | Tunnel.NVGRE, inner(gre(0x2000, 0x6558, key4).link().type(0x0800)));
        assertInner(Tunnel.GRE_7676, inner(Frame.ethernet().type(0x86DD).ipv6(47, 47).add(0, 0, 8, 0)));
        assertInner(Tunnel.GRE_UDP, inner(outer4(17).udp(4754).add(0, 0, 8, 0)));
        assertInner(Tunnel.VXLAN, inner(outer4(17).udp(4789).add(8, 0, 0, 0, 0, 0, 7, 0).link(0x8100).type(0x0800)));
        assertInner(Tunnel.VXLAN_GPE, inner(outer4(17).udp(4790).add(0x0C, 0, 0, 1, 0, 0, 7, 0)));
        assertInner(Tunnel.VXLAN_GPE, inner(outer4(17).udp(4790).add(0x0C, 0, 0, 3, 0, 0, 7, 0).link().type(0x0800)));
        assertInner(Tunnel.GENEVE, inner(outer4(17).udp(6081).add(1, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 2, 3, 4)
                .link().type(0x0800)));
        assertInner(Tunnel.GENEVE, inner(outer4(17).udp(6081).add(0, 0, 8, 0, 0, 0, 7, 0)));
        assertInner(Tunnel.IPIP, inner(outer4(4)));
        assertInner(0, outer4(50).add(new byte[40]).raw());
    }

    @Test
    void ipv6_inside_of_gre_is_also_what_rfc_7676_describes() {
        Frame frame = gre(0, 0x86DD).ipv6(6, 6).tcp(0x10, new byte[0]).complete();

        assertHashWith(Tunnel.GRE_7676, 5, frame, PacketHash.ALL, addressesAndPorts(frame));
        assertHashWith(Tunnel.GRE_2784, 5, frame, PacketHash.ALL, addressesAndPorts(frame));
    }

    @Test
    void what_is_cut_off_or_not_ip_inside_of_an_enabled_tunnel_has_no_hash() {
        Frame arp = outer4(17).udp(4789).add(8, 0, 0, 0, 0, 0, 7, 0).link().type(0x0806).add(new byte[28]).complete();
        Frame empty = outer4(17).udp(6081).add(0x3F, 0, 8, 0, 0, 0, 7, 0).complete();

        assertHashWith(Tunnel.VXLAN, 0, arp, PacketHash.ALL);
        assertHashWith(Tunnel.GENEVE, 0, empty, PacketHash.ALL);
    }
}
