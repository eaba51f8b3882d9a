// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.transport.vfiouser.VfioUserServer;
import java.io.IOException;

/** An instance of a device in a slot of a guest's machine, on PCI or on MMIO: closed with what serves it. */
final class ServedSlot implements AutoCloseable {

    private static final int USUAL = 3;

    private final Wiring wiring;
    private final int slot;
    private final String socket;
    private final DeviceInstance instance;
    private final VfioUserServer server;

    private ServedSlot(Wiring wiring, int slot, String socket, DeviceInstance instance, VfioUserServer server) {
        this.wiring = wiring;
        this.slot = slot;
        this.socket = socket;
        this.instance = instance;
        this.server = server;
    }

    /** Serves a machine's only device of its kind. */
    static ServedSlot serve(SharedDirectory shared, Wiring wiring, String socket, DeviceInstance instance)
        throws IOException {
        return serve(shared, wiring, USUAL, socket, instance);
    }

    /**
     * Serves a device.
     *
     * @param slot on bus 0; on MMIO 3, 7, 11 ...
     * @param socket its name in the shared directory
     * @param instance closed here if it cannot be served
     */
    static ServedSlot serve(
        SharedDirectory shared, Wiring wiring, int slot, String socket, DeviceInstance instance) throws IOException {
        try {
            return new ServedSlot(wiring, slot, socket, instance,
                wiring.server(instance).listen(UnixAddress.of(shared.path(socket))));
        } catch (IOException | RuntimeException failure) {
            instance.close();
            throw failure;
        }
    }

    /** Puts the device into a machine. */
    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return wiring.plug(machine, slot, socket);
    }

    Wiring wiring() {
        return wiring;
    }

    DeviceInstance instance() {
        return instance;
    }

    VfioUserServer server() {
        return server;
    }

    /** What the driver has accepted. */
    FeatureSet accepted() {
        return instance.accepted();
    }

    @Override
    public void close() {
        server.close();
        instance.close();
    }
}
