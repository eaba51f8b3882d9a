// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.virtio4j.blk.Disk.Range;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Storage that says later that it is done. */
class AsyncBackendTest {

    /** An operation that waits. */
    private record Waiting(String what, Runnable work, BlockCompletion done) {

        void end() {
            work.run();
            done.succeeded();
        }
    }

    /** Does nothing until it is told. */
    private static final class Patient implements AsyncBlockBackend {
        private final MemoryBackend memory = new MemoryBackend(64 << 20);
        private final List<Waiting> waiting = new ArrayList<>();
        private int mostBytes;
        private int bytes;

        private void add(String what, int length, Call call, BlockCompletion done) {
            bytes += length;
            mostBytes = Math.max(mostBytes, bytes);
            waiting.add(new Waiting(what, () -> {
                bytes -= length;
                call.unchecked();
            }, done));
        }

        private interface Call {
            void run() throws IOException;

            default void unchecked() {
                try {
                    run();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        }

        @Override
        public void read(long offset, ByteBuf target, BlockCompletion done) {
            add("read " + offset / 512, target.writableBytes(), () -> memory.read(offset, target), done);
        }

        @Override
        public void write(long offset, ByteBuf source, BlockCompletion done) {
            add("write " + offset / 512, source.readableBytes(), () -> memory.write(offset, source), done);
        }

        @Override
        public void force(BlockCompletion done) {
            add("force", 0, () -> {}, done);
        }

        @Override
        public long size() {
            return memory.size();
        }

        @Override
        public void close() {}
    }

    private static final DriverOptions OPTIONS = DriverOptions.split().layout(Layout.WHOLE);

    private final Patient backend = new Patient();
    private final Disk disk = Disk.of(BlockDevice.of(backend).queues(2).build(), OPTIONS,
            builder -> {});

    @AfterEach
    void end() {
        while (!backend.waiting.isEmpty()) {
            endNext();
        }
        disk.close();
    }

    private void endNext() {
        backend.waiting.removeFirst().end();
        settle();
    }

    private void settle() {
        disk.driver().runDevice();
        disk.driver().queues().forEach(DriverQueue::collect);
    }

    private Submitted submit(int type, long sector, byte[] data, int toDriver) {
        Submitted submitted = disk.queue().submit(Disk.bytes(type, sector, data), toDriver + 1);
        settle();
        return submitted;
    }

    private Submitted write(long sector, byte[] data) {
        return submit(Disk.OUT, sector, data, 0);
    }

    private Submitted read(long sector, int bytes) {
        return submit(Disk.IN, sector, new byte[0], bytes);
    }

    private List<String> waiting() {
        return backend.waiting.stream().map(Waiting::what).toList();
    }

    // ── Operation ──────────────────────────────────────────────────────────

    @Test
    void many_requests_are_in_flight_and_end_in_any_order() {
        byte[] data = Disk.pattern(1, 4096);
        Submitted write = write(0, data);
        Submitted read = read(100, 512);
        Submitted other = read(200, 512);
        assertEquals(List.of("write 0", "read 100", "read 200"), waiting());

        backend.waiting.remove(2).end();
        settle();

        assertTrue(other.isUsed());
        assertFalse(write.isUsed());
        assertFalse(read.isUsed());
        endNext();
        assertTrue(write.isUsed());
        Submitted back = read(0, 4096);
        endNext();
        endNext();
        assertArrayEquals(data, Arrays.copyOf(back.written(), 4096));
        assertEquals(4097, back.usedLength());
    }

    @Test
    void large_requests_are_moved_in_slices() {
        byte[] data = Disk.pattern(1, 3 << 20);
        Submitted write = write(0, data);
        for (int slice = 0; slice < 3; slice++) {
            assertEquals(List.of("write " + slice * 2048), waiting());
            endNext();
        }

        assertEquals(Disk.OK, write.writable()[0]);
    }

    @Test
    @HostileCase("BL-11")
    void buffers_are_bounded_and_requests_wait_for_them() {
        List<Submitted> reads = IntStream.range(0, 20).mapToObj(i -> read(i, 1 << 19)).toList();
        List<Submitted> more = IntStream.range(0, 20)
                .mapToObj(i -> submit(1, 1 << 19)).toList();

        assertTrue(backend.mostBytes <= 16 << 20);
        while (!backend.waiting.isEmpty()) {
            endNext();
        }

        assertTrue(backend.mostBytes > 15 << 20, "most=" + backend.mostBytes);
        assertTrue(backend.mostBytes <= 16 << 20, "most=" + backend.mostBytes);
        assertTrue(reads.stream().allMatch(Submitted::isUsed));
        assertTrue(more.stream().allMatch(Submitted::isUsed));
        assertTrue(disk.device().counters().get(BlockCounter.DELAYED) > 0);
    }

    private Submitted submit(int queue, int bytes) {
        Submitted submitted = disk.driver().queue(queue).submit(Disk.bytes(Disk.IN, 0, new byte[0]), bytes + 1);
        settle();
        return submitted;
    }

    @Test
    void zeroes_are_written_in_slices_by_default() {
        Submitted zeroes = submit(Disk.WRITE_ZEROES, 0, Range.bytes(new Range(8, 1200, 0)), 0);

        assertEquals(List.of("write 8"), waiting());
        endNext();
        assertEquals(List.of("write 520"), waiting());
        endNext();
        assertEquals(List.of("write 1032"), waiting());
        endNext();

        assertEquals(Disk.OK, zeroes.writable()[0]);
    }

