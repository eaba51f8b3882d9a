// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.guest.PacketWatch.Kind;
import io.virtio4j.guest.TwoStations.Station;
import io.virtio4j.net.NetCounter;
import io.virtio4j.net.NetFeature;
import io.virtio4j.net.packet.OffloadSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Who checksums and segments: the sender, its card, the receiver's card, or nobody. Told by what the other side
 * gets.
 */
@Tag("guest")
@ExtendWith(GuestReport.class)
class NetworkOffloadsGuestTest {

    private static final String TCP4 = "iperf3 -c 10.0.0.2 -n 8M";
    private static final String TCP6 = "iperf3 -c fd00::2 -n 4M";
    private static final String UDP = "iperf3 -c 10.0.0.2 -u -b 50M -l 1400 -n 2M";
    private static final String UDP_GSO = UDP + " --gsro";
    private static final String TUNNEL = "iperf3 -c 10.7.0.2 -n 4M";

    @Test
    void every_offload_does_what_it_says(GuestReport.Row row) throws Exception {
        Wiring wiring = new Wiring(Wiring.Bus.PCI, Wiring.Ring.PACKED, 1);
        try (TwoStations stations = TwoStations.boot("net-offloads", wiring, row)) {
            Station from = stations.first();
            tunnel(stations, "noudpcsum");

            row.step("the driver leaves everything to its device, which leaves it to the network");
            send(from, TCP4, Kind.PARTIAL, Kind.TSO4);
            send(from, TCP6, Kind.PARTIAL, Kind.TSO6);
            send(from, UDP_GSO, Kind.PARTIAL, Kind.USO);
            send(from, TUNNEL, Kind.PARTIAL, Kind.TUNNEL);
            stations.both("ip link del vx0");
            tunnel(stations, "udpcsum");
            send(from, TUNNEL, Kind.PARTIAL, Kind.TUNNEL, Kind.TUNNEL_CSUM);
            congested(stations);

            row.step("the device does it");
            deviceDoes(stations);

            row.step("ethtool -K");
            driverDoes(from);

            row.step("the receiver wants packets as they were on the wire");
            receiverRefuses(stations);
            stations.end();
        }
    }

    /** Sends, and says which kinds of packets come from the card: these and complete ones, and no others. */
    private static void send(Station from, String command, Kind... expected) {
        from.watch.restart();
        from.run(command);
        Set<Kind> kinds = Set.of(expected);
        for (Kind kind : Set.of(Kind.PARTIAL, Kind.TSO4, Kind.TSO6, Kind.ECN, Kind.USO, Kind.TUNNEL,
            Kind.TUNNEL_CSUM)) {
            // Inside of a tunnel is TCP over IPv4.
            boolean inner = kind == Kind.TSO4 && kinds.contains(Kind.TUNNEL);
            boolean is = kinds.contains(kind) || inner;
            assertEquals(is, from.watch.count(kind) > 0, () -> command + " " + kind + " " + from.watch);
        }
    }

    private static void tunnel(TwoStations stations, String outerChecksum) {
        for (Station station : new Station[] {stations.first(), stations.second()}) {
            int other = 3 - station.number;
            station.run("""
                ip link add vx0 type vxlan id 7 remote 10.0.0.%d dev eth0 dstport 4789 %s
                ip link set vx0 up
                ip addr add 10.7.0.%d/24 dev vx0
                """.formatted(other, outerChecksum, station.number));
        }
    }

    /** The network says that it is congested; the sender answers within a large packet. */
    private static void congested(TwoStations stations) {
        stations.both("echo 1 > /proc/sys/net/ipv4/tcp_ecn");
        stations.first().watch.congested(true);
        send(stations.first(), TCP4, Kind.PARTIAL, Kind.TSO4, Kind.ECN);
        assertTrue(stations.first().watch.count(Kind.CONGESTED) > 0, stations.first().watch::toString);
    }

    /** The same packets to a network that does nothing: it gets complete ones. */
    private static void deviceDoes(TwoStations stations) {
        Station from = stations.first();
        from.watch.takes(OffloadSet.NONE);
        for (String command : new String[] {TCP4, TCP6, UDP_GSO, TUNNEL}) {
            long segments = from.served.count(NetCounter.TX_GSO_SEGMENTS);
            send(from, command);
            assertTrue(from.served.count(NetCounter.TX_GSO_SEGMENTS) > segments, command);
        }
        from.watch.congested(false);
        from.watch.takes(OffloadSet.ALL);
    }

