// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.ChainJournal;
import io.virtio4j.core.queue.QueueState;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Single queues of a running device that are stopped and started by whoever carries it. */
class StoppedQueueTest {

    private final ParkingDevice device = new ParkingDevice();

    private TestDriver start(RingFormat format) {
        return TestDriver.attach(device, builder -> builder.resetGrace(Duration.ZERO))
                .start(DriverOptions.of(format));
    }

    private static QueueState stop(TestDriver driver) {
        QueueState state = driver.instance().stopQueue(0, Duration.ZERO);
        assertNotNull(state);
        return state;
    }

    private static boolean go(TestDriver driver, QueueState state, ChainJournal journal) {
        return driver.instance().startQueue(0, config -> { }, state, journal);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_queue_goes_on_where_it_was_with_the_chains_that_were_in_work(RingFormat format) {
        try (TestDriver driver = start(format)) {
            Submitted first = driver.queue(0).submit(new byte[] {1}, 1);
            Submitted second = driver.queue(0).submit(new byte[] {2}, 1);
            driver.runDevice();
            device.finish(0);
            driver.runDevice();

            QueueState state = stop(driver);
            device.cancelAll();
            Submitted third = driver.queue(0).submit(new byte[] {3}, 1);
            driver.runDevice();
            assertTrue(device.parked.isEmpty());
            assertEquals(1, state.inWork().size());
            assertFalse(driver.instance().isQueueEnabled(0));

            assertTrue(go(driver, state, null));
            driver.runDevice();

            assertEquals(2, device.parked.size());
            device.finishAll();
            driver.queue(0).await(first);
            driver.queue(0).await(second);
            driver.queue(0).await(third);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void what_was_completed_in_time_is_used_and_not_in_work(RingFormat format) {
        try (TestDriver driver = start(format)) {
            Submitted done = driver.queue(0).submit(new byte[] {1}, 1);
            driver.runDevice();
            device.finish(0);

            QueueState state = stop(driver);

            assertEquals(List.of(), state.inWork());
            driver.queue(0).collect();
            assertTrue(done.isUsed());
            assertTrue(go(driver, state, null));
        }
    }

    @Test
    void a_queue_whose_buffers_the_host_still_has_does_not_start() {
        try (TestDriver driver = start(RingFormat.SPLIT)) {
            driver.queue(0).submit(new byte[] {1}, 1);
            driver.runDevice();

            QueueState state = stop(driver);
            assertFalse(go(driver, state, null));

            device.cancelAll();
            assertTrue(go(driver, state, null));
            driver.runDevice();
            device.finishAll();
            driver.queue(0).awaitAll();
        }
    }

    @Test
    void only_a_queue_that_runs_is_stopped_and_only_one_that_does_not_is_started() {
        try (TestDriver driver = start(RingFormat.SPLIT)) {
            assertFalse(go(driver, QueueState.initial(RingFormat.SPLIT), null));
            assertNull(driver.instance().stopQueue(77, Duration.ZERO));
            QueueState state = stop(driver);
            assertNull(driver.instance().stopQueue(0, Duration.ZERO));
            assertTrue(go(driver, state, null));
            driver.port().writeStatus(0);
            assertFalse(go(driver, state, null));
        }
    }

    /** Writes down what it is told. */
    private static final class Told implements ChainJournal {
        final List<String> calls = new ArrayList<>();
        List<InFlight> before = List.of();

        @Override
        public void descriptor(long address, long length, int id, int flags) {
            calls.add("descriptor");
        }

        @Override
        public int taken(int id) {
            calls.add("taken");
            return 40 + id;
        }

        @Override
        public void putBack(int entry) {
            calls.add("putBack " + entry);
        }

        @Override
        public void using(int entry) {
            calls.add("using " + entry);
        }

        @Override
        public void publishing(int usedIndex, boolean usedWrap) {
            calls.add("publishing " + usedIndex);
        }

        @Override
        public void published() {
            calls.add("published");
        }

        @Override
        public List<InFlight> inFlight() {
            return before;
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_journal_is_told_of_each_step_in_order(RingFormat format) {
        Told journal = new Told();
        try (TestDriver driver = start(format)) {
            assertTrue(go(driver, stop(driver), journal));
            Submitted one = driver.queue(0).submit(new byte[] {1}, 1);
            driver.runDevice();
            device.finishAll();
            driver.queue(0).await(one);

            int id = 0;
            List<String> expected = new ArrayList<>();
            if (format == RingFormat.PACKED) {
                expected.addAll(List.of("descriptor", "descriptor"));
            }
            expected.addAll(List.of("taken", "using " + (40 + id),
                    "publishing " + (format == RingFormat.PACKED ? 2 : 1), "published"));
            assertEquals(expected, journal.calls);
        }
    }

    @Test
    void what_a_journal_says_was_in_flight_is_handled_first() {
        Told journal = new Told();
        try (TestDriver driver = start(RingFormat.SPLIT)) {
            Submitted one = driver.queue(0).submit(new byte[] {1}, 1);
            driver.runDevice();
            QueueState state = stop(driver);
            device.cancelAll();
            journal.before = List.of(new ChainJournal.InFlight(9, state.inWork().getFirst().id(), List.of()));

            assertTrue(go(driver, new QueueState(state.position(), List.of()), journal));
            driver.runDevice();
            device.finishAll();

            driver.queue(0).await(one);
            assertEquals(List.of("using 9", "publishing 1", "published"), journal.calls);
        }
    }

    @Test
    void a_journal_that_names_a_chain_that_cannot_be_keeps_the_queue_from_starting() {
        Told journal = new Told();
        journal.before = List.of(new ChainJournal.InFlight(0, 5000, List.of()));
        try (TestDriver driver = start(RingFormat.SPLIT)) {
            QueueState state = stop(driver);

            assertFalse(go(driver, state, journal));

            assertTrue(driver.needsReset());
            driver.reset();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_state_is_saved_and_restored(RingFormat format) {
        try (TestDriver driver = start(format)) {
            driver.queue(0).submit(new byte[] {1, 2, 3}, 4);
            driver.runDevice();
            QueueState state = stop(driver);
            device.cancelAll();
            StateWriter out = new StateWriter();
            state.save(out);

            QueueState same = QueueState.restore(new StateReader(out.toByteArray()), driver.queue(0).size());

            assertEquals(state, same);
            assertThrows(StateException.class,
                    () -> QueueState.restore(new StateReader(out.toByteArray()), 0));
            assertTrue(go(driver, same, null));
            driver.runDevice();
            device.finishAll();
            driver.queue(0).awaitAll();
        }
    }
}
