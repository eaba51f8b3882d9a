// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.sound.SoundCounter;
import io.virtio4j.sound.SoundFeature;
import java.io.IOException;
import java.util.List;

/** A sound card of ours that a guest finds on PCI or on MMIO. */
final class ServedSound implements ServedDevice {

    private static final String SOCKET = "sound.sock";

    private final GuestSoundCard card;
    private final ServedSlot slot;

    private ServedSound(GuestSoundCard card, ServedSlot slot) {
        this.card = card;
        this.slot = slot;
    }

    static ServedSound serve(SharedDirectory shared, Wiring wiring, GuestSoundCard card) throws IOException {
        DeviceInstance instance = wiring.instance(card.device()).build();
        return new ServedSound(card, ServedSlot.serve(shared, wiring, SOCKET, instance));
    }

    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return slot.plugInto(machine);
    }

    FeatureSet accepted() {
        return slot.accepted();
    }

    @Override
    public String type() {
        return "sound";
    }

    @Override
    public Wiring wiring() {
        return slot.wiring();
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
        slot.close();
    }
}
