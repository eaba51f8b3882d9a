// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.guest.PacketWatch.Kind;
import io.virtio4j.guest.TwoStations.Station;
import io.virtio4j.net.Duplex;
import io.virtio4j.net.NetCounter;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an administrator sets on a card with ethtool and ip: seen in the device, and in what passes. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class NetworkToolsGuestTest {

    private static final int PAIRS = 4;
    /** Packets that may come besides: neighbours ask for each other. */
    private static final int FEW = 10;
    private static final String STREAMS = "iperf3 -c 10.0.0.1 -n 4M -P 8";

    @ParameterizedTest
    @CsvSource({"MMIO, PACKED", "PCI, SPLIT"})
    void ethtool_and_ip_do_what_they_say(Wiring.Bus bus, Wiring.Ring ring, GuestReport.Row row) throws Exception {
        Wiring wiring = new Wiring(bus, ring, PAIRS);
        try (TwoStations stations = TwoStations.boot("net-tools", wiring, row,
            card -> card.speed(10_000, Duplex.FULL), card -> card)) {
            Station card = stations.first();
            Station other = stations.second();

            row.step("channels");
            channels(card, other);
            row.step("receive-side scaling");
            scaling(card, other);
            row.step("coalescing");
            coalescing(card);
            row.step("statistics");
            statistics(card);
            row.step("link");
            link(card);
            row.step("filters");
            filters(card, other);
            row.step("address");
            address(card, other);
            row.step("driver unbound and bound");
            rebind(card);
            stations.end();
        }
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; !condition.getAsBoolean(); i++) {
            assertTrue(i < 600, what);
            Thread.sleep(100);
        }
    }

    // ── -l, -L ─────────────────────────────────────────────────────────────

    private static void channels(Station card, Station other) {
        for (int pairs : new int[] {PAIRS, 1, PAIRS}) {
            card.run("ethtool -L eth0 combined " + pairs);
            String shown = card.run("ethtool -l eth0");
            assertEquals(PAIRS, number(shown, "Combined:", 0));
            assertEquals(pairs, number(shown, "Combined:", 1));
            assertEquals(pairs, card.watch.pairs());
            long[] before = received(card);
            other.run(STREAMS);
            assertEquals(pairs > 1, received(card)[1] + received(card)[2] + received(card)[3]
                > before[1] + before[2] + before[3], "pairs=" + pairs);
        }
        CommandResult tooMany = card.guest().run("ethtool -L eth0 combined " + (PAIRS + 1));
        assertTrue(tooMany.status() != 0);
    }

    /** The number behind a label, at its n-th place. */
    private static long number(String text, String label, int place) {
        String line = text.lines().filter(some -> some.strip().startsWith(label)).skip(place).findFirst()
            .orElseThrow(() -> new AssertionError(label + "\n" + text));
        return Long.parseLong(line.strip().substring(label.length()).strip().split("\\s")[0]);
    }

    private static long[] received(Station station) {
        long[] packets = new long[PAIRS];
        for (int pair = 0; pair < PAIRS; pair++) {
            packets[pair] = station.card().counters().get(NetCounter.RX_PACKETS, pair);
        }
        return packets;
    }

    // ── -x, -X, -n, -N ─────────────────────────────────────────────────────

    private static void scaling(Station card, Station other) {
        card.run("ethtool -X eth0 weight 0 0 1 0");
        String table = card.run("ethtool -x eth0");
        assertTrue(table.contains("indirection table for eth0 with 4 RX ring(s)"), table);
        assertTrue(table.lines().filter(line -> line.matches("\\s+\\d+: .*")).allMatch(line -> line.matches(
            "\\s*\\d+:(\\s+2)+\\s*")), table);
        long[] before = received(card);
        other.run(STREAMS);
        long[] after = received(card);
        assertTrue(after[0] + after[1] + after[3] - before[0] - before[1] - before[3] <= FEW, "all to one pair");
        assertTrue(after[2] > before[2] + FEW);

        String key = "6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:"
            + "ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa";
        card.run("ethtool -X eth0 equal 4 hkey " + key);
        assertTrue(card.run("ethtool -x eth0").contains(key));
        assertTrue(pairsOf(card, other) > 1, "several flows come to several pairs");

        // Linux tells the device of types of hashes when somebody wants them.
        card.run("ethtool -K eth0 rxhash on && ethtool -N eth0 rx-flow-hash tcp4 sd");
        assertFalse(card.run("ethtool -n eth0 rx-flow-hash tcp4").contains("L4 bytes"));
        assertEquals(1, pairsOf(card, other), "without ports all flows between two addresses are one");
        card.run("ethtool -N eth0 rx-flow-hash tcp4 sdfn");
        assertTrue(card.run("ethtool -n eth0 rx-flow-hash tcp4").contains("L4 bytes"));
        assertTrue(pairsOf(card, other) > 1, "with ports they are several");
        card.run("ethtool -K eth0 rxhash off");
        assertEquals(1, pairsOf(card, other), "what has no hash goes to one pair");
        card.run("ethtool -K eth0 rxhash on");
    }

    /** On how many pairs several flows arrive. */
    private static int pairsOf(Station card, Station other) {
        long[] before = received(card);
        other.run(STREAMS);
        long[] after = received(card);
        int used = 0;
        for (int pair = 0; pair < PAIRS; pair++) {
            used += after[pair] - before[pair] > FEW ? 1 : 0;
        }
        return used;
    }

    // ── -c, -C, -Q ─────────────────────────────────────────────────────────

    /** On MMIO all queues have one interrupt, so that those of transmit queues wait too. */
    private static void coalescing(Station card) {
        card.run("ethtool -C eth0 rx-usecs 80000 rx-frames 200 tx-usecs 90000 tx-frames 190");
        String shown = card.run("ethtool -c eth0");
        assertEquals(80_000, number(shown, "rx-usecs:", 0));
        assertEquals(200, number(shown, "rx-frames:", 0));
        assertEquals(90_000, number(shown, "tx-usecs:", 0));
        assertEquals(190, number(shown, "tx-frames:", 0));
        double coalesced = usualPing(card);
        assertTrue(coalesced > 75, "notifications wait: ms=" + coalesced);

        card.run("ethtool -Q eth0 queue_mask 0xf --coalesce rx-usecs 40000 tx-usecs 45000");
        String each = card.run("ethtool -Q eth0 queue_mask 0x8 --show-coalesce");
        assertEquals(40_000, number(each, "rx-usecs:", 0));
        assertEquals(45_000, number(each, "tx-usecs:", 0));
        double less = usualPing(card);
        assertTrue(less > 35, "notifications of each queue wait: ms=" + less);

        card.run("ethtool -C eth0 rx-usecs 0 rx-frames 0 tx-usecs 0 tx-frames 1 && ethtool -C eth0 adaptive-rx on");
        card.run("iperf3 -c 10.0.0.2 -n 4M -R && ethtool -C eth0 adaptive-rx off");
    }

    /** The median of some round trips, in milliseconds. */
    private static double usualPing(Station card) {
        double[] trips = card.run("ping -c 7 -i 0.2 10.0.0.2").lines().filter(line -> line.contains("time="))
            .mapToDouble(line -> Double.parseDouble(line.replaceAll(".*time=([0-9.]+) ms.*", "$1"))).sorted().toArray();
        return trips[trips.length / 2];
    }

    // ── -S, -d, -i ─────────────────────────────────────────────────────────

    private static void statistics(Station card) {
        Map<String, Long> shown = new HashMap<>();
        card.run("ethtool -S eth0").lines().filter(line -> line.matches(".*: \\d+")).forEach(line -> {
            String[] parts = line.strip().split(": ");
            shown.put(parts[0], Long.parseLong(parts[1]));
        });
        for (int pair = 0; pair < PAIRS; pair++) {
            expect(card, shown, NetCounter.TX_PACKETS, pair, "tx" + pair + "_hw_packets");
            expect(card, shown, NetCounter.TX_BYTES, pair, "tx" + pair + "_hw_bytes");
            expect(card, shown, NetCounter.RX_PACKETS, pair, "rx" + pair + "_hw_packets");
            expect(card, shown, NetCounter.RX_BYTES, pair, "rx" + pair + "_hw_bytes");
            expect(card, shown, NetCounter.RX_NEEDS_CSUM, pair, "rx" + pair + "_hw_needs_csum");
            expect(card, shown, NetCounter.TX_GSO_PACKETS_NOSEG, pair, "tx" + pair + "_hw_gso_packets_noseg");
        }
        assertTrue(shown.get("cq_hw_command_num") > 10, shown::toString);
        assertEquals(shown.get("cq_hw_command_num"), shown.get("cq_hw_ok_num"), "a command was refused");

        assertTrue(card.run("ethtool -i eth0").startsWith("driver: virtio_net"));
        assertEquals("10000 full", card.run("cd /sys/class/net/eth0; echo $(cat speed duplex)"));
        // Linux's driver has no registers to show.
        CommandResult registers = card.guest().run("ethtool -d eth0");
        assertTrue(registers.output().contains("Operation not supported"), registers::toString);
    }

    private static void expect(Station card, Map<String, Long> shown, NetCounter counter, int pair, String name) {
        assertEquals(card.card().counters().get(counter, pair), shown.get(name), () -> name + " " + shown);
    }

    // ── Link ───────────────────────────────────────────────────────────────

    private static void link(Station card) {
        card.card().setLinkUp(false);
        carrier(card, 0);
        assertTrue(card.run("ethtool eth0").contains("Link detected: no"));
        assertTrue(card.guest().run("ping -c 1 -W 1 10.0.0.2").status() != 0, "no packet passes");
        card.card().setLinkUp(true);
        carrier(card, 1);
        card.run("ping -c 1 -W 5 10.0.0.2");
        card.run("ip link set eth0 down && ip link set eth0 up && ping -c 1 -W 5 10.0.0.2");
    }

    private static void carrier(Station card, int wanted) {
        card.run("until [ $(cat /sys/class/net/eth0/carrier) = %d ]; do sleep 0.1; done".formatted(wanted));
    }

    // ── Receive filters ────────────────────────────────────────────────────

    private static void filters(Station card, Station other) {
        other.run("""
            ip neigh add 10.0.0.99 lladdr 52:54:00:00:00:99 dev eth0 nud permanent
            ip route add 239.0.0.0/8 dev eth0
            ip link add link eth0 name eth0.6 type vlan id 6
            ip link set eth0.6 up
            ip addr add 10.6.0.2/24 dev eth0.6
            ip neigh add 10.6.0.1 lladdr 52:54:00:00:00:01 dev eth0.6 nud permanent
            """);
        passesOnly(card, other, "10.0.0.99", "ip link set eth0 promisc on", "ip link set eth0 promisc off");
        passesOnly(card, other, "239.1.2.3", "ip maddr add 01:00:5e:01:02:03 dev eth0",
            "ip maddr del 01:00:5e:01:02:03 dev eth0");
        passesOnly(card, other, "239.1.2.3", "ip link set eth0 allmulticast on", "ip link set eth0 allmulticast off");
        passesOnly(card, other, "10.6.0.1", "ip link add link eth0 name eth0.6 type vlan id 6", "ip link del eth0.6");
    }

    /** Pings an address that the card is to receive after one command, and not before it nor after another. */
    private static void passesOnly(Station card, Station other, String address, String on, String off) {
        String ping = "ping -c 2 -i 0.2 -W 1 " + address + " > /dev/null || true";
        for (String command : new String[] {"true", on, off}) {
            card.run(command);
            boolean passes = command.equals(on);
            GuestJob dump = passes ? card.dump("-p -c 2 'icmp[icmptype] == icmp-echo or vlan 6'") : null;
            long filtered = card.served.count(NetCounter.RX_FILTERED);
            other.run(ping);
            if (dump != null) {
                String seen = dump.finish(LinuxGuest.PATIENCE).output();
                assertTrue(seen.contains("> " + address + ": ICMP echo request"), () -> on + "\n" + seen);
            } else {
                assertTrue(card.served.count(NetCounter.RX_FILTERED) >= filtered + 2, () -> "after " + command);
            }
        }
    }

    // ── MAC address, announcements, the driver's life ──────────────────────

    private static void address(Station card, Station other) throws InterruptedException {
        card.run("ip link set eth0 address 52:54:00:aa:bb:cc");
        assertEquals("52:54:00:aa:bb:cc", card.card().mac().toString());
        other.run("ip neigh flush dev eth0 && ping -c 2 -W 5 10.0.0.1");
        assertTrue(other.run("ip neigh show 10.0.0.1").contains("52:54:00:aa:bb:cc"));

        card.run("echo 1 > /proc/sys/net/ipv4/conf/eth0/arp_notify");
        card.watch.restart();
        card.card().announce();
        await("nothing is announced", () -> card.watch.count(Kind.COMPLETE) > 0);
    }

    private static void rebind(Station card) {
        card.run("""
            cd /sys/bus/virtio/drivers/virtio_net
            for i in 1 2 3; do
                echo virtio0 > unbind
                echo virtio0 > bind
            done
            ip addr add 10.0.0.1/24 dev eth0
            ip link set eth0 up
            ping -c 2 -W 5 10.0.0.2
            """);
        card.run("iperf3 -c 10.0.0.2 -n 4M --bidir");
    }
}
