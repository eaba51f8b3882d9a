// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.transport.vfiouser.VfioUserServer;
import io.virtio4j.transport.vfiouser.VfioUserServerBuilder;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An instance of a device in a slot of a guest's machine, on PCI or on MMIO: closed with what serves it. */
final class ServedSlot implements DeviceSlot {

    private static final int USUAL = 3;

    private final Wiring wiring;
    private final int slot;
    private final String socket;
    private final DeviceInstance instance;
    private final VfioUserServer server;
    /** On MMIO: of the function that carries what the device shares. */
    private final @Nullable VfioUserServer memoryServer;
    private final @Nullable MemoryFile sharedMemory;

    private ServedSlot(Wiring wiring, int slot, String socket, DeviceInstance instance, VfioUserServer server,
        @Nullable VfioUserServer memoryServer, @Nullable MemoryFile sharedMemory) {
        this.wiring = wiring;
        this.slot = slot;
        this.socket = socket;
        this.instance = instance;
        this.server = server;
        this.memoryServer = memoryServer;
        this.sharedMemory = sharedMemory;
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
        return serve(shared, wiring, slot, socket, instance, null);
    }

    /**
     * Serves a device that shares memory.
     *
     * @param sharedMemory what the device's region is; the caller's. On MMIO it takes the next slot
     */
    static ServedSlot serve(SharedDirectory shared, Wiring wiring, int slot, String socket, DeviceInstance instance,
        @Nullable MemoryFile sharedMemory) throws IOException {
        try {
            VfioUserServerBuilder server = wiring.server(instance);
            VfioUserServer memoryServer = null;
            if (sharedMemory != null && wiring.bus() == Wiring.Bus.MMIO) {
                memoryServer = MmioCarrier.server(sharedMemory).listen(UnixAddress.of(shared.path(memory(socket))));
            } else if (sharedMemory != null) {
                server.sharedMemory(sharedMemory);
            }
            return new ServedSlot(wiring, slot, socket, instance,
                server.listen(UnixAddress.of(shared.path(socket))), memoryServer, sharedMemory);
        } catch (IOException | RuntimeException failure) {
            instance.close();
            throw failure;
        }
    }

    @Override
    public LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        LinuxGuest.Builder plugged = wiring.plug(machine, slot, socket);
        return memoryServer == null || sharedMemory == null ? plugged
            : plugged.mmioMemory(slot + 1, memory(socket), sharedMemory.length());
    }

    private static String memory(String socket) {
        return "m-" + socket;
    }

    @Override
    public Wiring wiring() {
        return wiring;
    }

    DeviceInstance instance() {
        return instance;
    }

    VfioUserServer server() {
        return server;
    }

    @Override
    public FeatureSet accepted() {
        return instance.accepted();
    }

    @Override
    public void close() {
        server.close();
        if (memoryServer != null) {
            memoryServer.close();
        }
        instance.close();
    }
}
