// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.net.NetCounter;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.NetFeature;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    private static VhostUserDevice serve(
        NetDevice card, SharedDirectory shared, String ring, boolean inOrder, String... more) throws IOException {
        Set<String> choices = new HashSet<>(List.of(more));
        // Its driver marks the header in a packed ring's indirect table as one for the device to write.
        choices.addAll(List.of("trusted", ring.equals("packed") ? "direct" : "split"));
        if (inOrder) {
            choices.add("in-order");
        }
        return VhostUserDevice.serve(card, shared.path(SOCKET), choices);
    }

    /** Options of the driver: its card, its own, and how it cuts what it sends. */
    private static TestPmd driver(
        SharedDirectory shared, String name, String ring, boolean mergeable, boolean inOrder, String more)
        throws IOException {
        return TestPmd.start(shared, name, SOCKET, ",packed_vq=" + bit(ring.equals("packed")) + ",mrg_rxbuf="
            + bit(mergeable) + ",in_order=" + bit(inOrder) + more,
            "--max-pkt-len=" + (mergeable ? 5000 : 1518),
            "--rx-offloads=" + (mergeable ? SCATTER : "0"), "--tx-offloads=" + MULTIPLE_SEGMENTS);
    }

    @ParameterizedTest
    @CsvSource({
        "packed, true, false", "packed, true, true", "packed, false, false", "packed, false, true",
        "split, true, false", "split, true, true", "split, false, false", "split, false, true"})
    void packets_go_round_whole_and_in_order(
        String ring, boolean mergeable, boolean inOrder, GuestReport.Row row) throws Exception {
        row.with("vhost-user, DPDK", ring, 2);
        CirculatingPackets network = new CirculatingPackets(PACKETS);
        NetDevice net = NetDevice.of(network).controlledByFrontEnd().build();
        String name = "dpdk-" + ring + (mergeable ? "-mergeable" : "") + (inOrder ? "-in-order" : "");
        try (SharedDirectory shared = SharedDirectory.create();
             VhostUserDevice served = serve(net, shared, ring, inOrder);
             TestPmd driver = driver(shared, name, ring, mergeable, inOrder, "")) {
            // Mergeable: each takes two of the driver's buffers of 2 KiB.
            driver.run("set txpkts " + (mergeable ? "1400,900,700" : "300,200"));
            circulate(driver, served, network, net);

            DeviceInstance device = served.device();
            assertEquals(ring.equals("packed"), device.accepted().has(CoreFeature.RING_PACKED));
            assertEquals(inOrder, device.accepted().has(CoreFeature.IN_ORDER));
            assertEquals(mergeable, device.accepted().has(NetFeature.MRG_RXBUF));
            assertEquals(mergeable ? 3000 : 500, network.longest());
            row.note(network.packets() + " packets");
        } finally {
            network.close();
        }
    }

    /** The driver waits for back-ends; ours connect, one after the other. */
    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void back_ends_connect_to_a_driver_that_listens(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user, DPDK listens", ring, 2);
        try (SharedDirectory shared = SharedDirectory.create()) {
            CirculatingPackets first = new CirculatingPackets(PACKETS);
            NetDevice net = NetDevice.of(first).controlledByFrontEnd().build();
            VhostUserDevice served = serve(net, shared, ring, false, "connect");
            try (TestPmd driver = driver(shared, "dpdk-listens-" + ring, ring, true, false, ",server=1")) {
                driver.run("set txpkts 300,200");
                circulate(driver, served, first, net);
                served.close();

                CirculatingPackets second = new CirculatingPackets(PACKETS);
                NetDevice other = NetDevice.of(second).controlledByFrontEnd().build();
                served = serve(other, shared, ring, false, "connect");
                VhostUserDevice connected = served;
                await("the driver takes no other back-end", () -> connected.device().accepted().has(
                    CoreFeature.VERSION_1));
                driver.run("clear port stats all");
                circulate(driver, served, second, other);
                row.note(first.packets() + " and " + second.packets() + " packets");
            } finally {
                served.close();
            }
        }
    }

    /** Sends packets that come back; all of them have gone round hundreds of times at the end. */
    private static void circulate(TestPmd driver, VhostUserDevice served, CirculatingPackets network, NetDevice net)
        throws IOException {
        driver.run("start tx_first 1");
        awaitPackets(served.device(), network, LAPS * PACKETS);
        String end = driver.run("stop");
        assertTrue(served.server().isConnected());
        assertEquals(0, network.wrong());
        assertEquals(0, network.dropped());
        assertEquals(0, TestPmd.number(end, "TX-dropped:"), end);
        assertEquals(0, TestPmd.number(end, "RX-dropped:"), end);
        awaitPackets(served.device(), network, TestPmd.number(end, "TX-packets:"));
        assertEquals(TestPmd.number(end, "TX-packets:"), network.packets(), end);
        assertEquals(0, net.counters().get(NetCounter.RX_DROPS));
        assertEquals(0, net.counters().get(NetCounter.TX_DROPS));
    }

    private static int bit(boolean value) {
        return value ? 1 : 0;
    }

    private static void awaitPackets(DeviceInstance device, CirculatingPackets network, long count)
        throws IOException {
        await("packets do not go round", () -> network.packets() >= count, () -> device + " " + device.counters(0)
            + " " + device.counters(1) + " packets=" + network.packets() + " expected=" + count);
    }

    private static void await(String otherwise, BooleanSupplier condition) throws IOException {
        await(otherwise, condition, () -> "");
    }

    private static void await(String otherwise, BooleanSupplier condition, Supplier<String> state)
        throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new IOException(otherwise + ": " + state.get());
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }
}
