// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.virtio4j.net.backend.CaptureReader.Captured;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.OffloadSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Gives the packets of a capture to the driver, once there is one: a file in the pcap or the pcapng format, of
 * Ethernet. What the driver transmits is counted and goes nowhere. A thread of its own reads the file; while
 * the device has no room, it waits.
 */
public final class ReplayBackend implements NetBackend {

    /** When a packet is given to the driver. */
    public enum Pace {
        /** As soon as there is room for it. */
        AT_ONCE,
        /** As long after the first as it was recorded. */
        AS_RECORDED
    }

    private static final NetHeader COMPLETE = new NetHeader();

    private final CaptureReader reader;
    private final Pace pace;
    private final Thread thread;
    private final CompletableFuture<Long> end = new CompletableFuture<>();
    private final AtomicLong transmitted = new AtomicLong();
    private volatile @Nullable NetPort port;
    private volatile boolean driver;
    private volatile boolean ready;
    private volatile boolean closed;
    private long replayed;

    /**
     * Opens a capture.
     *
     * @throws IOException if it is none, or not of Ethernet
     */
    public ReplayBackend(Path capture, Pace pace) throws IOException {
        this.pace = pace;
        reader = new CaptureReader(capture);
        thread = Thread.ofPlatform().daemon().name("net-replay").unstarted(this::run);
    }

    /**
     * The end of the capture: completed with the number of packets that the device took, or with what is
     * wrong with the file. Never, if the backend is closed before.
     */
    public CompletableFuture<Long> end() {
        return end.copy();
    }

    /** How many packets the driver transmitted. */
    public long transmitted() {
        return transmitted.get();
    }

    private void run() {
        try (reader) {
            while (!driver && !closed) {
                LockSupport.park(this);
            }
            long first = Long.MIN_VALUE;
            long start = System.nanoTime();
            for (Captured packet = reader.next(); packet != null && !closed; packet = reader.next()) {
                first = first == Long.MIN_VALUE ? packet.time() : first;
                if (pace == Pace.AS_RECORDED) {
                    waitUntil(start + packet.time() - first);
                }
                give(packet);
            }
            if (!closed) {
                end.complete(replayed);
            }
        } catch (IOException broken) {
            end.completeExceptionally(broken);
        }
    }

    private void waitUntil(long time) {
        for (long left = time - System.nanoTime(); left > 0 && !closed; left = time - System.nanoTime()) {
            LockSupport.parkNanos(this, left);
        }
    }

    private void give(Captured packet) {
        NetPort to = port;
        if (to == null) {
            return;
        }
        ByteBuf buffer = ByteBufAllocator.DEFAULT.directBuffer(Math.max(1, packet.bytes().length));
        buffer.writeBytes(packet.bytes());
        while (!closed) {
            ready = false;
            if (to.offer(NetPort.NO_PAIR, buffer, COMPLETE)) {
                replayed++;
                return;
            }
            while (!ready && !closed) {
                LockSupport.park(this);
            }
        }
        buffer.release();
    }

    // ── The backend of a device ────────────────────────────────────────────

    @Override
    public void attach(NetPort to) {
        port = to;
        thread.start();
    }

    @Override
    public OffloadSet takes() {
        return OffloadSet.ALL;
    }

    @Override
    public void transmit(int pair, ByteBuf packet, NetHeader header) {
        transmitted.incrementAndGet();
        packet.release();
    }

    @Override
    public void queuePairs(int count) {
        if (count > 0) {
            driver = true;
            LockSupport.unpark(thread);
        }
    }

    @Override
    public void receiveReady() {
        ready = true;
        LockSupport.unpark(thread);
    }

    @Override
    public void close() {
        closed = true;
        if (port == null) {
            try {
                reader.close();
            } catch (IOException readOnly) {
                end.completeExceptionally(readOnly);
            }
        }
        LockSupport.unpark(thread);
        OwnThread.awaitEnd(thread);
    }
}
