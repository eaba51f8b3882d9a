// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.Errno;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.Poller;
import io.virtio4j.host.linux.UnixSocket;
import java.io.IOException;
import java.net.ProtocolException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client: reads its messages, does what they ask for in the order in which they came, and answers. For
 * one thread. [Protocol Specification]
 */
final class Connection {

    private static final Logger LOG = LoggerFactory.getLogger(VfioUserServer.class);

    /** A client that sends nothing but nonsense shall not fill the log. */
    private static final int MOST_LOGGED = 16;

    private static final StructLayout INFO = StructLayout.of("vfio_device_info");
    private static final Le32 INFO_ARGSZ = INFO.le32("argsz");
    private static final Le32 INFO_FLAGS = INFO.le32("flags");
    private static final Le32 INFO_REGIONS = INFO.le32("num_regions");
    private static final Le32 INFO_INTERRUPTS = INFO.le32("num_irqs");
    private static final int INFO_SIZE = INFO.size(16);

    private static final int FLAG_RESET = 1;
    private static final int FLAG_PCI = 1 << 1;

    private static final StructLayout FEATURE = StructLayout.of("vfio_device_feature");
    private static final Le32 FEATURE_ARGSZ = FEATURE.le32("argsz");
    private static final Le32 FEATURE_FLAGS = FEATURE.le32("flags");
    private static final int FEATURE_SIZE = FEATURE.size(8);

    private static final long FEATURE_INDEX = 0xFFFF;
    private static final long FEATURE_GET = 1 << 16;
    private static final long FEATURE_SET = 1 << 17;
    private static final long FEATURE_PROBE = 1 << 18;

    private final UnixSocket socket;
    private final VfioUserFunction function;
    private final RegionTable regions;
    private final InterruptTable interrupts;
    private final DmaTable memory;
    private final VersionNegotiation version = new VersionNegotiation();
    private int refused;

    /** Watches the socket and the eventfd that unmasks INTx, once there is one. */
    private @Nullable Poller poller;
    private Poller.@Nullable Registration unmasking;
    private @Nullable EventFd watched;
    private boolean readable;

    Connection(
            UnixSocket socket, VfioUserFunction function, RegionTable regions, InterruptTable interrupts,
            DmaTable memory) {
        this.socket = socket;
        this.function = function;
        this.regions = regions;
        this.interrupts = interrupts;
        this.memory = memory;
    }

    /** Serves until the client closes the connection or breaks the protocol, or the socket is closed. */
    void serve() {
        LOG.debug("client connected: {}", socket);
        try (Message message = new Message()) {
            while (next(message)) {
                // the work is done
            }
            LOG.debug("client closed the connection: {}", socket);
        } catch (Refusal | ProtocolException e) {
            LOG.warn("connection closed, the client broke the protocol: {} {}", socket, e.getMessage());
        } catch (IOException e) {
            LOG.debug("connection ended: {} {}", socket, e.getMessage());
        } finally {
            if (poller != null) {
                poller.close();
            }
        }
    }

    /**
     * Serves one message.
     *
     * @return false if there is no more
     * @throws Refusal if the connection cannot go on
     */
    private boolean next(Message message) throws IOException, Refusal {
        awaitMessage();
        try {
            if (!message.receive(socket)) {
                return false;
            }
        } catch (Refusal unreadable) {
            if (message.wantsReply()) {
                message.replyError(socket, unreadable.errno());
            }
            throw unreadable;
        }
        if (!message.isCommand()) {
            // Nothing was asked of the client, and no reply is due to a reply.
            throw Refusal.invalid("unsolicited reply: id=" + message.id() + " command="
                    + message.commandNumber());
        }
        Refusal refusal = null;
        int reply = 0;
        try {
            reply = handle(message);
        } catch (Refusal why) {
            refusal = why;
        }
        // Before the reply: a client that has it may rely on that nothing else of its message is left.
        message.descriptors().clear();
        boolean wantsReply = message.wantsReply();
        if (wantsReply) {
            if (refusal == null) {
                message.reply(socket, reply);
            } else {
                message.replyError(socket, refusal.errno());
            }
        }
        if (refusal != null) {
            if (!version.isAgreed() || !wantsReply) {
                throw refusal;
            }
            log(message, refusal);
        }
        return true;
    }

    private void log(Message message, Refusal refusal) {
        if (refusal.isNoFault()) {
            LOG.debug("{}: {}", message.command(), refusal.getMessage());
        } else if (refused++ < MOST_LOGGED) {
            LOG.warn("message refused: command={} id={} {}{}", message.command(), message.id(),
                    refusal.getMessage(), refused == MOST_LOGGED ? "; more are not logged" : "");
        }
    }