    /** What the driver does when the device must not. */
    private static void driverDoes(Station from) {
        String all = from.run("ethtool -k eth0");
        for (String on : new String[] {"tx-checksumming", "scatter-gather", "tx-tcp-segmentation",
            "tx-tcp6-segmentation", "tx-tcp-ecn-segmentation", "tx-udp-segmentation", "tx-udp_tnl-segmentation",
            "tx-udp_tnl-csum-segmentation", "rx-gro-hw", "rx-checksumming", "rx-vlan-filter"}) {
            assertTrue(all.contains(on + ": on"), () -> on + "\n" + all);
        }
        from.run("echo 0 > /proc/sys/net/ipv4/tcp_ecn && ethtool -K eth0 tx-udp-segmentation off");
        send(from, UDP_GSO, Kind.PARTIAL);
        from.run("ethtool -K eth0 tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off");
        send(from, TUNNEL, Kind.PARTIAL);
        from.run("ethtool -K eth0 tso off");
        send(from, TCP4, Kind.PARTIAL);
        send(from, TCP6, Kind.PARTIAL);
        from.run("ethtool -K eth0 tx off");
        send(from, TCP4);
        send(from, UDP);
        from.run("ethtool -K eth0 tx on tso on tx-udp-segmentation on tx-udp_tnl-segmentation on"
            + " tx-udp_tnl-csum-segmentation on");
        send(from, TCP4, Kind.PARTIAL, Kind.TSO4);
    }

    /** CTRL_GUEST_OFFLOADS: what a receiver without rx-gro-hw finds was cut by its card. */
    private static void receiverRefuses(TwoStations stations) {
        Station from = stations.first();
        Station to = stations.second();
        to.run("ethtool -K eth0 gro off");
        assertTrue(longest(from, to) > 1514, "large packets arrive while they are wanted");
        to.run("ethtool -K eth0 rx-gro-hw off");
        long large = to.served.count(NetCounter.RX_GSO_PACKETS);
        assertEquals(1514, longest(from, to));
        assertEquals(large, to.served.count(NetCounter.RX_GSO_PACKETS));
        to.run("ethtool -K eth0 rx-gro-hw on");
        assertTrue(longest(from, to) > 1514, "large packets arrive when they are wanted again");
        to.run("ethtool -K eth0 gro on");
    }

    /** How long the longest frame is that a guest receives. */
    private static int longest(Station from, Station to) {
        GuestJob dump = to.dump("-p -e -c 60 -Q in tcp");
        from.run(TCP4);
        return dump.finish(LinuxGuest.PATIENCE).output().lines()
            .filter(line -> line.contains(", length "))
            .mapToInt(line -> Integer.parseInt(line.replaceFirst(".*?, length (\\d+): .*", "$1"))).max().orElse(0);
    }

    @Test
    void a_card_does_for_its_driver_what_the_other_side_left_to_do(GuestReport.Row row) throws Exception {
        Wiring wiring = new Wiring(Wiring.Bus.PCI, Wiring.Ring.SPLIT, 1);
        try (TwoStations stations = TwoStations.boot("net-one-offloads", wiring, row, card -> card,
            card -> card.without(NetFeature.CSUM, NetFeature.GUEST_CSUM))) {
            Station offloads = stations.first();
            Station does = stations.second();
            send(offloads, TCP4, Kind.PARTIAL, Kind.TSO4);
            send(offloads, UDP_GSO, Kind.PARTIAL, Kind.USO);
            assertEquals(0, does.watch.count(Kind.PARTIAL));
            assertEquals(0, does.served.count(NetCounter.RX_NEEDS_CSUM));
            assertEquals(0, does.served.count(NetCounter.RX_GSO_PACKETS));
            // The receiver believes nobody, and finds the checksums right.
            does.run("ethtool -K eth0 gro off");
            GuestJob dump = does.dump("-p -vv -c 500 -Q in tcp");
            offloads.run(TCP4);
            String seen = dump.finish(LinuxGuest.PATIENCE).output();
            assertTrue(seen.contains("(correct)"), seen);
            assertTrue(!seen.contains("incorrect") && !seen.contains("bad cksum"), seen);
            does.run("iperf3 -c 10.0.0.1 -n 4M");
            assertEquals(0, does.watch.count(Kind.PARTIAL));
            stations.end();
        }
    }
}
