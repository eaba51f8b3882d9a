// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/** A disk of ours that is served over vhost-user by a process of its own, so that it can be killed. */
final class VhostUserDisk {

    static final String SERIAL = "vhost";

    private VhostUserDisk() {}

    /**
     * Starts a back-end.
     *
     * @param choices words of {@link VhostUserDevice#serve}
     */
    static BackEndProcess start(Path image, Path socket, int queues, String... choices) throws IOException {
        return BackEndProcess.start(VhostUserDisk.class, image.toString(), socket.toString(),
            Integer.toString(queues), String.join(" ", choices));
    }

    /** The back-end's process: image, socket, queues, choices. */
    public static void main(String[] arguments) throws InterruptedException {
        try (FileBackend backend = FileBackend.open(Path.of(arguments[0]));
             VhostUserDevice disk = VhostUserDevice.serve(
                 BlockDevice.of(backend).serial(SERIAL).queues(Integer.parseInt(arguments[2])).build(),
                 Path.of(arguments[1]), Set.of(arguments[3].split(" ")))) {
            System.out.println("listens: connected=" + disk.server().isConnected());
            new CountDownLatch(1).await();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
