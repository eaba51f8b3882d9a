// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.guest.PacketWatch.Kind;
import io.virtio4j.guest.TwoStations.Station;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Two guests talk: every wiring, the usual programs, and every packet looked at on its way. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class NetworkTrafficGuestTest {

    static Stream<Wiring> wirings() {
        return Arrays.stream(Wiring.Bus.values()).flatMap(bus -> Arrays.stream(Wiring.Ring.values())
            .flatMap(ring -> IntStream.of(1, 4).mapToObj(pairs -> new Wiring(bus, ring, pairs))));
    }

    @ParameterizedTest
    @MethodSource("wirings")
    void two_guests_talk_through_the_switch(Wiring wiring, GuestReport.Row row) throws Exception {
        try (TwoStations stations = TwoStations.boot("net-traffic", wiring, row)) {
            Station here = stations.first();
            Station there = stations.second();
            boolean several = wiring.queues() > 1;
            assertEquals(wiring.ring() == Wiring.Ring.PACKED, here.served.accepted().has(CoreFeature.RING_PACKED));
            assertEquals(several, here.served.accepted().has(CoreFeature.NOTIFICATION_DATA));
            if (several) {
                stations.both("ethtool -L eth0 combined " + wiring.queues());
                assertEquals(wiring.queues(), there.watch.pairs());
            }

            row.step("ping");
            here.run("ping -c 3 -i 0.2 10.0.0.2 && ping -c 3 -i 0.2 -s 1400 fd00::2");

            row.step("iperf3");
            row.note(transfers(here));

            row.step("jumbo frames");
            jumbo(stations);

            row.step("VLAN");
            stations.both("ip link add link eth0 name eth0.5 type vlan id 5 && ip link set eth0.5 up");
            here.run("ip addr add 10.5.0.1/24 dev eth0.5");
            there.run("ip addr add 10.5.0.2/24 dev eth0.5");
            here.run("ping -c 2 -i 0.2 10.5.0.2 && iperf3 -c 10.5.0.2 -n 2M --bidir");
            assertTrue(here.watch.count(Kind.TAGGED) > 20, here.watch::toString);
            assertTrue(there.watch.count(Kind.TAGGED) > 20, there.watch::toString);

            stations.end();
        }
    }

    /** TCP and UDP, both ways; says how fast. */
    private static String transfers(Station here) {
        String up = rate(here.run("iperf3 -c 10.0.0.2 -n 8M -f M"));
        String down = rate(here.run("iperf3 -c fd00::2 -n 8M -f M -R"));
        String datagrams = rate(here.run("iperf3 -c 10.0.0.2 -u -b 20M -l 1400 -n 1M -f M"));
        rate(here.run("iperf3 -c 10.0.0.2 -u -b 20M -l 1400 -n 1M -f M -R"));
        return "MB/s TCP %s and %s, UDP %s".formatted(up, down, datagrams);
    }

    /** What the receiver saw, in MB/s: more than nothing. */
    private static String rate(String iperf) {
        String line = iperf.lines().filter(text -> text.contains("receiver")).findFirst()
            .orElseThrow(() -> new AssertionError(iperf));
        String rate = line.replaceAll(".* ([0-9.]+) MBytes/sec.*", "$1");
        assertTrue(Double.parseDouble(rate) > 0, iperf);
        return rate;
    }

    private static void jumbo(TwoStations stations) {
        for (Station station : new Station[] {stations.first(), stations.second()}) {
            station.watch.mtu(9000);
            station.run("ip link set eth0 mtu 9000");
            station.watch.restart();
        }
        stations.first().run("ping -c 2 -i 0.2 -s 8900 10.0.0.2 && iperf3 -c 10.0.0.2 -u -l 8900 -b 50M -n 1M --bidir");
        for (Station station : new Station[] {stations.first(), stations.second()}) {
            assertTrue(station.watch.count(Kind.JUMBO) > 20, station.watch::toString);
        }
    }
}
