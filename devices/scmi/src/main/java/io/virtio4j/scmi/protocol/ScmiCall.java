// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import java.time.Duration;

/** A command on its way through a protocol. Of an action's one call; not to be kept. */
public final class ScmiCall {

    private final ScmiChannel channel;
    private final byte[] parameters = new byte[ScmiPlatform.MOST_PAYLOAD];
    private MessageWriter results = new MessageWriter(0);
    private int length;
    private int position;
    private int header;

    ScmiCall(ScmiChannel channel) {
        this.channel = channel;
    }

    /** Room for the parameters of the next command. */
    byte[] parameters() {
        return parameters;
    }

    void begin(int messageHeader, int parameterBytes, MessageWriter into) {
        header = messageHeader;
        length = parameterBytes;
        position = 0;
        results = into;
    }

    // ── Who asks ───────────────────────────────────────────────────────────

    /** The agent that sent the command; 1 and more. */
    public int agent() {
        return channel.agent();
    }

    /** The platform that does it. */
    public ScmiPlatform platform() {
        return channel.platform();
    }

    /** Whether notifications and delayed responses can be sent: if not, none may be claimed to exist. */
    public boolean hasEvents() {
        return channel.hasEvents();
    }

    /** Whether the agent can see statistics in shared memory. */
    public boolean hasStatistics() {
        return channel.hasStatistics();
    }

    /** Whether the agent may not use a domain, clock, sensor, ... of the command's protocol. */
    public boolean isDenied(int domain) {
        return !channel.platform().permits(agent(), MessageHeader.protocol(header), domain);
    }

    // ── Parameters ─────────────────────────────────────────────────────────

    /** Bytes of parameters that were not read. */
    public int left() {
        return length - position;
    }

    /**
     * Reads 32 bits, unsigned.
     *
     * @throws IllegalStateException if fewer are left: the command did not declare them
     */
    public long readLe32() {
        if (left() < 4) {
            throw new IllegalStateException("command reads more parameters than it declared: message="
                    + MessageHeader.message(header) + " protocol=" + MessageHeader.protocol(header));
        }
        long value = 0;
        for (int i = 0; i < 4; i++) {
            value |= (parameters[position++] & 0xFFL) << 8 * i;
        }
        return value;
    }

    /** Reads 32 bits, signed. */
    public int readS32() {
        return (int) readLe32();
    }

    /** Reads 64 bits, the low half first. */
    public long readLe64() {
        return readLe32() | readLe32() << 32;
    }

    /**
     * Reads the number of a thing.
     *
     * @param count how many there are
     * @return 0 to count - 1; or -1 if there is no such thing
     */
    public int readIndex(int count) {
        long index = readLe32();
        return index < count ? (int) index : -1;
    }

    // ── Results ────────────────────────────────────────────────────────────

    /** Where results go. */
    public MessageWriter results() {
        return results;
    }

    /** How many entries of so many bytes fit after so many other ones. */
    public int fitting(int before, int entry) {
        return Math.max(0, (results.room() - before) / entry);
    }

    /**
     * Promises a delayed response. Call it before anything is changed: it may refuse.
     *
     * @param after how long it takes
     * @param status what it will say; the payload is sent with SUCCESS only
     * @param payload what follows the status
     * @return SUCCESS; NOT_SUPPORTED if none can be sent; BUSY if too many are under way
     */
    public ScmiStatus respondLater(Duration after, ScmiStatus status, MessageWriter payload) {
        return channel.respondLater(header, after, status, payload);
    }
}
