// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceStatus;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.Poller;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one front-end and the device have agreed on, and what each message does to it. Knows no socket but that
 * for the back-end's own messages. For one thread. [Communication]
 */
final class Session implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(VhostUserServer.class);

    /** Nothing is to be sent. */
    static final int NO_REPLY = -1;

    private static final long FAILURE = 1;

    private static final StructLayout TRANSFER = StructLayout.of("device state transfer parameters");
    private static final Le32 DIRECTION = TRANSFER.le32("transfer direction");
    private static final Le32 PHASE = TRANSFER.le32("migration phase");

    static {
        TRANSFER.size(8);
    }

    private static final int LOAD = 1;
    private static final long INVALID_FD = 1 << 8;

    private static final int LEAST_MTU = 68;
    private static final int MOST_MTU = 0xFFFF;
    private static final int MAC_BYTES = 6;

    private final DeviceInstance device;
    private final Notifications notifications;
    private final Set<ProtocolFeature> offered;
    private final @Nullable NetworkRequests network;
    private final boolean trusted;
    private final Duration grace;

    private final BackEndChannel channel;
    private final SharedRegions shared;
    private final MemoryTable memory;
    private final Logging logging;
    private final Driver driver;
    private final Vrings rings;
    private final Configuration configuration;

    private long protocolFeatures;
    private @Nullable StateTransfer transfer;

    /** The state from before the front-end wrote status 0 to a device whose rings it had stopped. */
    private byte @Nullable [] suspended;

    Session(VhostUserServerBuilder from, Notifications notifications) {
        this.device = from.device;
        this.notifications = notifications;
        this.offered = from.offered();
        this.network = from.network;
        this.trusted = from.trusted;
        this.grace = from.grace;
        channel = new BackEndChannel(Math.toIntExact(from.patience.toMillis()));
        shared = new SharedRegions(from.sharedRegions, channel, from.patience);
        memory = new MemoryTable(device.memory(), trusted);
        logging = new Logging(memory, trusted, grace);
        driver = new Driver(device, Driver.PROTOCOL_FEATURES
                | (offered.contains(ProtocolFeature.LOG_SHMFD) ? Driver.LOG_ALL : 0), grace);
        rings = new Vrings(device, driver, memory, notifications, logging, shared, grace);
        configuration = new Configuration(device);
    }

    void attach(Poller poller) {
        rings.attach(poller);
        notifications.attach(poller);
        channel.attach(poller);
    }

    // ── Between messages ───────────────────────────────────────────────────

    /**
     * Tells the front-end what is to be told.
     *
     * @return how long to wait for the front-end at most, in milliseconds; negative: without limit
     */
    int flush() {
        int pause = notifications.flush(channel) ? BackEndChannel.AGAIN_MILLIS : -1;
        return sooner(sooner(pause, shared.flush()), rings.pause());
    }

    private static int sooner(int one, int other) {
        return one < 0 ? other : other < 0 ? one : Math.min(one, other);
    }

    /** Does what is not asked for by a message. */
    void poll() throws Refusal {
        shared.expire();
        rings.startHeld();
        rings.poll();
    }

    // ── Messages ───────────────────────────────────────────────────────────

    /**
     * Does what a message asks for.
     *
     * @return how many bytes of payload the reply has, or {@link #NO_REPLY}
     * @throws Refusal if it cannot be done and nobody waits for an answer
     */
    int handle(Message message) throws Refusal {
        Request request = message.request();
        boolean acknowledge = message.needsReply();
        try {
            // User-mode Linux asks for an acknowledgment already of the message that negotiates them.
            if (acknowledge && request != Request.SET_PROTOCOL_FEATURES) {
                acknowledge = has(ProtocolFeature.REPLY_ACK);
                requireAcknowledgments(acknowledge, message);
            }
            if (request == null) {
                throw new Refusal("request is not known: request=" + message.number());
            }
            check(request, message);
            int reply = serve(request, message);
            LOG.debug("served: request={} bytes={} reply={}", request, message.payloadLength(), reply);
            if (acknowledge && reply == NO_REPLY) {
                acknowledge = has(ProtocolFeature.REPLY_ACK);
                requireAcknowledgments(acknowledge, message);
                return message.u64(0);
            }
            return reply;
        } catch (Refusal refusal) {
            return refused(request, message, acknowledge, refusal);
        } catch (RuntimeException e) {
            LOG.error("device failed: request={}", request, e);
            return refused(request, message, acknowledge, new Refusal("device failed: " + e));
        }
    }

    private static void requireAcknowledgments(boolean negotiated, Message message) throws Refusal {
        if (!negotiated) {
            throw new Refusal("need_reply without REPLY_ACK: request=" + message.number());
        }
    }

    /** The answer that says no, where there is one; the connection goes on then. */
    private int refused(
            @Nullable Request request, Message message, boolean acknowledge, Refusal refusal) throws Refusal {
        if (request == Request.GET_CONFIG && has(ProtocolFeature.CONFIG)) {
            log(request, refusal);
            return 0;
        }
        if (request == Request.SET_DEVICE_STATE_FD && has(ProtocolFeature.DEVICE_STATE)) {
            log(request, refusal);
            return message.u64(FAILURE | INVALID_FD);
        }
        if (acknowledge || request == Request.CHECK_DEVICE_STATE && has(ProtocolFeature.DEVICE_STATE)) {
            log(request, refusal);
            return message.u64(FAILURE);
        }
        throw new Refusal((request == null ? "" : request + ": ") + refusal.getMessage());
    }

    private static void log(@Nullable Request request, Refusal refusal) {
        LOG.debug("message refused: {} {}", request, refusal.getMessage());
    }

    private boolean has(ProtocolFeature feature) {
        return (protocolFeatures & feature.mask()) != 0;
    }

    private void check(Request request, Message message) throws Refusal {
        if (request.requires != null && !has(request.requires)) {
            throw new Refusal("not negotiated: protocol feature=" + request.requires);
        }
        if (message.descriptorCount() > request.mostDescriptors) {
            throw new Refusal("descriptors: count=" + message.descriptorCount() + " most="
                    + request.mostDescriptors);
        }
        if (request.payload != Request.VARIABLE) {
            message.requirePayload(request.payload);
        }
    }

    private int serve(Request request, Message message) throws Refusal {
        return switch (request) {
            case GET_FEATURES -> message.u64(driver.offered());
            case GET_PROTOCOL_FEATURES -> message.u64(ProtocolFeature.mask(offered));
            case GET_QUEUE_NUM -> message.u64(rings.count());
            case GET_VRING_BASE -> rings.stop(message);
            case GET_CONFIG -> configuration.read(message);
            case GET_INFLIGHT_FD -> InflightRegion.create(message, format(), rings.count());
            case GET_MAX_MEM_SLOTS -> message.u64(MemoryTable.MOST_REGIONS);
            case GET_STATUS -> message.u64(driver.status());
            case GET_SHMEM_CONFIG -> shared.config(message);
            case SET_LOG_BASE -> {
                logging.base(message);
                yield message.u64(0);
            }
            case SET_DEVICE_STATE_FD -> transfer(message);
            case CHECK_DEVICE_STATE -> checkTransfer(message);
            default -> {
                change(request, message);
                yield NO_REPLY;
            }
        };
    }

    private void change(Request request, Message message) throws Refusal {
        switch (request) {
            case SET_OWNER -> { } // who connected is the owner
            case RESET_OWNER -> rings.enableAll(false);
            case SET_FEATURES -> features(message.u64());
            case SET_PROTOCOL_FEATURES -> protocolFeatures(message.u64());
            case SET_MEM_TABLE, ADD_MEM_REG, REM_MEM_REG -> memory(request, message);
            case SET_LOG_FD -> logging.event(message);
            case SET_VRING_NUM -> rings.size(message);
            case SET_VRING_ADDR -> rings.address(message);
            case SET_VRING_BASE -> rings.base(message);
            case SET_VRING_KICK -> rings.kick(message);
            case SET_VRING_CALL -> rings.call(message);
            case SET_VRING_ERR -> rings.error(message);
            case SET_VRING_ENABLE -> rings.enable(message);
            case SEND_RARP -> announce(message);
            case NET_SET_MTU -> mtu(message.u64());
            case SET_BACKEND_REQ_FD -> channel(message);
            case SET_CONFIG -> configuration.write(message);
            case SET_INFLIGHT_FD -> rings.track(InflightRegion.map(message, rings.count(), trusted));
            case RESET_DEVICE -> reset();
            case SET_STATUS -> status(message.u64());
            default -> throw new IllegalStateException("request without an answer: " + request);
        }
    }

    // ── Features ───────────────────────────────────────────────────────────

    private void features(long bits) throws Refusal {
        driver.features(bits, rings.anyRuns());
        logging.wanted((bits & Driver.LOG_ALL) != 0);
        // > without VHOST_USER_F_PROTOCOL_FEATURES set, the back-end must enable all rings immediately
        if ((bits & Driver.PROTOCOL_FEATURES) == 0) {
            rings.enableAll(true);
        }
    }

    private void protocolFeatures(long bits) throws Refusal {
        long unknown = bits & ~ProtocolFeature.mask(offered);
        if (unknown != 0) {
            throw new Refusal("protocol features that are not offered: bits=0x" + Long.toHexString(unknown));
        }
        if (rings.anyRuns() && bits != protocolFeatures) {
            throw new Refusal("protocol features of a device that runs");
        }
        protocolFeatures = bits;
        driver.passesStatus(has(ProtocolFeature.STATUS));
        notifications.tellChanges(has(ProtocolFeature.CONFIG) && has(ProtocolFeature.BACKEND_REQ));
        shared.agree(has(ProtocolFeature.SHMEM), has(ProtocolFeature.REPLY_ACK));
    }

    private void channel(Message message) throws Refusal {
        channel.open(Descriptors.socket(message.takeDescriptor()));
        shared.opened();
    }

    private RingFormat format() {
        return device.accepted().has(CoreFeature.RING_PACKED) ? RingFormat.PACKED : RingFormat.SPLIT;
    }

    // ── Memory ─────────────────────────────────────────────────────────────

    /** Nothing works while regions and rings change places. */
    private void memory(Request request, Message message) throws Refusal {
        MemoryTable.Leaving leaving = null;
        device.pause();
        try {
            switch (request) {
                case SET_MEM_TABLE -> leaving = memory.set(message);
                case REM_MEM_REG -> leaving = memory.remove(message);
                default -> memory.add(message);
            }
            rings.remap();
        } finally {
            device.unpause();
            if (leaving != null) {
                leaving.unmap(grace);
            }
        }
    }

    // ── Status and reset ───────────────────────────────────────────────────

    private void status(long value) throws Refusal {
        if (value < 0 || value > 0xFF) {
            throw new Refusal("status: value=0x" + Long.toHexString(value));
        }
        if (value == 0) {
            // A front-end that stops a virtual machine does this too, and goes on later.
            if (!rings.anyRuns() && driver.status() != 0) {
                suspended = DeviceState.save(device, rings);
            }
            rings.reset(false);
            driver.write(0);
        } else {
            goOn(value);
            driver.write((int) value);
            rings.startAll();
        }
    }

    /** Takes up the state from before, if the driver does not begin but goes on. */
    private void goOn(long value) throws Refusal {
        byte[] state = suspended;
        if (state == null || (value & DeviceStatus.DRIVER_OK) == 0) {
            return;
        }
        suspended = null;
        if (rings.goOn()) {
            driver.reset();
            DeviceState.restore(state, device, rings);
        }
    }

    /** > disable all rings and reset all internal device state to the initial state */
    private void reset() throws Refusal {
        suspended = null;
        rings.reset(true);
        driver.reset();
    }

    // ── Device state ───────────────────────────────────────────────────────

    // [VHOST_USER_SET_DEVICE_STATE_FD]
    private int transfer(Message message) throws Refusal {
        long direction = message.get(DIRECTION);
        long phase = message.get(PHASE);
        if (direction > LOAD || phase != 0 || rings.anyRuns()) {
            throw new Refusal("device state: direction=" + direction + " phase=" + phase + " rings run="
                    + rings.anyRuns());
        }
        byte[] state = direction == LOAD ? null : suspended != null ? suspended : DeviceState.save(device, rings);
        endTransfer();
        transfer = StateTransfer.begin(message.takeDescriptor(), state);
        return message.u64(INVALID_FD);
    }

    // [VHOST_USER_CHECK_DEVICE_STATE]
    private int checkTransfer(Message message) throws Refusal {
        StateTransfer ended = transfer;
        if (ended == null) {
            throw new Refusal("no device state was transferred");
        }
        transfer = null;
        byte[] state = ended.await();
        if (ended.loading) {
            if (rings.anyRuns()) {
                throw new Refusal("device state for rings that run");
            }
            suspended = null;
            driver.reset();
            DeviceState.restore(state, device, rings);
        }
        return message.u64(0);
    }

    private void endTransfer() {
        if (transfer != null) {
            transfer.close();
            transfer = null;
        }
    }

    // ── Network devices ────────────────────────────────────────────────────

    private void announce(Message message) {
        if (network != null) {
            network.announce(message.bytes().asSlice(Message.HEADER, MAC_BYTES).toArray(JAVA_BYTE));
        }
    }

    private void mtu(long mtu) throws Refusal {
        if (mtu < LEAST_MTU || mtu > MOST_MTU || network == null || !network.mtu((int) mtu)) {
            throw new Refusal("mtu cannot be carried: mtu=" + mtu);
        }
    }

    // ── The end ────────────────────────────────────────────────────────────

    /**
     * The front-end is gone. In this order: what is in work has time to end, and can tell; nobody is told of the
     * reset; and nothing works in memory when that goes.
     */
    @Override
    public void close() {
        endTransfer();
        try {
            rings.suspendAll();
        } finally {
            channel.close();
            notifications.clear();
            device.writeStatus(0);
            rings.reset(true);
            logging.clear();
            memory.clear().unmap(grace);
        }
    }
}
