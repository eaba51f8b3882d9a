// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static io.virtio4j.sound.SoundRig.OK;
import static io.virtio4j.sound.SoundRig.RELEASE;
import static io.virtio4j.sound.SoundRig.START;
import static io.virtio4j.sound.SoundRig.STOP;
import static io.virtio4j.sound.SoundRig.frames;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.sound.backend.BlockingLine;
import io.virtio4j.sound.backend.BlockingLines;
import io.virtio4j.sound.backend.BufferedInput;
import io.virtio4j.sound.backend.BufferedOutput;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The host's audio blocks, or hangs for good; the driver does not notice. */
class HangingAudioTest {

    /** Lines that hang until the test lets them go, in one place or the other. */
    private static final class Hanging implements BlockingLines {

        private final CountDownLatch end = new CountDownLatch(1);
        private final AtomicInteger opened = new AtomicInteger();
        private final boolean inOpen;

        private Hanging(boolean inOpen) {
            this.inOpen = inOpen;
        }

        @Override
        public Set<PcmFormat> formats() {
            return PcmFormat.wholeBytes();
        }

        private void hang() {
            boolean ended = false;
            while (!ended) {
                try {
                    end.await();
                    ended = true;
                } catch (InterruptedException e) {
                    // Host audio may not listen to that.
                }
            }
        }

        @Override
        public BlockingLine open(PcmParameters parameters) {
            opened.incrementAndGet();
            if (inOpen) {
                hang();
            }
            return new BlockingLine() {
                @Override
                public void transfer(byte[] frames, int count) {
                    hang();
                }

                @Override
                public void close() {
                    hang();
                }
            };
        }
    }

    private final List<Hanging> all = new ArrayList<>();

    private Hanging hanging(boolean inOpen) {
        Hanging lines = new Hanging(inOpen);
        all.add(lines);
        return lines;
    }

    @AfterEach
    void end() {
        all.forEach(lines -> lines.end.countDown());
    }

    @Test
    @HostileCase("SN-6")
    void a_release_returns_every_message_whatever_the_host_does() {
        for (boolean inOpen : new boolean[] {true, false}) {
            SoundDeviceBuilder card = SoundDevice.builder().output(new BufferedOutput(hanging(inOpen)))
                    .input(new BufferedInput(hanging(inOpen)));
            try (SoundRig rig = SoundRig.of(card)) {
                List<Submitted> sent = new ArrayList<>();
                for (int stream = 0; stream < 2; stream++) {
                    rig.prepare(stream);
                    for (int i = 0; i < 4; i++) {
                        sent.add(stream == 0 ? rig.play(0, frames(160, i)) : rig.record(1, 160));
                    }
                    rig.succeed(START, stream);
                }
                rig.pass(25);
                assertTrue(rig.isUsed(sent.get(0)));
                assertEquals(OK, SoundRig.status(sent.get(0)));
                assertTrue(rig.isUsed(sent.get(5)));
                assertEquals(OK, SoundRig.status(sent.get(5)));
                for (int stream = 0; stream < 2; stream++) {
                    rig.succeed(STOP, stream);
                    rig.succeed(RELEASE, stream);
                }
                for (Submitted each : sent) {
                    assertTrue(rig.isUsed(each));
                }
            }
        }
    }

    @Test
    @HostileCase("SN-6")
    void a_reset_ends_whatever_the_host_does_and_the_threads_are_bounded() {
        Hanging lines = hanging(false);
        try (SoundRig rig = SoundRig.of(SoundDevice.builder().output(new BufferedOutput(lines)))) {
            int prepared = 0;
            for (int i = 0; i < 20; i++) {
                rig.driver().start();
                assertEquals(OK, rig.request(SoundRig.setParams(0, 640, 160, 0, 1, SoundRig.S16, 1), 0).status());
                if (rig.command(SoundRig.PREPARE, 0) == OK) {
                    prepared++;
                    rig.play(0, frames(160, i));
                    rig.succeed(START, 0);
                    rig.pass(1);
                }
                rig.driver().reset();
            }
            assertTrue(prepared >= 8 && lines.opened.get() <= 20, "prepared " + prepared);
            rig.driver().start();
        }
    }

    /** A line that takes what it gets, when the test says so. */
    private static final class Slow implements BlockingLines, BlockingLine {

        private final Semaphore turns = new Semaphore(0);
        private final Semaphore waits = new Semaphore(0);
        private volatile int taken;
        private final ByteArrayOutputStream played = new ByteArrayOutputStream();

        @Override
        public Set<PcmFormat> formats() {
            return Set.of(PcmFormat.S16);
        }

        @Override
        public BlockingLine open(PcmParameters parameters) {
            return this;
        }

        @Override
        public void transfer(byte[] frames, int count) throws InterruptedException {
            taken += count;
            waits.release();
            turns.acquire();
            played.write(frames, 0, count);
        }

        @Override
        public long delay() {
            return 7;
        }

        @Override
        public void close() {
            turns.release(1_000);
        }
    }

    @Test
    void latency_is_what_is_in_the_buffer_and_in_the_host() throws InterruptedException {
        Slow line = new Slow();
        try (SoundRig rig = SoundRig.of(SoundDevice.builder().output(new BufferedOutput(line)))) {
            rig.prepare(0);
            Submitted message = rig.play(0, frames(160, 0));
            rig.play(0, frames(160, 1));
            rig.succeed(START, 0);
            line.waits.acquire(); // the thread has taken a piece, and hangs with it
            rig.pass(10);
            assertTrue(rig.isUsed(message));
            assertEquals(160 - line.taken + 7, SoundRig.latency(message));
        }
    }

    @Test
    void what_has_no_room_is_lost_and_counted() {
        Slow line = new Slow();
        BufferedOutput output = new BufferedOutput(line);
        try (SoundRig rig = SoundRig.of(SoundDevice.builder().output(output))) {
            rig.prepare(0);
            rig.succeed(START, 0);
            for (int i = 0; i < 100; i++) {
                rig.play(0, frames(160, i));
                rig.pass(10);
                rig.tx().collect();
            }
            // A second was played; the buffer has room for 290 ms, and the thread holds one piece.
            assertTrue(output.lostBytes() > 160 * 65 && output.lostBytes() < 160 * 75, "" + output.lostBytes());
            assertEquals(100, rig.count(SoundCounter.PLAYED));
        }
    }
}
