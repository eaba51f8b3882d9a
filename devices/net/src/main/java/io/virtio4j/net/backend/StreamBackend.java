// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.packet.NetHeader;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stream socket that carries packets behind their length, four bytes in network byte order: what QEMU
 * speaks as {@code -netdev stream}, and what {@code passt} speaks. Over a Unix socket or TCP, as the one who
 * connects or the one who listens; with one peer at a time, any number of times. The link is up while there
 * is a peer.
 *
 * <p>A thread of its own moves bytes. Packets are complete on the wire. While the device has no room, the
 * peer is not read from; while the peer does not read, a bounded number of packets waits and the driver's
 * queue rests. Without a peer, packets are dropped. A peer that announces a packet longer than any is
 * disconnected.
 */
public final class StreamBackend implements NetBackend {

    private static final Logger LOG = LoggerFactory.getLogger(StreamBackend.class);

    /** The longest packet, as in QEMU. */
    public static final int MOST_BYTES = 4096 + 65_536;

    private static final int LENGTH = Integer.BYTES;
    private static final int BUFFER = 4 * MOST_BYTES;
    private static final int WAITING = 256;
    private static final long RETRY_MILLIS = 500;
    private static final int CONNECT_MILLIS = 2000;

    private final SocketAddress address;
    private final @Nullable ServerSocketChannel server;
    private final Selector selector;
    private final SelectorThread thread;
    private final Lane lane = new Lane(WAITING, this::append);
    private final LongAdder dropped = new LongAdder();

    private volatile @Nullable NetPort port;
    private volatile int pairs = 1;
    private volatile boolean wantedRoom;
    private volatile boolean connected;

