// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.net.MacAddress;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.backend.LoopbackBackend;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverPort;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.PciAccess;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.transport.pci.PciBus;
import io.virtio4j.transport.pci.PciInterrupts;
import io.virtio4j.transport.pci.PciTransport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Flexible driver notifications on a network card: queues are named by values of the device's own choice, and
 * the driver says how far it has come. Linux does the latter alone, so that this is shown in process.
 */
class NetworkNotificationsTest {

    private static final MacAddress STATION = MacAddress.of("52:54:00:12:34:56");
    private static final int HEADER = 32;
    /** For two pairs and the control queue: none is the index of any queue. */
    private static final int[] VALUES = {0x1234, 0xFFFF, 0x00FF, 0x8000, 0x0007};
    private static final int PACKETS = 600; // more than twice around a ring

    private final GuestRam ram = GuestRam.empty().add(GuestRam.BASE, 64 << 20);
    private final InterruptProbe interrupts = new InterruptProbe();
    /** What was written with 32 bits: besides descriptors of messages, notifications alone. */
    private final List<Integer> written = new ArrayList<>();

    private DriverPort connect(DeviceInstance device) {
        PciBus bus = new PciBus();
        bus.add(3, 0, PciTransport.of(device, new PciInterrupts() {
            @Override
            public void message(int vector, long address, int data) {
                interrupts.raise(data);
            }

            @Override
            public void intx(boolean asserted) {}
        }).notifyValues(VALUES).build());
        return new PciPort(PciAccess.of(3 << 15, bus::readEcam, bus::writeEcam, bus::readMemory,
            (address, width, value) -> {
                if (width == 4) {
                    written.add((int) value);
                }
                bus.writeMemory(address, width, value);
            }), interrupts);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_network_card_is_notified_by_its_own_values_with_the_drivers_position(RingFormat format) {
        NetDevice card = NetDevice.of(LoopbackBackend.plain()).mac(STATION).queuePairs(2).build();
        try (DeviceInstance device = DeviceInstance.of(card).memory(ram.memory()).runner(Runner.onCaller())
                 .offer(CoreFeature.NOTIFICATION_DATA, CoreFeature.NOTIF_CONFIG_DATA).build();
             TestDriver driver = TestDriver.over(connect(device), ram)) {
            driver.start(DriverOptions.of(format));
            for (Feature feature : List.of(CoreFeature.NOTIFICATION_DATA, CoreFeature.NOTIF_CONFIG_DATA)) {
                assertTrue(driver.negotiated().has(feature), feature.toString());
            }
            // VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET
            Submitted command = driver.queue(4).exchange(new byte[] {4, 0, 2, 0}, 1);
            assertEquals(0, command.writable()[0]);
            for (int pair = 0; pair < 2; pair++) {
                exchange(driver.queue(2 * pair), driver.queue(2 * pair + 1));
            }
            driver.queue(0).mayKeepBuffers();
        }
    }

    /** Sends packets to the driver itself, each answered by the device while it is notified. */
    private void exchange(DriverQueue receive, DriverQueue transmit) {
        Random random = new Random(transmit.index());
        Set<Integer> positions = new HashSet<>();
        for (int i = 0; i < PACKETS; i++) {
            byte[] packet = new byte[HEADER + 60 + random.nextInt(1000)];
            random.nextBytes(packet);
            Arrays.fill(packet, 0, HEADER, (byte) 0);
            System.arraycopy(STATION.bytes(), 0, packet, HEADER, MacAddress.LENGTH);
            packet[HEADER + MacAddress.LENGTH] = 2; // the sender is one station
            Submitted buffer = receive.submit(new byte[0], 2048);
            written.clear();

            transmit.exchange(packet, 0);

            int notification = written.getLast();
            assertEquals(VALUES[transmit.index()], notification & 0xFFFF);
            positions.add(notification >>> 16);
            receive.collect();
            assertTrue(buffer.isUsed(), "packet=" + i);
            byte[] arrived = buffer.written();
            assertArrayEquals(Arrays.copyOfRange(packet, HEADER, packet.length),
                Arrays.copyOfRange(arrived, HEADER, arrived.length));
        }
        // A free-running index; or, with two descriptors for a packet, half of the places with either wrap counter.
        assertEquals(transmit.format() == RingFormat.SPLIT ? PACKETS : transmit.size(), positions.size());
    }
}
