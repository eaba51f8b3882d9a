// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.virtio4j.blk.Disk.Range;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [Block Device / Device Operation], stable writes: when the device forces, and what if that fails. */
class DurabilityTest {

    private static final int WRITEBACK = 32;

    /** Says what was called. */
    private static final class Journal implements BlockBackend {
        private final MemoryBackend memory = new MemoryBackend(1 << 20);
        private final List<String> calls = new ArrayList<>();
        private final Queue<String> failures = new ArrayDeque<>();

        @Override
        public long size() {
            return memory.size();
        }

        @Override
        public void read(long offset, ByteBuf target) throws IOException {
            memory.read(offset, target);
        }

        @Override
        public void write(long offset, ByteBuf source) throws IOException {
            calls.add("write " + offset / 512);
            memory.write(offset, source);
        }

        @Override
        public void force() throws IOException {
            calls.add("force");
            String failure = failures.poll();
            if (failure != null && !failure.isEmpty()) {
                throw new IOException(failure);
            }
        }

        @Override
        public void close() {}
    }

    private final Journal journal = new Journal();
    private final Deque<Runnable> forces = new ArrayDeque<>();
    private final List<BlockFault> faults = new ArrayList<>();
    private Disk disk;

    private BlockDeviceBuilder builder() {
        return BlockDevice.of(journal).queues(2).onFault(faults::add).forceThread(forces::add);
    }

    private Disk start(DriverOptions options) {
        return start(builder().build(), options);
    }

    private Disk start(BlockDevice device, DriverOptions options) {
        disk = Disk.of(device, options);
        return disk;
    }

    @AfterEach
    void end() {
        runForces();
        disk.driver().runDevice();
        disk.close();
    }

    private void runForces() {
        while (!forces.isEmpty()) {
            forces.poll().run();
        }
    }

    private Submitted submit(int queue, int type, long sector, byte[] data) {
        Submitted submitted = disk.driver().queue(queue).submit(Disk.bytes(type, sector, data), 1);
        settle();
        return submitted;
    }

    private Submitted flush() {
        return submit(0, Disk.FLUSH, 0, new byte[0]);
    }

    private Submitted write(long sector) {
        return submit(0, Disk.OUT, sector, new byte[512]);
    }

    private void settle() {
        disk.driver().runDevice();
        disk.driver().queues().forEach(queue -> queue.collect());
    }

    private static int status(Submitted submitted) {
        return submitted.writable()[0];
    }

    /** Runs the force that waits. */
    private void force() {
        forces.remove().run();
        settle();
    }

    // ── When ───────────────────────────────────────────────────────────────

    @Test
    @Normative("BLK-28")
    void with_flush_a_write_is_completed_before_it_is_forced() {
        start(DriverOptions.split());

        Submitted write = write(1);

        assertTrue(write.isUsed());
        assertEquals(List.of("write 1"), journal.calls);
    }

    @Test
    @Normative("BLK-28")
    void a_flush_waits_for_its_force() {
        start(DriverOptions.split());
        write(1);

        Submitted flush = flush();
        assertFalse(flush.isUsed());
        force();

        assertTrue(flush.isUsed());
        assertEquals(List.of("write 1", "force"), journal.calls);
    }

    @Test
    @Normative("BLK-28")
    void a_flush_covers_the_writes_of_all_queues() {
        start(DriverOptions.split());
        submit(1, Disk.OUT, 1, new byte[512]);
        submit(0, Disk.OUT, 2, new byte[512]);

        flush();
        force();

        assertEquals(List.of("write 1", "write 2", "force"), journal.calls);
    }

    @Test
    @Normative("BLK-28")
    void without_flush_every_write_is_forced_before_it_is_completed() {
        start(DriverOptions.split().without(BlockFeature.FLUSH, BlockFeature.CONFIG_WCE));

        Submitted write = write(1);
        assertFalse(write.isUsed());
        force();

        assertTrue(write.isUsed());
        assertEquals(List.of("write 1", "force"), journal.calls);
    }

    @Test
    @Normative("BLK-28")
    void with_the_cache_off_every_write_is_forced_before_it_is_completed() {
        start(DriverOptions.split());
        disk.driver().port().writeConfig(WRITEBACK, 1, 0);
        runForces();
        journal.calls.clear();

        Submitted write = write(1);
        assertFalse(write.isUsed());
        force();
        assertTrue(write.isUsed());

        Submitted zeroes = submit(0, Disk.WRITE_ZEROES, 0, Range.bytes(new Range(4, 1, 0)));
        assertFalse(zeroes.isUsed());
        force();
        assertTrue(zeroes.isUsed());
        assertEquals(List.of("write 1", "force", "write 4", "force"), journal.calls);
    }

