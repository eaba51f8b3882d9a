// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.Runner;
import io.virtio4j.gpio.GpioCounter;
import io.virtio4j.gpio.GpioDevice;
import io.virtio4j.gpio.GpioTrigger;
import io.virtio4j.host.linux.GpioLine;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the backend asks of Linux, and what it makes of the answers. */
@Timeout(30)
class ChipBackendTest {

    private static final int LINE = 1; // of the driver; 5 of the controller

    private final FakeChip chip = new FakeChip();
    private final BlockingQueue<String> changes = new LinkedBlockingQueue<>();
    private ChipBackend backend;

    @BeforeEach
    void open() throws IOException {
        backend = new ChipBackend(chip, 0, 5, 7);
        backend.attach((line, high) -> changes.add(line + (high ? " high" : " low")));
    }

    @AfterEach
    void close() {
        backend.close();
        assertTrue(chip.closed);
        assertEquals(0, chip.held.size(), "lines were given back");
    }

    private FakeChip.Line held() {
        return Objects.requireNonNull(chip.held.get(5), "not requested");
    }

    private void assertChange(String expected) throws InterruptedException {
        assertEquals(expected, changes.poll(20, TimeUnit.SECONDS));
    }

    @Test
    void lines_are_those_that_were_chosen() {
        assertEquals(3, backend.lines());
        assertEquals("", backend.name(0));
        assertEquals("host5", backend.name(1));
        assertEquals("host7", backend.name(2));
    }

    @Test
    void a_line_is_held_while_it_is_in_use() throws IOException {
        assertEquals(0, chip.held.size());
        backend.input(LINE);
        assertEquals(GpioLine.INPUT, held().flags);
        backend.input(LINE);
        backend.output(LINE, true);
        assertEquals(GpioLine.OUTPUT, held().flags);
        assertTrue(backend.isHigh(LINE));
        backend.output(LINE, false);
        assertFalse(backend.isHigh(LINE));
        backend.input(LINE);
        assertEquals(GpioLine.INPUT, held().flags);
        backend.release(LINE);
        backend.release(LINE);
        assertEquals(0, chip.held.size());
        assertThrows(IOException.class, () -> backend.isHigh(LINE));
    }

    @Test
    void an_output_has_its_level_from_the_first_moment() throws IOException {
        backend.output(LINE, true);
        assertEquals(true, chip.levels.get(5));
    }

    @Test
    void edges_are_told_while_the_line_is_watched() throws Exception {
        backend.input(LINE);
        chip.level(5, true);
        backend.watch(LINE, GpioTrigger.EDGE_RISING);
        chip.level(5, false);
        assertChange("1 low");
        for (int i = 0; i < 100; i++) {
            chip.level(5, true);
            chip.level(5, false);
            assertChange("1 high");
            assertChange("1 low");
        }
        backend.watch(LINE, GpioTrigger.NONE);
        assertEquals(GpioLine.INPUT, held().flags);
        chip.level(5, true);
        backend.watch(LINE, GpioTrigger.LEVEL_LOW);
        chip.level(5, false);
        assertChange("1 low");
    }

    @Test
    void a_line_that_was_given_back_and_taken_again_is_watched_again() throws Exception {
        for (int i = 0; i < 20; i++) {
            backend.watch(LINE, GpioTrigger.EDGE_BOTH); // without a direction
            chip.level(5, i % 2 == 0);
            assertChange("1 " + (i % 2 == 0 ? "high" : "low"));
            backend.release(LINE);
        }
    }

    @Test
    void a_controller_that_goes_away_costs_its_lines_only() throws Exception {
        backend.watch(LINE, GpioTrigger.EDGE_BOTH);
        backend.watch(2, GpioTrigger.EDGE_BOTH);
        held().gone = true;
        chip.level(5, true);
        assertThrows(IOException.class, () -> backend.isHigh(LINE));
        chip.level(7, true);
        assertChange("2 high");
    }

    @Test
    void a_line_that_somebody_else_has_is_an_error_for_the_driver() throws IOException {
        chip.request(5, GpioLine.INPUT, false);
        GpioDevice device = new GpioDevice(backend);
        try (TestDriver driver = TestDriver.attach(device).start()) {
            assertArrayEquals(new byte[] {1, 0}, driver.queue(0).exchange(message(3, 2), 2).written());
            assertEquals(1, device.counters().get(GpioCounter.BACKEND_ERRORS));
        }
        held().close();
    }

    private static byte[] message(int type, int value) {
        return new byte[] {(byte) type, 0, LINE, 0, (byte) value, 0, 0, 0};
    }

    @Test
    void a_driver_reads_writes_and_is_interrupted() throws Exception {
        Runner runner = Runner.workerPerQueue(Thread.ofPlatform().daemon().factory());
        GpioDevice device = new GpioDevice(backend);
        try (TestDriver driver = TestDriver.attach(device, builder -> builder.runner(runner)).start()) {
            DriverQueue requests = driver.queue(0);
            DriverQueue events = driver.queue(1).mayKeepBuffers();
            assertEquals(0, requests.exchange(message(5, 1), 2).written()[0]); // value
            assertEquals(0, requests.exchange(message(3, 1), 2).written()[0]); // output
            assertEquals(true, chip.levels.get(5));
            assertEquals(0, requests.exchange(message(3, 2), 2).written()[0]); // input
            for (int type : new int[] {1, 4}) { // rising edge, high level
                chip.level(5, false);
                assertEquals(0, requests.exchange(message(6, type), 2).written()[0]);
                Submitted event = events.submit(new byte[] {LINE, 0}, 1);
                chip.level(5, true);
                assertEquals(1, events.await(event).written()[0]);
                assertArrayEquals(new byte[] {0, 1}, requests.exchange(message(4, 0), 2).written());
                assertEquals(0, requests.exchange(message(6, 0), 2).written()[0]);
            }
        }
    }
}
