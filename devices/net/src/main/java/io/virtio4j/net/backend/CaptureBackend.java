// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.OffloadSet;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records what passes between a device and another backend in a file that Wireshark opens (pcapng): both
 * directions, with nanoseconds. Packets are recorded as they pass, large ones whole; what is left to do for
 * them is in their comment.
 *
 * <p>Recording copies each packet. A thread of its own writes the file; where it falls behind, packets are
 * not recorded and counted, and nobody waits.
 */
public final class CaptureBackend implements NetBackend {

    private static final Logger LOG = LoggerFactory.getLogger(CaptureBackend.class);

    /** What is kept of a packet if nothing else is said: all of it. */
    public static final int WHOLE = 128 << 10;

    private static final int WAITING = 1024;
    /** Time and length, before the bytes that were kept. */
    private static final int RECORD_HEADER = Long.BYTES + Integer.BYTES;

    private final NetBackend backend;
    private final CaptureFile file;
    private final int snapLength;
    private final LongSupplier clock;
    private final Lane lane = new Lane(WAITING, this::append);
    private final LongAdder lost = new LongAdder();
    private final Thread thread;
    private volatile boolean waiting;
    private volatile boolean closed;
    private volatile boolean failed;

    /**
     * Starts to record.
     *
     * @param backend closed with this one
     * @param path of the file, which is created or replaced
     */
    public CaptureBackend(NetBackend backend, Path path) throws IOException {
        this(backend, path, WHOLE, CaptureBackend::now);
    }

    /**
     * Starts to record.
     *
     * @param snapLength how many bytes of a packet are kept, up to {@link #WHOLE}
     * @param clock in nanoseconds since 1970
     */
    public CaptureBackend(NetBackend backend, Path path, int snapLength, LongSupplier clock) throws IOException {
        if (snapLength < 1 || snapLength > WHOLE) {
            throw new IllegalArgumentException("1 to 131072 bytes of a packet are kept: snapLength=" + snapLength);
        }
        this.backend = backend;
        this.snapLength = snapLength;
        this.clock = clock;
        file = new CaptureFile(path, snapLength);
        thread = Thread.ofPlatform().daemon().name("net-capture").start(this::run);
    }

    private static long now() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    // ── Recording ──────────────────────────────────────────────────────────

    private ByteBuf copy(ByteBuf packet) {
        int length = packet.readableBytes();
        int kept = Math.min(length, snapLength);
        ByteBuf record = ByteBufAllocator.DEFAULT.directBuffer(RECORD_HEADER + kept);
        record.writeLong(clock.getAsLong()).writeInt(length);
        return record.writeBytes(packet, packet.readerIndex(), kept);
    }

    private void record(int direction, ByteBuf record, NetHeader header) {
        if (failed || closed || !lane.put(direction, record, header)) {
            record.release();
            lost.increment();
        } else if (waiting) {
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        try (file) {
            while (!closed) {
                lane.deliver();
                file.flush();
                waiting = true;
                if (!lane.hasFirst() && !closed) {
                    LockSupport.park(this);
                }
                waiting = false;
            }
            lane.deliver();
        } catch (IOException broken) {
            fail(broken);
        }
        lane.close();
    }

    private void fail(IOException broken) {
        if (!failed) {
            failed = true;
            LOG.error("nothing is recorded any more: cause={}", broken.toString());
        }
    }

    private boolean append(int direction, ByteBuf record, NetHeader header) {
        try {
            if (!failed) {
                long time = record.readLong();
                int length = record.readInt();
                boolean complete = !header.needsCsum() && !header.isGso();
                file.append(direction, time, record, length, complete ? "" : header.toString());
            }
        } catch (IOException broken) {
            fail(broken);
        }
        record.release();
        return true;
    }

    /** How many packets passed and were not recorded. */
    public long lost() {
        return lost.sum();
    }

    /** The device as the backend sees it. */
    private final class Port implements NetPort {

        private final NetPort port;

        Port(NetPort port) {
            this.port = port;
        }

        @Override
        public boolean receive(int pair, ByteBuf packet, NetHeader header) {
            record(CaptureFile.INBOUND, copy(packet), header);
            return port.receive(pair, packet, header);
        }

        @Override
        public boolean offer(int pair, ByteBuf packet, NetHeader header) {
            ByteBuf copy = copy(packet);
            boolean taken = port.offer(pair, packet, header);
            if (taken) {
                record(CaptureFile.INBOUND, copy, header);
            } else {
                copy.release();
            }
            return taken;
        }

        @Override
        public void writable(int pair) {
            port.writable(pair);
        }

        @Override
        public void linkUp(boolean up) {
            port.linkUp(up);
        }
    }

    // ── The backend of a device ────────────────────────────────────────────

    @Override
    public void attach(NetPort port) {
        backend.attach(new Port(port));
    }

    @Override
    public void transmit(int pair, ByteBuf packet, NetHeader header) {
        record(CaptureFile.OUTBOUND, copy(packet), header);
        backend.transmit(pair, packet, header);
    }

    @Override
    public OffloadSet takes() {
        return backend.takes();
    }

    @Override
    public int mtu() {
        return backend.mtu();
    }

    @Override
    public boolean isWritable(int pair) {
        return backend.isWritable(pair);
    }

    @Override
    public void flush(int pair) {
        backend.flush(pair);
    }

    @Override
    public void driverTakes(OffloadSet offloads) {
        backend.driverTakes(offloads);
    }

    @Override
    public void queuePairs(int count) {
        backend.queuePairs(count);
    }

    @Override
    public void receiveReady() {
        backend.receiveReady();
    }

    /** Closes the other backend, and then the file, in which everything is that was recorded. */
    @Override
    public void close() {
        backend.close();
        closed = true;
        LockSupport.unpark(thread);
        OwnThread.awaitEnd(thread);
    }
}
