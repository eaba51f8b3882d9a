// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.linux;

import io.netty.buffer.ByteBuf;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.TapDevice;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.NetHeaderLayout;
import io.virtio4j.net.packet.Offload;
import io.virtio4j.net.packet.OffloadSet;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network of a Linux host through a TAP: the driver is on the other end of an interface that the host can
 * bridge or route. Large packets and partial checksums pass in both directions as they are.
 *
 * <p>A thread for each queue of the TAP reads; transmitting threads write. While the device has no room,
 * nothing is read and the interface's own queue holds packets, as many as Linux lets it. Configuring the
 * interface is the embedder's.
 */
public final class TapBackend implements NetBackend {

    private static final Logger LOG = LoggerFactory.getLogger(TapBackend.class);

    private static final int HEADER = NetHeaderLayout.SIZE;
    /** The largest packet that Linux makes, with its link-layer headers, behind its header. */
    static final int MOST_BYTES = HEADER + 65_536 + 64;

    private static final OffloadSet UP_TO_TCP =
            OffloadSet.of(Offload.CSUM, Offload.TSO4, Offload.TSO6, Offload.ECN);
    private static final OffloadSet WITH_USO = OffloadSet.of(
            Offload.CSUM, Offload.TSO4, Offload.TSO6, Offload.ECN, Offload.USO4, Offload.USO6);
    private static final int USO = TapDevice.OFFLOAD_USO4 | TapDevice.OFFLOAD_USO6;

    private static final ThreadLocal<Outgoing> OUTGOING = ThreadLocal.withInitial(Outgoing::new);

    /** Where a transmitting thread puts a header and its packet together. */
    private static final class Outgoing {
        private final MemorySegment frame = Arena.ofAuto().allocate(MOST_BYTES, Long.BYTES);
        private final ByteBuffer bytes = frame.asByteBuffer();
    }

    private final TapDevice tap;
    private final TapQueue[] queues;
    private final OffloadSet takes;
    private final LongAdder dropped = new LongAdder();
    private volatile boolean closed;

    /**
     * Takes over a TAP.
     *
     * @param tap closed with the backend
     * @throws IOException if Linux refuses; then the TAP is closed
     */
    public TapBackend(TapDevice tap) throws IOException {
        this.tap = tap;
        queues = new TapQueue[tap.queues()];
        try {
            boolean uso = tap.setOffloads(TapDevice.OFFLOAD_CSUM | USO);
            takes = uso ? WITH_USO : UP_TO_TCP;
            tap.setOffloads(0);
            for (int i = 0; i < queues.length; i++) {
                queues[i] = new TapQueue(tap, i);
            }
        } catch (IOException failed) {
            close();
            throw failed;
        }
    }

    @Override
    public void attach(NetPort port) {
        for (TapQueue queue : queues) {
            queue.start(port);
        }
    }

    @Override
    public OffloadSet takes() {
        return takes;
    }

    /** Tells Linux, so that it does not segment packets for a driver that takes them large. */
    @Override
    public void driverTakes(OffloadSet offloads) {
        int bits = bits(offloads);
        try {
            if (!tap.setOffloads(bits) && !tap.setOffloads(bits & ~USO)) {
                tap.setOffloads(0);
            }
        } catch (LinuxException failed) {
            if (!closed) {
                LOG.warn("offloads not set: interface={} cause={}", tap.name(), failed.getMessage());
            }
        }
    }

    private static int bits(OffloadSet offloads) {
        Set<Offload> has = EnumSet.noneOf(Offload.class);
        for (Offload offload : Offload.values()) {
            if (offloads.has(offload)) {
                has.add(offload);
            }
        }
        if (!has.contains(Offload.CSUM)) {
            return 0;
        }
        boolean tcp4 = has.contains(Offload.TSO4);
        boolean tcp6 = has.contains(Offload.TSO6);
        boolean uso = has.contains(Offload.USO4) && has.contains(Offload.USO6);
        return TapDevice.OFFLOAD_CSUM
                | (tcp4 ? TapDevice.OFFLOAD_TSO4 : 0)
                | (tcp6 ? TapDevice.OFFLOAD_TSO6 : 0)
                | ((tcp4 || tcp6) && has.contains(Offload.ECN) ? TapDevice.OFFLOAD_ECN : 0)
                | (uso ? USO : 0);
    }

    @Override
    public void transmit(int pair, ByteBuf packet, NetHeader header) {
        int length = packet.readableBytes();
        boolean sent = false;
        if (length <= MOST_BYTES - HEADER) {
            Outgoing outgoing = OUTGOING.get();
            NetHeaderLayout.write(header, outgoing.frame, 0, HEADER);
            packet.getBytes(packet.readerIndex(), outgoing.bytes.limit(HEADER + length).position(HEADER));
            sent = write(pair % queues.length, outgoing.frame, HEADER + length);
        }
        packet.release();
        if (!sent) {
            dropped.increment();
        }
    }

    /** A packet that Linux does not want, or an interface that is down, is a packet lost. */
    private boolean write(int queue, MemorySegment frame, int length) {
        try {
            return tap.write(queue, frame, length);
        } catch (LinuxException refused) {
            LOG.debug("packet not sent: interface={} cause={}", tap.name(), refused.getMessage());
            return false;
        }
    }

    @Override
    public void receiveReady() {
        for (TapQueue queue : queues) {
            queue.wakeUp();
        }
    }

    /** How many packets of the driver Linux did not take. */
    public long dropped() {
        return dropped.sum();
    }

    /** The interface. */
    public TapDevice tap() {
        return tap;
    }

    @Override
    public void close() {
        closed = true;
        for (TapQueue queue : queues) {
            if (queue != null) {
                queue.close();
            }
        }
        tap.close();
    }
}
