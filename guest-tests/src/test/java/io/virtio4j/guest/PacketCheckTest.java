// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.net.packet.NetHeader;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What looks at the guests' packets finds what is wrong with them. */
class PacketCheckTest {

    private static final String ETHERNET = "525400000002525400000001";
    private static final String UDP4 = ETHERNET + "08004502002100014000401126c70a0000010a000002"
        + "0fa01388000d84d768656c6c6f";
    /** The same, with the sum of the pseudo header where the checksum goes. */
    private static final String PARTIAL = UDP4.replace("000d84d7", "000d1421");
    private static final String TAGGED_TCP6 = ETHERNET + "8100000586dd60000000001a0640fd000000000000000000000000000001"
        + "fd0000000000000000000000000000020fa013880000000100000002501801f44cb0000068656c6c6f21";
    private static final String TCP4 = ETHERNET + "08004502002900014000400626ca0a0000010a000002"
        + "0fa013880000000100000002501801f4fea9000078";
    private static final String VXLAN = ETHERNET + "08004502005400014000401126940a0000010a0000020fa0"
        + "12b50040218d0800000000000700" + ETHERNET
        + "08004502002200014000401126c60a0000010a0000020fa01388000e876a696e73696465";

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private static List<String> faults(byte[] frame) {
        return PacketCheck.faults(frame, new NetHeader(), 1500);
    }

    @ParameterizedTest
    @ValueSource(strings = {UDP4, TAGGED_TCP6, TCP4, VXLAN})
    void a_byte_that_changed_on_the_way_is_seen(String hex) {
        byte[] frame = bytes(hex);
        assertEquals(List.of(), faults(frame));

        int transport = hex.equals(TAGGED_TCP6) ? 18 + 40 : 14;
        for (int i = transport; i < frame.length; i++) {
            byte[] changed = frame.clone();
            changed[i] ^= 0x10;
            assertFalse(faults(changed).isEmpty(), "byte=" + i);
        }
        assertFalse(faults(Arrays.copyOf(frame, frame.length - 1)).isEmpty());
        assertFalse(PacketCheck.faults(frame, new NetHeader(), frame.length - 19).isEmpty(), "too long");
    }

    @Test
    void a_partial_checksum_has_to_be_what_the_header_says() {
        byte[] frame = bytes(PARTIAL);

        assertFalse(faults(frame).isEmpty(), "not complete");
        assertEquals(List.of(), PacketCheck.faults(frame, new NetHeader().partialCsum(34, 6), 1500));
        assertFalse(PacketCheck.faults(frame, new NetHeader().partialCsum(32, 8), 1500).isEmpty());
        assertFalse(PacketCheck.faults(frame, new NetHeader().partialCsum(34, 4), 1500).isEmpty());
        assertFalse(PacketCheck.faults(frame, new NetHeader().partialCsum(34, 2000), 1500).isEmpty());
        frame[40] ^= 1;
        assertFalse(PacketCheck.faults(frame, new NetHeader().partialCsum(34, 6), 1500).isEmpty());
    }

    @Test
    void a_large_packet_has_to_say_how_to_cut_it() {
        byte[] frame = bytes(PARTIAL);

        assertEquals(List.of(), PacketCheck.faults(frame, large(34 + 8, 3), 1500));
        assertFalse(PacketCheck.faults(frame, large(34, 3), 1500).isEmpty(), "headers");
        assertFalse(PacketCheck.faults(frame, large(34 + 8, 0), 1500).isEmpty(), "no size");
        assertFalse(PacketCheck.faults(frame, large(34 + 8, 3), 30).isEmpty(), "longer than the MTU");
        assertFalse(PacketCheck.faults(frame, large(34 + 8, 3).gso(
            NetHeader.GSO_UDP_L4 | NetHeader.GSO_UDP_TUNNEL_IPV4, 3), 1500).isEmpty(), "no tunnel");
    }

    private static NetHeader large(int headers, int size) {
        return new NetHeader().partialCsum(34, 6).gso(NetHeader.GSO_UDP_L4, size).hdrLen(headers);
    }

    @Test
    void congestion_is_told_to_who_wants_to_know() {
        byte[] frame = bytes(TCP4);

        assertTrue(PacketCheck.congest(frame));
        assertEquals(3, frame[15] & 3);
        assertEquals(List.of(), faults(frame));
        assertFalse(PacketCheck.congest(bytes(UDP4)));
        assertEquals(1, PacketCheck.tags(bytes(TAGGED_TCP6)));
    }
}
