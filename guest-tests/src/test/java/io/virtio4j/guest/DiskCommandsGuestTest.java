// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.BlockBackend;
import io.virtio4j.blk.BlockCounter;
import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.BlockDeviceBuilder;
import io.virtio4j.blk.BlockGeometry;
import io.virtio4j.blk.BlockTopology;
import io.virtio4j.blk.FaultyBackend;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.blk.RangeLimits;
import io.virtio4j.blk.linux.LinuxHolePuncher;
import io.virtio4j.guest.Wiring.Bus;
import io.virtio4j.guest.Wiring.Ring;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands and fields of our disk beyond reading and writing, used by ordinary programs. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class DiskCommandsGuestTest {

    private static final int MIB = 1 << 20;
    private static final long SIZE = 128L * MIB;

    /** What a test does while its guest runs. */
    @FunctionalInterface
    private interface Work {
        void with(LinuxGuest guest, ServedDisk served) throws IOException;
    }

    /** Boots a guest with the disk, and expects that nobody complains. */
    private static void serve(
        SharedDirectory shared, Wiring wiring, String name, BlockDeviceBuilder disk, GuestReport.Row row,
        Work work) throws IOException {
        try (ServedDisk served = ServedDisk.serve(shared, wiring, disk);
             LinuxGuest guest = served.boot(shared, name, row)) {
            work.with(guest, served);
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
            assertEquals(0, served.errors());
        }
    }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 1", "PCI, PACKED, 2", "MMIO, SPLIT, 2", "MMIO, PACKED, 1"})
    void space_is_given_back_and_zeroed(Bus bus, Ring ring, int queues, GuestReport.Row row)
        throws IOException {
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            try (BlockBackend backend = LinuxHolePuncher.openBackend(image.path())) {
                serve(shared, new Wiring(bus, ring, queues), "space", BlockDevice.of(backend), row,
                    (guest, served) -> {
                        spaceOfTheDisk(guest, image);
                        spaceOfFiles(guest, image);
                        assertTrue(served.count(BlockCounter.RANGES) > 4);
                    });
            }
            image.checkFileSystem();
        }
    }

    private static void spaceOfTheDisk(LinuxGuest guest, HostImage image) {
        guest.run("dd if=/dev/urandom of=/dev/vda bs=1M count=8 oflag=direct").success();
        long written = image.allocated();
        assertTrue(written >= 8 * MIB);

        guest.run("blkdiscard -o 1M -l 2M /dev/vda").success();
        assertEquals(written - 2 * MIB, image.allocated());
        assertArrayEquals(new byte[2 * MIB], image.bytes(MIB, 2 * MIB));

        guest.run("blkdiscard -z -o 4M -l 1M /dev/vda").success();
        assertEquals(written - 2 * MIB, image.allocated(), "zeroes, and the space is kept");
        assertArrayEquals(new byte[MIB], image.bytes(4 * MIB, MIB));

        guest.run("fallocate --punch-hole --keep-size -o 5M -l 1M /dev/vda").success();
        assertEquals(written - 3 * MIB, image.allocated(), "zeroes that may be unmapped");
        guest.run("dd if=/dev/vda bs=1M skip=5 count=1 iflag=direct | cmp -n 1048576 - /dev/zero").success();
        assertNotEquals(0, image.bytes(6 * MIB, 8)[0] | image.bytes(6 * MIB, 8)[1], "not touched");
    }

    private static void spaceOfFiles(LinuxGuest guest, HostImage image) {
        guest.run("blkdiscard -f /dev/vda && mkfs.ext4 -q /dev/vda && mount -t ext4 /dev/vda /mnt").success();
        guest.run("dd if=/dev/urandom of=/mnt/file bs=1M count=32 conv=fsync").success();
        long full = image.allocated();
        assertTrue(full >= 32 * MIB);
        guest.run("rm /mnt/file && sync && fstrim /mnt && umount /mnt").success();
        assertTrue(image.allocated() <= full - 31 * MIB, () -> full + " and now " + image.allocated());
    }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 1", "PCI, PACKED, 2", "MMIO, SPLIT, 2", "MMIO, PACKED, 1"})
    void flushes_reach_the_storage_and_the_cache_can_be_turned_off(
        Bus bus, Ring ring, int queues, GuestReport.Row row) throws IOException {
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            try (FaultyBackend backend = new FaultyBackend(FileBackend.open(image.path()))) {
                serve(shared, new Wiring(bus, ring, queues), "flush", BlockDevice.of(backend), row,
                    (guest, served) -> cacheModes(guest, served, backend));
            }
        }
    }

    private static void cacheModes(LinuxGuest guest, ServedDisk served, FaultyBackend backend) {
        DiskWork disk = new DiskWork(guest, "vda");
        String write = "dd if=/dev/urandom of=/dev/vda bs=4k count=8 oflag=direct ";
        assertEquals("write back", disk.attribute("cache_type"));
        assertEquals("write back", disk.attribute("queue/write_cache"));
        long flushes = served.count(BlockCounter.FLUSHES);
        int forces = backend.calls(FaultyBackend.Call.FORCE);
        guest.run(write).success();
        assertEquals(forces, backend.calls(FaultyBackend.Call.FORCE), "nobody asked");
        guest.run(write + "conv=fsync").success();
        assertTrue(served.count(BlockCounter.FLUSHES) > flushes);
        assertTrue(backend.calls(FaultyBackend.Call.FORCE) > forces);

        guest.run("echo write through > /sys/block/vda/cache_type").success();
        assertEquals("write through", disk.attribute("cache_type"));
        assertEquals("write through", disk.attribute("queue/write_cache"));
        flushes = served.count(BlockCounter.FLUSHES);
        forces = backend.calls(FaultyBackend.Call.FORCE);
        guest.run(write + "conv=fsync").success();
        assertEquals(flushes, served.count(BlockCounter.FLUSHES), "Linux has no reason to flush");
        assertTrue(backend.calls(FaultyBackend.Call.FORCE) > forces, "each write is durable");

        guest.run("echo write back > /sys/block/vda/cache_type").success();
        guest.run(write + "conv=fsync").success();
        assertTrue(served.count(BlockCounter.FLUSHES) > flushes);
    }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 1", "PCI, PACKED, 2", "MMIO, SPLIT, 2", "MMIO, PACKED, 1"})
    void a_disk_grows_while_it_is_used_and_shrinks(Bus bus, Ring ring, int queues, GuestReport.Row row)
        throws IOException {
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            try (FileBackend backend = FileBackend.open(image.path())) {
                serve(shared, new Wiring(bus, ring, queues), "resize", BlockDevice.of(backend), row,
                    (guest, served) -> {
                        grow(guest, served, image);
                        served.disk().resize(64L * MIB / 512);
                        awaitSize(guest, 64L * MIB);
                        assertNotEquals(0, guest.run(
                            "dd if=/dev/vda of=/dev/null bs=1M skip=64 count=1 iflag=direct 2> /tmp/dd"
                                + " && grep '^1+0' /tmp/dd").status());
                    });
            }
            image.checkFileSystem();
        }
    }

    private static void grow(LinuxGuest guest, ServedDisk served, HostImage image) {
        DiskWork disk = new DiskWork(guest, "vda");
        disk.makeFileSystem();
        disk.mount();
        GuestJob load = guest.start("""
            fio --name=load --directory=/mnt --ioengine=libaio --rw=randwrite --bs=16k --size=8m \
                --numjobs=2 --iodepth=8 --direct=1 --time_based --runtime=3 --eta=never \
                --verify=crc32c --verify_fatal=1
            """);
        image.resize(160L * MIB);
        served.disk().resize(160L * MIB / 512);
        awaitSize(guest, 160L * MIB);
        guest.run("resize2fs /dev/vda", Duration.ofMinutes(2)).success();
        load.finish(Duration.ofMinutes(3)).success();
        guest.run("dd if=/dev/zero of=/mnt/large bs=1M count=120 conv=fsync && rm /mnt/load.*",
            Duration.ofMinutes(2)).success();
        disk.unmount();
        disk.checkFileSystem();
    }

    private static void awaitSize(LinuxGuest guest, long bytes) {
        guest.run("until [ $(blockdev --getsize64 /dev/vda) = %d ]; do sleep 0.1; done".formatted(bytes))
            .success();
    }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 1", "PCI, PACKED, 2", "MMIO, SPLIT, 2", "MMIO, PACKED, 1"})
    void a_read_only_disk_is_read_and_not_written(Bus bus, Ring ring, int queues, GuestReport.Row row)
        throws IOException {
        byte[] content = "read me".repeat(10_000).getBytes(StandardCharsets.US_ASCII);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            image.makeFileSystem("file", content);
            byte[] before = image.bytes(0, 16 * MIB);
            try (FileBackend backend = FileBackend.openReadOnly(image.path())) {
                serve(shared, new Wiring(bus, ring, queues), "read-only", BlockDevice.of(backend), row,
                    (guest, served) -> readOnly(guest, served, content));
            }
            assertArrayEquals(before, image.bytes(0, 16 * MIB));
        }
    }

    private static void readOnly(LinuxGuest guest, ServedDisk served, byte[] content) {
        assertEquals("1", new DiskWork(guest, "vda").attribute("ro"));
        guest.run("mount -t ext4 -o ro /dev/vda /mnt").success();
        assertEquals(HostImage.sha256(content), guest.run("sha256sum < /mnt/file | cut -d' ' -f1").success());
        guest.run("umount /mnt").success();
        assertNotEquals(0, guest.run("dd if=/dev/urandom of=/dev/vda bs=4k count=1 oflag=direct").status());
        assertNotEquals(0, guest.run("blkdiscard -z -o 1M -l 1M /dev/vda").status());
        assertNotEquals(0, guest.run("blockdev --setrw /dev/vda && [ $(cat /sys/block/vda/ro) = 0 ]"
            + " && dd if=/dev/urandom of=/dev/vda bs=4k count=1 oflag=direct").status());
        assertEquals(0, served.count(BlockCounter.WRITES));
    }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 1", "PCI, PACKED, 2", "MMIO, SPLIT, 2", "MMIO, PACKED, 1"})
    void the_driver_shows_what_the_disk_says_of_itself(
        Bus bus, Ring ring, int queues, GuestReport.Row row) throws IOException {
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            try (FileBackend backend = FileBackend.open(image.path())) {
                BlockDeviceBuilder disk = BlockDevice.of(backend).serial("twenty characters!!!").blockSize(4096)
                    .topology(new BlockTopology(2, 0, 4, 32)).sizeMax(65536).segMax(40).queueSize(64)
                    .geometry(new BlockGeometry(1024, 16, 16));
                serve(shared, new Wiring(bus, ring, queues), "fields", disk, row,
                    (guest, served) -> fields(guest));
            }
            image.checkFileSystem();
        }
    }

    private static void fields(LinuxGuest guest) {
        DiskWork disk = new DiskWork(guest, "vda");
        Map<String, String> fields = Map.of("serial", "twenty characters!!!", "ro", "0",
            "queue/logical_block_size", "4096", "queue/physical_block_size", "16384",
            "queue/minimum_io_size", "16384", "queue/optimal_io_size", "131072",
            "queue/max_segment_size", "65536", "queue/max_segments", "40");
        fields.forEach((name, value) -> assertEquals(value, disk.attribute(name), name));
        assertTrue(guest.run("sfdisk -g /dev/vda").success().endsWith("16 heads, 16 sectors/track"));
        disk.makeFileSystem();
        disk.mount();
        disk.verify("--directory=" + DiskWork.MOUNT_POINT,
            "--ioengine=libaio --rw=randwrite --bsrange=4k-1m --size=8m --numjobs=2 --iodepth=32");
        disk.unmount();
        disk.checkFileSystem();
    }

    /**
     * Linux puts the ranges of SECURE_ERASE where the device writes: it takes a request's direction from the
     * lowest bit of its type, which for 14 is wrong. A device does not read there, and nothing is erased.
     */
    @ParameterizedTest
    @CsvSource({"PCI, PACKED, 2", "MMIO, SPLIT, 1"})
    void the_secure_erasure_that_linux_sends_wrongly_is_refused(
        Bus bus, Ring ring, int queues, GuestReport.Row row) throws IOException {
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            try (FileBackend backend = FileBackend.open(image.path());
                 ServedDisk served = ServedDisk.serve(shared, new Wiring(bus, ring, queues),
                     BlockDevice.of(backend).secureErase(RangeLimits.DEFAULT));
                 LinuxGuest guest = served.boot(shared, "erase", row)) {
                row.note("a fault of Linux, see docs/devices/blk.md");
                guest.run("dd if=/dev/urandom of=/dev/vda bs=1M count=4 oflag=direct").success();
                byte[] before = image.bytes(0, 4 * MIB);
                assertNotEquals(0, guest.run("blkdiscard -s -o 1M -l 1M /dev/vda").status());
                assertEquals(1, served.count(BlockCounter.ERRORS));
                assertArrayEquals(before, image.bytes(0, 4 * MIB));
                assertEquals(0, served.count(BlockCounter.RANGES));
                guest.run("dd if=/dev/vda of=/dev/null bs=1M count=4 iflag=direct").success();
                guest.powerOff();
            }
        }
    }
}
