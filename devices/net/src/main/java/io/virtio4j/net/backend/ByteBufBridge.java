// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.packet.NetHeader;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Connects a device to anything that moves packets as {@code ByteBuf}s, such as a Netty channel: packets are
 * complete Ethernet frames. Needs Netty's buffers and nothing else of Netty. In a channel handler:
 *
 * <pre>{@code
 * ByteBufBridge bridge = new ByteBufBridge(channel::write, channel::flush);
 * bridge.onReadable(() -> channel.config().setAutoRead(true));
 *
 * channelRead:                  if (!bridge.receive((ByteBuf) message)) channel.config().setAutoRead(false);
 * channelWritabilityChanged:    bridge.writable(channel.isWritable());
 * channelInactive:              bridge.linkUp(false);
 * }</pre>
 *
 * <p>Methods are for any thread. What a callback throws counts as a dropped packet.
 */
public final class ByteBufBridge implements NetBackend {

    private static final int CAPACITY = 64;
    private static final NetHeader COMPLETE = new NetHeader();

    private final Consumer<ByteBuf> write;
    private final Runnable flush;
    private final Lane lane = new Lane(CAPACITY, this::give);

    private volatile Runnable readable = () -> { };
    private volatile @Nullable NetPort port;
    private volatile int pairs = 1;
    private volatile boolean writable = true;
    private volatile boolean refused;
    private volatile boolean closed;

    /**
     * Creates a bridge.
     *
     * @param write is called for each packet that the driver transmits, and owns it. By the thread that
     *     serves the queue pair; must not block
     * @param flush is called when there are no more packets for now
     */
    public ByteBufBridge(Consumer<ByteBuf> write, Runnable flush) {
        this.write = Objects.requireNonNull(write, "write");
        this.flush = Objects.requireNonNull(flush, "flush");
    }

    /**
     * Gives a packet to the driver.
     *
     * @param packet belongs to the bridge from now on
     * @return false if it was one of the last that there is room for: stop, until {@link #onReadable} tells.
     *     A few more are kept, and then they are dropped
     */
    public boolean receive(ByteBuf packet) {
        if (!lane.put(NetPort.NO_PAIR, packet, COMPLETE)) {
            packet.release();
        }
        lane.deliver();
        return !refused;
    }

    /** Sets what is called when packets are welcome again, by any thread. */
    public void onReadable(Runnable callback) {
        readable = Objects.requireNonNull(callback, "callback");
    }

    /** Says whether packets can be written; while they cannot, the driver's queues rest. */
    public void writable(boolean can) {
        writable = can;
        NetPort to = port;
        if (can && to != null) {
            for (int pair = 0; pair < pairs; pair++) {
                to.writable(pair);
            }
        }
    }

    /** Says whether the other side is there. */
    public void linkUp(boolean up) {
        NetPort to = port;
        if (to != null) {
            to.linkUp(up);
        }
    }

    private boolean give(int pair, ByteBuf packet, NetHeader header) {
        NetPort to = port;
        boolean taken = to != null && to.offer(pair, packet, header);
        refused = !taken;
        return taken;
    }

    // ── The backend of a device ────────────────────────────────────────────

    @Override
    public void attach(NetPort to) {
        port = to;
    }

    @Override
    public boolean isWritable(int pair) {
        return writable;
    }

    @Override
    public void transmit(int pair, ByteBuf packet, NetHeader header) {
        if (closed) {
            packet.release();
        } else {
            write.accept(packet);
        }
    }

    @Override
    public void flush(int pair) {
        flush.run();
    }

    @Override
    public void queuePairs(int count) {
        pairs = count;
    }

    @Override
    public void receiveReady() {
        boolean stopped = refused;
        lane.deliver();
        if (stopped && !refused) {
            readable.run();
        }
    }

    @Override
    public void close() {
        closed = true;
        lane.close();
    }
}
