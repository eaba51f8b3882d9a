// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.net.packet.NetHeader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Looks through one Ethernet frame, as its sender gave it away: do the lengths agree, is every checksum right, and
 * is what the sender left to do stated as it is? Shares no code with what computes checksums in the device.
 */
final class PacketCheck {

    private static final int ETHERNET = 14;
    private static final int ICMP = 1;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int FRAGMENT = 44;
    private static final int ICMP6 = 58;
    private static final int VXLAN_PORT = 4789;
    private static final int VXLAN = 8;

    private final byte[] frame;
    private final List<String> faults = new ArrayList<>();
    private int tags;
    /** Where transport headers are: outside of a tunnel, and inside. */
    private final List<Integer> transports = new ArrayList<>();
    private int transport = -1;
    private int transportHeader;
    private boolean tunnel;

    private PacketCheck(byte[] frame) {
        this.frame = frame;
    }

    /**
     * Checks a frame.
     *
     * @param mtu bytes that may be behind the Ethernet header, of the frame or of each of its segments
     * @return what is wrong, nothing if all is well
     */
    static List<String> faults(byte[] frame, NetHeader header, int mtu) {
        return new PacketCheck(frame.clone()).check(header, mtu);
    }

    /** How many VLAN tags a frame has. */
    static int tags(byte[] frame) {
        int tags = 0;
        while (get16(frame, 12 + 4 * tags) == 0x8100) {
            tags++;
        }
        return tags;
    }

    private List<String> check(NetHeader header, int mtu) {
        if (header.needsCsum()) {
            complete(header.csumStart(), header.csumOffset());
        }
        if (header.hasUdpTunnelCsum()) {
            complete(header.outerThOffset(), 6);
        }
        ethernet(0);
        if (header.needsCsum() && !transports.contains(header.csumStart())) {
            faults.add("csum_start: expected one of " + transports + " found=" + header.csumStart());
        }
        expect("tunnel", tunnel && header.isGso(), header.isUdpTunnel());
        int beyond = frame.length - ETHERNET - 4 * tags;
        if (header.isGso()) {
            int headers = transport + transportHeader;
            expect("hdr_len", headers, header.hdrLen());
            if (header.gsoSize() == 0 || headers + header.gsoSize() - ETHERNET - 4 * tags > mtu) {
                faults.add("a segment is too long: " + header);
            }
        } else if (beyond > mtu) {
            faults.add("longer than the MTU: bytes=" + beyond + " mtu=" + mtu);
        }
        return faults;
    }

    private void expect(String what, Object expected, Object found) {
        if (!expected.equals(found)) {
            faults.add(what + ": expected=" + expected + " found=" + found);
        }
    }

    /** Does what the sender left to do: it has stored the sum of the pseudo header. */
    private void complete(int start, int offset) {
        if (start + offset + 2 > frame.length) {
            faults.add("checksum out of the packet: start=" + start + " offset=" + offset);
            return;
        }
        int sum = ~sum(0, start, frame.length) & 0xFFFF;
        frame[start + offset] = (byte) (sum >>> 8);
        frame[start + offset + 1] = (byte) sum;
    }

    private void ethernet(int at) {
        int next = at + ETHERNET;
        while (get16(frame, next - 2) == 0x8100) {
            tags += at == 0 ? 1 : 0;
            next += 4;
        }
        switch (get16(frame, next - 2)) {
            case 0x0800 -> ipv4(next);
            case 0x86DD -> ipv6(next);
            default -> { }
        }
    }

    private void ipv4(int at) {
        int header = (frame[at] & 0xF) * 4;
        expect("length of IPv4", frame.length - at, get16(frame, at + 2));
        expect("checksum of IPv4", 0xFFFF, sum(0, at, at + header));
        if ((get16(frame, at + 6) & 0x3FFF) != 0) {
            return; // a fragment
        }
        transport(frame[at + 9] & 0xFF, at + header, sum(0, at + 12, at + 20), true);
    }

    private void ipv6(int at) {
        expect("length of IPv6", frame.length - at - 40, get16(frame, at + 4));
        int type = frame[at + 6] & 0xFF;
        int next = at + 40;
        while (type == 0 || type == 43 || type == 60) {
            type = frame[next] & 0xFF;
            next += 8 + 8 * (frame[next + 1] & 0xFF);
        }
        if (type != FRAGMENT) {
            transport(type, next, sum(0, at + 8, at + 40), false);
        }
    }

    private void transport(int protocol, int at, int addresses, boolean ipv4) {
        transport = at;
        transports.add(at);
        int pseudo = addresses + protocol + frame.length - at;
        switch (protocol) {
            case TCP -> {
                transportHeader = (frame[at + 12] >>> 4 & 0xF) * 4;
                expect("checksum of TCP", 0xFFFF, sum(pseudo, at, frame.length));
            }
            case UDP -> udp(at, pseudo, ipv4);
            case ICMP -> expect("checksum of ICMP", 0xFFFF, sum(0, at, frame.length));
            case ICMP6 -> expect("checksum of ICMPv6", 0xFFFF, sum(pseudo, at, frame.length));
            default -> { }
        }
    }

    private void udp(int at, int pseudo, boolean ipv4) {
        transportHeader = 8;
        expect("length of UDP", frame.length - at, get16(frame, at + 4));
        boolean vxlan = get16(frame, at + 2) == VXLAN_PORT;
        if (get16(frame, at + 6) != 0 || !ipv4 && !vxlan) {
            expect("checksum of UDP", 0xFFFF, sum(pseudo, at, frame.length));
        }
        if (vxlan) {
            tunnel = true;
            ethernet(at + 8 + VXLAN);
        }
    }

    /** The ones' complement sum, a word at a time. */
    private int sum(int first, int from, int to) {
        long sum = first;
        for (int i = from; i < to; i += 2) {
            sum += (frame[i] & 0xFF) << 8 | (i + 1 < to ? frame[i + 1] & 0xFF : 0);
        }
        while (sum > 0xFFFF) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int) sum;
    }

    private static int get16(byte[] bytes, int at) {
        return at + 1 < bytes.length ? (bytes[at] & 0xFF) << 8 | bytes[at + 1] & 0xFF : 0;
    }

    /** Says "congestion experienced" in an IPv4 packet whose sender asked to be told; whether it did. */
    static boolean congest(byte[] frame) {
        if (get16(frame, 12) != 0x0800 || (frame[ETHERNET + 9] & 0xFF) != TCP || (frame[ETHERNET + 1] & 3) == 0) {
            return false;
        }
        frame[ETHERNET + 1] |= 3;
        Arrays.fill(frame, ETHERNET + 10, ETHERNET + 12, (byte) 0);
        int sum = ~new PacketCheck(frame).sum(0, ETHERNET, ETHERNET + (frame[ETHERNET] & 0xF) * 4);
        frame[ETHERNET + 10] = (byte) (sum >>> 8);
        frame[ETHERNET + 11] = (byte) sum;
        return true;
    }
}
