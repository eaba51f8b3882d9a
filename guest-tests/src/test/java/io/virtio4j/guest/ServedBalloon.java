// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.balloon.BalloonCounter;
import io.virtio4j.balloon.BalloonDevice;
import io.virtio4j.balloon.BalloonDeviceBuilder;
import io.virtio4j.balloon.BalloonFeature;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.transport.vfiouser.VfioUserServer;
import java.io.IOException;
import java.util.List;

/** A memory balloon that a guest finds on PCI or on MMIO. */
final class ServedBalloon implements ServedDevice {

    private static final int SLOT = 3;
    private static final String SOCKET = "balloon.sock";

    private final Wiring wiring;
    private final BalloonDevice balloon;
    private final DeviceInstance instance;
    private final VfioUserServer server;

    private ServedBalloon(Wiring wiring, BalloonDevice balloon, DeviceInstance instance, VfioUserServer server) {
        this.wiring = wiring;
        this.balloon = balloon;
        this.instance = instance;
        this.server = server;
    }

    static ServedBalloon serve(SharedDirectory shared, Wiring wiring, BalloonDeviceBuilder from) throws IOException {
        BalloonDevice balloon = from.build();
        DeviceInstance instance = wiring.instance(balloon).build();
        try {
            return new ServedBalloon(wiring, balloon, instance,
                wiring.server(instance).listen(UnixAddress.of(shared.path(SOCKET))));
        } catch (IOException | RuntimeException failure) {
            instance.close();
            throw failure;
        }
    }

    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return wiring.plug(machine, SLOT, SOCKET);
    }

    BalloonDevice balloon() {
        return balloon;
    }

    FeatureSet accepted() {
        return instance.accepted();
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
        return wiring;
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
        server.close();
        instance.close();
    }
}
