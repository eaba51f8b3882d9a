// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.Poller;
import io.virtio4j.host.linux.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection for the back-end's own messages. Nothing waits for the front-end here: a message goes out if there is
 * room for it, and the reply to one is taken when it is there, between other messages of the front-end. A channel on
 * which something goes wrong is given up, and the connection goes on without. For the thread of the connection.
 * [Back-end communication]
 */
final class BackEndChannel {

    private static final Logger LOG = LoggerFactory.getLogger(VhostUserServer.class);

    // [Back-end message types]
    static final int CONFIG_CHANGE_MSG = 2;
    static final int SHMEM_MAP = 9;
    static final int SHMEM_UNMAP = 10;

    private static final StructLayout LAYOUT = StructLayout.of("vhost-user message header");
    private static final Le32 REQUEST = LAYOUT.le32("request");
    private static final Le32 FLAGS = LAYOUT.le32("flags");
    private static final Le32 SIZE = LAYOUT.le32("size");
    private static final int HEADER = LAYOUT.size(12);

    /** The longest payload of a message. */
    private static final int MOST_PAYLOAD = 40;

    // The payload of a reply is a single 64-bit integer.
    private static final Le64 RESULT = new Le64(HEADER);
    private static final int REPLY_BYTES = HEADER + Long.BYTES;

    private static final int VERSION = 1;
    private static final int REPLY = 1 << 2;
    private static final int NEED_REPLY = 1 << 3;

    /** When there is no room for a message, it is tried again so many milliseconds later. */
    static final int AGAIN_MILLIS = 100;

    /** Nobody waits for a reply. */
    private static final int NOTHING = 0;

    /** Who asks the front-end for something. */
    interface Asking {

        /** The front-end has answered: 0 if it did what it was asked for. */
        void answered(long result);

        /**
         * The channel is given up, and so is what was asked for.
         *
         * @return what that means to the driver, for the log, or an empty text
         */
        String lost();
    }

    /** What became of a message. */
    enum Sent {
        /** It is on its way. */
        YES,
        /** There is no room for it. */
        LATER,
        /** The channel is given up, or there was none. */
        NO
    }

    private final int patience;
    private final MemorySegment message = Arena.ofAuto().allocate(HEADER + MOST_PAYLOAD, 8);
    private final MemorySegment reply = Arena.ofAuto().allocate(REPLY_BYTES, 8);

    private @Nullable Poller poller;
    private @Nullable UnixSocket socket;
    private Poller.@Nullable Registration watched;
    private @Nullable Asking asking;

    /** The request that a reply is due to. */
    private int awaited = NOTHING;

    /**
     * Creates a channel that is not there yet.
     *
     * @param patience milliseconds that the front-end may take to send the rest of a reply
     */
    BackEndChannel(int patience) {
        this.patience = patience;
    }

    void attach(Poller newPoller) {
        poller = newPoller;
    }

    void asking(Asking who) {
        asking = who;
    }

    /** Takes what the back-end's messages go to from now on. */
    void open(UnixSocket newSocket) throws Refusal {
        close();
        socket = newSocket;
        try {
            if (poller != null) {
                watched = poller.register(newSocket.descriptor(), 0, events -> receive());
            }
        } catch (LinuxException e) {
            close();
            throw Refusal.of(e);
        }
    }

    boolean isOpen() {
        return socket != null;
    }

    /** Whether a reply is due. */
    boolean isAwaiting() {
        return awaited != NOTHING;
    }

    // ── Sending ────────────────────────────────────────────────────────────

    /** The next message's payload. */
    MemorySegment payload() {
        return message.asSlice(HEADER);
    }

    Sent send(int request, int payload, FileDescriptor... along) {
        return send(request, VERSION, payload, along);
    }

    /** Sends a request to which a reply is due; none may be due to another. */
    Sent ask(int request, int payload, FileDescriptor... along) {
        Sent sent = send(request, VERSION | NEED_REPLY, payload, along);
        if (sent == Sent.YES) {
            awaited = request;
            watch(Poller.READ);
        }
        return isOpen() ? sent : Sent.NO;
    }

    private Sent send(int request, int flags, int payload, FileDescriptor... along) {
        UnixSocket to = socket;
        if (to == null) {
            return Sent.NO;
        }
        REQUEST.set(message, 0, request);
        FLAGS.set(message, 0, flags);
        SIZE.set(message, 0, payload);
        try {
            to.send(message.asSlice(0, HEADER + (long) payload), 0, along);
            return Sent.YES;
        } catch (SocketTimeoutException full) {
            if (full.bytesTransferred == 0) {
                return Sent.LATER;
            }
            giveUp(full.getMessage());
        } catch (IOException e) {
            giveUp(e.getMessage());
        }
        return Sent.NO;
    }

    // ── Replies ────────────────────────────────────────────────────────────

    /** Only while a reply is due: what else a front-end says here concerns nobody. */
    private void watch(int interest) {
        try {
            if (watched != null) {
                watched.interest(interest);
            }
        } catch (LinuxException e) {
            giveUp(e.getMessage());
        }
    }

    private void receive() {
        UnixSocket from = socket;
        if (from == null || awaited == NOTHING) {
            return;
        }
        try {
            if (!from.receiveFully(reply, patience)) {
                giveUp("front-end has closed it");
                return;
            }
        } catch (IOException e) {
            giveUp(e.getMessage());
            return;
        }
        if (REQUEST.get(reply, 0) != awaited || FLAGS.get(reply, 0) != (VERSION | REPLY)
                || SIZE.get(reply, 0) != Long.BYTES) {
            giveUp("reply: request=" + REQUEST.get(reply, 0) + " expected=" + awaited + " flags=0x"
                    + Long.toHexString(FLAGS.get(reply, 0)) + " size=" + SIZE.get(reply, 0));
            return;
        }
        awaited = NOTHING;
        watch(0);
        if (asking != null) {
            asking.answered(RESULT.get(reply, 0));
        }
    }

    // ── The end ────────────────────────────────────────────────────────────

    private void giveUp(@Nullable String cause) {
        close();
        String meaning = asking == null ? "" : asking.lost();
        LOG.warn("channel for the back-end's messages given up: {}{}", cause, meaning);
    }

    void close() {
        awaited = NOTHING;
        if (watched != null) {
            watched.close();
            watched = null;
        }
        if (socket != null) {
            socket.close();
            socket = null;
        }
    }
}
