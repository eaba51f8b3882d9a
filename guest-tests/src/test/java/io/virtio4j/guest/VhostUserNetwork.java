// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.QueueCounters;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.net.MacAddress;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.NetDeviceBuilder;
import io.virtio4j.net.NetFeature;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.backend.PacketSwitch;
import io.virtio4j.transport.vhostuser.ProtocolFeature;
import io.virtio4j.transport.vhostuser.VhostUserServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Network cards of ours on one switch, each served over vhost-user to a front-end of its own. {@link #main} makes
 * a process of it, which can be killed.
 */
final class VhostUserNetwork implements AutoCloseable {

    /** A card that is served. */
    record Card(DeviceInstance device, VhostUserServer server) implements AutoCloseable {

        /**
         * Serves a card.
         *
         * @param address its last byte of address
         * @param choices {@code split} or {@code packed}; {@code control} if the front-end passes the control
         *     queue on; {@code trusted}
         */
        static Card of(NetBackend backend, int address, Path socket, String choices) throws IOException {
            NetDeviceBuilder card = NetDevice.of(backend).mac(address(address));
            boolean control = choices.contains("control");
            if (!control) {
                card.without(NetFeature.CTRL_VQ);
            }
            DeviceInstanceBuilder device = DeviceInstance.of(card.build())
                .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()));
            if (choices.contains("split")) {
                device.withhold(CoreFeature.RING_PACKED);
            }
            DeviceInstance built = device.build();
            var server = VhostUserServer.of(built);
            if (choices.contains("trusted")) {
                server.trustMemory();
            }
            if (!control) {
                // QEMU keeps the configuration of network devices to itself, and warns of whoever has one.
                server.withhold(ProtocolFeature.CONFIG);
            }
            return new Card(built, server.listen(UnixAddress.of(socket)));
        }

        @Override
        public void close() {
            server.close();
            device.close();
        }
    }

    private final PacketSwitch network = new PacketSwitch();
    private final List<Card> cards = new ArrayList<>();

    static MacAddress address(int last) {
        return MacAddress.of("52:54:00:12:34:%02x".formatted(last));
    }

    /** Serves one card more. */
    VhostUserNetwork card(Path socket, String choices) throws IOException {
        int number = cards.size() + 1;
        cards.add(Card.of(network.port("card" + number), number, socket, choices));
        return this;
    }

    /** How often a driver, a ring or a card was wrong. */
    long faults() {
        long faults = 0;
        for (Card card : cards) {
            for (int queue = 0; queue < card.device.queueCount(); queue++) {
                QueueCounters counters = card.device.counters(queue);
                faults += counters.chainFaults() + counters.ringFaults() + counters.deviceFaults();
            }
        }
        return faults;
    }

    @Override
    public void close() {
        cards.forEach(Card::close);
    }

    /** A process with a card for each pair of arguments: socket, choices. */
    public static void main(String[] arguments) throws InterruptedException {
        try (VhostUserNetwork network = new VhostUserNetwork()) {
            for (int i = 0; i < arguments.length; i += 2) {
                network.card(Path.of(arguments[i]), arguments[i + 1]);
            }
            System.out.println("listens");
            new CountDownLatch(1).await();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
