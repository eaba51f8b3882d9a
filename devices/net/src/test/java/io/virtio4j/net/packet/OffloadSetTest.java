// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class OffloadSetTest {

    @Test
    void a_complete_packet_is_for_everybody() {
        assertTrue(OffloadSet.NONE.takes(new NetHeader()));
        assertTrue(OffloadSet.NONE.takes(new NetHeader().flags(NetHeader.F_DATA_VALID)));
    }

    @Test
    void a_partial_checksum_is_for_who_takes_it() {
        NetHeader header = new NetHeader().partialCsum(34, 16);

        assertFalse(OffloadSet.of(Offload.TSO4).takes(header));
        assertTrue(OffloadSet.of(Offload.CSUM).takes(header));
    }

    @Test
    void every_bit_of_a_type_is_asked_for() {
        NetHeader tcp = new NetHeader().partialCsum(34, 16).gso(NetHeader.GSO_TCPV4, 1448);
        OffloadSet simple = OffloadSet.of(Offload.CSUM, Offload.TSO4);
        OffloadSet tunnels = OffloadSet.of(Offload.CSUM, Offload.TSO4, Offload.UDP_TUNNEL);

        assertTrue(simple.takes(tcp));
        tcp.gso(NetHeader.GSO_TCPV4 | NetHeader.GSO_ECN, 1448);
        assertFalse(simple.takes(tcp));
        assertTrue(OffloadSet.of(Offload.CSUM, Offload.TSO4, Offload.ECN).takes(tcp));
        tcp.gso(NetHeader.GSO_TCPV4 | NetHeader.GSO_UDP_TUNNEL_IPV4, 1448);
        assertFalse(simple.takes(tcp));
        assertTrue(tunnels.takes(tcp));
        tcp.flags(tcp.flags() | NetHeader.F_UDP_TUNNEL_CSUM);
        assertFalse(tunnels.takes(tcp));
        assertTrue(OffloadSet.ALL.takes(tcp));
    }

    @Test
    void uso_needs_both_versions_of_ip_since_the_type_does_not_tell() {
        NetHeader udp = new NetHeader().partialCsum(34, 6).gso(NetHeader.GSO_UDP_L4, 1400);

        assertFalse(OffloadSet.of(Offload.CSUM, Offload.USO4).takes(udp));
        assertTrue(OffloadSet.of(Offload.CSUM, Offload.USO4, Offload.USO6).takes(udp));
    }

    @Test
    void an_unknown_type_is_for_nobody() {
        assertFalse(OffloadSet.ALL.takes(new NetHeader().gso(2, 1448)));
    }

    @Test
    void sets_are_equal_by_content() {
        assertEquals(OffloadSet.of(Offload.CSUM), OffloadSet.of(Offload.CSUM));
        assertEquals("[CSUM, TSO4]", OffloadSet.of(Offload.TSO4, Offload.CSUM).toString());
    }
}