    private int handle(Message message) throws Refusal {
        Command command = message.command();
        if (command != Command.VERSION && !version.isAgreed()) {
            throw Refusal.invalid("no version was negotiated yet");
        }
        try {
            return switch (command) {
                case VERSION -> version.answer(message);
                case DMA_MAP -> memory.map(message);
                case DMA_UNMAP -> memory.unmap(message);
                case DEVICE_GET_INFO -> info(message);
                case DEVICE_GET_REGION_INFO -> regions.info(message);
                case DEVICE_GET_IRQ_INFO -> interrupts.info(message);
                case DEVICE_SET_IRQS -> interrupts.set(message);
                case REGION_READ -> regions.read(message);
                case REGION_WRITE -> regions.write(message);
                case REGION_WRITE_MULTI -> writeMulti(message);
                case DEVICE_RESET -> reset(message);
                case DEVICE_FEATURE -> feature(message);
                case DEVICE_GET_REGION_IO_FDS, MIG_DATA_READ, MIG_DATA_WRITE ->
                    throw Refusal.notOffered(Errno.EOPNOTSUPP, String.valueOf(command));
                case DMA_READ, DMA_WRITE -> throw Refusal.invalid("not for a client to send");
                case UNKNOWN -> throw new Refusal(Errno.ENOSYS, "no such command: command="
                        + message.commandNumber());
            };
        } catch (RuntimeException e) {
            LOG.error("function failed: command={}", command, e);
            throw new Refusal(Errno.EIO, "function failed: " + e);
        }
    }

    // ── Messages about the device ──────────────────────────────────────────

    private static int info(Message message) throws Refusal {
        message.requireNoDescriptors();
        message.requirePayloadAndRoom(INFO_SIZE, INFO_ARGSZ);
        message.set(INFO_ARGSZ, INFO_SIZE);
        message.set(INFO_FLAGS, FLAG_RESET | FLAG_PCI);
        message.set(INFO_REGIONS, RegionTable.COUNT);
        message.set(INFO_INTERRUPTS, InterruptTable.TYPES);
        return INFO_SIZE;
    }

    private int writeMulti(Message message) throws Refusal {
        if (!version.hasWriteMultiple()) {
            throw Refusal.invalid("write_multiple was not negotiated");
        }
        return regions.writeMulti(message);
    }

    private int reset(Message message) throws Refusal {
        message.requireNoDescriptors();
        message.requirePayload(0);
        function.function().reset();
        interrupts.reset();
        return 0;
    }

    /** No feature is offered: migration and logging of dirty pages are none of this server's. */
    private static int feature(Message message) throws Refusal {
        message.requireNoDescriptors();
        message.requirePayloadAndRoom(FEATURE_SIZE, FEATURE_ARGSZ);
        long flags = message.get(FEATURE_FLAGS);
        long wanted = flags & (FEATURE_GET | FEATURE_SET);
        boolean probe = (flags & FEATURE_PROBE) != 0;
        if ((flags & ~(FEATURE_INDEX | FEATURE_GET | FEATURE_SET | FEATURE_PROBE)) != 0
                || wanted == 0 && !probe
                || wanted == (FEATURE_GET | FEATURE_SET) && !probe) {
            throw Refusal.invalid("feature: flags=0x" + Long.toHexString(flags));
        }
        throw Refusal.notOffered(Errno.ENOTTY, "feature=" + (flags & FEATURE_INDEX));
    }

    // ── The eventfd that unmasks INTx ──────────────────────────────────────

    /** Waits for the next message where there is something else to wait for too. */
    private void awaitMessage() throws IOException {
        EventFd event = interrupts.unmaskEvent();
        if (event != watched) {
            watch(event);
        }
        Poller both = poller;
        if (event != null && both != null) {
            readable = false;
            while (!readable) {
                both.poll(-1);
            }
        }
    }

    private void watch(@Nullable EventFd event) throws IOException {
        if (unmasking != null) {
            unmasking.close();
            unmasking = null;
        }
        watched = event;
        if (event != null) {
            if (poller == null) {
                poller = Poller.open();
                poller.register(socket.descriptor(), Poller.READ, events -> readable = true);
            }
            unmasking = poller.register(event.descriptor(), Poller.READ,
                    events -> interrupts.unmaskIfSignalled());
        }
    }
}
