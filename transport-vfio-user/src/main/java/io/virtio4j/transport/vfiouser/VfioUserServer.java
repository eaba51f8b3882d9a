// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.host.linux.UnixServerSocket;
import io.virtio4j.host.linux.UnixSocket;
import io.virtio4j.transport.pci.PciInterrupts;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
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

    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final InterruptTable interrupts = new InterruptTable();
    private final VfioUserFunction function;
    private final RegionTable regions;
    private final DmaTable memory;

    /** Held while a connection is served. */
    private final ReentrantLock serving = new ReentrantLock();

    private final Object lock = new Object();
    private boolean closed;
    private @Nullable UnixServerSocket listener;
    private @Nullable UnixSocket connection;
    private @Nullable Thread thread;

    VfioUserServer(VfioUserServerBuilder from) {
        function = from.factory.apply(interrupts);
        interrupts.describe(function);
        regions = new RegionTable(function.function());
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

    // ── Listening ──────────────────────────────────────────────────────────

    void listen(UnixAddress address) throws IOException {
        UnixServerSocket socket = UnixServerSocket.listen(address);
        Thread accepting = new Thread(() -> accept(socket), "vfio-user " + address);
        accepting.setDaemon(true);
        synchronized (lock) {
            listener = socket;
            thread = accepting;
        }
        accepting.start();
    }

    private void accept(UnixServerSocket socket) {
        boolean complained = false;
        while (!isClosed()) {
            try {
                UnixSocket client = socket.accept(-1);
                if (client != null) {
                    complained = false;
                    serve(client);
                }
            } catch (LinuxException e) {
                // Too many descriptors in this process: the client waits until there are fewer.
                if (!isClosed() && !complained) {
                    LOG.error("cannot accept a client, trying on: address={}", socket.address(), e);
                    complained = true;
                }
                LockSupport.parkNanos(RETRY_NANOS);
            } catch (RuntimeException | Error e) {
                LOG.error("connection failed: address={}", socket.address(), e);
            }
        }
    }

    // ── Serving ────────────────────────────────────────────────────────────

    /**
     * Serves a connection on the calling thread, until the client leaves or the server is closed. If another
     * one is being served, waits for its end.
     *
     * @param client connected, such as one inherited from the parent process; closed before this returns
     */
    public void serve(UnixSocket client) {
        serving.lock();
        try (client) {
            synchronized (lock) {
                if (closed) {
                    return;
                }
                connection = client;
            }
            // What came of the device since the last client left is not for this one.
            interrupts.reset();
            try {
                new Connection(client, function, regions, interrupts, memory).serve();
            } finally {
                clear();
            }
        } finally {
            synchronized (lock) {
                connection = null;
            }
            serving.unlock();
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
        synchronized (lock) {
            return connection != null;
        }
    }

    private boolean isClosed() {
        synchronized (lock) {
            return closed;
        }
    }

    /**
     * Stops listening, ends the connection, and returns when the function was reset and the client's memory is
     * gone, or will go as soon as the device has let go of it. Again, it does nothing. Not to be called by the
     * function.
     */
    @Override
    public void close() {
        UnixServerSocket socket;
        UnixSocket client;
        Thread accepting;
        synchronized (lock) {
            closed = true;
            socket = listener;
            client = connection;
            accepting = thread;
        }
        if (socket != null) {
            socket.close();
        }
        if (client != null) {
            client.close();
        }
        if (accepting != null) {
            join(accepting);
        }
        // Who still serves is another thread of the embedder's.
        serving.lock();
        serving.unlock();
    }

    private static void join(Thread ending) {
        boolean interrupted = false;
        while (ending.isAlive()) {
            try {
                ending.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
