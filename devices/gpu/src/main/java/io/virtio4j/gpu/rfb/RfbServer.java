// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu.rfb;

import io.virtio4j.gpu.Scanout;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows an output of a GPU device to VNC viewers, by the Remote Framebuffer protocol of RFC 6143 in its versions 3.3,
 * 3.7 and 3.8. Only what changed is read and sent.
 *
 * <pre>{@code
 * RfbServer server = RfbServer.listen(gpu.scanout(0), 5900); // vncviewer localhost
 * }</pre>
 *
 * <p>It is a display: what a viewer says of keys and pointers is ignored. There is neither a password nor encryption,
 * so leave it on the loopback address, and reach it through something that has both.
 */
public final class RfbServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RfbServer.class);
    private static final int MOST_CLIENTS = 16;

    private final Scanout scanout;
    private final ServerSocketChannel channel;
    private final Set<RfbClient> clients = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private RfbServer(Scanout scanout, ServerSocketChannel channel) {
        this.scanout = scanout;
        this.channel = channel;
    }

    /**
     * Listens on a port of the loopback address.
     *
     * @param port 5900 is display 0; 0 for one that is free
     */
    public static RfbServer listen(Scanout scanout, int port) throws IOException {
        return listen(scanout, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    /** Listens on an address, to be reached by whoever can reach it. */
    public static RfbServer listen(Scanout scanout, SocketAddress address) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.bind(address);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        RfbServer server = new RfbServer(scanout, channel);
        Thread.ofVirtual().name("virtio4j-rfb-" + scanout.id()).start(server::accept);
        return server;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        try {
            return (InetSocketAddress) channel.getLocalAddress();
        } catch (IOException e) {
            throw new IllegalStateException("server is closed", e);
        }
    }

    /** How many viewers there are now. */
    public int clients() {
        return clients.size();
    }

    private void accept() {
        while (!closed) {
            try {
                SocketChannel socket = channel.accept();
                if (clients.size() >= MOST_CLIENTS) {
                    LOG.warn("viewer turned away: address={} viewers={}", socket.getRemoteAddress(), clients.size());
                    socket.close();
                } else {
                    serve(socket);
                }
            } catch (IOException e) {
                if (!closed) {
                    LOG.warn("viewer not accepted", e);
                }
            }
        }
    }

    private void serve(SocketChannel socket) throws IOException {
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        RfbClient client = new RfbClient(scanout, socket);
        clients.add(client);
        Thread.ofVirtual().name("virtio4j-rfb-viewer").start(() -> {
            try {
                client.run();
            } catch (IOException e) {
                LOG.debug("viewer gone: {}", e.toString());
            } finally {
                clients.remove(client);
                client.close();
            }
        });
        if (closed) {
            client.close();
        }
    }

    /** Ends all connections. */
    @Override
    public void close() {
        closed = true;
        try {
            channel.close();
        } catch (IOException e) {
            LOG.warn("server not closed", e);
        }
        clients.forEach(RfbClient::close);
    }
}
