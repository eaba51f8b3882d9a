// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.blk.Disk.Range;
import io.virtio4j.testkit.Submitted;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileBackendTest {

    private static final int SIZE = 1 << 20;

    @TempDir
    private Path directory;

    private Path image;

    @BeforeEach
    void name() {
        image = directory.resolve("disk.img");
    }

    // ── Content ────────────────────────────────────────────────────────────

    @Test
    void a_file_holds_what_the_driver_wrote() throws IOException {
        byte[] data = Disk.pattern(1, 300 * 512);
        try (FileBackend backend = FileBackend.create(image, SIZE); Disk disk = Disk.of(backend)) {
            assertEquals(Disk.OK, disk.write(100, data).status());
            assertEquals(Disk.OK, disk.flush().status());
            assertArrayEquals(data, disk.read(100, data.length).data());
        }
        byte[] file = Files.readAllBytes(image);
        assertEquals(SIZE, file.length);
        assertArrayEquals(data, Arrays.copyOfRange(file, 100 * 512, 100 * 512 + data.length));
    }

    @Test
    void a_new_file_takes_no_room() throws IOException {
        FileBackend.create(image, 1L << 30).close();

        assertEquals(1L << 30, Files.size(image));
        assertTrue(blocks() < 100, "blocks=" + blocks());
    }

    private long blocks() throws IOException {
        Process stat = new ProcessBuilder("stat", "-c", "%b", image.toString()).start();
        return Long.parseLong(new String(stat.getInputStream().readAllBytes()).strip());
    }

    @Test
    void a_file_that_is_there_is_not_created_again() throws IOException {
        Files.write(image, new byte[512]);

        assertThrows(FileAlreadyExistsException.class, () -> FileBackend.create(image, SIZE));
        assertEquals(512, Files.size(image));
    }

    @Test
    void a_file_that_is_missing_is_not_made() {
        IOException refusal = assertThrows(IOException.class, () -> FileBackend.open(image));

        assertTrue(refusal.getMessage().startsWith("no such file: use FileBackend.create"));
        assertFalse(Files.exists(image));
    }

    @Test
    void a_file_opened_read_only_is_not_written() throws IOException {
        byte[] data = Disk.pattern(1, SIZE);
        Files.write(image, data);
        try (FileBackend backend = FileBackend.openReadOnly(image); Disk disk = Disk.of(backend)) {
            assertTrue(disk.device().offeredFeatures().has(BlockFeature.RO));
            assertEquals(Disk.IOERR, disk.write(0, new byte[512]).status());
            assertEquals(Disk.OK, disk.flush().status());
            assertArrayEquals(Arrays.copyOf(data, 4096), disk.read(0, 4096).data());
            assertThrows(IOException.class, () -> backend.write(0, Unpooled.wrappedBuffer(new byte[512])));
            assertThrows(IllegalArgumentException.class,
                    () -> BlockDevice.of(backend).readOnly(false).build());
        }
        assertArrayEquals(data, Files.readAllBytes(image));
    }

    // ── The end of the file ────────────────────────────────────────────────

    @Test
    void an_image_that_was_truncated_gives_errors_and_no_stale_bytes() throws IOException {
        try (FileBackend backend = FileBackend.create(image, SIZE); Disk disk = Disk.of(backend)) {
            disk.write(0, Disk.pattern(1, 128 * 512));
            disk.read(0, 128 * 512);
            try (FileChannel other = FileChannel.open(image, StandardOpenOption.WRITE)) {
                other.truncate(100 * 512);
            }

            Disk.Reply inside = disk.read(0, 100 * 512);
            Disk.Reply across = disk.read(96, 8 * 512);
            Disk.Reply beyond = disk.read(100, 512);

            assertEquals(Disk.OK, inside.status());
            assertEquals(List.of(Disk.IOERR, Disk.IOERR), List.of(across.status(), beyond.status()));
            assertEquals(List.of(1L, 1L), List.of(across.usedLength(), beyond.usedLength()));
            byte[] untouched = new byte[512];
            Arrays.fill(untouched, Submitted.UNTOUCHED);
            assertArrayEquals(untouched, beyond.data());
            assertArrayEquals(untouched, Arrays.copyOfRange(across.data(), 4 * 512, 5 * 512));
        }
    }

    @Test
    void a_disk_may_be_larger_than_its_file() throws IOException {
        try (FileBackend backend = FileBackend.create(image, 4096);
                Disk disk = Disk.of(BlockDevice.of(backend).capacity(16).build())) {
            assertEquals(Disk.IOERR, disk.read(8, 512).status());
            assertEquals(Disk.OK, disk.write(15, Disk.pattern(1, 512)).status());
            assertArrayEquals(Disk.pattern(1, 512), disk.read(15, 512).data());
            assertArrayEquals(new byte[512], disk.read(8, 512).data());
        }
    }

    @Test
    void an_eof_is_an_exception() throws IOException {
        try (FileBackend backend = FileBackend.create(image, 512)) {
            assertThrows(EOFException.class, () -> backend.read(0, Unpooled.buffer(1024, 1024)));
        }
    }

    // ── Transfers ──────────────────────────────────────────────────────────

    /** Moves one byte more with each call, and fails where it is told. */
    private static final class Stingy implements FileAccess {
        private final byte[] content = new byte[SIZE];
        private int calls;
        private int failAt = Integer.MAX_VALUE;

        private int count(int wanted) throws IOException {
            if (++calls >= failAt) {
                throw new IOException("No space left on device");
            }
            return Math.min(wanted, calls);
        }

        @Override
        public int read(ByteBuffer target, long offset) throws IOException {
            int count = count(target.remaining());
            target.put(content, (int) offset, count);
            return count;
        }

        @Override
        public int write(ByteBuffer source, long offset) throws IOException {
            int count = count(source.remaining());
            source.get(content, (int) offset, count);
            return count;
        }

        @Override
        public long size() {
            return SIZE;
        }

        @Override
        public void force() {}

        @Override
        public void close() {}
    }

    @Test
    void short_transfers_are_gone_on_with() {
        FileBackend backend = new FileBackend("stingy", new Stingy(), SIZE, false, null);
        byte[] data = Disk.pattern(1, 40 * 512);
        try (Disk disk = Disk.of(backend)) {
            assertEquals(Disk.OK, disk.write(3, data).status());
            assertArrayEquals(data, disk.read(3, data.length).data());
        }
    }

    @Test
    void a_file_that_is_full_in_the_middle_is_an_error_and_the_device_goes_on() {
        Stingy file = new Stingy();
        file.failAt = 20;
        try (Disk disk = Disk.of(new FileBackend("stingy", file, SIZE, false, null))) {
            assertEquals(Disk.IOERR, disk.write(0, new byte[4096]).status());
            file.failAt = Integer.MAX_VALUE;
            assertEquals(Disk.OK, disk.write(0, Disk.pattern(1, 4096)).status());
            assertArrayEquals(Disk.pattern(1, 4096), disk.read(0, 4096).data());
            assertEquals(Disk.OK, disk.flush().status());
        }
    }

    @Test
    void buffers_in_parts_are_moved() throws IOException {
        byte[] data = Disk.pattern(1, 2048);
        try (FileBackend backend = FileBackend.create(image, SIZE)) {
            ByteBuf parts = Unpooled.wrappedBuffer(Arrays.copyOf(data, 512), new byte[0],
                    Arrays.copyOfRange(data, 512, 2048));
            backend.write(512, parts);
            ByteBuf read = Unpooled.wrappedBuffer(new byte[1024], new byte[1024]).clear();
            backend.read(512, read);

            assertFalse(parts.isReadable());
            byte[] found = new byte[2048];
            read.readBytes(found);
            assertArrayEquals(data, found);
        }
    }

    // ── Interrupts ─────────────────────────────────────────────────────────

    @Test
    void an_interrupt_that_is_pending_closes_nothing_and_stays_pending() throws IOException {
        try (FileBackend backend = FileBackend.create(image, SIZE)) {
            byte[] data = Disk.pattern(1, 512);
            ByteBuf read = Unpooled.buffer(512, 512);

            Thread.currentThread().interrupt();
            backend.write(0, Unpooled.wrappedBuffer(data));
            backend.read(0, read);
            backend.force();

            assertTrue(Thread.interrupted());
            assertArrayEquals(data, read.array());
        }
    }

    /** The transfers are large, so that interrupts come in the middle of them. */
    @Test
    void interrupts_in_the_middle_of_transfers_close_nothing() throws IOException, InterruptedException {
        int size = 8 << 20;
        SteadyFile file = new SteadyFile(image, true);
        FileBackend backend = new FileBackend("interrupted", file, size, false, null);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            long half = i * (size / 2L);
            workers.add(Thread.ofPlatform().start(() -> transfer(backend, half, size / 2, stop, failure)));
        }
        while (file.renewals() < 20 && failure.get() == null) {
            workers.forEach(Thread::interrupt);
            Thread.onSpinWait();
        }
        stop.set(true);
        for (Thread worker : workers) {
            worker.join();
        }

        assertNull(failure.get());
        backend.force();
        backend.close();
    }

    private static void transfer(FileBackend backend, long offset, int length, AtomicBoolean stop,
            AtomicReference<Throwable> failure) {
        ByteBuf data = Unpooled.wrappedBuffer(ByteBuffer.allocateDirect(length));
        ByteBuf read = Unpooled.wrappedBuffer(ByteBuffer.allocateDirect(length));
        try {
            for (int round = 1; !stop.get(); round++) {
                data.setByte(0, round).setByte(length - 1, round).setIndex(0, length);
                backend.write(offset, data);
                read.clear();
                backend.read(offset, read);
                assertEquals((byte) round, read.getByte(0));
                assertEquals((byte) round, read.getByte(length - 1));
            }
        } catch (IOException | RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
    }

    @Test
    void a_closed_backend_is_closed() throws IOException {
        FileBackend backend = FileBackend.create(image, SIZE);
        backend.close();

        assertThrows(IOException.class, () -> backend.read(0, Unpooled.buffer(512, 512)));
        assertThrows(IOException.class, () -> backend.write(0, Unpooled.wrappedBuffer(new byte[512])));
        assertThrows(IOException.class, backend::force);
    }

    @Test
    void the_thread_that_forces_cannot_be_interrupted() throws InterruptedException {
        AtomicReference<Thread> forcing = new AtomicReference<>();
        AtomicBoolean interrupted = new AtomicBoolean(true);
        CountDownLatch done = new CountDownLatch(1);
        ForceThread.executor().execute(() -> {
            forcing.set(Thread.currentThread());
            Thread.currentThread().interrupt();
            interrupted.set(Thread.currentThread().isInterrupted());
            done.countDown();
        });
        done.await();

        assertInstanceOf(ForceThread.class, forcing.get());
        assertFalse(interrupted.get());
    }

    // ── Holes ──────────────────────────────────────────────────────────────

    /** Says what was asked for. */
    private static final class Puncher implements HolePuncher {
        private final List<String> calls = new ArrayList<>();
        private final boolean able;
        private boolean closed;

        Puncher(boolean able) {
            this.able = able;
        }

        @Override
        public boolean punch(long offset, long length) {
            calls.add("punch " + offset / 512 + " " + length / 512);
            return able;
        }

        @Override
        public boolean zero(long offset, long length) {
            calls.add("zero " + offset / 512 + " " + length / 512);
            return able;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    @Test
    void holes_are_punched_by_who_can() throws IOException {
        FileBackend.create(image, SIZE).close();
        Puncher puncher = new Puncher(true);
        try (FileBackend backend = FileBackend.open(image, puncher); Disk disk = Disk.of(backend)) {
            disk.ranges(Disk.DISCARD, new Range(1, 2, 0));
            disk.ranges(Disk.WRITE_ZEROES, new Range(3, 4, 1));
            disk.ranges(Disk.WRITE_ZEROES, new Range(5, 6, 0));

            assertEquals(List.of("punch 1 2", "punch 3 4", "zero 5 6"), puncher.calls);
        }
        assertTrue(puncher.closed);
    }

    /** A range in many pieces takes the host long: a reset of the queue must not wait for all of it. */
    @Test
    void large_ranges_are_punched_piece_by_piece() throws IOException {
        long size = 3L * FileBackend.PUNCH;
        FileBackend.create(image, size).close();
        Puncher puncher = new Puncher(true);
        try (FileBackend backend = FileBackend.open(image, puncher)) {
            assertEquals(FileBackend.PUNCH, backend.discard(0, size));
            assertEquals(FileBackend.PUNCH, backend.zero(0, size, true));
            assertEquals(FileBackend.PUNCH, backend.zero(0, size, false));
        }
    }

    @Test
    void who_cannot_punch_is_not_asked_again_and_zeroes_are_written() throws IOException {
        FileBackend.create(image, SIZE).close();
        Puncher puncher = new Puncher(false);
        try (FileBackend backend = FileBackend.open(image, puncher); Disk disk = Disk.of(backend)) {
            disk.write(0, Disk.pattern(1, 8192));

            for (int i = 0; i < 3; i++) {
                assertEquals(Disk.OK, disk.ranges(Disk.WRITE_ZEROES, new Range(0, 8, 1)).status());
                assertEquals(Disk.OK, disk.ranges(Disk.DISCARD, new Range(8, 8, 0)).status());
            }

            assertEquals(List.of("punch 0 8", "zero 0 8"), puncher.calls);
            assertArrayEquals(new byte[4096], disk.read(0, 4096).data());
        }
    }

    @Test
    void beyond_the_end_of_the_file_zeroes_are_written() throws IOException {
        FileBackend.create(image, 4096).close();
        Puncher puncher = new Puncher(true);
        try (FileBackend backend = FileBackend.open(image, puncher);
                Disk disk = Disk.of(BlockDevice.of(backend).capacity(16).build())) {
            assertEquals(Disk.OK, disk.ranges(Disk.WRITE_ZEROES, new Range(4, 8, 1)).status());

            assertEquals(List.of(), puncher.calls);
            assertArrayEquals(new byte[4096], disk.read(4, 4096).data());
        }
    }
}
