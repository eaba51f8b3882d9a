// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** A driver of GPIO devices. [GPIO Device / Device Operation: requestq], [Device Operation: eventq] */
final class GpioDriver {

    static final int OUT = 1;
    static final int IN = 2;
    static final int EDGE_BOTH = 3;
    static final int LEVEL_HIGH = 4;

    private static final int GET_LINE_NAMES = 1;
    private static final int SET_DIRECTION = 3;
    private static final int GET_VALUE = 4;
    private static final int SET_VALUE = 5;
    private static final int SET_IRQ_TYPE = 6;
    private static final int NONE = 0;

    private final TestDriver driver;
    private final RunLog log;
    private final DriverQueue requests;
    private final DriverQueue events;

    GpioDriver(TestDriver driver, RunLog log) {
        this.driver = driver;
        this.log = log;
        requests = driver.queue(0);
        events = driver.queue(1).mayKeepBuffers();
    }

    /** The names of all lines. [requestq Operation / Get Line Names] */
    List<String> names() {
        int lines = (int) driver.port().readConfig(0, 2);
        int size = (int) driver.port().readConfig(4, 4);
        byte[] answer = send(GET_LINE_NAMES, 0, 0, 1 + size);
        String block = new String(answer, 1, answer.length - 1, StandardCharsets.US_ASCII);
        return Arrays.asList(block.split("\0", -1)).subList(0, lines);
    }

    /** Uses a line. [requestq Operation / Set Direction] */
    void direction(int line, int direction) {
        send(SET_DIRECTION, line, direction, 2);
    }

    /** Drives an output. [requestq Operation / Set Value] */
    void set(int line, boolean high) {
        send(SET_VALUE, line, high ? 1 : 0, 2);
    }

    /** Reads a line. [requestq Operation / Get Value] */
    boolean get(int line) {
        return send(GET_VALUE, line, 0, 2)[1] != 0;
    }

    private byte[] send(int type, int line, int value, int room) {
        byte[] message = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) type).putShort((short) line).putInt(value).array();
        byte[] answer = requests.exchange(message, room).written();
        log.operation(message.length + answer.length);
        if (answer.length != room || answer[0] != 0) {
            throw new IllegalStateException("message failed: type=" + type + " line=" + line + " value="
                    + value + " answer=" + Arrays.toString(answer));
        }
        return answer;
    }

    /** Enables a line's interrupt. [requestq Operation / Set IRQ Type] */
    void enable(int line, int type) {
        direction(line, IN);
        send(SET_IRQ_TYPE, line, type, 2);
    }

    /** Disables a line's interrupt; what unmasked it has to be back by then. */
    void disable(int line, Submitted event) {
        send(SET_IRQ_TYPE, line, NONE, 2);
        if (status(event) != 0) {
            log.error("an interrupt came instead of a buffer that was not needed: line=" + line);
        }
    }

    /** Unmasks a line's interrupt. */
    Submitted unmask(int line) {
        return events.submit(new byte[] {(byte) line, 0}, 1);
    }

    /** Waits for a line's interrupt. */
    void await(int line, Submitted event) {
        if (status(event) != 1) {
            log.error("an event buffer came back without an interrupt: line=" + line);
        }
    }

    private int status(Submitted event) {
        byte[] status = events.await(event).written();
        log.operation(status.length);
        return status.length == 1 ? status[0] : -1;
    }

    /** Whether an event buffer came back. */
    boolean isBack(Submitted event) {
        events.collect();
        return event.isUsed();
    }
}
