// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.linux;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.virtio4j.host.linux.Poller;
import io.virtio4j.host.linux.TapDevice;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.NetHeaderLayout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One queue of a TAP, and the thread that reads from it. */
final class TapQueue {

    private static final Logger LOG = LoggerFactory.getLogger(TapQueue.class);
    private static final int HEADER = NetHeaderLayout.SIZE;
    /** Frames that are read before others that became ready are looked at. */
    private static final int BATCH = 64;

    private final TapDevice tap;
    private final int index;
    private final Poller poller;
    private final Poller.Registration registration;
    private volatile @Nullable Thread thread;
    private volatile boolean closed;

    // Of the thread.
    private final MemorySegment frame = Arena.ofAuto().allocate(TapBackend.MOST_BYTES, Long.BYTES);
    private final ByteBuffer bytes = frame.asByteBuffer();
    private final NetHeader header = new NetHeader();
    private @Nullable ByteBuf refused;

    TapQueue(TapDevice tap, int index) throws IOException {
        this.tap = tap;
        this.index = index;
        poller = Poller.open();
        registration = poller.register(tap.descriptor(index), Poller.READ, events -> { });
    }

    void start(NetPort port) {
        Thread reader = Thread.ofPlatform().daemon().name(tap.name() + "-" + index).unstarted(() -> run(port));
        thread = reader;
        reader.start();
    }

    void wakeUp() {
        poller.wakeUp();
    }

    private void run(NetPort port) {
        try {
            while (!closed) {
                poller.poll(-1);
                if (!closed && offerRefused(port)) {
                    readSome(port);
                }
            }
        } catch (IOException failed) {
            if (!closed) {
                LOG.error("tap not read any more: interface={} queue={}", tap.name(), index, failed);
                port.linkUp(false);
            }
        }
        ByteBuf left = refused;
        if (left != null) {
            left.release();
        }
    }

    /** Tries the packet again for which the device had no room; false if it still has none. */
    private boolean offerRefused(NetPort port) throws IOException {
        ByteBuf packet = refused;
        if (packet == null) {
            return true;
        }
        if (!port.offer(index, packet, header)) {
            return false;
        }
        refused = null;
        registration.interest(Poller.READ);
        return true;
    }

    private void readSome(NetPort port) throws IOException {
        for (int i = 0; i < BATCH; i++) {
            int length = tap.read(index, frame);
            if (length == 0) {
                return;
            }
            if (length <= HEADER) {
                continue;
            }
            NetHeaderLayout.read(frame, 0, HEADER, header);
            ByteBuf packet = ByteBufAllocator.DEFAULT.directBuffer(length - HEADER);
            packet.writeBytes(bytes.limit(length).position(HEADER));
            if (!port.offer(index, packet, header)) {
                refused = packet;
                registration.interest(0);
                return;
            }
        }
    }

    void close() {
        closed = true;
        poller.wakeUp();
        Thread reader = thread;
        if (reader != null && reader != Thread.currentThread()) {
            boolean interrupted = false;
            while (reader.isAlive()) {
                try {
                    reader.join();
                } catch (InterruptedException again) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        poller.close();
    }
}
