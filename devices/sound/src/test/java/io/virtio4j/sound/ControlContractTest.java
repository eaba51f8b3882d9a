// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.testkit.DeviceContract;

/** What holds for every device: by requests about control elements, which need their feature. */
class ControlContractTest extends DeviceContract {

    @Override
    protected VirtioDevice device() {
        return SoundDevice.builder()
                .control(ControlElement.integer("Volume", 0, 100, 1).count(2).build())
                .control(ControlElement.bytes("Bytes", 8).writableTlv(64).build())
                .control(ControlElement.enumerated("Choice", "one", "two").build()).build();
    }

    @Override
    protected FeatureSet demandedFeatures() {
        return FeatureSet.of(SoundFeature.CTLS);
    }

    @Override
    protected boolean mayKeep(int queue) {
        return queue != 0;
    }

    @Override
    protected Request request(int number) {
        return switch (number % 5) {
            case 0 -> request(SoundRig.words(SoundRig.CTL_INFO, 0, 2, 96), 192, 192);
            case 1 -> request(SoundRig.words(SoundRig.CTL_WRITE, 0, number % 100, 7), 0, 0);
            case 2 -> request(SoundRig.words(SoundRig.CTL_READ, 0), 16, 8);
            case 3 -> request(SoundRig.words(SoundRig.CTL_TLV_WRITE, 1, 5, 8, number, 2), 0, 0);
            default -> request(SoundRig.words(SoundRig.CTL_ENUM_ITEMS, 2), 128, 128);
        };
    }

    private static Request request(byte[] readable, int room, int answered) {
        return new Request(0, readable, 4 + room, done -> {
            assertEquals(SoundRig.OK, SoundRig.word(done.written(), 0));
            assertEquals(4 + answered, done.usedLength());
            done.assertNothingBeyond();
        });
    }
}