    // Of the thread.
    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER);
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER);
    private @Nullable Arrivals arrivals;
    private @Nullable SocketChannel channel;
    private @Nullable SelectionKey key;
    private long nextAttempt = System.nanoTime();

    private StreamBackend(SocketAddress address, @Nullable ServerSocketChannel server) throws IOException {
        this.address = address;
        this.server = server;
        selector = Selector.open();
        if (server != null) {
            server.configureBlocking(false);
            server.register(selector, SelectionKey.OP_ACCEPT);
        }
        thread = new SelectorThread("net-stream", selector, new SelectorThread.Work() {
            @Override
            public long work() throws IOException {
                return StreamBackend.this.work();
            }

            @Override
            public void end() {
                StreamBackend.this.end();
            }
        });
    }

    /**
     * Connects to a peer that listens, as soon as it does, and again when it was gone.
     *
     * @param address of a Unix socket, or of TCP
     */
    public static StreamBackend connect(SocketAddress address) throws IOException {
        return new StreamBackend(address, null);
    }

    /**
     * Listens for peers, one after the other.
     *
     * @param address of a Unix socket, which must not exist and is removed with the close; or of TCP
     * @throws IOException if the address is taken
     */
    public static StreamBackend listen(SocketAddress address) throws IOException {
        ServerSocketChannel server = address instanceof UnixDomainSocketAddress
                ? ServerSocketChannel.open(StandardProtocolFamily.UNIX) : ServerSocketChannel.open();
        try {
            server.bind(address, 1);
            return new StreamBackend(server.getLocalAddress(), server);
        } catch (IOException failed) {
            server.close();
            throw failed;
        }
    }

    /** Where it listens, with the port that was found; or what it connects to. */
    public SocketAddress address() {
        return address;
    }

    /** How many packets were dropped: there was no peer, or no room. */
    public long dropped() {
        return dropped.sum();
    }

    // ── The backend of a device ────────────────────────────────────────────

    @Override
    public void attach(NetPort to) {
        port = to;
        arrivals = new Arrivals(to);
        to.linkUp(false);
        thread.start();
    }

    @Override
    public boolean isWritable(int pair) {
        if (!lane.isFull()) {
            return true;
        }
        wantedRoom = true;
        thread.wakeUp();
        return !lane.isFull();
    }

    @Override
    public void transmit(int pair, ByteBuf packet, NetHeader header) {
        boolean sendable = connected && packet.readableBytes() <= MOST_BYTES;
        if (!sendable || !lane.put(pair, packet, header)) {
            packet.release();
            dropped.increment();
        } else if (thread.isClosed()) {
            lane.deliver(); // which only releases any more
        }
    }

    @Override
    public void flush(int pair) {
        thread.wakeUp();
    }

    @Override
    public void queuePairs(int count) {
        pairs = count;
    }

    @Override
    public void receiveReady() {
        thread.wakeUp();
    }

    @Override
    public void close() {
        if (port == null) {
            end();
        }
        thread.close();
    }

    // ── The thread ─────────────────────────────────────────────────────────

    private long work() throws IOException {
        if (channel == null && !open()) {
            lane.deliver(); // nothing is kept for a peer that is not there
            giveRoom();
            return server == null ? RETRY_MILLIS : 0;
        }
        try {
            move();
        } catch (IOException gone) {
            disconnect("peer is gone: " + gone.getMessage());
            return 1;
        }
        return 0;
    }

    /** Looks for a peer; false if there is none yet. */
    private boolean open() throws IOException {
        SocketChannel peer = server != null ? server.accept() : attempt();
        if (peer == null) {
            return false;
        }
        peer.configureBlocking(false);
        if (!(address instanceof UnixDomainSocketAddress)) {
            peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        in.clear().limit(0);
        out.clear();
        key = peer.register(selector, SelectionKey.OP_READ);
        channel = peer;
        connected = true;
        LOG.debug("peer is there: address={}", address);
        link(true);
        return true;
    }

    /** Peers are local, or near. */
    private @Nullable SocketChannel attempt() throws IOException {
        if (System.nanoTime() - nextAttempt < 0) {
            return null;
        }
        nextAttempt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RETRY_MILLIS) / 2;
        boolean unix = address instanceof UnixDomainSocketAddress;
        SocketChannel peer = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        try {
            if (unix) {
                peer.connect(address);
            } else {
                peer.socket().connect(address, CONNECT_MILLIS);
            }
            return peer;
        } catch (IOException nobody) {
            LOG.debug("no peer yet: address={} cause={}", address, nobody.getMessage());
            peer.close();
            return null;
        }
    }

    private void disconnect(String reason) throws IOException {
        LOG.info("link down: address={} {}", address, reason);
        connected = false;
        SocketChannel peer = channel;
        channel = null;
        key = null;
        if (peer != null) {
            peer.close();
        }
        link(false);
    }

    private void link(boolean up) {
        NetPort to = port;
        if (to != null) {
            to.linkUp(up);
        }
    }

    private void move() throws IOException {
        SocketChannel peer = channel;
        SelectionKey interest = key;
        if (peer == null || interest == null) {
            return;
        }
        boolean reading = read(peer);
        boolean wantsWrite = write(peer);
        if (channel != null) {
            interest.interestOps((reading ? SelectionKey.OP_READ : 0) | (wantsWrite ? SelectionKey.OP_WRITE : 0));
        }
        giveRoom();
    }

    private void giveRoom() {
        NetPort to = port;
        if (wantedRoom && !lane.isFull() && to != null) {
            wantedRoom = false;
            for (int pair = 0; pair < pairs; pair++) {
                to.writable(pair);
            }
        }
    }

    /** Reads what is there; false if the device has no room. */
    private boolean read(SocketChannel peer) throws IOException {
        Arrivals to = arrivals;
        if (to == null || !to.retry()) {
            return false;
        }
        while (true) {
            while (in.remaining() >= LENGTH) {
                int length = in.getInt(in.position());
                if (length < 0 || length > MOST_BYTES) {
                    disconnect("peer breaks the protocol: length=" + Integer.toUnsignedString(length));
                    return false;
                }
                if (in.remaining() < LENGTH + length) {
                    break;
                }
                in.position(in.position() + LENGTH);
                if (length > 0 && !to.give(in, length)) {
                    return false;
                }
            }
            in.compact();
            int n = peer.read(in);
            in.flip();
            if (n < 0) {
                throw new IOException("end of stream");
            }
            if (n == 0) {
                return true;
            }
        }
    }

    /** Writes what is there; true if some of it is left. */
    private boolean write(SocketChannel peer) throws IOException {
        while (channel != null) {
            lane.deliver();
            out.flip();
            if (!out.hasRemaining()) {
                out.clear();
                return false;
            }
            peer.write(out);
            boolean left = out.hasRemaining();
            out.compact();
            if (left) {
                return true;
            }
        }
        return false;
    }

    /** Takes a packet out of the lane; only the thread delivers. */
    private boolean append(int pair, ByteBuf packet, NetHeader header) {
        int length = packet.readableBytes();
        if (channel == null) {
            dropped.increment();
        } else if (out.remaining() < LENGTH + length) {
            return false;
        } else {
            out.putInt(length);
            int limit = out.limit();
            packet.getBytes(packet.readerIndex(), out.limit(out.position() + length));
            out.limit(limit);
        }
        packet.release();
        return true;
    }

    private void end() {
        connected = false;
        lane.close();
        Arrivals kept = arrivals;
        if (kept != null) {
            kept.close();
        }
        try {
            SocketChannel peer = channel;
            if (peer != null) {
                peer.close();
            }
            if (server != null) {
                server.close();
                if (address instanceof UnixDomainSocketAddress unix) {
                    Files.deleteIfExists(unix.getPath());
                }
            }
            if (port == null) {
                selector.close();
            }
        } catch (IOException failed) {
            LOG.debug("not closed: address={}", address, failed);
        }
    }
}
