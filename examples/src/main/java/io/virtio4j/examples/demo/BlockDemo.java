// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import static io.virtio4j.examples.demo.BlockDriver.MOST_BYTES;
import static io.virtio4j.examples.demo.BlockDriver.SECTOR;

import io.virtio4j.blk.BlockBackend;
import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.blk.RangeLimits;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.examples.demo.GuidPartitionTable.Partition;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;

/**
 * A disk in a file: partitioned, filled, partly discarded, zeroed and written again, read back and
 * compared; then the file is looked at without the device.
 */
final class BlockDemo implements DemoDevice {

    private static final String SERIAL = "virtio4j-demo";
    private static final int QUEUES = 4;

    private final UnaryOperator<BlockBackend> around;

    BlockDemo() {
        this(backend -> backend);
    }

    /** With something between device and file. */
    BlockDemo(UnaryOperator<BlockBackend> around) {
        this.around = around;
    }

    @Override
    public String name() {
        return "blk";
    }

    @Override
    public Work prepare(DemoOptions options) throws IOException {
        Path directory = Files.createTempDirectory("virtio4j-demo");
        Path image = directory.resolve("disk.img");
        // In reverse order, and also if somebody ends the demo before its time.
        directory.toFile().deleteOnExit();
        image.toFile().deleteOnExit();
        BlockBackend file = FileBackend.create(image, options.size());
        return new Disk(directory, image, around.apply(file), options);
    }

    /** One disk. */
    private static final class Disk implements Work {

        private final Path directory;
        private final Path image;
        private final BlockBackend backend;
        private final BlockDevice device;
        private final long seed;
        private final Random random;

        /** What the disk has to hold. */
        private final byte[] expected;

        private final GuidPartitionTable table;

        Disk(Path directory, Path image, BlockBackend backend, DemoOptions options) {
            this.directory = directory;
            this.image = image;
            this.backend = backend;
            this.seed = options.seed();
            this.random = new Random(seed);
            this.expected = new byte[(int) options.size()];
            this.table = newTable(options.size() / SECTOR);
            this.device = BlockDevice.of(backend)
                    .queues(QUEUES)
                    .queueSize(BlockDriver.QUEUE_SIZE)
                    .serial(SERIAL)
                    .discard(RangeLimits.DEFAULT)
                    .build();
        }

        @Override
        public VirtioDevice device() {
            return device;
        }

        private UUID newId() {
            // The bits that say: made of random numbers.
            return new UUID(random.nextLong() & ~0xF000L | 0x4000L, random.nextLong() >>> 2 | 1L << 63);
        }

        /** A boot partition, a root, swap; aligned to 1 MiB. */
        private GuidPartitionTable newTable(long sectors) {
            long mebibyte = (1 << 20) / SECTOR;
            long end = (GuidPartitionTable.lastUsable(sectors) + 1) / mebibyte * mebibyte;
            long root = 2 * mebibyte;
            long swap = root + (end - root) * 3 / 4 / mebibyte * mebibyte;
            return new GuidPartitionTable(newId(), sectors, List.of(
                    new Partition(GuidPartitionTable.EFI_SYSTEM, newId(), mebibyte, root - 1, "boot"),
                    new Partition(GuidPartitionTable.LINUX_FILE_SYSTEM, newId(), root, swap - 1, "root"),
                    new Partition(GuidPartitionTable.LINUX_SWAP, newId(), swap, end - 1, "swap")));
        }

        // ── What the driver does ───────────────────────────────────────────

        @Override
        public void operate(TestDriver driver, List<TestDriver> peers, RunLog log) throws IOException {
            BlockDriver disk = new BlockDriver(driver, log, seed);
            identify(disk, log);
            partition(disk, log);
            fill(disk, log);
            log.step("flush", 0);
            disk.flush();
            punch(disk, log);
            scatter(disk, log);
            compare(disk, log);
            log.step("flush", 0);
            disk.flush();
        }

        private void identify(BlockDriver disk, RunLog log) {
            log.step("identify", 0);
            String id = disk.id();
            if (!id.equals(SERIAL)) {
                log.error("id is " + id + " instead of " + SERIAL);
            }
            if (disk.capacity() != table.sectors()) {
                log.error("capacity is " + disk.capacity() + " instead of " + table.sectors());
            }
        }

        private void partition(BlockDriver disk, RunLog log) throws IOException {
            log.step("partition", 0);
            table.write((sector, data) -> write(disk, sector, data));
            disk.flush();
            GuidPartitionTable read = GuidPartitionTable.read((sector, count) -> {
                List<byte[]> result = new ArrayList<>();
                disk.read(sector, count * SECTOR, result::add);
                disk.await();
                return result.isEmpty() ? new byte[count * SECTOR] : result.getFirst();
            }, table.sectors());
            if (!read.equals(table)) {
                log.error("table is " + read + " instead of " + table);
            }
        }

