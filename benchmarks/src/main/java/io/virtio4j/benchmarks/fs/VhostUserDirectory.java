// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.fs;

import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.fs.FsDevice;
import io.virtio4j.fs.linux.HostDirectory;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.transport.vhostuser.VhostUserServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A directory on a vhost-user socket. */
public final class VhostUserDirectory {

    private VhostUserDirectory() {}

    /**
     * Serves until it is killed.
     *
     * @param arguments the directory; the socket; the tag
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        try (FsDevice device = FsDevice.of(arguments[2], HostDirectory.open(Path.of(arguments[0]))).build();
                DeviceInstance instance = DeviceInstance.of(device)
                        .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory())).build();
                VhostUserServer server =
                        VhostUserServer.of(instance).trustMemory().listen(UnixAddress.of(Path.of(arguments[1])))) {
            System.out.println("listens: connected=" + server.isConnected());
            new CountDownLatch(1).await();
        }
    }
}
