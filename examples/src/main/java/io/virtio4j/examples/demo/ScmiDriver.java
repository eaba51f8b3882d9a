// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/** A driver of SCMI devices: one command at a time, and buffers for events. [SCMI Device / Device Operation] */
final class ScmiDriver {

    private static final int COMMANDS = 0;
    private static final int EVENTS = 1;

    /** Header, status, and 128 bytes: what Linux gives. */
    private static final int BUFFER = 136;
    private static final int EVENT_BUFFERS = 16;

    private final TestDriver driver;
    private final RunLog log;
    private final Deque<Submitted> posted = new ArrayDeque<>();
    private int token;

    ScmiDriver(TestDriver driver, RunLog log) {
        this.driver = driver;
        this.log = log;
        driver.queue(EVENTS).mayKeepBuffers();
        for (int i = 0; i < EVENT_BUFFERS; i++) {
            post();
        }
    }

    private void post() {
        posted.add(driver.queue(EVENTS).submit(new byte[0], BUFFER));
    }

    /** Sends a command of words that has to succeed, and returns its results. */
    ByteBuffer send(int protocol, int message, long... words) {
        token = token + 1 & 0x3FF;
        ByteBuffer command = ByteBuffer.allocate(4 + 4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        int header = token << 18 | protocol << 10 | message;
        command.putInt(header);
        for (long word : words) {
            command.putInt((int) word);
        }
        Submitted done = driver.queue(COMMANDS).exchange(command.array(), BUFFER);
        ByteBuffer response = ByteBuffer.wrap(done.written()).order(ByteOrder.LITTLE_ENDIAN);
        log.operation(command.capacity() + response.capacity());
        if (response.getInt() != header) {
            throw new IllegalStateException("response has another header: protocol=0x"
                    + Integer.toHexString(protocol) + " message=" + message);
        }
        int status = response.getInt();
        if (status != 0) {
            throw new IllegalStateException("command was refused: protocol=0x" + Integer.toHexString(protocol)
                    + " message=" + message + " status=" + status);
        }
        return response.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The next event, header first. */
    ByteBuffer event() {
        DriverQueue queue = driver.queue(EVENTS);
        driver.waitFor("an event", () -> {
            queue.collect();
            return posted.getFirst().isUsed();
        });
        byte[] event = posted.removeFirst().written();
        log.operation(event.length);
        post();
        return ByteBuffer.wrap(event).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A name of 16 bytes. */
    static String name(ByteBuffer from, int at) {
        byte[] name = new byte[16];
        from.get(at, name);
        return new String(name, StandardCharsets.US_ASCII).trim();
    }
}