        private void write(BlockDriver disk, long sector, byte[] data) {
            System.arraycopy(data, 0, expected, (int) sector * SECTOR, data.length);
            disk.write(sector, data);
        }

        /** New bytes for sectors. */
        private void fill(BlockDriver disk, long sector, int sectors) {
            byte[] data = new byte[sectors * SECTOR];
            random.nextBytes(data);
            write(disk, sector, data);
        }

        private void fill(BlockDriver disk, RunLog log) {
            List<Piece> pieces = new ArrayList<>();
            for (Partition partition : table.partitions()) {
                pieces.addAll(cut(partition.first(), partition.last() + 1));
            }
            Collections.shuffle(pieces, random);
            log.step("write", Piece.bytes(pieces));
            pieces.forEach(piece -> fill(disk, piece.sector, piece.sectors));
            disk.await();
        }

        /** Holes in the root partition: one is filled again, one has to read zeroes. */
        private void punch(BlockDriver disk, RunLog log) {
            Partition root = table.partitions().get(1);
            int length = (int) (root.sectors() / 8);
            long discarded = root.first() + length;
            long zeroed = root.first() + 3L * length;
            log.step("discard", 0);
            disk.discard(discarded, length);
            disk.await();
            log.step("write again", (long) length * SECTOR);
            cut(discarded, discarded + length).forEach(piece -> fill(disk, piece.sector, piece.sectors));
            disk.await();
            log.step("write zeroes", 0);
            disk.writeZeroes(zeroed, length, false);
            disk.writeZeroes(zeroed + length, length, true);
            Arrays.fill(expected, (int) zeroed * SECTOR, (int) (zeroed + 2L * length) * SECTOR, (byte) 0);
            disk.await();
        }

        /** Small writes everywhere, in an order of their own. */
        private void scatter(BlockDriver disk, RunLog log) {
            List<Piece> pieces = new ArrayList<>();
            int stride = MOST_BYTES / SECTOR;
            Partition root = table.partitions().get(1);
            for (long sector = root.first(); sector + stride <= root.last(); sector += stride) {
                int sectors = 1 + random.nextInt(8);
                pieces.add(new Piece(sector + random.nextInt(stride - sectors), sectors));
            }
            Collections.shuffle(pieces, random);
            log.step("small writes", Piece.bytes(pieces));
            pieces.forEach(piece -> fill(disk, piece.sector, piece.sectors));
            disk.await();
        }

        private void compare(BlockDriver disk, RunLog log) {
            List<Piece> pieces = cut(0, table.sectors());
            Collections.shuffle(pieces, random);
            log.step("read and compare", Piece.bytes(pieces));
            for (Piece piece : pieces) {
                disk.read(piece.sector, piece.sectors * SECTOR, data -> compare(piece.sector, data, log));
            }
            disk.await();
        }

        private void compare(long sector, byte[] data, RunLog log) {
            int at = (int) sector * SECTOR;
            int odd = Arrays.mismatch(data, 0, data.length, expected, at, at + data.length);
            if (odd >= 0) {
                log.error("sector " + (at + odd) / SECTOR + " differs at byte " + odd % SECTOR);
            }
        }

        /** Sectors of one request. */
        private record Piece(long sector, int sectors) {

            static long bytes(List<Piece> pieces) {
                return pieces.stream().mapToLong(Piece::sectors).sum() * SECTOR;
            }
        }

        /** Requests of many sizes, each sector in one of them. */
        private List<Piece> cut(long from, long to) {
            List<Piece> pieces = new ArrayList<>();
            for (long sector = from; sector < to; ) {
                int most = (int) Math.min(to - sector, MOST_BYTES / SECTOR);
                int sectors = Math.min(most, 1 << random.nextInt(8));
                pieces.add(new Piece(sector, sectors));
                sector += sectors;
            }
            return pieces;
        }

        // ── What is left in the file ───────────────────────────────────────

        @Override
        public void inspect(RunLog log) throws IOException {
            log.step("look at the file", 0);
            backend.close();
            byte[] found = new byte[expected.length];
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "r")) {
                if (file.length() != found.length) {
                    log.error("file has " + file.length() + " bytes instead of " + found.length);
                    return;
                }
                file.readFully(found);
            }
            GuidPartitionTable left = GuidPartitionTable.read((sector, count) ->
                    Arrays.copyOfRange(found, (int) sector * SECTOR, (int) (sector + count) * SECTOR),
                    table.sectors());
            if (!left.equals(table)) {
                log.error("table is " + left + " instead of " + table);
            }
            if (checksum(found) != checksum(expected)) {
                log.error("checksum is 0x" + Long.toHexString(checksum(found)) + " instead of 0x"
                        + Long.toHexString(checksum(expected)));
            }
        }

        private static long checksum(byte[] bytes) {
            CRC32C crc = new CRC32C();
            crc.update(bytes);
            return crc.getValue();
        }

        @Override
        public void close() throws IOException {
            backend.close();
            Files.deleteIfExists(image);
            Files.deleteIfExists(directory);
        }
    }
}
