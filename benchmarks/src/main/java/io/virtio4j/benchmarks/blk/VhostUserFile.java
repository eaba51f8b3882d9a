// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.blk;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.transport.vhostuser.VhostUserServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A disk in a file on a vhost-user socket. */
public final class VhostUserFile {

    private VhostUserFile() {}

    /**
     * Serves until it is killed.
     *
     * @param arguments the file; the socket
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        try (FileBackend backend = FileBackend.open(Path.of(arguments[0]));
                DeviceInstance disk = DeviceInstance.of(BlockDevice.of(backend).build())
                        .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory())).build();
                VhostUserServer server =
                        VhostUserServer.of(disk).trustMemory().listen(UnixAddress.of(Path.of(arguments[1])))) {
            System.out.println("listens: connected=" + server.isConnected());
            new CountDownLatch(1).await();
        }
    }
}