    @Test
    @Normative("BLK-28")
    void config_wce_alone_starts_with_the_cache_off() {
        start(DriverOptions.split().without(BlockFeature.FLUSH));

        Submitted write = write(1);

        assertFalse(write.isUsed());
        force();
        assertTrue(write.isUsed());
    }

    @Test
    @Normative("BLK-29")
    void without_flush_offered_nothing_is_forced() {
        start(builder().flush(false).build(), DriverOptions.split());

        assertTrue(write(1).isUsed());
        assertEquals(Disk.UNSUPP, status(flush()));
        assertEquals(List.of("write 1"), journal.calls);
    }

    @Test
    @HostileCase("BL-10")
    void turning_the_cache_off_forces_what_was_written_before() {
        start(DriverOptions.split());
        write(1);

        disk.driver().port().writeConfig(WRITEBACK, 1, 0);
        runForces();

        assertEquals(List.of("write 1", "force"), journal.calls);
        disk.driver().port().writeConfig(WRITEBACK, 1, 0);
        assertTrue(forces.isEmpty());
    }

    @Test
    @HostileCase("BL-10")
    void turning_the_cache_on_lets_writes_complete_at_once() {
        start(DriverOptions.split());
        disk.driver().port().writeConfig(WRITEBACK, 1, 0);
        runForces();
        disk.driver().port().writeConfig(WRITEBACK, 1, 1);

        assertTrue(write(1).isUsed());
    }

