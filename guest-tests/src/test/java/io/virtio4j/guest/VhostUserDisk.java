// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.transport.vhostuser.VhostUserServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A disk of ours that is served over vhost-user by a process of its own, so that it can be killed. */
final class VhostUserDisk {

    static final String SERIAL = "vhost";

    private VhostUserDisk() {}

    /**
     * Starts a back-end.
     *
     * @param choices given to {@link #main}: {@code split} or {@code packed}, and {@code trusted}
     */
    static BackEndProcess start(Path image, Path socket, int queues, String... choices) throws IOException {
        return BackEndProcess.start(VhostUserDisk.class, image.toString(), socket.toString(),
            Integer.toString(queues), String.join(",", choices));
    }

    /** The back-end's process: image, socket, queues, choices. */
    public static void main(String[] arguments) throws InterruptedException {
        try (FileBackend backend = FileBackend.open(Path.of(arguments[0]));
             DeviceInstance disk = disk(backend, Integer.parseInt(arguments[2]), arguments[3])) {
            var builder = VhostUserServer.of(disk);
            if (arguments[3].contains("trusted")) {
                builder.trustMemory();
            }
            try (VhostUserServer server = builder.listen(UnixAddress.of(Path.of(arguments[1])))) {
                System.out.println("listens: connected=" + server.isConnected());
                new CountDownLatch(1).await();
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static DeviceInstance disk(FileBackend backend, int queues, String choices) {
        DeviceInstanceBuilder disk = DeviceInstance
            .of(BlockDevice.of(backend).serial(SERIAL).queues(queues).build())
            .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()));
        if (choices.contains("split")) {
            disk.withhold(CoreFeature.RING_PACKED);
        }
        return disk.build();
    }
}
