// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.net.NetCounter;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.NetFeature;
import io.virtio4j.transport.vhostuser.VhostUserServer;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A network card of ours under DPDK's virtio-user driver, which polls rings as fast as it can. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class DpdkFrontEndGuestTest {

    private static final String SOCKET = "dpdk.sock";

    /** {@code start tx_first 1} sends so many, which all fit in a queue whatever they are made of. */
    private static final int PACKETS = 32;

    private static final long LAPS = 500;
    // Offloads, in hexadecimal.
    private static final String SCATTER = "2000";
    private static final String MULTIPLE_SEGMENTS = "8000";

    private static DeviceInstance card(NetDevice card, String ring, boolean inOrder) {
        var builder = DeviceInstance.of(card)
            .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()));
        if (inOrder) {
            builder.offer(CoreFeature.IN_ORDER);
        }
        // Its driver marks the header in a packed ring's indirect table as one for the device to write.
        builder.withhold(ring.equals("packed") ? CoreFeature.INDIRECT_DESC : CoreFeature.RING_PACKED);
        return builder.build();
    }

    @ParameterizedTest
    @CsvSource({
        "packed, true, false", "packed, true, true", "packed, false, false", "packed, false, true",
        "split, true, false", "split, true, true", "split, false, false", "split, false, true"})
    void packets_go_round_whole_and_in_order(
        String ring, boolean mergeable, boolean inOrder, GuestReport.Row row) throws Exception {
        row.with("vhost-user, DPDK", ring, 2);
        CirculatingPackets network = new CirculatingPackets(PACKETS);
        // DPDK's driver keeps the control queue to itself.
        NetDevice net = NetDevice.of(network).without(NetFeature.CTRL_VQ).build();
        String choices = ",packed_vq=" + bit(ring.equals("packed")) + ",mrg_rxbuf=" + bit(mergeable)
            + ",in_order=" + bit(inOrder);
        String name = "dpdk-" + ring + (mergeable ? "-mergeable" : "") + (inOrder ? "-in-order" : "");
        try (SharedDirectory shared = SharedDirectory.create();
             DeviceInstance device = card(net, ring, inOrder);
             VhostUserServer server = VhostUserServer.of(device).trustMemory()
                 .listen(UnixAddress.of(shared.path(SOCKET)));
             TestPmd driver = TestPmd.start(shared, name, SOCKET, choices,
                 "--max-pkt-len=" + (mergeable ? 5000 : 1518),
                 "--rx-offloads=" + (mergeable ? SCATTER : "0"), "--tx-offloads=" + MULTIPLE_SEGMENTS)) {
            // Mergeable: each takes two of the driver's buffers of 2 KiB.
            driver.run("set txpkts " + (mergeable ? "1400,900,700" : "300,200"));
            driver.run("start tx_first 1");
            awaitPackets(device, network, LAPS * PACKETS);
            String end = driver.run("stop");

            assertTrue(server.isConnected());
            assertEquals(ring.equals("packed"), device.accepted().has(CoreFeature.RING_PACKED));
            assertEquals(inOrder, device.accepted().has(CoreFeature.IN_ORDER));
            assertEquals(mergeable, device.accepted().has(NetFeature.MRG_RXBUF));
            assertEquals(mergeable ? 3000 : 500, network.longest());
            assertEquals(0, network.wrong());
            assertEquals(0, network.dropped());
            assertEquals(0, TestPmd.number(end, "TX-dropped:"), end);
            assertEquals(0, TestPmd.number(end, "RX-dropped:"), end);
            awaitPackets(device, network, TestPmd.number(end, "TX-packets:"));
            assertEquals(TestPmd.number(end, "TX-packets:"), network.packets(), end);
            assertEquals(0, net.counters().get(NetCounter.RX_DROPS));
            assertEquals(0, net.counters().get(NetCounter.TX_DROPS));
            row.note(network.packets() + " packets");
        } finally {
            network.close();
        }
    }

    private static int bit(boolean value) {
        return value ? 1 : 0;
    }

    private static void awaitPackets(DeviceInstance device, CirculatingPackets network, long count)
        throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (network.packets() < count) {
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("packets do not go round: " + device + " "
                    + device.counters(0) + " " + device.counters(1) + " packets=" + network.packets()
                    + " expected=" + count);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }
}
