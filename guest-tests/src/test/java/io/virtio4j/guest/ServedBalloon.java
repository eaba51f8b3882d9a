// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.balloon.BalloonCounter;
import io.virtio4j.balloon.BalloonDevice;
import io.virtio4j.balloon.BalloonDeviceBuilder;
import io.virtio4j.balloon.BalloonFeature;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import java.io.IOException;
import java.util.List;

/** A memory balloon that a guest finds on PCI or on MMIO. */
final class ServedBalloon implements ServedDevice {

    private static final String SOCKET = "balloon.sock";

    private final BalloonDevice balloon;
    private final ServedSlot slot;

    private ServedBalloon(BalloonDevice balloon, ServedSlot slot) {
        this.balloon = balloon;
        this.slot = slot;
    }

    static ServedBalloon serve(SharedDirectory shared, Wiring wiring, BalloonDeviceBuilder from) throws IOException {
        BalloonDevice balloon = from.build();
        DeviceInstance instance = wiring.instance(balloon).build();
        return new ServedBalloon(balloon, ServedSlot.serve(shared, wiring, SOCKET, instance));
    }

    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return slot.plugInto(machine);
    }

    BalloonDevice balloon() {
        return balloon;
    }

    FeatureSet accepted() {
        return slot.accepted();
    }

    long count(BalloonCounter counter) {
        return balloon.counters().get(counter);
    }

    @Override
    public String type() {
        return "balloon";
    }

    @Override
    public Wiring wiring() {
        return slot.wiring();
    }

    @Override
    public List<String> acceptedNames() {
        return ServedDevice.names(accepted(), BalloonFeature.values(), CoreFeature.values());
    }

    /** Pages that came, went, or were said to be free. */
    @Override
    public long operations() {
        return count(BalloonCounter.INFLATED) + count(BalloonCounter.DEFLATED) + count(BalloonCounter.REPORTED)
            + count(BalloonCounter.HINTED);
    }

    /** Given back to the host. */
    @Override
    public long bytes() {
        return count(BalloonCounter.RELEASED) * BalloonDevice.PAGE_SIZE;
    }

    @Override
    public long errors() {
        return count(BalloonCounter.RELEASE_ERRORS) + count(BalloonCounter.NOWHERE);
    }

    @Override
    public void close() {
        slot.close();
    }
}