    /** The mode is read once for each request. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    @HostileCase("BL-10")
    void a_write_keeps_the_mode_that_it_began_with(int before) {
        start(DriverOptions.split());
        disk.driver().port().writeConfig(WRITEBACK, 1, before);
        runForces();

        Submitted write = write(1);
        disk.driver().port().writeConfig(WRITEBACK, 1, 1 - before);

        assertEquals(before == 1, write.isUsed());
        runForces();
        settle();
        assertTrue(write.isUsed());
    }

    // ── Sharing ────────────────────────────────────────────────────────────

    @Test
    @Normative("BLK-28")
    void a_flush_is_not_served_by_a_force_that_had_begun() {
        start(DriverOptions.split());
        write(1);
        Submitted first = flush();
        Runnable running = forces.remove();

        write(2);
        Submitted second = flush();
        assertTrue(forces.isEmpty());
        running.run();
        settle();

        assertTrue(first.isUsed());
        assertFalse(second.isUsed());
        force();
        assertTrue(second.isUsed());
        assertEquals(List.of("write 1", "write 2", "force", "force"), journal.calls);
    }

    @Test
    void flushes_that_come_during_a_force_share_the_next_one() {
        start(DriverOptions.split());
        Submitted first = flush();
        List<Submitted> others = List.of(flush(), flush(), submit(1, Disk.FLUSH, 0, new byte[0]));

        force();
        assertTrue(first.isUsed());
        force();

        assertTrue(others.stream().allMatch(Submitted::isUsed));
        assertEquals(List.of("force", "force"), journal.calls);
        assertTrue(forces.isEmpty());
    }

    // ── Failure ────────────────────────────────────────────────────────────

    @Test
    @Normative("BLK-28")
    void after_a_failed_force_no_flush_succeeds() {
        start(DriverOptions.split());
        journal.failures.add("Input/output error");
        write(1);

        Submitted first = flush();
        force();
        Submitted second = flush();

        assertEquals(Disk.IOERR, status(first));
        assertEquals(Disk.IOERR, status(second));
        assertEquals(1, journal.calls.stream().filter("force"::equals).count());
    }

    @Test
    void the_host_is_told_once() {
        start(DriverOptions.split());
        journal.failures.add("Input/output error");

        flush();
        force();
        flush();
        flush();

        assertEquals(1, faults.size());
        assertSame(BlockFault.Kind.FORCE, faults.getFirst().kind());
        assertEquals("Input/output error", faults.getFirst().cause().getMessage());
    }

    @Test
    void an_embedder_that_throws_when_it_is_told_keeps_no_flush_waiting() {
        start(builder().onFault(fault -> {
            throw new IllegalStateException("no telephone");
        }).build(), DriverOptions.split());
        journal.failures.add("Input/output error");
        Submitted first = flush();
        force();

        Submitted second = flush();
        settle();

        assertEquals(Disk.IOERR, status(first));
        assertEquals(Disk.IOERR, status(second));
    }

    @Test
    void a_force_that_cannot_be_started_has_failed() {
        start(builder().forceThread(work -> {
            throw new OutOfMemoryError("unable to create native thread");
        }).build(), DriverOptions.split());

        Submitted first = flush();
        Submitted second = flush();
        settle();

        assertEquals(Disk.IOERR, status(first));
        assertEquals(Disk.IOERR, status(second));
        assertSame(BlockFault.Kind.FORCE, faults.getFirst().kind());
    }

    @Test
    @Normative("BLK-28")
    void those_who_wait_for_the_next_force_fail_with_the_one_that_failed() {
        start(DriverOptions.split());
        journal.failures.add("Input/output error");
        flush();
        Runnable running = forces.remove();
        Submitted waiting = flush();

        running.run();
        settle();

        assertEquals(Disk.IOERR, status(waiting));
        assertTrue(forces.isEmpty());
    }

    @Test
    @Normative("BLK-28")
    void after_a_failed_force_no_write_that_has_to_be_durable_succeeds() {
        start(DriverOptions.split().without(BlockFeature.FLUSH));
        journal.failures.add("Input/output error");

        Submitted first = write(1);
        force();
        Submitted second = write(2);
        Submitted zeroes = submit(0, Disk.WRITE_ZEROES, 0, Range.bytes(new Range(4, 1, 0)));

        assertEquals(Disk.IOERR, status(first));
        assertEquals(Disk.IOERR, status(second));
        assertEquals(Disk.IOERR, status(zeroes));
        assertEquals(List.of("write 1", "force"), journal.calls);
    }

    @Test
    void after_a_failed_force_reads_and_cached_writes_go_on() {
        start(DriverOptions.split());
        journal.failures.add("Input/output error");
        flush();
        force();

        byte[] data = Disk.pattern(1, 512);

        assertEquals(Disk.OK, disk.write(1, data).status());
        assertArrayEquals(data, disk.read(1, 512).data());
    }

    @Test
    void a_reset_does_not_forget_a_failed_force() {
        start(DriverOptions.split());
        journal.failures.add("Input/output error");
        flush();
        force();

        disk.start(DriverOptions.split());

        assertEquals(Disk.IOERR, status(flush()));
    }

    @Test
    void another_backend_ends_the_failure() {
        start(DriverOptions.split());
        journal.failures.add("Input/output error");
        flush();
        force();

        disk.device().replaceBackend(new Journal());
        Submitted flush = flush();
        force();

        assertEquals(Disk.OK, status(flush));
    }

    @Test
    void the_failure_of_an_old_backend_does_not_count_for_the_new_one() {
        start(DriverOptions.split());
        journal.failures.add("Input/output error");
        Submitted old = flush();
        disk.device().replaceBackend(new Journal());
        force();

        Submitted flush = flush();
        force();

        assertEquals(Disk.IOERR, status(old));
        assertEquals(Disk.OK, status(flush));
        assertTrue(faults.isEmpty());
    }

    @Test
    void a_backend_that_does_not_fit_is_refused() {
        start(DriverOptions.split());

        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
                () -> disk.device().replaceBackend(new MemoryBackend(512)));

        assertEquals("new backend has to be of the same kind, writable if the disk is, and of at least"
                + " 1048576 bytes: size=512 async=false readOnly=false", refusal.getMessage());
        assertThrows(IllegalArgumentException.class, () -> disk.device()
                .replaceBackend(AsyncBlockBackend.of(journal, Runnable::run)));
        assertThrows(IllegalArgumentException.class,
                () -> disk.device().replaceBackend(new ReadOnlyBackend(journal)));
    }

    /** The same image opened again, for one, where the disk was made larger than it. */
    @Test
    void a_backend_as_large_as_the_one_before_fits() {
        start(builder().capacity(1 << 12).build(), DriverOptions.split());

        disk.device().replaceBackend(new Journal());
        assertThrows(IllegalArgumentException.class,
                () -> disk.device().replaceBackend(new MemoryBackend((1 << 20) - 512)));
    }

    // ── The end of a queue ─────────────────────────────────────────────────

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void a_reset_does_not_wait_for_a_force(boolean queueOnly) {
        start(DriverOptions.split());
        flush();
        Runnable running = forces.remove();

        if (queueOnly) {
            disk.driver().resetQueue(0);
            disk.driver().setUpQueue(0);
        } else {
            disk.start(DriverOptions.split());
        }
        running.run();

        assertEquals(Disk.OK, disk.read(0, 512).status());
    }
}
