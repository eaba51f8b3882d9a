// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.host.linux.UnixSocket;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Function;
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

    // tag::window[]
    /** Serves a device whose memory the guest's processors reach, until it is closed. */
    record SharingBackend(MemoryFile window, DeviceInstance device, VhostUserServer server) implements AutoCloseable {

        static SharingBackend of(long length, Function<MemorySegment, VirtioDevice> virtio, Path socket)
                throws IOException {
            MemoryFile window = MemoryFile.create("window", length);
            VirtioDevice sharing = virtio.apply(window.segment()); // FsDevice.of(...).daxWindow(segment).build()
            DeviceInstance device = DeviceInstance.of(sharing)
                    .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()))
                    .build();
            return new SharingBackend(window, device, VhostUserServer.of(device).sharedMemory(window)
                    .withhold(ProtocolFeature.STATUS).listen(UnixAddress.of(socket)));
        }

        @Override
        public void close() {
            server.close();
            device.close();
            window.close();
        }
    }
    // end::window[]

    @Test
    void memory_is_shared_in_a_dozen_more(@TempDir Path directory) throws IOException {
        Path socket = directory.resolve("device.sock");
        try (SharingBackend backend = SharingBackend.of(1 << 20,
                    segment -> new TestDevice(new SharedMemoryRegion(1, segment)), socket);
                FrontEnd frontEnd = FrontEnd.over(UnixSocket.connect(UnixAddress.of(socket))).negotiate()) {
            assertEquals(backend.window().length(),
                    frontEnd.call(FrontEnd.GET_SHMEM_CONFIG, new byte[0]).buffer().getLong(8 + 8));
        }
    }

    @Test
    void a_device_is_served_in_a_dozen_lines(@TempDir Path directory) throws IOException {
        Path socket = directory.resolve("device.sock");
        try (Backend backend = Backend.of(new TestDevice(), socket);
                FrontEnd frontEnd = FrontEnd.over(UnixSocket.connect(UnixAddress.of(socket)))) {
            assertEquals(backend.device().queueCount(), frontEnd.get(FrontEnd.GET_QUEUE_NUM));
        }
    }
}
