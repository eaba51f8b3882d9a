// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.host.linux.Poller;
import io.virtio4j.host.linux.UnixSocket;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One front-end: waits for its messages and its kicks, and serves them. For one thread. */
final class Connection {

    private static final Logger LOG = LoggerFactory.getLogger(VhostUserServer.class);

    private final UnixSocket socket;
    private final Session session;
    private final int patience;
    private boolean readable;

    /**
     * Serves nobody yet.
     *
     * @param patience milliseconds that the front-end may take to send a message or to read a reply
     */
    Connection(UnixSocket socket, Session session, int patience) {
        this.patience = patience;
        this.socket = socket;
        this.session = session;
    }

    /** Serves until the front-end closes the connection or breaks the protocol, or the socket is closed. */
    void serve() {
        LOG.debug("front-end connected: {}", socket);
        try (Poller poller = Poller.open(); Message message = new Message()) {
            session.attach(poller);
            poller.register(socket.descriptor(), Poller.READ, events -> readable = true);
            try {
                while (next(poller, message)) {
                    // the work is done
                }
            } finally {
                session.close();
            }
            LOG.debug("front-end closed the connection: {}", socket);
        } catch (Refusal | ProtocolException | SocketTimeoutException e) {
            LOG.warn("connection closed, the front-end broke the protocol: {} {}", socket, e.getMessage());
        } catch (IOException e) {
            LOG.debug("connection ended: {} {}", socket, e.getMessage());
        }
    }

    /** Kicks are served by the poller; a message only after those that came before it. */
    private boolean next(Poller poller, Message message) throws IOException, Refusal {
        poller.poll(session.flush());
        session.poll();
        if (!readable) {
            return true;
        }
        readable = false;
        if (!message.receive(socket, patience)) {
            return false;
        }
        int reply = session.handle(message);
        // Before the reply: who has it may rely on that nothing else of its message is left.
        message.dropDescriptors();
        if (reply != Session.NO_REPLY) {
            message.reply(socket, reply, patience);
        }
        return true;
    }
}
