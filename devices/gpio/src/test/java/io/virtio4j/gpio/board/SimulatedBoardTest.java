// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.board;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.gpio.GpioDirection;
import io.virtio4j.gpio.GpioTrigger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens on a board, by hand and by drivers. */
@Timeout(60)
class SimulatedBoardTest {

    private final SimulatedBoard board = SimulatedBoard.of("a", "b", "c", "");
    private final SimulatedLine a = board.line("a");
    private final SimulatedLine b = board.line("b");
    private final SimulatedLine c = board.line("c");
    private final List<String> told = new ArrayList<>();

    private void watchAll() {
        board.watch((line, state, nanos) -> told.add(line + " " + state));
    }

    @Test
    void a_line_floats_until_somebody_drives_it() {
        assertEquals(LineState.FLOATING, a.state());
        a.drive(true);
        assertEquals(LineState.HIGH, a.state());
        a.drive(false);
        assertEquals(LineState.LOW, a.state());
        a.release();
        assertEquals(LineState.FLOATING, a.state());
        assertFalse(a.isHigh());
    }

    @Test
    void a_resistor_decides_where_nobody_drives() {
        a.pull(Pull.UP);
        assertTrue(a.isHigh());
        a.drive(false);
        assertFalse(a.isHigh());
        a.release();
        assertTrue(a.isHigh());
        board.wire(a, b);
        b.pull(Pull.DOWN);
        assertFalse(a.isHigh(), "down wins");
        b.pull(Pull.NONE);
        assertTrue(b.isHigh());
    }

    @Test
    void two_that_drive_against_each_other_make_it_low() {
        board.output(0, true);
        assertEquals(LineState.HIGH, a.state());
        a.drive(false);
        assertEquals(LineState.CONTENDED, a.state());
        assertFalse(board.isHigh(0));
        a.drive(true);
        assertEquals(LineState.HIGH, a.state());
    }

    @Test
    void lines_that_are_wired_together_have_one_level() {
        watchAll();
        a.drive(true);
        Connection ab = board.wire("a", "b");
        Connection bc = board.wire("b", "c");
        assertEquals(List.of("a HIGH", "b HIGH", "c HIGH"), told);
        told.clear();
        a.drive(false);
        assertEquals(List.of("a LOW", "b LOW", "c LOW"), told);
        told.clear();
        ab.close();
        assertEquals(List.of("b FLOATING", "c FLOATING"), told);
        c.drive(true);
        assertTrue(b.isHigh());
        assertFalse(a.isHigh());
        bc.close();
        bc.close();
        assertFalse(b.isHigh());
        assertTrue(c.isHigh());
    }

    @Test
    void a_ring_of_wires_can_be_cut_once_without_effect() {
        Connection ab = board.wire(a, b);
        board.wire(b, c);
        board.wire(c, a);
        a.drive(true);
        ab.close();
        assertTrue(b.isHigh());
    }

    @Test
    void lines_of_another_board_cannot_be_wired() {
        SimulatedLine other = SimulatedBoard.of("a").line(0);
        assertThrows(IllegalArgumentException.class, () -> board.wire(a, other));
        assertThrows(IllegalArgumentException.class, () -> board.line("nothing"));
    }

    @Test
    void watchers_are_told_each_change_and_only_changes() {
        Connection watching = a.watch((line, state, nanos) -> told.add(line + " " + state));
        a.drive(true);
        a.drive(true);
        b.drive(true);
        a.pulse();
        watching.close();
        a.drive(false);
        assertEquals(List.of("a HIGH", "a LOW", "a HIGH"), told);
    }

    @Test
    void what_a_watcher_drives_is_told_after_what_it_was_told() {
        a.watch((line, state, nanos) -> b.drive(!state.isHigh())); // an inverter
        watchAll();
        a.drive(true);
        a.drive(false);
        assertEquals(List.of("a HIGH", "b LOW", "a LOW", "b HIGH"), told);
    }

    @Test
    void watchers_that_drive_each_other_for_ever_are_stopped() {
        a.watch((line, state, nanos) -> b.drive(!state.isHigh()));
        b.watch((line, state, nanos) -> a.drive(state.isHigh()));
        IllegalStateException endless = assertThrows(IllegalStateException.class, () -> a.drive(true));
        assertTrue(endless.getMessage().startsWith("board does not come to rest"), endless.getMessage());
        c.drive(true);
        assertTrue(c.isHigh(), "the board goes on");
    }

    @Test
    void a_watcher_that_throws_keeps_nobody_from_the_change() {
        a.watch((line, state, nanos) -> {
            throw new IllegalStateException("as the test wants");
        });
        watchAll();
        a.drive(true);
        assertEquals(List.of("a HIGH"), told);
    }

    @Test
    void a_test_can_wait_for_what_the_driver_does() throws InterruptedException {
        assertFalse(a.await(true, Duration.ofMillis(1)));
        Thread driver = Thread.ofPlatform().start(() -> {
            board.output(0, false);
            board.output(0, true);
            board.input(1);
            board.watch(1, GpioTrigger.LEVEL_LOW);
        });
        assertTrue(a.await(GpioDirection.OUT, Duration.ofSeconds(30)));
        assertTrue(a.await(true, Duration.ofSeconds(30)));
        assertTrue(b.await(GpioTrigger.LEVEL_LOW, Duration.ofSeconds(30)));
        driver.join();
        board.watch(1, GpioTrigger.NONE);
        assertEquals(GpioTrigger.NONE, b.trigger());
    }

    @Test
    void changes_of_many_threads_are_told_one_after_the_other() throws InterruptedException {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger count = new AtomicInteger();
        boolean[] last = new boolean[3];
        board.watch((line, state, nanos) -> {
            assertEquals(1, inside.incrementAndGet());
            assertEquals(!last[line.number()], state.isHigh(), "every change is told");
            last[line.number()] = state.isHigh();
            count.incrementAndGet();
            inside.decrementAndGet();
        });
        CountDownLatch done = new CountDownLatch(3);
        for (SimulatedLine line : List.of(a, b, c)) {
            Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 2000; i++) {
                    line.drive(i % 2 == 0);
                }
                done.countDown();
            });
        }
        done.await();
        assertEquals(6000, count.get());
    }
}
