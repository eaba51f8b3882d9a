// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.transport.vhostuser.ProtocolFeature;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A device of ours over vhost-user in slot 3, by QEMU's front-end for devices of any kind. */
final class VhostUserSlot implements DeviceSlot {

    private static final String SOCKET = "any.sock";

    private final SharedDirectory shared;
    private final Wiring wiring;
    private final String properties;
    private final VhostUserDevice served;

    private VhostUserSlot(SharedDirectory shared, Wiring wiring, String properties, VhostUserDevice served) {
        this.shared = shared;
        this.wiring = wiring;
        this.properties = properties;
        this.served = served;
    }

    /**
     * Serves a device.
     *
     * @param queueSize how many entries each queue has
     * @param memory in which its shared memory lies, if it has some
     */
    static VhostUserSlot serve(SharedDirectory shared, Wiring.Ring ring, VirtioDevice device, int queueSize,
        @Nullable MemoryFile memory) throws IOException {
        String format = ring.name().toLowerCase(Locale.ROOT);
        VhostUserDevice served =
            VhostUserDevice.serve(device, memory, shared.path(SOCKET), Set.of(format), ProtocolFeature.STATUS);
        return new VhostUserSlot(shared, new Wiring(Wiring.Bus.PCI, ring, 1),
            "virtio-id=%d,num_vqs=%d,vq_size=%d,config_size=%d,packed=%s".formatted(
                device.type().id(), device.queues().size(), queueSize, device.configSpace().size(),
                ring == Wiring.Ring.PACKED ? "on" : "off"),
            served);
    }

    @Override
    public LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return machine.arguments("-chardev", "socket,id=any,path=" + shared.inside(SOCKET),
            "-device", "vhost-user-test-device-pci,chardev=any,addr=3," + properties);
    }

    @Override
    public Wiring wiring() {
        return wiring;
    }

    @Override
    public FeatureSet accepted() {
        return served.device().accepted();
    }

    @Override
    public void close() {
        served.close();
    }
}
