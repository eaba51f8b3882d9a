// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.queue.QueueCounters;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.net.MacAddress;
import io.virtio4j.net.NetCounter;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.NetDeviceBuilder;
import io.virtio4j.net.backend.PacketSwitch;
import io.virtio4j.transport.vhostuser.ProtocolFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/**
 * Network cards of ours on one switch, each served over vhost-user to a front-end of its own. {@link #main} makes
 * a process of it, which can be killed.
 */
final class VhostUserNetwork implements AutoCloseable {

    private static final int SEVERAL = 4;

    /** A card that is served. */
    private record Card(NetDevice net, VhostUserDevice served) {}

    private final PacketSwitch network = new PacketSwitch();
    private final List<Card> cards = new ArrayList<>();

    static MacAddress address(int last) {
        return MacAddress.of("52:54:00:12:34:%02x".formatted(last));
    }

    /**
     * Serves one card more.
     *
     * @param choices words of {@link VhostUserDevice#serve}; {@code control} if the front-end passes the control
     *     queue on; {@code several} pairs of queues: 4
     */
    VhostUserNetwork card(Path socket, String choices) throws IOException {
        int number = cards.size() + 1;
        Set<String> words = Set.of(choices.split(" "));
        NetDeviceBuilder card = NetDevice.of(network.port("card" + number)).mac(address(number));
        if (words.contains("several")) {
            card.queuePairs(SEVERAL);
        }
        boolean control = words.contains("control");
        if (!control) {
            card.controlledByFrontEnd();
        }
        NetDevice net = card.build();
        // QEMU keeps the configuration of network devices to itself, and warns of whoever has one.
        cards.add(new Card(net, control ? VhostUserDevice.serve(net, socket, words)
            : VhostUserDevice.serve(net, socket, words, ProtocolFeature.CONFIG)));
        return this;
    }

    /** How many packets a card's driver received on each pair of queues. */
    long[] received(int card) {
        long[] packets = new long[SEVERAL];
        for (int pair = 0; pair < SEVERAL; pair++) {
            packets[pair] = cards.get(card).net.counters().get(NetCounter.RX_PACKETS, pair);
        }
        return packets;
    }

    /** How often a driver, a ring or a card was wrong. */
    long faults() {
        long faults = 0;
        for (Card card : cards) {
            DeviceInstance device = card.served.device();
            for (int queue = 0; queue < device.queueCount(); queue++) {
                QueueCounters counters = device.counters(queue);
                faults += counters.chainFaults() + counters.ringFaults() + counters.deviceFaults();
            }
        }
        return faults;
    }

    @Override
    public void close() {
        cards.forEach(card -> card.served.close());
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
