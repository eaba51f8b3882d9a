// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.Counters;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An agent's way to a platform: commands one at a time, and what the platform has for the agent.
 *
 * <p>Commands are answered by one thread at a time; events are taken by any one thread; the rest is called
 * by whoever brings the channel up and down.
 */
public final class ScmiChannel {

    private static final Logger LOG = LoggerFactory.getLogger(ScmiChannel.class);

    /** What a saved state begins with. */
    private static final int SAVED_VERSION = 1;

    private final ScmiPlatform platform;
    private final int agent;
    private final Runnable ready;
    private final ScmiCall call;
    private final CounterTable<ScmiCounter> counters = CounterTable.of(ScmiCounter.class);
    private final EventBacklog backlog;
    private final AtomicBoolean dirty = new AtomicBoolean();

    private volatile boolean hasEvents;
    private volatile boolean hasStatistics;
    private boolean restored;

    /** What the command under way promised. */
    private EventBacklog.@Nullable Promise promise;

    ScmiChannel(ScmiPlatform platform, int agent, Runnable ready) {
        this.platform = platform;
        this.agent = agent;
        this.ready = ready;
        backlog = new EventBacklog(platform.clock(), counters);
        call = new ScmiCall(this);
    }

    ScmiPlatform platform() {
        return platform;
    }

    /** The agent's id. */
    public int agent() {
        return agent;
    }

    /** What it did. */
    public Counters<ScmiCounter> counters() {
        return counters;
    }

    boolean hasEvents() {
        return hasEvents;
    }

    boolean hasStatistics() {
        return hasStatistics;
    }

    // ── Up and down ────────────────────────────────────────────────────────

    /**
     * The agent is there, and has asked for nothing yet; or for what was restored.
     *
     * @param events whether it can be sent notifications and delayed responses
     * @param statistics whether it can see statistics in shared memory
     */
    public void begin(boolean events, boolean statistics) {
        platform.change(() -> {
            hasEvents = events;
            hasStatistics = statistics;
            if (!restored) {
                platform.forget(agent);
            }
            restored = false;
            platform.connect(this);
            platform.protocols().forEach(protocol -> protocol.begin(platform, agent));
        });
    }

    /** The agent is gone, with all that it asked for. */
    public void end() {
        platform.change(() -> {
            // Another channel of the agent's may have taken over.
            if (platform.disconnect(this)) {
                platform.forget(agent);
            }
            hasEvents = false;
            hasStatistics = false;
            restored = false;
            promise = null;
            backlog.clear();
        });
    }

    // ── Commands ───────────────────────────────────────────────────────────

    /** Where the parameters of the next command are to be put; {@link ScmiPlatform#MOST_PAYLOAD} bytes. */
    public byte[] parameters() {
        return call.parameters();
    }

    /**
     * Does a command.
     *
     * @param header its header
     * @param length how many bytes of parameters it has, whatever room there is for them
     * @param results where results go; what is in them counts with SUCCESS only
     * @return the status to answer; then call {@link #answered}
     */
    public ScmiStatus execute(int header, long length, MessageWriter results) {
        ScmiStatus status;
        promise = null;
        platform.lock();
        try {
            status = length > ScmiPlatform.MOST_PAYLOAD
                    ? ScmiStatus.PROTOCOL_ERROR : dispatch(header, (int) length, results);
        } finally {
            platform.unlock();
        }
        if (status == ScmiStatus.SUCCESS && results.isOverrun()) {
            status = ScmiStatus.PROTOCOL_ERROR;
        }
        if (status != ScmiStatus.SUCCESS) {
            promise = null;
            counters.count(ScmiCounter.REFUSED);
        }
        counters.count(ScmiCounter.COMMANDS);
        return status;
    }

    private ScmiStatus dispatch(int header, int length, MessageWriter results) {
        ProtocolTable table = platform.table();
        ScmiProtocol protocol = table.protocol(MessageHeader.protocol(header));
        if (MessageHeader.type(header) != MessageHeader.COMMAND) {
            return ScmiStatus.PROTOCOL_ERROR;
        }
        if (protocol == null) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        call.begin(header, length, results);
        int message = MessageHeader.message(header);
        if (message <= ScmiProtocol.MESSAGE_ATTRIBUTES || message == ScmiProtocol.NEGOTIATE_VERSION) {
            return common(protocol, message, length);
        }
        ScmiCommand command = table.command(protocol.id(), message, hasEvents);
        if (command == null) {
            // > If P2A_CHANNELS was not negotiated, the device MUST deny any request for an SCMI
            // > notification [...] by returning SCMI status code NOT_SUPPORTED [cmdq Operation]
            return ScmiStatus.NOT_SUPPORTED;
        }
        if (length < command.least() || length > command.most()) {
            return ScmiStatus.PROTOCOL_ERROR;
        }
        try {
            return command.action().run(call);
        } catch (HardwareFault e) {
            LOG.warn("hardware failed: command={}", command.name(), e);
            return ScmiStatus.HARDWARE_ERROR;
        }
    }

