// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.sound.SoundCounter;
import io.virtio4j.sound.SoundFeature;
import io.virtio4j.transport.vfiouser.VfioUserServer;
import java.io.IOException;
import java.util.List;

/** A sound card of ours that a guest finds on PCI or on MMIO. */
final class ServedSound implements ServedDevice {

    private static final int SLOT = 3;
    private static final String SOCKET = "sound.sock";

    private final Wiring wiring;
    private final GuestSoundCard card;
    private final DeviceInstance instance;
    private final VfioUserServer server;

    private ServedSound(Wiring wiring, GuestSoundCard card, DeviceInstance instance, VfioUserServer server) {
        this.wiring = wiring;
        this.card = card;
        this.instance = instance;
        this.server = server;
    }

    static ServedSound serve(SharedDirectory shared, Wiring wiring, GuestSoundCard card) throws IOException {
        DeviceInstance instance = wiring.instance(card.device()).build();
        try {
            return new ServedSound(wiring, card, instance,
                wiring.server(instance).listen(UnixAddress.of(shared.path(SOCKET))));
        } catch (IOException | RuntimeException failure) {
            instance.close();
            throw failure;
        }
    }

    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return wiring.plug(machine, SLOT, SOCKET);
    }

    FeatureSet accepted() {
        return instance.accepted();
    }

    @Override
    public String type() {
        return "sound";
    }

    @Override
    public Wiring wiring() {
        return wiring;
    }

    @Override
    public List<String> acceptedNames() {
        return ServedDevice.names(accepted(), SoundFeature.values(), CoreFeature.values());
    }

    @Override
    public long operations() {
        return card.count(SoundCounter.REQUESTS) + card.count(SoundCounter.PLAYED)
            + card.count(SoundCounter.RECORDED);
    }

    @Override
    public long bytes() {
        return card.count(SoundCounter.PLAYED_BYTES) + card.count(SoundCounter.RECORDED_BYTES);
    }

    @Override
    public long errors() {
        return card.count(SoundCounter.BACKEND_ERRORS) + card.count(SoundCounter.MESSAGE_ERRORS);
    }

    @Override
    public void close() {
        server.close();
        instance.close();
    }
}
