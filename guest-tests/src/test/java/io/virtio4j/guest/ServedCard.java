// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.net.NetCounter;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.NetDeviceBuilder;
import io.virtio4j.net.NetFeature;
import io.virtio4j.transport.vfiouser.VfioUserServer;
import java.io.IOException;
import java.util.List;

/** A network card of ours that a guest finds in slot 3, on PCI or on MMIO: with a worker for each queue. */
final class ServedCard implements ServedDevice {

    private static final int SLOT = 3;
    private static final String SOCKET = "net.sock";

    private final Wiring wiring;
    private final NetDevice card;
    private final DeviceInstance device;
    private final VfioUserServer server;

    private ServedCard(Wiring wiring, NetDevice card, DeviceInstance device, VfioUserServer server) {
        this.wiring = wiring;
        this.card = card;
        this.device = device;
        this.server = server;
    }

    /** Serves a card. The builder's number of queue pairs is set here; several come with NOTIFICATION_DATA. */
    static ServedCard serve(SharedDirectory shared, Wiring wiring, NetDeviceBuilder from) throws IOException {
        NetDevice card = from.queuePairs(wiring.queues()).build();
        DeviceInstanceBuilder builder = wiring.instance(card);
        if (wiring.queues() > 1) {
            builder.offer(CoreFeature.NOTIFICATION_DATA);
        }
        DeviceInstance device = builder.build();
        try {
            UnixAddress address = UnixAddress.of(shared.path(SOCKET));
            return new ServedCard(wiring, card, device, wiring.server(device).listen(address));
        } catch (IOException | RuntimeException failure) {
            device.close();
            throw failure;
        }
    }

    /** Puts the card into a machine. */
    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return wiring.plug(machine, SLOT, SOCKET);
    }

    @Override
    public String type() {
        return "net";
    }

    @Override
    public Wiring wiring() {
        return wiring;
    }

    NetDevice card() {
        return card;
    }

    /** What the driver has accepted. */
    FeatureSet accepted() {
        return device.accepted();
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
        server.close();
        device.close();
    }
}
