// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static io.virtio4j.sound.SoundRig.IO_ERR;
import static io.virtio4j.sound.SoundRig.OK;
import static io.virtio4j.sound.SoundRig.PREPARE;
import static io.virtio4j.sound.SoundRig.START;
import static io.virtio4j.sound.SoundRig.frames;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.sound.backend.Loopback;
import io.virtio4j.testkit.Submitted;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A cable from output to input. */
class LoopbackTest {

    private static SoundRig start(int delay) {
        Loopback cable = new Loopback(Duration.ofMillis(delay));
        return SoundRig.of(SoundDevice.builder().output(cable.output()).input(cable.input()));
    }

    @Test
    void what_is_played_is_recorded_bit_by_bit() {
        try (SoundRig rig = start(0)) {
            rig.prepare(0);
            rig.prepare(1);
            List<Submitted> recorded = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                recorded.add(rig.record(1, 160));
                rig.play(0, frames(160, i));
            }
            rig.succeed(START, 1);
            rig.succeed(START, 0);
            rig.pass(50);
            for (int i = 0; i < 5; i++) {
                assertTrue(rig.isUsed(recorded.get(i)));
                assertArrayEquals(frames(160, i), Arrays.copyOf(recorded.get(i).written(), 160), "message " + i);
                assertEquals(OK, SoundRig.status(recorded.get(i)));
            }
        }
    }

    /** One end may be served later than the other: by as much as the cable holds back. */
    @Test
    void a_delay_makes_up_for_an_end_that_is_late() {
        try (SoundRig rig = start(20)) {
            rig.prepare(0);
            rig.prepare(1);
            List<Submitted> recorded = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                recorded.add(rig.record(1, 160));
            }
            for (int i = 0; i < 5; i++) {
                rig.play(0, frames(160, i));
            }
            rig.succeed(START, 1);
            rig.succeed(START, 0);
            rig.clock().advance(Duration.ofMillis(30));
            rig.driver().instance().poll(1);
            rig.pass(50);
            ByteArrayOutputStream heard = new ByteArrayOutputStream();
            for (Submitted each : recorded) {
                assertTrue(rig.isUsed(each));
                heard.writeBytes(Arrays.copyOf(each.written(), 160));
            }
            byte[] all = heard.toByteArray();
            int start = 0;
            while (all[start] == 0) {
                start += 160;
            }
            for (int i = 0; i < 5; i++, start += 160) {
                assertArrayEquals(frames(160, i), Arrays.copyOfRange(all, start, start + 160), "message " + i);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> new Loopback(Duration.ofMillis(1_001)));
    }

    @Test
    void both_ends_need_the_same_signal() {
        try (SoundRig rig = start(0)) {
            rig.prepare(0);
            assertEquals(OK, rig.request(SoundRig.setParams(1, 640, 160, 0, 1, SoundRig.S16, 2), 0).status());
            assertEquals(IO_ERR, rig.command(PREPARE, 1));
            rig.succeed(SoundRig.RELEASE, 0);
            rig.succeed(PREPARE, 1);
            assertEquals(OK, rig.request(SoundRig.setParams(0, 640, 160, 0, 1, SoundRig.S16, 1), 0).status());
            assertEquals(IO_ERR, rig.command(PREPARE, 0));
        }
    }

    @Test
    void silence_is_recorded_where_nothing_is_played() {
        try (SoundRig rig = start(0)) {
            rig.prepare(1);
            Submitted recorded = rig.record(1, 160);
            rig.succeed(START, 1);
            rig.pass(10);
            assertTrue(rig.isUsed(recorded));
            assertArrayEquals(new byte[160], Arrays.copyOf(recorded.written(), 160));
        }
    }
}
