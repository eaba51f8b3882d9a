// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Network cards of ours over vhost-user, on one switch: in QEMU's {@code vhost-user} network and in user-mode Linux,
 * which passes its control queue on and QEMU does not.
 */
@Tag("guest")
@ExtendWith(GuestReport.class)
class VhostUserNetworkGuestTest {

    private static final int RING_PACKED = 34;
    private static final int NETWORK = 1;
    private static final String FIRST = "first.sock";
    private static final String SECOND = "second.sock";
    private static final int SECONDS = 2;
    private static final int LONG_SECONDS = 30;
    private static final int KILLS = 3;
    /** Packets that may come besides: neighbours ask for each other. */
    private static final int FEW = 10;

    private static UserModeGuest userMode(SharedDirectory shared, String name, String socket) throws IOException {
        return UserModeGuest.start(shared, name, GuestPrograms.NET, new UserModeGuest.Device(socket, NETWORK));
    }

    private static LinuxGuest qemu(
        SharedDirectory shared, String name, String socket, int number, String ring, int pairs) {
        return LinuxGuest.builder(shared).programs(GuestPrograms.NET).name(name).arguments(
            "-chardev", "socket,id=vhost,reconnect-ms=50,path=" + shared.inside(socket),
            "-netdev", "vhost-user,id=net,chardev=vhost,queues=" + pairs,
            "-device", "virtio-net-pci,netdev=net,addr=3,romfile=,mac=" + VhostUserNetwork.address(number)
                + ",packed=" + (ring.equals("packed") ? "on" : "off")
                + (pairs > 1 ? ",mq=on,vectors=" + (2 * pairs + 2) : "")).processors(Math.min(2, pairs)).start();
    }

