// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * A driver of sound cards: 16-bit stereo at 48 kHz, in periods of 10 ms, many of them ahead, as the machine may be
 * busy.
 */
final class SoundDriver {

    static final int RATE = 48_000;
    static final int PERIOD = RATE / 100 * 4; // bytes

    private static final int OK = 0x8000;
    private static final int SET_PARAMS = 0x101;
    private static final int PREPARE = 0x102;
    private static final int RELEASE = 0x103;
    private static final int START = 0x104;
    private static final int STOP = 0x105;
    private static final int CTL_WRITE = 0x303;
    private static final int S16 = 5;
    private static final int HZ_48000 = 7;
    private static final int PERIODS = 64;
    private static final int STATUS_SIZE = 8;

    private final TestDriver driver;
    private final RunLog log;

    SoundDriver(TestDriver driver, RunLog log) {
        this.driver = driver;
        this.log = log;
    }

    private static byte[] words(int... words) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int word : words) {
            bytes.putInt(word);
        }
        return bytes.array();
    }

    private static int word(byte[] bytes, int offset) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(offset);
    }

    private void request(int... request) {
        Submitted done = driver.queue(0).exchange(words(request), 4);
        log.operation(0);
        if (word(done.written(), 0) != OK) {
            throw new IllegalStateException("request failed: code=0x" + Integer.toHexString(request[0]) + " status=0x"
                    + Integer.toHexString(word(done.written(), 0)));
        }
    }

    private void prepare(int stream) {
        int selected = 2 | S16 << 8 | HZ_48000 << 16; // channels, format, rate
        request(SET_PARAMS, stream, PERIODS * PERIOD, PERIOD, 0, selected);
        request(PREPARE, stream);
    }

    private void end(int stream) {
        request(STOP, stream);
        request(RELEASE, stream);
    }

    /** Plays frames in real time. */
    void play(int stream, byte[] frames) {
        prepare(stream);
        DriverQueue tx = driver.queue(2);
        Deque<Submitted> ahead = new ArrayDeque<>();
        boolean started = false;
        for (int at = 0; at < frames.length; at += PERIOD) {
            byte[] message = Arrays.copyOf(words(stream), 4 + PERIOD);
            System.arraycopy(frames, at, message, 4, PERIOD);
            ahead.add(tx.submit(message, STATUS_SIZE));
            if (!started && (ahead.size() == PERIODS || at + PERIOD == frames.length)) {
                request(START, stream);
                started = true;
            }
            if (ahead.size() == PERIODS) {
                finish(tx, ahead.remove(), PERIOD);
            }
        }
        while (!ahead.isEmpty()) {
            finish(tx, ahead.remove(), PERIOD);
        }
        end(stream);
    }

    /** Records frames in real time. */
    byte[] record(int stream, int bytes) {
        prepare(stream);
        DriverQueue rx = driver.queue(3);
        Deque<Submitted> ahead = new ArrayDeque<>();
        for (int at = 0; at < bytes; at += PERIOD) {
            ahead.add(rx.submit(words(stream), PERIOD + STATUS_SIZE));
        }
        request(START, stream);
        byte[] frames = new byte[bytes];
        for (int at = 0; at < bytes; at += PERIOD) {
            byte[] written = finish(rx, ahead.remove(), PERIOD);
            System.arraycopy(written, 0, frames, at, PERIOD);
        }
        end(stream);
        return frames;
    }

    private byte[] finish(DriverQueue queue, Submitted message, int bytes) {
        queue.await(message);
        log.operation(bytes);
        byte[] writable = message.writable();
        int status = word(writable, writable.length - STATUS_SIZE);
        if (status != OK) {
            throw new IllegalStateException("message failed: status=0x" + Integer.toHexString(status));
        }
        return writable;
    }

    void setVolume(int control, int left, int right) {
        request(CTL_WRITE, control, left, right);
    }

    /** Gives a buffer for an event. */
    Submitted giveEventBuffer() {
        return driver.queue(1).submit(new byte[0], 8);
    }

    /** Waits for the event: its code. */
    int awaitEvent(Submitted buffer) {
        driver.queue(1).await(buffer);
        log.operation(0);
        return word(buffer.written(), 0);
    }
}
