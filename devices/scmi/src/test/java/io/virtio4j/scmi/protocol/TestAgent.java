// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** An agent that talks to a platform through a channel, without a device. */
public final class TestAgent {

    /** As much room as Linux has. */
    private static final int ROOM = 128;

    private final ScmiChannel channel;

    private TestAgent(ScmiChannel channel) {
        this.channel = channel;
    }

    /** The first agent of a platform, with notifications and statistics. */
    public static TestAgent of(ScmiPlatform platform) {
        return of(platform, 1);
    }

    /** An agent, with notifications and statistics. */
    public static TestAgent of(ScmiPlatform platform, int agent) {
        return of(platform, agent, true);
    }

    /** An agent, with notifications and statistics or without. */
    public static TestAgent of(ScmiPlatform platform, int agent, boolean events) {
        TestAgent made = new TestAgent(platform.open(agent, () -> {}));
        made.channel.begin(events, events);
        return made;
    }

    /** Its channel. */
    public ScmiChannel channel() {
        return channel;
    }

    /** Sends a command of words, and returns its response. */
    public Message send(int protocol, int message, long... words) {
        return sendWithRoom(ROOM, protocol, message, words);
    }

    /** As {@link #send}, with this much room for results. */
    public Message sendWithRoom(int room, int protocol, int message, long... words) {
        ByteBuffer parameters = ByteBuffer.wrap(channel.parameters()).order(ByteOrder.LITTLE_ENDIAN);
        for (long word : words) {
            parameters.putInt((int) word);
        }
        MessageWriter results = new MessageWriter(room);
        int header = Message.command(protocol, message, 7);
        ScmiStatus status = channel.execute(header, 4L * words.length, results);
        channel.answered();
        return new Message(header, status.code(), results.toByteArray());
    }

    /** Sends a command that has to succeed. */
    public Message ok(int protocol, int message, long... words) {
        Message response = send(protocol, message, words);
        assertEquals(0, response.status(), "status of message " + message + " " + Arrays.toString(words));
        return response;
    }

    /** Sends a command that has to be refused, with a status. */
    public void refused(ScmiStatus expected, int protocol, int message, long... words) {
        Message response = send(protocol, message, words);
        assertEquals(expected.code(), response.status(),
                "status of message " + message + " " + Arrays.toString(words) + ": " + expected);
    }

    /** Whether PROTOCOL_MESSAGE_ATTRIBUTES knows a message. */
    public boolean has(int protocol, int message) {
        return send(protocol, 2, message).status() == 0;
    }

    /** What the platform sent: words behind the header. */
    public List<List<Long>> events() {
        List<List<Long>> all = new ArrayList<>();
        for (ScmiEvent event = channel.takeEvent(); event != null; event = channel.takeEvent()) {
            List<Long> words = new ArrayList<>();
            words.add(Integer.toUnsignedLong(event.header()));
            ByteBuffer buffer = ByteBuffer.wrap(event.payload()).order(ByteOrder.LITTLE_ENDIAN);
            while (buffer.remaining() >= 4) {
                words.add(Integer.toUnsignedLong(buffer.getInt()));
            }
            all.add(words);
        }
        return all;
    }

    /** The words of a notification. */
    public static List<Long> notification(int protocol, int event, long... words) {
        return words(3L << 8 | (long) protocol << 10 | event, words);
    }

    /** The words of a delayed response to {@link #send}. */
    public static List<Long> delayed(int protocol, int message, long... words) {
        return words(7L << 18 | 2L << 8 | (long) protocol << 10 | message, words);
    }

    private static List<Long> words(long header, long[] words) {
        List<Long> all = new ArrayList<>();
        all.add(header);
        Arrays.stream(words).forEach(all::add);
        return all;
    }
}
