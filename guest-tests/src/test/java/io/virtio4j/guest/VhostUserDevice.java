// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.transport.vhostuser.ProtocolFeature;
import io.virtio4j.transport.vhostuser.VhostUserServer;
import io.virtio4j.transport.vhostuser.VhostUserServerBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A device of ours that is served over vhost-user, with a thread for each queue. */
record VhostUserDevice(DeviceInstance device, VhostUserServer server) implements AutoCloseable {

    /**
     * Serves a device.
     *
     * @param choices words: {@code split}, or packed rings are offered; {@code in-order}; {@code direct}, without
     *     indirect descriptors; {@code trusted} memory; {@code connect}, to a front-end that listens
     */
    static VhostUserDevice serve(VirtioDevice virtio, Path socket, Set<String> choices, ProtocolFeature... withheld)
        throws IOException {
        return serve(virtio, null, socket, choices, withheld);
    }

    /**
     * The same for a device with shared memory.
     *
     * @param memory in which that lies; {@code null} if the driver is not to reach it
     */
    static VhostUserDevice serve(VirtioDevice virtio, @Nullable MemoryFile memory, Path socket, Set<String> choices,
        ProtocolFeature... withheld) throws IOException {
        DeviceInstanceBuilder device = DeviceInstance.of(virtio)
            .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()));
        if (choices.contains("split")) {
            device.withhold(CoreFeature.RING_PACKED);
        }
        if (choices.contains("direct")) {
            device.withhold(CoreFeature.INDIRECT_DESC);
        }
        if (choices.contains("in-order")) {
            device.offer(CoreFeature.IN_ORDER);
        }
        DeviceInstance built = device.build();
        VhostUserServerBuilder server = VhostUserServer.of(built).withhold(withheld);
        if (choices.contains("trusted")) {
            server.trustMemory();
        }
        if (memory != null) {
            server.sharedMemory(memory);
        }
        UnixAddress address = UnixAddress.of(socket);
        return new VhostUserDevice(built, choices.contains("connect") ? server.connect(address)
            : server.listen(address));
    }

    @Override
    public void close() {
        server.close();
        device.close();
    }
}
