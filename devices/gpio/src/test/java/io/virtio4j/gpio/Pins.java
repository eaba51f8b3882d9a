// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.gpio.board.SimulatedBoard;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/** A GPIO device, the board behind it, and a driver that speaks its protocol. */
final class Pins implements AutoCloseable {

    static final int GET_LINE_NAMES = 1;
    static final int GET_DIRECTION = 2;
    static final int SET_DIRECTION = 3;
    static final int GET_VALUE = 4;
    static final int SET_VALUE = 5;
    static final int SET_IRQ_TYPE = 6;

    static final int NONE = 0;
    static final int OUT = 1;
    static final int IN = 2;

    static final int RISING = 1;
    static final int FALLING = 2;
    static final int BOTH = 3;
    static final int HIGH = 4;
    static final int LOW = 8;

    static final int OK = 0;
    static final int ERR = 1;

    static final int INVALID = 0;
    static final int VALID = 1;

    static final int REQUESTQ = 0;
    static final int EVENTQ = 1;

    final SimulatedBoard board;
    final GpioDevice device;
    final TestDriver driver;

    private Pins(SimulatedBoard board, Consumer<DeviceInstanceBuilder> choices) {
        this.board = board;
        device = new GpioDevice(board);
        driver = TestDriver.attach(device, choices);
    }

    /** Four lines: the first two have names. */
    static Pins start(DriverOptions options) {
        return start(SimulatedBoard.of("button", "led", "", ""), options);
    }

    static Pins start(SimulatedBoard board, DriverOptions options) {
        return start(board, options, builder -> {});
    }

    static Pins start(SimulatedBoard board, DriverOptions options, Consumer<DeviceInstanceBuilder> choices) {
        return new Pins(board, choices).begin(options);
    }

    Pins begin(DriverOptions options) {
        driver.start(options);
        if (driver.queues().size() > 1) {
            driver.queue(EVENTQ).mayKeepBuffers();
        }
        return this;
    }

    // ── requestq ───────────────────────────────────────────────────────────

    static byte[] message(int type, int line, long value) {
        return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) type).putShort((short) line).putInt((int) value).array();
    }

    /** A message's answer; both fields are there. */
    record Answer(int status, int value) {}

    Answer ask(int type, int line, long value) {
        Submitted done = driver.queue(REQUESTQ).exchange(message(type, line, value), 2);
        byte[] written = done.written();
        assertEquals(2, written.length, "response");
        return new Answer(written[0], written[1]);
    }

    /** A message that is answered OK; its value. */
    int request(int type, int line, long value) {
        Answer answer = ask(type, line, value);
        assertEquals(OK, answer.status, "type=" + type + " line=" + line + " value=" + value);
        return answer.value;
    }

    /** A message that is answered ERR; all fields are set. */
    void refused(int type, int line, long value) {
        assertEquals(new Answer(ERR, 0), ask(type, line, value),
                "type=" + type + " line=" + line + " value=" + value);
    }

    /** Makes a line an input and enables its interrupt. */
    Pins interrupt(int line, int type) {
        request(SET_DIRECTION, line, IN);
        request(SET_IRQ_TYPE, line, type);
        return this;
    }

    // ── eventq ─────────────────────────────────────────────────────────────

    /** Makes an event buffer available. */
    Submitted unmask(int line) {
        Submitted submitted = driver.queue(EVENTQ).submit(
                new byte[] {(byte) line, (byte) (line >> 8)}, 1);
        driver.runDevice();
        driver.queue(EVENTQ).collect();
        return submitted;
    }

    /** Whether a buffer was returned by now. */
    boolean isReturned(Submitted event) {
        driver.runDevice();
        driver.queue(EVENTQ).collect();
        return event.isUsed();
    }

    /** The status of a buffer that was returned. */
    int status(Submitted event) {
        assertTrue(isReturned(event), "event buffer was not returned");
        assertEquals(1, event.usedLength());
        return event.written()[0];
    }

    long counter(GpioCounter counter) {
        return device.counters().get(counter);
    }

    @Override
    public void close() {
        driver.close();
    }
}