    private static void work(NetworkWork network, GuestReport.Row row) {
        network.ping();
        network.file(8);
        long there = NetworkWork.received(network.iperf(SECONDS, ""));
        long back = NetworkWork.received(network.iperf(SECONDS, "-R"));
        assertTrue(there > 0 && back > 0, "there=" + there + " back=" + back);
        row.note(NetworkWork.rate("there", there, SECONDS) + ", " + NetworkWork.rate("back", back, SECONDS));
    }

    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void two_user_mode_kernels_talk(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user, user mode", ring, 3);
        try (SharedDirectory shared = SharedDirectory.create();
             VhostUserNetwork cards = new VhostUserNetwork()
                 .card(shared.path(FIRST), ring + " control trusted")
                 .card(shared.path(SECOND), ring + " control trusted");
             UserModeGuest one = userMode(shared, "user-mode-net-1-" + ring, FIRST);
             UserModeGuest two = userMode(shared, "user-mode-net-2-" + ring, SECOND)) {
            assertEquals(ring.equals("packed"), NetworkWork.accepted(one, RING_PACKED));
            work(NetworkWork.between(one, two), row);
            one.powerOff();
            two.powerOff();
            assertEquals(List.of(), one.complaints());
            assertEquals(List.of(), two.complaints());
            assertEquals(0, cards.faults());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void qemu_and_a_user_mode_kernel_talk(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user", ring, 2);
        try (SharedDirectory shared = SharedDirectory.create();
             VhostUserNetwork cards = new VhostUserNetwork()
                 .card(shared.path(FIRST), ring)
                 .card(shared.path(SECOND), ring + " control trusted");
             LinuxGuest one = qemu(shared, "vhost-user-net-" + ring, FIRST, 1, ring, 1);
             UserModeGuest two = userMode(shared, "vhost-user-net-peer-" + ring, SECOND)) {
            assertEquals(ring.equals("packed"), NetworkWork.accepted(one, RING_PACKED));
            work(NetworkWork.between(one, two), row);
            two.powerOff();
            one.powerOff();
            assertEquals(List.of(), one.complaints());
            assertEquals(List.of(), two.complaints());
            assertEquals(0, cards.faults());
        }
    }

    /** QEMU answers the control queue, and starts and stops the rings of pairs. */
    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void qemu_has_several_pairs(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user", ring, 8);
        try (SharedDirectory shared = SharedDirectory.create();
             VhostUserNetwork cards = new VhostUserNetwork()
                 .card(shared.path(FIRST), ring + " several")
                 .card(shared.path(SECOND), ring + " several");
             LinuxGuest one = qemu(shared, "vhost-user-pairs-1-" + ring, FIRST, 1, ring, 4);
             LinuxGuest two = qemu(shared, "vhost-user-pairs-2-" + ring, SECOND, 2, ring, 4)) {
            NetworkWork network = NetworkWork.between(one, two);
            for (int pairs : new int[] {4, 1, 2}) {
                row.step("pairs: " + pairs);
                one.run("ethtool -L eth0 combined " + pairs).success();
                two.run("ethtool -L eth0 combined " + pairs).success();
                long[] before = cards.received(1);
                assertTrue(NetworkWork.received(network.iperf(SECONDS, "-P 8")) > 0);
                long[] after = cards.received(1);
                for (int pair = 0; pair < after.length; pair++) {
                    assertEquals(pair < pairs, after[pair] - before[pair] > FEW,
                        "pairs=" + pairs + " " + Arrays.toString(before) + " " + Arrays.toString(after));
                }
            }
            work(network, row);
            one.powerOff();
            two.powerOff();
            assertEquals(List.of(), one.complaints());
            assertEquals(List.of(), two.complaints());
            assertEquals(0, cards.faults());
        }
    }

    /** Packets that are on their way get lost, and TCP sends them again; rings and drivers go on. */
    @ParameterizedTest
    @CsvSource({"split, 1", "split, 4"})
    void tcp_goes_on_when_a_back_end_is_killed_and_followed_by_another(
        String ring, int pairs, GuestReport.Row row) throws Exception {
        row.with("vhost-user, killed", ring, 2 * pairs);
        String choices = ring + (pairs > 1 ? " several" : "");
        String name = "vhost-user-net-killed-" + ring + pairs;
        try (SharedDirectory shared = SharedDirectory.create();
             BackEndProcess cards = BackEndProcess.start(VhostUserNetwork.class,
                 shared.path(FIRST).toString(), choices, shared.path(SECOND).toString(), choices);
             LinuxGuest one = qemu(shared, name + "-1", FIRST, 1, ring, pairs);
             LinuxGuest two = qemu(shared, name + "-2", SECOND, 2, ring, pairs)) {
            NetworkWork network = NetworkWork.between(one, two);
            if (pairs > 1) {
                one.run("ethtool -L eth0 combined " + pairs).success();
                two.run("ethtool -L eth0 combined " + pairs).success();
            }
            GuestJob transfer = network.iperf(LONG_SECONDS, "-P " + pairs);
            network.awaitIperf(pairs);
            int kills = 0;
            while (kills < KILLS && transfer.running()) {
                cards.killAndRestart();
                kills++;
                // The new one has work before it is killed in turn.
                one.run("until ping -q -c 3 -i 0.2 -W 1 10.0.0.2; do :; done").success();
            }
            long bytes = NetworkWork.received(transfer);
            assertTrue(kills >= 2, "the transfer ended before the back-end was killed twice: kills=" + kills);
            row.note(kills + " kills, " + NetworkWork.rate("TCP", bytes, LONG_SECONDS));
            network.ping();
            network.file(8);
            powerOff(one, two);
        }
    }

    /**
     * Where a packed ring is stands nowhere in memory, and QEMU gives a network device no region to track it in: a
     * back-end that follows another has to begin at the beginning, and so has the driver.
     */
    @Test
    void with_packed_rings_the_drivers_begin_again_after_a_kill(GuestReport.Row row) throws Exception {
        row.with("vhost-user, killed", "packed", 2);
        try (SharedDirectory shared = SharedDirectory.create();
             BackEndProcess cards = BackEndProcess.start(VhostUserNetwork.class,
                 shared.path(FIRST).toString(), "packed", shared.path(SECOND).toString(), "packed");
             LinuxGuest one = qemu(shared, "vhost-user-net-killed-packed-1", FIRST, 1, "packed", 1);
             LinuxGuest two = qemu(shared, "vhost-user-net-killed-packed-2", SECOND, 2, "packed", 1)) {
            NetworkWork network = NetworkWork.between(one, two);
            for (int kill = 0; kill < KILLS; kill++) {
                network.file(1);
                cards.killAndRestart();
                for (LinuxGuest guest : List.of(one, two)) {
                    guest.run("""
                        cd /sys/bus/virtio/drivers/virtio_net
                        device=$(ls -d virtio*)
                        echo $device > unbind && echo $device > bind
                        """).success();
                    assertTrue(NetworkWork.accepted(guest, RING_PACKED));
                }
                network = NetworkWork.between(one, two);
            }
            work(network, row);
            powerOff(one, two);
        }
    }

    /** QEMU says of each kill that the back-end is gone; Linux does not notice. */
    private static void powerOff(LinuxGuest... guests) {
        for (LinuxGuest guest : guests) {
            guest.powerOff();
            assertEquals(List.of(), guest.complaints().stream()
                .filter(line -> !line.startsWith("qemu-system-")).toList());
        }
    }
}
