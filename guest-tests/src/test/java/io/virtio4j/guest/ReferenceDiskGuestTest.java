// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.guest.ZoneWork.Zone;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * QEMU's own disk under everything that our disks must stand: what fails here is the fault of the
 * guest, its programs or these tests, and not of a device of ours.
 */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ReferenceDiskGuestTest {

    private static final long SIZE = 128L << 20;
    private static final int RING_PACKED = 34;

    private static LinuxGuest.Builder builder(
        SharedDirectory shared, HostImage image, String options) {
        return LinuxGuest.builder(shared).processors(2).arguments(
            "-drive", "if=none,id=disk,format=raw,discard=unmap,file=" + image.inside(),
            "-device", "virtio-blk-pci,drive=disk,disable-legacy=on,serial=reference," + options);
    }

    @ParameterizedTest
    @CsvSource({"split, 1", "packed, 2"})
    void files_are_the_same_on_both_sides(String ring, int queues, GuestReport.Row row)
        throws Exception {
        row.with("PCI", ring, queues);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            Map<String, String> sums;
            String options = "num-queues=%d,packed=%s"
                .formatted(queues, ring.equals("packed") ? "on" : "off");
            try (LinuxGuest guest = builder(shared, image, options)
                     .name("reference-" + ring).start()) {
                DiskWork disk = new DiskWork(guest, "vda");
                assertEquals("reference", disk.attribute("serial"));
                assertEquals(queues, disk.queues());
                assertEquals(ring.equals("packed"), disk.accepted(RING_PACKED));
                disk.makeFileSystem();
                disk.mount();
                disk.verifyFiles();
                sums = disk.writeFiles(5, 100_000);
                disk.unmount();
                disk.checkFileSystem();
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
            }
            image.checkFileSystem();
            assertEquals(5, sums.size());
            image.checkFiles(sums);
        }
    }

    @Test
    void space_is_given_back_and_zeroed(GuestReport.Row row) throws Exception {
        row.with("PCI", "split", 1);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            try (LinuxGuest guest = builder(shared, image, "num-queues=1")
                     .name("reference-space").start()) {
                guest.run("dd if=/dev/urandom of=/dev/vda bs=1M count=8 oflag=direct").success();
                assertTrue(image.allocated() >= 8 << 20);

                guest.run("blkdiscard -o 1M -l 2M /dev/vda").success();
                assertTrue(image.allocated() <= 6 << 20);
                guest.run("blkdiscard -z -o 4M -l 1M /dev/vda").success();
                guest.run("dd if=/dev/vda bs=1M skip=4 count=1 | cmp -n 1048576 - /dev/zero")
                    .success();
                guest.run("cmp -n 4096 /dev/vda /dev/zero && exit 1 || exit 0").success();

                guest.run("printf 'label: gpt\\nsize=50MiB\\nsize=20MiB\\n' | sfdisk -q /dev/vda")
                    .success();
                assertEquals("vda 134217728\nvda1 52428800\nvda2 20971520",
                    guest.run("lsblk -b -n -l -o NAME,SIZE | sed 's/  */ /'").success());
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
            }
            byte[] start = new byte[8];
            try (var file = Files.newInputStream(image.path())) {
                file.skipNBytes(512);
                file.readNBytes(start, 0, 8);
            }
            assertArrayEquals("EFI PART".getBytes(), start);
        }
    }

    @Test
    void the_disk_grows_and_comes_back_while_used(GuestReport.Row row) {
        row.with("PCI", "packed", 2);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            try (LinuxGuest guest = builder(shared, image, "num-queues=2,packed=on")
                     .name("reference-grows").start()) {
                DiskWork disk = new DiskWork(guest, "vda");
                disk.rebind(10);
                disk.makeFileSystem();
                disk.mount();
                guest.monitor("block_resize disk 160M");
                guest.run("""
                    until [ $(blockdev --getsize64 /dev/vda) = 167772160 ]; do sleep 0.1; done
                    """).success();
                guest.run("resize2fs /dev/vda").success();
                assertEquals(160L << 20, disk.bytes());
                disk.unmount();
                disk.checkFileSystem();
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
            }
            image.checkFileSystem();
        }
    }

    @Test
    void what_was_synchronized_survives_a_kill(GuestReport.Row row) throws Exception {
        row.with("PCI", "split", 1);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            Map<String, String> durable;
            try (LinuxGuest guest = builder(shared, image, "num-queues=1")
                     .name("reference-kill").start()) {
                DiskWork disk = new DiskWork(guest, "vda");
                disk.makeFileSystem();
                disk.mount();
                GuestJob writer = disk.writeDurably();
                guest.run("until [ $(wc -l < %s) -ge 20 ]; do sleep 0.1; done"
                    .formatted(writer.outputFile())).success();
                durable = DiskWork.sums(writer.output());
                guest.kill();
                assertFalse(guest.alive());
            }
            image.recoverFileSystem();
            assertTrue(durable.size() >= 20);
            image.checkFiles(durable);
        }
    }

    @Test
    void zones_are_written_in_order_and_reset(GuestReport.Row row) {
        row.note("null_blk");
        try (SharedDirectory shared = SharedDirectory.create();
             LinuxGuest guest = LinuxGuest.builder(shared).name("reference-zones").processors(2)
                 .start()) {
            guest.run("""
                mkdir /sys/kernel/config/nullb/nullb0 && cd /sys/kernel/config/nullb/nullb0
                echo 1 > zoned; echo 4 > zone_size; echo 64 > size; echo 1 > memory_backed
                echo 2 > zone_nr_conv; echo 4 > zone_max_open; echo 4 > zone_max_active
                echo 1 > power
                """).success();
            ZoneWork zones = new ZoneWork(guest, "nullb0");
            assertEquals(16, zones.report().size());
            assertEquals(new Zone(0, 8192, 8192, -1, "nw", "CONVENTIONAL"), zones.report().get(0));
            Zone third = new Zone(16384, 8192, 8192, 0, "em", "SEQ_WRITE_REQUIRED");
            assertEquals(third, zones.report().get(2));

            zones.everyCondition(third);
            zones.write(16384, 8).success();
            zones.resetAll();
            assertEquals(third, zones.report().get(2));

            zones.fio("--offset=8m --size=16m --rw=write --bs=64k --ioengine=libaio --iodepth=4 "
                + "--verify=crc32c --verify_fatal=1");
            zones.fio("--offset=8m --size=24m --io_size=32m --rw=randwrite --bs=16k "
                + "--ioengine=libaio --iodepth=4 --max_open_zones=4");
        }
    }
}
