// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.BlockCounter;
import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.guest.Wiring.Bus;
import io.virtio4j.guest.Wiring.Ring;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drivers and machines that come and go while our disk stays. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class DiskLifeGuestTest {

    private static final long SIZE = 128L << 20;
    private static final int REBINDS = 50;
    private static final int DURABLE_FILES = 20;

    /** How writes become durable. */
    private enum Cache { WRITE_BACK, WRITE_THROUGH }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 1", "PCI, PACKED, 2", "MMIO, SPLIT, 2", "MMIO, PACKED, 1"})
    void the_driver_comes_back_50_times(Bus bus, Ring ring, int queues, GuestReport.Row row)
        throws IOException {
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            try (FileBackend backend = FileBackend.open(image.path());
                 ServedDisk served = ServedDisk.serve(
                     shared, new Wiring(bus, ring, queues), BlockDevice.of(backend));
                 LinuxGuest guest = served.boot(shared, "rebind", row)) {
                DiskWork disk = new DiskWork(guest, "vda");
                disk.rebind(REBINDS);
                assertEquals(queues, disk.queues());
                disk.verify("--filename=/dev/vda",
                    "--ioengine=libaio --rw=randwrite --bs=4k --size=4m --iodepth=16");
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                assertEquals(0, served.errors());
                assertTrue(served.count(BlockCounter.READS) >= REBINDS);
            }
        }
    }

    /**
     * The machine dies in the middle of writes, and with it all that the storage had not been told to keep:
     * the backend loses whatever was not forced.
     */
    @Tag("demo")
    @ParameterizedTest
    @CsvSource({
        "PCI, PACKED, 2, WRITE_BACK", "PCI, SPLIT, 1, WRITE_THROUGH",
        "MMIO, SPLIT, 2, WRITE_BACK", "MMIO, PACKED, 1, WRITE_THROUGH",
    })
    void what_was_flushed_survives_a_power_failure(
        Bus bus, Ring ring, int queues, Cache cache, GuestReport.Row row) throws IOException {
        Wiring wiring = new Wiring(bus, ring, queues);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            try (VolatileCacheBackend backend = new VolatileCacheBackend(FileBackend.open(image.path()));
                 ServedDisk served = ServedDisk.serve(shared, wiring, BlockDevice.of(backend))) {
                Map<String, String> durable = killWhileWriting(shared, served, cache, row);
                int lost = backend.losePower();
                row.note("%d files kept, %d sectors lost".formatted(durable.size(), lost));
                lookFromOutside(shared, image, durable, row);
                serveAgain(shared, served, durable, row);
                backend.force();
            }
            image.checkFileSystem();
        }
    }

    private static Map<String, String> killWhileWriting(
        SharedDirectory shared, ServedDisk served, Cache cache, GuestReport.Row row) {
        try (LinuxGuest guest = served.boot(shared, "kill-" + cache, row)) {
            DiskWork disk = new DiskWork(guest, "vda");
            disk.makeFileSystem();
            if (cache == Cache.WRITE_THROUGH) {
                guest.run("echo write through > /sys/block/vda/cache_type").success();
            }
            disk.mount();
            long flushes = served.count(BlockCounter.FLUSHES);
            row.step("write files, each with fsync, beside writes without");
            guest.start("""
                fio --name=beside --directory=/mnt --direct=1 --ioengine=libaio --rw=randwrite --bs=4k \\
                    --size=8m --iodepth=8 --time_based --runtime=600 --eta=never
                """);
            GuestJob writer = disk.writeDurably();
            guest.run("until [ $(wc -l < %s) -ge %d ]; do sleep 0.1; done"
                .formatted(writer.outputFile(), DURABLE_FILES)).success();
            Map<String, String> durable = DiskWork.sums(writer.output());
            row.step("kill the machine in the middle of it");
            guest.kill();
            assertFalse(guest.alive());
            assertTrue(durable.size() >= DURABLE_FILES);
            assertEquals(cache == Cache.WRITE_BACK, served.count(BlockCounter.FLUSHES) > flushes,
                "Linux flushes if there is a cache");
            return durable;
        }
    }

    private static void lookFromOutside(
        SharedDirectory shared, HostImage image, Map<String, String> durable, GuestReport.Row row)
        throws IOException {
        row.step("look for them from outside, in a copy of the image");
        HostImage copy = HostImage.create(shared, "copy.img", 0);
        Files.write(copy.path(), image.bytes(0, (int) SIZE));
        copy.recoverFileSystem();
        copy.checkFiles(durable);
    }

    private static void serveAgain(
        SharedDirectory shared, ServedDisk served, Map<String, String> durable, GuestReport.Row row) {
        try (LinuxGuest guest = served.boot(shared, "after-kill", row)) {
            row.step("look for them in a second machine");
            DiskWork disk = new DiskWork(guest, "vda");
            disk.mount();
            String found = guest.run("cd %s && sha256sum %s".formatted(
                DiskWork.MOUNT_POINT, String.join(" ", durable.keySet()))).success();
            assertEquals(durable, DiskWork.sums(found));
            disk.verify("--directory=" + DiskWork.MOUNT_POINT,
                "--ioengine=libaio --rw=randwrite --bs=4k --size=4m --numjobs=2 --iodepth=16");
            disk.unmount();
            disk.checkFileSystem();
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
            assertEquals(0, served.errors());
        }
    }
}
