// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.packet.NetHeader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A UDP socket that carries one packet a datagram: what QEMU speaks as {@code -netdev dgram} with a local and
 * a remote address of type {@code inet}. Packets are complete on the wire. There is no connection: what the
 * peer does not receive is lost, as on any wire.
 *
 * <p>Transmitting threads send, and a thread of its own receives. While the device has no room nothing is
 * received, and the socket's buffer fills.
 */
public final class DatagramBackend implements NetBackend {

    private static final Logger LOG = LoggerFactory.getLogger(DatagramBackend.class);
    private static final int MOST_BYTES = 65_507;
    private static final int SOCKET_BUFFER = 1 << 20;
    /** Datagrams that are received before a wake-up is looked at. */
    private static final int BATCH = 64;

    private final DatagramChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final SelectorThread thread;
    private final LongAdder dropped = new LongAdder();
    private final ByteBuffer in = ByteBuffer.allocateDirect(MOST_BYTES);
    private final ThreadLocal<ByteBuffer> outgoing =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(MOST_BYTES));
    private @Nullable Arrivals arrivals;

    /**
     * Opens the socket. Datagrams of others than the peer are not received.
     *
     * @param local to bind to; port 0 finds one
     * @param remote of the peer
     */
    public DatagramBackend(InetSocketAddress local, InetSocketAddress remote) throws IOException {
        channel = DatagramChannel.open();
        try {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER);
            channel.bind(local).connect(remote).configureBlocking(false);
            selector = Selector.open();
            key = channel.register(selector, SelectionKey.OP_READ);
        } catch (IOException failed) {
            channel.close();
            throw failed;
        }
        thread = new SelectorThread("net-datagram", selector, new SelectorThread.Work() {
            @Override
            public long work() {
                return DatagramBackend.this.work();
            }

            @Override
            public void end() {
                DatagramBackend.this.end();
            }
        });
    }

    /** The address it is bound to. */
    public InetSocketAddress local() throws IOException {
        return (InetSocketAddress) channel.getLocalAddress();
    }

    /** How many packets were not sent: too long for a datagram, no room, or nobody was there. */
    public long dropped() {
        return dropped.sum();
    }

    @Override
    public void attach(NetPort port) {
        arrivals = new Arrivals(port);
        thread.start();
    }

    @Override
    public void transmit(int pair, ByteBuf packet, NetHeader header) {
        int length = packet.readableBytes();
        boolean sent = false;
        if (length <= MOST_BYTES) {
            ByteBuffer datagram = outgoing.get().clear().limit(length);
            packet.getBytes(packet.readerIndex(), datagram);
            sent = send(datagram.flip());
        }
        packet.release();
        if (!sent) {
            dropped.increment();
        }
    }

    private boolean send(ByteBuffer datagram) {
        try {
            return channel.write(datagram) > 0;
        } catch (IOException nobody) {
            LOG.debug("packet not sent: cause={}", nobody.getMessage());
            return false;
        }
    }

    @Override
    public void receiveReady() {
        thread.wakeUp();
    }

    private long work() {
        Arrivals to = arrivals;
        if (to == null || !to.retry()) {
            key.interestOps(0);
            return 0;
        }
        key.interestOps(SelectionKey.OP_READ);
        for (int i = 0; i < BATCH; i++) {
            in.clear();
            try {
                if (channel.read(in) <= 0) {
                    return 0;
                }
            } catch (IOException nobody) {
                // What was sent before came back as an error; the peer may come yet.
                LOG.debug("nobody there: cause={}", nobody.getMessage());
                continue;
            }
            in.flip();
            if (!to.give(in, in.remaining())) {
                key.interestOps(0);
                return 0;
            }
        }
        return 0;
    }

    private void end() {
        Arrivals kept = arrivals;
        if (kept != null) {
            kept.close();
        }
        try {
            channel.close();
            if (kept == null) {
                selector.close();
            }
        } catch (IOException failed) {
            LOG.debug("not closed", failed);
        }
    }

    @Override
    public void close() {
        if (arrivals == null) {
            end();
        }
        thread.close();
    }
}
