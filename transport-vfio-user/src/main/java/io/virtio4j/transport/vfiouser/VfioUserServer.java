// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.PeerServer;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.host.linux.UnixSocket;
import io.virtio4j.transport.pci.PciInterrupts;
import java.io.IOException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Presents one PCI function to clients that connect to a Unix socket, one after the other: to QEMU's {@code
 * vfio-user-pci}, and to any other that speaks vfio-user 0.0.
 *
 * <pre>{@code
 * DeviceInstance disk = DeviceInstance.of(new BlockDevice(backend))
 *         .runner(Runner.workerPerQueue(threads))
 *         .build();
 * VfioUserServer server = VfioUserServer.of(disk).listen(UnixAddress.of(Path.of("/run/disk.sock")));
 * }</pre>
 *
 * <p>The device's memory is the client's: give the device a {@link io.virtio4j.core.memory.GuestMemory} of its
 * own, without regions, which is the default. Memory that comes without a descriptor is not reached: what a
 * driver puts there is, for the device, not in memory.
 *
 * <p>When a client leaves, however it does, the function is reset, the client's descriptors are closed, and
 * its memory is unmapped when the device has let go of it; then the next one is served. A second client that
 * connects meanwhile waits.
 *
 * <p>One thread serves a connection: accesses of the driver are made on it, and with {@link
 * io.virtio4j.core.queue.Runner#onCaller()} the device's work is done on it too. Interrupts are signalled by
 * whatever thread has them. Nothing that a client sends makes a method throw or ends the server.
 */
public final class VfioUserServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(VfioUserServer.class);

    private final InterruptTable interrupts = new InterruptTable();
    private final VfioUserFunction function;
    private final RegionTable regions;
    private final DmaTable memory;

    private final PeerServer peers = new PeerServer("vfio-user", this::serveOne, LOG::error);

    VfioUserServer(VfioUserServerBuilder from) {
        function = from.factory.apply(interrupts);
        interrupts.describe(function);
        regions = new RegionTable(function.function(), from.files);
        memory = new DmaTable(function.memory(), from.trusted, from.unmapGrace);
    }

    /**
     * Begins a server of a device, as a {@link io.virtio4j.transport.pci.PciTransport}.
     *
     * @param device not connected to another transport, its memory without regions; stays the embedder's, to
     *     be closed by it after the server
     */
    public static VfioUserServerBuilder of(DeviceInstance device) {
        return new VfioUserServerBuilder(device);
    }

    /**
     * Begins a server of any PCI function.
     *
     * @param factory makes the function, which sends its interrupts to what is given; called once
     */
    public static VfioUserServerBuilder of(Function<PciInterrupts, VfioUserFunction> factory) {
        return new VfioUserServerBuilder(factory);
    }

    // ── Serving ────────────────────────────────────────────────────────────

    void listen(UnixAddress address) throws IOException {
        peers.listen(address);
    }

    /**
     * Serves a connection on the calling thread, until the client leaves or the server is closed. If another
     * one is being served, waits for its end.
     *
     * @param client connected, such as one inherited from the parent process; closed before this returns
     */
    public void serve(UnixSocket client) {
        peers.serve(client);
    }

    private void serveOne(UnixSocket client) {
        // What came of the device since the last client left is not for this one.
        interrupts.reset();
        try {
            new Connection(client, function, regions, interrupts, memory).serve();
        } finally {
            clear();
        }
    }

    /** In this order: nobody is interrupted by the reset, and nothing works in memory when that goes. */
    private void clear() {
        interrupts.clear();
        try {
            function.function().reset();
        } finally {
            interrupts.clear();
            memory.clear();
        }
    }

    /** Whether a client is connected, or what it left is being cleared away. */
    public boolean isConnected() {
        return peers.isConnected();
    }

    /**
     * Stops listening, ends the connection, and returns when the function was reset and the client's memory is
     * gone, or will go as soon as the device has let go of it. Again, it does nothing. Not to be called by the
     * function.
     */
    @Override
    public void close() {
        peers.close();
    }
}
