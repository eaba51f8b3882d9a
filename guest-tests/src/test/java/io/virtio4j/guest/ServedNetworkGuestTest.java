// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.net.MacAddress;
import io.virtio4j.net.NetCounter;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.NetDeviceBuilder;
import io.virtio4j.net.NetFeature;
import io.virtio4j.net.backend.PacketSwitch;
import io.virtio4j.transport.vfiouser.VfioUserServer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two guests at a switch of ours, each with a network device served over vfio-user. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ServedNetworkGuestTest {

    private static final int MEBIBYTES = 24;
    private static final Duration LONG = Duration.ofSeconds(240);

    /** What the second guest does without: then the devices do it for it, both ways. */
    private static final NetFeature[] OFFLOADS = {NetFeature.CSUM, NetFeature.GUEST_CSUM};

    @ParameterizedTest
    @CsvSource({"split, 1, true", "packed, 2, true", "split, 2, false", "packed, 1, false"})
    void two_guests_talk_through_the_switch(String ring, int pairs, boolean offloads, GuestReport.Row row)
        throws Exception {
        row.with("PCI", ring, pairs);
        row.note(offloads ? "both offload" : "one offloads");
        try (PacketSwitch network = new PacketSwitch();
             SharedDirectory firstShared = SharedDirectory.create();
             SharedDirectory secondShared = SharedDirectory.create()) {
            NetDevice firstCard = card(NetDevice.of(network.port("first")), 1, pairs).build();
            NetDeviceBuilder second = card(NetDevice.of(network.port("second")), 2, pairs);
            NetDevice secondCard = (offloads ? second : second.without(OFFLOADS)).build();
            try (DeviceInstance first = instance(firstCard, ring);
                 DeviceInstance other = instance(secondCard, ring);
                 VfioUserServer firstServer =
                     VfioUserServer.of(first).listen(UnixAddress.of(firstShared.path("net.sock")));
                 VfioUserServer secondServer =
                     VfioUserServer.of(other).listen(UnixAddress.of(secondShared.path("net.sock")));
                 LinuxGuest here = guest(firstShared, "net-first-" + ring + pairs + offloads);
                 LinuxGuest there = guest(secondShared, "net-second-" + ring + pairs + offloads)) {
                assertTrue(firstServer.isConnected() && secondServer.isConnected());
                talk(here, there, firstCard, secondCard, offloads);
            }
        }
    }

    private static NetDeviceBuilder card(NetDeviceBuilder card, int number, int pairs) {
        return card.queuePairs(pairs).mac(MacAddress.of("52:54:00:00:00:0" + number));
    }

    private static DeviceInstance instance(NetDevice card, String ring) {
        DeviceInstanceBuilder builder = DeviceInstance.of(card)
            .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()));
        if (ring.equals("split")) {
            builder.withhold(CoreFeature.RING_PACKED);
        }
        return builder.build();
    }

    private static LinuxGuest guest(SharedDirectory shared, String name) {
        return LinuxGuest.builder(shared).name(name).vfioUserDevice(3, "net.sock").start();
    }

    private static void talk(
        LinuxGuest here, LinuxGuest there, NetDevice first, NetDevice second, boolean offloads) {
        bringUp(here, 1);
        bringUp(there, 2);
        here.run("ping -c 5 -i 0.2 10.0.0.2").success();
        here.run("ping -c 2 -s 1400 10.0.0.2").success();

        String sent = transfer(here, there, 2);
        assertEquals(there.run("sha256sum < /tmp/got").success(), sent);
        sent = transfer(there, here, 1);
        assertEquals(here.run("sha256sum < /tmp/got").success(), sent);

        long large = first.counters().get(NetCounter.TX_GSO_PACKETS);
        assertTrue(large > 0, "the first guest leaves segmentation to its device: " + first.counters());
        long received = second.counters().get(NetCounter.RX_GSO_PACKETS);
        assertEquals(offloads, received > 0, "large packets only where they are wanted: " + second.counters());
        assertEquals(0, first.counters().get(NetCounter.TX_DROP_MALFORMED));
        assertEquals(0, second.counters().get(NetCounter.TX_DROP_MALFORMED));
        assertEquals(0, first.counters().get(NetCounter.RX_MALFORMED));

        linkDownAndUp(here, first);
        here.powerOff();
        there.powerOff();
        assertEquals(List.of(), here.complaints());
        assertEquals(List.of(), there.complaints());
    }

    private static void bringUp(LinuxGuest guest, int number) {
        assertEquals("52:54:00:00:00:0" + number, guest.run("cat /sys/class/net/eth0/address").success());
        guest.run("ip addr add 10.0.0." + number + "/24 dev eth0 && ip link set eth0 up").success();
    }

    /** Sends random bytes; the sum of what was sent. */
    private static String transfer(LinuxGuest from, LinuxGuest to, int toNumber) {
        from.run("dd if=/dev/urandom of=/tmp/sent bs=1M count=" + MEBIBYTES + " 2>/dev/null", LONG).success();
        // An input that does not end: nc would close its half of the connection, and the other one gives up.
        GuestJob receiver = to.start(
            "rm -f /tmp/open && mkfifo /tmp/open && exec 3<>/tmp/open && nc -l -p 5000 <&3 > /tmp/got");
        from.run("for i in 1 2 3 4 5 6 7 8 9; do nc 10.0.0." + toNumber
            + " 5000 < /tmp/sent && exit 0; sleep 1; done; exit 1", LONG).success();
        receiver.finish(LONG);
        return from.run("sha256sum < /tmp/sent").success();
    }

    private static void linkDownAndUp(LinuxGuest guest, NetDevice card) {
        assertEquals("1", guest.run("cat /sys/class/net/eth0/carrier").success());
        card.setLinkUp(false);
        guest.run("for i in $(seq 50); do [ $(cat /sys/class/net/eth0/carrier) = 0 ] && exit 0; sleep 0.1; done;"
            + " exit 1").success();
        card.setLinkUp(true);
        guest.run("for i in $(seq 50); do [ $(cat /sys/class/net/eth0/carrier) = 1 ] && exit 0; sleep 0.1; done;"
            + " exit 1").success();
    }
}
