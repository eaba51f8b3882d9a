// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.net.NetCounter;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.NetDeviceBuilder;
import io.virtio4j.net.NetFeature;
import java.io.IOException;
import java.util.List;

/** A network card of ours that a guest finds in slot 3, on PCI or on MMIO: with a worker for each queue. */
final class ServedCard implements ServedDevice {

    private static final String SOCKET = "net.sock";

    private final NetDevice card;
    private final ServedSlot slot;

    private ServedCard(NetDevice card, ServedSlot slot) {
        this.card = card;
        this.slot = slot;
    }

    /** Serves a card. The builder's number of queue pairs is set here; several come with NOTIFICATION_DATA. */
    static ServedCard serve(SharedDirectory shared, Wiring wiring, NetDeviceBuilder from) throws IOException {
        NetDevice card = from.queuePairs(wiring.queues()).build();
        DeviceInstanceBuilder builder = wiring.instance(card);
        if (wiring.queues() > 1) {
            builder.offer(CoreFeature.NOTIFICATION_DATA);
        }
        DeviceInstance device = builder.build();
        return new ServedCard(card, ServedSlot.serve(shared, wiring, SOCKET, device));
    }

    /** Puts the card into a machine. */
    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return slot.plugInto(machine);
    }

    @Override
    public String type() {
        return "net";
    }

    @Override
    public Wiring wiring() {
        return slot.wiring();
    }

    NetDevice card() {
        return card;
    }

    /** What the driver has accepted. */
    FeatureSet accepted() {
        return slot.accepted();
    }

    @Override
    public List<String> acceptedNames() {
        return ServedDevice.names(accepted(), NetFeature.values(), CoreFeature.values());
    }

    long count(NetCounter counter) {
        return card.counters().get(counter);
    }

    /** Packets both ways. */
    @Override
    public long operations() {
        return count(NetCounter.RX_PACKETS) + count(NetCounter.TX_PACKETS);
    }

    @Override
    public long bytes() {
        return count(NetCounter.RX_BYTES) + count(NetCounter.TX_BYTES);
    }

    @Override
    public long errors() {
        return count(NetCounter.RX_MALFORMED) + count(NetCounter.TX_DROPS);
    }

    @Override
    public void close() {
        slot.close();
    }
}
