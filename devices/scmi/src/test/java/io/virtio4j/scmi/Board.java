// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** A {@link BoardHardware} and a driver that speaks its protocols. */
final class Board extends BoardHardware implements AutoCloseable {

    static final int BASE = 0x10;
    static final int POWER = 0x11;
    static final int PERFORMANCE = 0x13;
    static final int CLOCK = 0x14;
    static final int SENSOR = 0x15;

    static final int COMMANDS = 0;
    static final int EVENTS = 1;

    /** What Linux's driver gives to an event. */
    static final int EVENT_BUFFER = 136;

    final TestDriver driver = TestDriver.attach(device);

    private final ArrayDeque<Submitted> posted = new ArrayDeque<>();
    private int token;

    private Board() {}

    static Board unstarted() {
        return new Board();
    }

    static Board start(DriverOptions options) {
        return new Board().begin(options);
    }

    Board begin(DriverOptions options) {
        posted.clear();
        driver.start(options);
        driver.queues().stream().filter(queue -> queue.index() == EVENTS)
                .forEach(DriverQueue::mayKeepBuffers);
        return this;
    }

    /** Options that accept these features, and what every driver accepts. */
    static DriverOptions accepting(ScmiFeature... features) {
        return DriverOptions.split().exactly(FeatureSet.of(features)
                .with(CoreFeature.VERSION_1).with(CoreFeature.RING_RESET));
    }

    // ── Commands ───────────────────────────────────────────────────────────

    int nextHeader(int protocol, int message) {
        token = token + 1 & 0x3FF;
        return Message.command(protocol, message, token);
    }

    /** Sends a command of words; the response has the header of the command. */
    Message send(int protocol, int message, long... words) {
        int header = nextHeader(protocol, message);
        Submitted done = driver.queue(COMMANDS).exchange(Message.of(header, words), EVENT_BUFFER);
        Message response = Message.parse(done.written());
        assertEquals(header, response.header());
        if (response.status() != 0) {
            assertEquals(8, done.usedLength(), "an error has a status alone");
        }
        return response;
    }

    Message ok(int protocol, int message, long... words) {
        Message response = send(protocol, message, words);
        assertEquals(0, response.status());
        return response;
    }

    void refused(ScmiStatus expected, int protocol, int message, long... words) {
        assertEquals(expected.code(), send(protocol, message, words).status(), expected.toString());
    }

    /** That all is well: a clock can be asked for its rate. */
    void assertGoesOn() {
        assertEquals(uart.rate(), ok(CLOCK, 0x6, 0).doubleWord(0));
    }

    // ── Events ─────────────────────────────────────────────────────────────

    /** Makes event buffers available. */
    Board post(int count, int bytes) {
        for (int i = 0; i < count; i++) {
            posted.add(driver.queue(EVENTS).submit(new byte[0], bytes));
        }
        driver.runDevice();
        return this;
    }

    /** The event buffers that were used, in order. */
    List<Submitted> used() {
        driver.runDevice();
        driver.queue(EVENTS).collect();
        List<Submitted> done = new ArrayList<>();
        while (!posted.isEmpty() && posted.peek().isUsed()) {
            done.add(posted.poll());
        }
        return done;
    }

    /** The events in those, all of which have to hold one. */
    List<Message> events() {
        return used().stream().map(done -> Message.parse(done.written())).toList();
    }

    Message event() {
        List<Message> all = events();
        assertEquals(1, all.size());
        return all.getFirst();
    }

    static void assertNotification(int protocol, int event, Message message) {
        assertEquals(3 << 8 | protocol << 10 | event, message.header());
    }

    @Override
    public void close() {
        driver.close();
        platform.close();
    }
}
