// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.host.linux.UnixSocket;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole integration, as docs/transport-vhost-user.md quotes it. */
class EmbedderExampleTest {

    // tag::serve[]
    /** Serves a device until it is closed. */
    record Backend(DeviceInstance device, VhostUserServer server) implements AutoCloseable {

        static Backend of(VirtioDevice virtio, Path socket) throws IOException {
            DeviceInstance device = DeviceInstance.of(virtio)
                    .runner(Runner.workerPerDevice(Thread.ofPlatform().daemon().factory()))
                    .build();
            return new Backend(device, VhostUserServer.of(device).listen(UnixAddress.of(socket)));
        }

        @Override
        public void close() {
            server.close();
            device.close();
        }
    }
    // end::serve[]

    @Test
    void a_device_is_served_in_a_dozen_lines(@TempDir Path directory) throws IOException {
        Path socket = directory.resolve("device.sock");
        try (Backend backend = Backend.of(new TestDevice(), socket);
                FrontEnd frontEnd = FrontEnd.over(UnixSocket.connect(UnixAddress.of(socket)))) {
            assertEquals(backend.device().queueCount(), frontEnd.get(FrontEnd.GET_QUEUE_NUM));
        }
    }
}
