// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Feature bits of the network device. [Network Device / Feature bits] */
public enum NetFeature implements Feature {
    /** The device takes packets with a partial checksum. */
    CSUM(0),
    /** The driver takes packets with a partial checksum. */
    GUEST_CSUM(1),
    /** The driver can switch what it takes at run time. */
    CTRL_GUEST_OFFLOADS(2),
    /** The most bytes behind the Ethernet header are in {@code mtu}. */
    MTU(3),
    /** The device's address is in {@code mac}. */
    MAC(5),
    /** The driver takes TCP over IPv4 that is not segmented. */
    GUEST_TSO4(7, any(1)),
    /** The driver takes TCP over IPv6 that is not segmented. */
    GUEST_TSO6(8, any(1)),
    /** The driver takes such TCP with ECN. */
    GUEST_ECN(9, any(7, 8)),
    /** The driver takes UDP that is not fragmented. */
    GUEST_UFO(10, any(1)),
    /** The device takes TCP over IPv4 that is not segmented. */
    HOST_TSO4(11, any(0)),
    /** The device takes TCP over IPv6 that is not segmented. */
    HOST_TSO6(12, any(0)),
    /** The device takes such TCP with ECN. */
    HOST_ECN(13, any(11, 12)),
    /** The device takes UDP that is not fragmented. */
    HOST_UFO(14, any(0)),
    /** A packet may be spread over several receive buffers. */
    MRG_RXBUF(15),
    /** The link's status is in {@code status}. */
    STATUS(16),
    /** There is a control queue. */
    CTRL_VQ(17),
    /** The driver filters what it receives. */
    CTRL_RX(18, any(17)),
    /** The driver filters VLANs. */
    CTRL_VLAN(19, any(17)),
    /** More modes of receiving. A driver should have CTRL_VQ too. */
    CTRL_RX_EXTRA(20),
    /** The device can ask for gratuitous packets. */
    GUEST_ANNOUNCE(21, any(17)),
    /** Several queue pairs, with automatic receive steering. */
    MQ(22, any(17)),
    /** The driver can set the address. */
    CTRL_MAC_ADDR(23, any(17)),
    /** The driver can ask for statistics. */
    DEVICE_STATS(50),
    /** The hash can be that of what is inside of a tunnel. */
    HASH_TUNNEL(51, any(17), any(60, 57)),
    /** Notifications are coalesced, with parameters for each queue. */
    VQ_NOTF_COAL(52, any(17)),
    /** Notifications are coalesced. */
    NOTF_COAL(53, any(17)),
    /** The driver takes UDP over IPv4 that is not segmented. */
    GUEST_USO4(54, any(1)),
    /** The driver takes UDP over IPv6 that is not segmented. */
    GUEST_USO6(55, any(1)),
    /** The device takes UDP that is not segmented. */
    HOST_USO(56, any(0)),
    /** Received packets come with a hash. A driver should have CTRL_VQ too. */
    HASH_REPORT(57),
    /** The driver states the length of headers exactly. */
    GUEST_HDRLEN(59),
    /** Receive-side scaling. */
    RSS(60, any(17)),
    /** The driver is told how many segments a received packet had. The text and the table name other bits. */
    RSC_EXT(61, any(11, 12, 7, 8)),
    /** The device can stand by for another one with the same address. */
    STANDBY(62),
    /** Speed and duplex are in the configuration. */
    SPEED_DUPLEX(63),
    /** Several configurations of receive-side scaling. */
    RSS_CONTEXT(64, any(17), any(60)),
    /** The driver takes what is in a UDP tunnel, not segmented. */
    GUEST_UDP_TUNNEL_GSO(65, any(7), any(8), any(54), any(55)),
    /** And with a partial outer checksum. */
    GUEST_UDP_TUNNEL_GSO_CSUM(66, any(65)),
    /** The device takes what is in a UDP tunnel, not segmented. */
    HOST_UDP_TUNNEL_GSO(67, any(11), any(12), any(56)),
    /** And with a partial outer checksum. */
    HOST_UDP_TUNNEL_GSO_CSUM(68, any(67)),
    /** The header says where the outer network header is. */
    OUT_NET_HEADER(69);

    /** MQ where a front-end of vhost-user answers the control queue, and does not tell its back-end of it. */
    static final Feature MQ_OF_FRONT_END = new Feature() {
        @Override
        public int bit() {
            return MQ.bit;
        }

        @Override
        public String name() {
            return MQ.name();
        }
    };

    private final int bit;

    /** One of each has to be there. */
    private final int[][] required;

    NetFeature(int bit, int[]... required) {
        this.bit = bit;
        this.required = required;
    }

    private static int[] any(int... bits) {
        return bits;
    }

    @Override
    public int bit() {
        return bit;
    }

    // [Feature bit requirements]

    @Override
    public boolean isSatisfiedBy(FeatureSet others) {
        for (int[] alternatives : required) {
            if (Arrays.stream(alternatives).noneMatch(others::hasBit)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String requirement() {
        return Arrays.stream(required)
                .map(alternatives -> Arrays.stream(alternatives)
                        .mapToObj(NetFeature::nameOf).collect(Collectors.joining(" or ")))
                .collect(Collectors.joining(", "));
    }

    private static String nameOf(int bit) {
        return Arrays.stream(values()).filter(feature -> feature.bit == bit).findFirst().orElseThrow().name();
    }
}