    /** What every protocol has. */
    private ScmiStatus common(ScmiProtocol protocol, int message, int length) {
        boolean hasParameter = message >= ScmiProtocol.MESSAGE_ATTRIBUTES;
        if (length != (hasParameter ? 4 : 0)) {
            return ScmiStatus.PROTOCOL_ERROR;
        }
        switch (message) {
            case ScmiProtocol.VERSION -> call.results().le32(protocol.version());
            case ScmiProtocol.ATTRIBUTES -> protocol.attributes(call);
            case ScmiProtocol.MESSAGE_ATTRIBUTES -> {
                return messageAttributes(protocol, call.readLe32());
            }
            default -> {
                return call.readLe32() == protocol.version() ? ScmiStatus.SUCCESS : ScmiStatus.NOT_SUPPORTED;
            }
        }
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus messageAttributes(ScmiProtocol protocol, long message) {
        if (message <= ScmiProtocol.MESSAGE_ATTRIBUTES || message == ScmiProtocol.NEGOTIATE_VERSION) {
            call.results().le32(0);
            return ScmiStatus.SUCCESS;
        }
        // > If P2A_CHANNELS was not negotiated, the device MUST NOT indicate in the
        // > PROTOCOL_MESSAGE_ATTRIBUTES return values that any SCMI notification [...] is implemented.
        ScmiCommand command = message > 0xFF
                ? null : platform.table().command(protocol.id(), (int) message, hasEvents);
        if (command == null) {
            return ScmiStatus.NOT_FOUND;
        }
        call.results().le32(command.attributes());
        return ScmiStatus.SUCCESS;
    }

    ScmiStatus respondLater(int header, Duration after, ScmiStatus status, MessageWriter payload) {
        if (!hasEvents) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        if (!backlog.mayPromise()) {
            return ScmiStatus.BUSY;
        }
        // > If the status field in a delayed response payload has a value other than SUCCESS, the device
        // > MUST set the size of payload to the size of the status field. [eventq Operation]
        MessageWriter message = new MessageWriter(4 + payload.length()).le32(status.code());
        if (status == ScmiStatus.SUCCESS) {
            message.bytes(payload.toByteArray());
        }
        promise = new EventBacklog.Promise(MessageHeader.delayedResponse(header), message.toByteArray(),
                platform.clock().nanoTime() + after.toNanos());
        return ScmiStatus.SUCCESS;
    }

    /** The answer is with the agent; what the command promised or caused may follow. */
    public void answered() {
        EventBacklog.Promise made = promise;
        promise = null;
        if (made != null) {
            counters.count(ScmiCounter.DELAYED_RESPONSES);
            long wait = backlog.promise(made);
            if (wait > 0) {
                platform.clock().schedule(wait, this::due);
            } else {
                dirty.set(true);
            }
        }
        platform.flush();
    }

    /** Promises are to be kept now. */
    private void due() {
        backlog.due();
        dirty.set(true);
        platform.flush();
    }

    // ── Events ─────────────────────────────────────────────────────────────

    void notify(ScmiEvent event) {
        if (hasEvents) {
            backlog.add(event);
            dirty.set(true);
        }
    }

    /** Says that there are events. */
    void wake() {
        if (dirty.getAndSet(false)) {
            ready.run();
        }
    }

    /** Whether there is an event to take. */
    public boolean hasEvent() {
        return !backlog.isEmpty();
    }

    /** Takes the next event; {@code null} if there is none. */
    public @Nullable ScmiEvent takeEvent() {
        return backlog.take();
    }

    /** An event that could not be delivered is the next one again. */
    public void putBack(ScmiEvent event) {
        backlog.putBack(event);
    }

    /** A notification cannot be delivered at all. */
    public void drop() {
        counters.count(ScmiCounter.NOTIFICATIONS_DROPPED);
    }

    // ── State ──────────────────────────────────────────────────────────────

    /** Writes what the agent asked for and set, and what it is still to be told. */
    public void save(StateWriter out) {
        platform.change(() -> {
            out.u8(SAVED_VERSION);
            for (ScmiProtocol protocol : platform.protocols()) {
                StateWriter content = new StateWriter();
                protocol.save(agent, content);
                out.section(sectionOf(protocol), SAVED_VERSION, content);
            }
            backlog.save(out);
        });
    }

    private static String sectionOf(ScmiProtocol protocol) {
        return "protocol 0x" + Integer.toHexString(protocol.id());
    }

    /**
     * Reads what {@link #save} wrote; {@link #begin} is to follow.
     *
     * @throws StateException if it does not fit; nothing was changed then
     */
    public void restore(StateReader in) {
        int version = in.u8();
        if (version != SAVED_VERSION) {
            throw new StateException("saved channel is of another version: version=" + version + " expected="
                    + SAVED_VERSION);
        }
        platform.change(() -> {
            List<Runnable> effects = new ArrayList<>();
            for (ScmiProtocol protocol : platform.protocols()) {
                StateReader content = in.section(sectionOf(protocol), SAVED_VERSION);
                effects.add(protocol.restore(agent, content));
                content.end();
            }
            Runnable events = backlog.restore(in);
            in.end();
            effects.forEach(Runnable::run);
            events.run();
            restored = true;
        });
        backlog.waits().forEach(wait -> platform.clock().schedule(Math.max(0, wait), this::due));
    }
}