    @Test
    void an_operation_that_fails_is_an_error() {
        Submitted read = read(0, 512);

        backend.waiting.removeFirst().done.failed(new IOException("Input/output error"));
        settle();

        assertEquals(Disk.IOERR, read.writable()[512]);
        assertEquals(1, read.usedLength());
    }

    @Test
    void a_read_that_filled_too_little_is_an_error() {
        Submitted read = read(0, 512);

        backend.waiting.removeFirst().done.succeeded();
        settle();

        assertEquals(Disk.IOERR, read.writable()[512]);
    }

    @Test
    void an_operation_that_ends_twice_ends_once() {
        Submitted read = read(0, 512);
        Waiting operation = backend.waiting.removeFirst();

        operation.end();
        operation.done.failed(new IOException("too late"));
        operation.done.succeeded();
        settle();

        assertEquals(Disk.OK, read.writable()[512]);
    }

    @Test
    void a_backend_that_throws_is_an_error() {
        AsyncBlockBackend throwing = AsyncBlockBackend.of(new MemoryBackend(1 << 20), task -> {
            throw new RejectedExecutionException("no thread left");
        });
        try (Disk other = Disk.of(BlockDevice.of(throwing).build())) {
            assertEquals(Disk.IOERR, other.read(0, 512).status());
            assertEquals(Disk.IOERR, other.write(0, new byte[512]).status());
        }
    }

    // ── The end of a queue ─────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(ints = {Disk.IN, Disk.OUT, Disk.FLUSH})
    void a_reset_does_not_wait_for_storage_that_hangs(int type) {
        submit(type, 0, type == Disk.OUT ? new byte[512] : new byte[0], type == Disk.IN ? 512 : 0);
        Waiting hanging = backend.waiting.removeFirst();

        disk.driver().reset();

        assertEquals(0, disk.driver().port().status());
        assertTrue(hanging.done.isCancelled() || type == Disk.FLUSH);
        hanging.end();
        disk.start(OPTIONS);
        Submitted read = read(5, 512);
        endNext();
        assertEquals(Disk.OK, read.writable()[512]);
    }

    @Test
    void a_queue_reset_does_not_wait_either_and_other_queues_go_on() {
        write(0, new byte[512]);
        Waiting hanging = backend.waiting.removeFirst();

        disk.driver().resetQueue(0);

        Submitted other = submit(1, 512);
        assertFalse(other.isUsed()); // it reads what the old write may still change
        hanging.end();
        settle();
        endNext();
        assertTrue(other.isUsed());
        disk.driver().setUpQueue(0);
    }

    /** The old driver's write lands after the reset: never on top of the new driver's. */
    @Test
    void a_late_write_lands_before_what_comes_after_the_reset() {
        byte[] old = Disk.pattern(1, 2048);
        byte[] fresh = Disk.pattern(2, 512);
        write(8, old);
        Waiting late = backend.waiting.removeFirst();
        disk.start(OPTIONS);

        Submitted overlapping = write(11, fresh);
        assertTrue(backend.waiting.isEmpty());
        late.end();
        settle();
        endNext();
        assertTrue(overlapping.isUsed());

        Submitted read = read(8, 2048);
        endNext();
        System.arraycopy(fresh, 0, old, 3 * 512, 512);
        assertArrayEquals(old, Arrays.copyOf(read.written(), 2048));
    }

    @Test
    void requests_beside_a_late_write_do_not_wait() {
        write(8, new byte[2048]);
        Waiting late = backend.waiting.removeFirst();
        disk.start(OPTIONS);

        write(7, new byte[512]);
        assertEquals(List.of("write 7"), waiting());
        endNext();
        read(12, 512);

        assertEquals(List.of("read 12"), waiting());
        endNext();
        late.end();
    }

    @Test
    void buffers_that_hang_stay_counted() {
        List<Waiting> hanging = new ArrayList<>();
        for (int reset = 0; reset < 5; reset++) {
            IntStream.range(0, 20).forEach(i -> read(i, 1 << 19));
            IntStream.range(0, 20).forEach(i -> submit(1, 1 << 19));
            hanging.addAll(backend.waiting);
            backend.waiting.clear();
            disk.start(OPTIONS);
        }

        assertTrue(backend.mostBytes <= 16 << 20, "most=" + backend.mostBytes);
        hanging.forEach(Waiting::end);
        Submitted read = read(0, 512);
        endNext();
        assertTrue(read.isUsed());
    }

    // ── On an executor ─────────────────────────────────────────────────────

    @Test
    void what_was_not_begun_when_the_queue_was_reset_is_left_out() {
        List<Runnable> tasks = new ArrayList<>();
        FaultyBackend counting = new FaultyBackend(new MemoryBackend(1 << 20));
        try (Disk other = Disk.of(BlockDevice.of(AsyncBlockBackend.of(counting, tasks::add)).build())) {
            other.queue().submit(Disk.bytes(Disk.OUT, 0, new byte[512]), 1);
            other.driver().runDevice();
            other.driver().reset();

            tasks.forEach(Runnable::run);

            assertEquals(0, counting.calls(FaultyBackend.Call.WRITE));
            other.start(OPTIONS);
        }
    }
}
