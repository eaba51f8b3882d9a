// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.PeerServer;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.host.linux.UnixSocket;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves one device to front-ends over a Unix socket, one after the other: to QEMU's {@code vhost-user-*}
 * devices, and to any other that speaks vhost-user.
 *
 * <pre>{@code
 * DeviceInstance disk = DeviceInstance.of(new BlockDevice(backend))
 *         .runner(Runner.workerPerQueue(threads))
 *         .build();
 * VhostUserServer server = VhostUserServer.of(disk).listen(UnixAddress.of(Path.of("/run/disk.sock")));
 * }</pre>
 *
 * <p>The device's memory is the front-end's: give the device a {@link io.virtio4j.core.memory.GuestMemory} of its
 * own, without regions, which is the default.
 *
 * <p>When a front-end leaves, however it does, what is in work has a moment to end, the device is reset, the
 * front-end's descriptors are closed, and its memory is unmapped when the device has let go of it; then the next
 * one is served. A second front-end that connects meanwhile waits.
 *
 * <p>One thread serves a connection: messages and kicks are taken on it, and with {@link
 * io.virtio4j.core.queue.Runner#onCaller()} the device's work is done on it too. Used buffers are signalled by
 * whatever thread uses them. Nothing that a front-end sends makes a method throw or ends the server.
 */
public final class VhostUserServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(VhostUserServer.class);

    private static final FeatureSet NOT_CARRIED = new FeatureSet(0, -1)
            .with(CoreFeature.ACCESS_PLATFORM)
            .with(CoreFeature.NOTIFICATION_DATA)
            .with(CoreFeature.NOTIF_CONFIG_DATA)
            .with(CoreFeature.SR_IOV)
            .with(CoreFeature.ADMIN_VQ);

    private final VhostUserServerBuilder choices;
    private final Notifications notifications;
    private final PeerServer peers = new PeerServer("vhost-user", this::serveOne, LOG::error);

    VhostUserServer(VhostUserServerBuilder from) {
        choices = from;
        notifications = new Notifications(from.device.queueCount());
        from.device.attach(notifications,
                from.carriesSuspend ? NOT_CARRIED : NOT_CARRIED.with(CoreFeature.SUSPEND));
    }

    /**
     * Begins a server of a device.
     *
     * @param device not connected to another transport, with at most 256 queues, its memory without regions;
     *     stays the embedder's, to be closed by it after the server
     */
    public static VhostUserServerBuilder of(DeviceInstance device) {
        return new VhostUserServerBuilder(device);
    }

    void listen(UnixAddress address) throws IOException {
        peers.listen(address);
    }

    void connect(UnixAddress address) {
        peers.connect(address);
    }

    /**
     * Serves a connection on the calling thread, until the front-end leaves or the server is closed. If another
     * one is being served, waits for its end.
     *
     * @param frontEnd connected, such as one inherited from the parent process; closed before this returns
     */
    public void serve(UnixSocket frontEnd) {
        peers.serve(frontEnd);
    }

    private void serveOne(UnixSocket frontEnd) {
        new Connection(frontEnd, new Session(choices, notifications),
                Math.toIntExact(choices.patience.toMillis())).serve();
    }

    /** Whether a front-end is connected, or what it left is being cleared away. */
    public boolean isConnected() {
        return peers.isConnected();
    }

    /**
     * Stops listening or connecting, ends the connection, and returns when the device was reset and the
     * front-end's memory is gone, or will go as soon as the device has let go of it. Again, it does nothing. Not
     * to be called by the device.
     */
    @Override
    public void close() {
        peers.close();
    }
}
