// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.ManualClock;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;

/** A sound device and a driver that speaks its protocol; the codes are its own. */
final class SoundRig implements AutoCloseable {

    static final int OK = 0x8000;
    static final int BAD_MSG = 0x8001;
    static final int NOT_SUPP = 0x8002;
    static final int IO_ERR = 0x8003;

    static final int JACK_INFO = 1;
    static final int JACK_REMAP = 2;
    static final int PCM_INFO = 0x100;
    static final int SET_PARAMS = 0x101;
    static final int PREPARE = 0x102;
    static final int RELEASE = 0x103;
    static final int START = 0x104;
    static final int STOP = 0x105;
    static final int CHMAP_INFO = 0x200;
    static final int CTL_INFO = 0x300;
    static final int CTL_ENUM_ITEMS = 0x301;
    static final int CTL_READ = 0x302;
    static final int CTL_WRITE = 0x303;
    static final int CTL_TLV_READ = 0x304;
    static final int CTL_TLV_WRITE = 0x305;
    static final int CTL_TLV_COMMAND = 0x306;

    static final int S16 = 5;
    static final int HZ_8000 = 1;
    static final int HZ_48000 = 7;

    static final int POLLING = 1 << 2;
    static final int PERIODS = 1 << 3;
    static final int XRUNS = 1 << 4;

    private static final int CONTROLQ = 0;
    private static final int EVENTQ = 1;
    private static final int TXQ = 2;
    private static final int RXQ = 3;

    private final TestDriver driver;
    private final ManualClock clock;
    private SoundDevice device;

    private SoundRig(SoundDevice device, ManualClock clock, DriverOptions options) {
        this.device = device;
        this.clock = clock;
        driver = TestDriver.attach(device).start(options);
        mayKeep();
    }

    private void mayKeep() {
        for (int queue = EVENTQ; queue <= RXQ; queue++) {
            driver.queue(queue).mayKeepBuffers();
        }
    }

    static SoundRig of(SoundDeviceBuilder builder) {
        return of(builder, DriverOptions.split());
    }

    /** A device whose time moves when the test says so. */
    static SoundRig of(SoundDeviceBuilder builder, DriverOptions options) {
        ManualClock clock = new ManualClock();
        return new SoundRig(builder.clock(clock).build(), clock, options);
    }

    SoundDevice device() {
        return device;
    }

    TestDriver driver() {
        return driver;
    }

    ManualClock clock() {
        return clock;
    }

    long count(SoundCounter counter) {
        return device.counters().get(counter);
    }

    /** Goes on with another device, whose clock is the same. */
    void migrateTo(SoundDeviceBuilder builder) {
        device = builder.clock(clock).build();
        driver.migrateTo(device);
    }

    /** Lets time pass, millisecond by millisecond, as an alarm rings in time. */
    void pass(int millis) {
        for (int i = 0; i < millis; i++) {
            clock.advance(Duration.ofMillis(1));
            driver.runDevice();
        }
    }

    // ── Control queue ──────────────────────────────────────────────────────

    DriverQueue control() {
        return driver.queue(CONTROLQ);
    }

    static byte[] words(int... words) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int word : words) {
            bytes.putInt(word);
        }
        return bytes.array();
    }

    static int word(byte[] bytes, int offset) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(offset);
    }

    /** Sends a request and waits; the answer's length has to be right. */
    Reply request(byte[] request, int room) {
        Submitted done = control().exchange(request, 4 + room);
        done.assertNothingBeyond();
        return new Reply(done.written());
    }

    /** An answer: its status, and what follows it. */
    record Reply(byte[] bytes) {

        int status() {
            return word(bytes, 0);
        }

        byte[] payload() {
            assertEquals(OK, status());
            return Arrays.copyOfRange(bytes, 4, bytes.length);
        }

        Reply failed(int status) {
            assertEquals(status, status());
            assertEquals(4, bytes.length);
            return this;
        }
    }

    int command(int code, int stream) {
        return request(words(code, stream), 0).status();
    }

    void succeed(int code, int stream) {
        assertEquals(OK, command(code, stream));
    }

    static byte[] setParams(int stream, int buffer, int period, int features, int channels, int format, int rate) {
        byte[] request = Arrays.copyOf(words(SET_PARAMS, stream, buffer, period, features), 24);
        request[20] = (byte) channels;
        request[21] = (byte) format;
        request[22] = (byte) rate;
        return request;
    }

    /** S16, 8 kHz, mono, with a buffer of four periods of 10 ms, 160 bytes each. */
    void prepare(int stream, int features) {
        assertEquals(OK, request(setParams(stream, 640, 160, features, 1, S16, HZ_8000), 0).status());
        succeed(PREPARE, stream);
    }

    void prepare(int stream) {
        prepare(stream, 0);
    }

    /** A query of items. */
    Reply query(int code, int start, int count, int size) {
        return request(words(code, start, count, size), Math.min(count * size, 1 << 16));
    }

    // ── I/O queues ─────────────────────────────────────────────────────────

    DriverQueue tx() {
        return driver.queue(TXQ);
    }

    DriverQueue rx() {
        return driver.queue(RXQ);
    }

    static byte[] message(int stream, byte[] frames) {
        return ByteBuffer.allocate(4 + frames.length).order(ByteOrder.LITTLE_ENDIAN).putInt(stream).put(frames)
                .array();
    }

    Submitted play(int stream, byte[] frames) {
        Submitted sent = tx().submit(message(stream, frames), 8);
        driver.runDevice();
        return sent;
    }

    Submitted record(int stream, int bytes) {
        Submitted sent = rx().submit(words(stream), bytes + 8);
        driver.runDevice();
        return sent;
    }

    boolean isUsed(Submitted sent) {
        driver.runDevice();
        tx().collect();
        rx().collect();
        return sent.isUsed();
    }

    /** The status of a message that was used. */
    static int status(Submitted sent) {
        byte[] writable = sent.writable();
        return word(writable, writable.length - 8);
    }

    static int latency(Submitted sent) {
        byte[] writable = sent.writable();
        return word(writable, writable.length - 4);
    }

    /** Frames that differ from each other. */
    static byte[] frames(int bytes, int seed) {
        byte[] frames = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            frames[i] = (byte) (seed * 31 + i * 7 + 1);
        }
        return frames;
    }

    // ── Event queue ────────────────────────────────────────────────────────

    Submitted giveEventBuffer() {
        Submitted buffer = driver.queue(EVENTQ).submit(new byte[0], 8);
        driver.runDevice();
        return buffer;
    }

    /** Takes the next event, as its code and data; a buffer is given for it. */
    Event event() {
        Submitted buffer = giveEventBuffer();
        driver.queue(EVENTQ).await(buffer);
        return eventIn(buffer);
    }

    Event eventIn(Submitted buffer) {
        assertEquals(8, buffer.usedLength());
        return new Event(word(buffer.written(), 0), word(buffer.written(), 4));
    }

    boolean hasEvent(Submitted buffer) {
        driver.runDevice();
        driver.queue(EVENTQ).collect();
        return buffer.isUsed();
    }

    record Event(int code, int data) {}

    @Override
    public void close() {
        driver.close();
    }
}
