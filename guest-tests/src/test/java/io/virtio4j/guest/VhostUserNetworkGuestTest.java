// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
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
    private static final int KILLS = 3;

    private static UserModeGuest userMode(SharedDirectory shared, String name, String socket) throws IOException {
        return UserModeGuest.start(shared, name, GuestPrograms.NET, new UserModeGuest.Device(socket, NETWORK));
    }

    private static LinuxGuest qemu(SharedDirectory shared, String name, String socket, int number, String ring) {
        return LinuxGuest.builder(shared).programs(GuestPrograms.NET).name(name).arguments(
            "-chardev", "socket,id=vhost,reconnect-ms=50,path=" + shared.inside(socket),
            "-netdev", "vhost-user,id=net,chardev=vhost",
            "-device", "virtio-net-pci,netdev=net,addr=3,romfile=,mac=" + VhostUserNetwork.address(number)
                + ",packed=" + (ring.equals("packed") ? "on" : "off")).start();
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
             LinuxGuest one = qemu(shared, "vhost-user-net-" + ring, FIRST, 1, ring);
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

    /** Packets that are on their way get lost; rings and drivers go on. */
    @Test
    void a_back_end_that_is_killed_is_followed_by_another(GuestReport.Row row) throws Exception {
        row.with("vhost-user, killed", "split", 2);
        try (SharedDirectory shared = SharedDirectory.create();
             BackEndProcess cards = BackEndProcess.start(VhostUserNetwork.class,
                 shared.path(FIRST).toString(), "split", shared.path(SECOND).toString(), "split");
             LinuxGuest one = qemu(shared, "vhost-user-net-killed-1", FIRST, 1, "split");
             LinuxGuest two = qemu(shared, "vhost-user-net-killed-2", SECOND, 2, "split")) {
            NetworkWork network = NetworkWork.between(one, two);
            one.run("ping -q -i 0.05 -s 4000 10.0.0.2 > /dev/null 2>&1 &").success();
            for (int kill = 0; kill < KILLS; kill++) {
                cards.killAndRestart();
                // The new one has work before it is killed in turn.
                one.run("until ping -q -c 3 -i 0.2 -W 1 10.0.0.2; do :; done").success();
            }
            one.run("killall ping").success();
            network.ping();
            network.file(8);
            for (LinuxGuest guest : List.of(one, two)) {
                guest.powerOff();
                // QEMU says of each kill that the back-end is gone; Linux does not notice.
                assertEquals(List.of(), guest.complaints().stream()
                    .filter(line -> !line.startsWith("qemu-system-")).toList());
            }
        }
    }
}
