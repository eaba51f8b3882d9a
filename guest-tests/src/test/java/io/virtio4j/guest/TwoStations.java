// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.net.MacAddress;
import io.virtio4j.net.NetCounter;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.NetDeviceBuilder;
import io.virtio4j.net.backend.PacketSwitch;
import io.virtio4j.net.backend.SwitchPort;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.UnaryOperator;

/**
 * Two guests at a switch of ours, each with a network card of ours as {@code eth0}, and a {@link PacketWatch}
 * between each card and the switch. Station n has the addresses 10.0.0.n and fd00::n.
 */
final class TwoStations implements AutoCloseable {

    private static final Duration LONG = Duration.ofSeconds(180);

    /** A guest, its card, and who looks at what the card sends. */
    static final class Station implements AutoCloseable {

        /** A server that is still ending the transfer before says so, and is asked again. */
        private static final String IPERF3 = """
            iperf3() {
                for attempt in 1 2 3 4 5; do
                    command iperf3 "$@" >/tmp/iperf3.$$ 2>&1 && status=0 || status=$?
                    [ $status != 0 ] && grep -q 'server is busy' /tmp/iperf3.$$ || break
                    sleep 1
                done
                cat /tmp/iperf3.$$
                return $status
            }
            """;

        final int number;
        final SharedDirectory shared;
        final PacketWatch watch;
        final ServedCard served;
        private LinuxGuest guest;

        Station(int number, SwitchPort port, Wiring wiring, UnaryOperator<NetDeviceBuilder> choices)
            throws IOException {
            this.number = number;
            shared = SharedDirectory.create();
            watch = new PacketWatch(port);
            NetDeviceBuilder card = NetDevice.of(watch).mac(mac(number));
            served = ServedCard.serve(shared, wiring, choices.apply(card));
        }

        /** Boots, and sets the addresses. */
        private void boot(String name) {
            guest = served.plugInto(LinuxGuest.builder(shared)).name(name).programs(GuestPrograms.NET)
                .processors(Math.min(2, served.wiring().queues())).bootTimeout(LONG).start();
            assertEquals(mac(number).toString(), guest.run("cat /sys/class/net/eth0/address").success());
            guest.run("""
                echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad
                echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad
                ip link set lo up
                ip addr add %1$s/24 dev eth0
                ip link set eth0 up
                ip addr add %2$s/64 dev eth0 nodad
                iperf3 -s -D
                """.formatted(ipv4(), ipv6())).success();
        }

        NetDevice card() {
            return served.card();
        }

        LinuxGuest guest() {
            return guest;
        }

        String ipv4() {
            return "10.0.0." + number;
        }

        String ipv6() {
            return "fd00::" + number;
        }

        /** The output of a command that has to succeed. */
        String run(String script) {
            return guest.run(IPERF3 + script, LONG).success();
        }

        /** Starts {@code tcpdump}, which already listens. It ends when it has seen as many packets as it is told. */
        GuestJob dump(String arguments) {
            GuestJob dump = guest.start("exec tcpdump -nn --immediate-mode -i eth0 " + arguments);
            run("until grep -q 'listening on' %s; do sleep 0.1; done".formatted(dump.outputFile()));
            return dump;
        }

        /** What a counter of the kernel's protocols says, by its names in {@code nstat}. */
        long kernelCount(String protocol, String counter) {
            return Long.parseLong(guest.run("""
                awk -v p=%s: -v c=%s '
                    $1 == p && !n { for (i = 2; i <= NF; i++) if ($i == c) n = i; next }
                    $1 == p { print $n }' /proc/net/snmp /proc/net/netstat
                """.formatted(protocol, counter)).success());
        }

        @Override
        public void close() {
            if (guest != null) {
                guest.close();
            }
            served.close();
            shared.close();
        }
    }

    private final PacketSwitch network = new PacketSwitch();
    private final Station first;
    private final Station second;

    private TwoStations(Wiring wiring, UnaryOperator<NetDeviceBuilder> one, UnaryOperator<NetDeviceBuilder> other)
        throws IOException {
        first = new Station(1, network.port("first"), wiring, one);
        try {
            second = new Station(2, network.port("second"), wiring, other);
        } catch (IOException | RuntimeException failure) {
            first.close();
            throw failure;
        }
    }

    /** Boots two guests with equal cards. */
    static TwoStations boot(String name, Wiring wiring, GuestReport.Row row) throws IOException {
        return boot(name, wiring, row, card -> card, card -> card);
    }

    /** Boots two guests. */
    static TwoStations boot(
        String name, Wiring wiring, GuestReport.Row row,
        UnaryOperator<NetDeviceBuilder> one, UnaryOperator<NetDeviceBuilder> other) throws IOException {
        row.step("boot two guests");
        TwoStations stations = new TwoStations(wiring, one, other);
        try {
            CompletableFuture<Void> booting = CompletableFuture.runAsync(
                () -> stations.second.boot(name + "-2-" + wiring), Thread.ofPlatform()::start);
            try {
                stations.first.boot(name + "-1-" + wiring);
            } finally {
                booting.join();
            }
            row.shows(stations.first.served);
            row.shows(stations.second.served);
            return stations;
        } catch (CompletionException failure) {
            stations.close();
            throw failure.getCause() instanceof RuntimeException cause ? cause : failure;
        } catch (RuntimeException | AssertionError failure) {
            stations.close();
            throw failure;
        }
    }

    private static MacAddress mac(int number) {
        return MacAddress.of("52:54:00:00:00:0" + number);
    }

    Station first() {
        return first;
    }

    Station second() {
        return second;
    }

    /** Runs the same in both guests. */
    void both(String script) {
        first.run(script);
        second.run(script);
    }

    /** What has to hold whatever was done; then switches both guests off. */
    void end() {
        for (Station station : List.of(first, second)) {
            assertEquals(List.of(), station.watch.faults());
            assertEquals(0, station.kernelCount("Ip", "InHdrErrors"));
            assertEquals(0, station.kernelCount("Tcp", "InCsumErrors"));
            assertEquals(0, station.kernelCount("Udp", "InCsumErrors"));
            for (NetCounter none : List.of(NetCounter.TX_DROP_MALFORMED, NetCounter.RX_MALFORMED)) {
                assertEquals(0, station.served.count(none), none.label());
            }
            station.guest.powerOff();
            assertEquals(List.of(), station.guest.complaints());
        }
    }

    @Override
    public void close() {
        first.close();
        second.close();
        network.close();
    }
}
