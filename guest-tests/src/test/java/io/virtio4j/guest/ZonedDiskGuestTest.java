// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.BlockCounter;
import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.BlockDeviceBuilder;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.blk.ZoneFile;
import io.virtio4j.blk.ZoneLayout;
import io.virtio4j.guest.Wiring.Bus;
import io.virtio4j.guest.Wiring.Ring;
import io.virtio4j.guest.ZoneWork.Zone;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our disk with zones, managed by blkzone and written by fio and a file system. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ZonedDiskGuestTest {

    private static final long SIZE = 64L << 20;
    private static final long ZONE = 8192;
    private static final ZoneLayout LAYOUT =
        ZoneLayout.hostManaged(ZONE).withCapacity(7168).withConventionalZones(2).withLimits(4, 6);

    private static BlockDeviceBuilder disk(FileBackend backend) {
        return BlockDevice.of(backend).zones(LAYOUT);
    }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 1", "PCI, PACKED, 2", "MMIO, SPLIT, 2", "MMIO, PACKED, 1"})
    void zones_are_reported_managed_and_written_in_order(
        Bus bus, Ring ring, int queues, GuestReport.Row row) throws IOException {
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            try (FileBackend backend = FileBackend.open(image.path());
                 ServedDisk served = ServedDisk.serve(shared, new Wiring(bus, ring, queues), disk(backend));
                 LinuxGuest guest = served.boot(shared, "zones", row)) {
                describe(new DiskWork(guest, "vda"));
                ZoneWork zones = new ZoneWork(guest, "vda");
                manage(zones);
                write(zones);
                guest.powerOff();
                // Two writes failed on purpose: beside the write pointer, and with too many zones open.
                assertEquals(List.of(), guest.complaints().stream()
                    .filter(line -> !line.matches(".*logical block (2050|7168), lost async page write")).toList());
                assertTrue(served.count(BlockCounter.ZONE_ERRORS) > 0);
                assertEquals(served.count(BlockCounter.ZONE_ERRORS), served.errors());
            }
        }
    }

    private static void describe(DiskWork disk) {
        assertEquals("host-managed", disk.attribute("queue/zoned"));
        assertEquals("16", disk.attribute("queue/nr_zones"));
        assertEquals("4", disk.attribute("queue/max_open_zones"));
        assertEquals("6", disk.attribute("queue/max_active_zones"));
        assertEquals("524288", disk.attribute("queue/zone_append_max_bytes"));
    }

    private static void manage(ZoneWork zones) {
        List<Zone> all = zones.report();
        assertEquals(16, all.size());
        assertEquals(new Zone(0, ZONE, ZONE, -1, "nw", "CONVENTIONAL"), all.get(0));
        Zone third = new Zone(2 * ZONE, ZONE, 7168, 0, "em", "SEQ_WRITE_REQUIRED");
        assertEquals(third, all.get(2));
        zones.everyCondition(third);
        for (Zone open : all.subList(2, 6)) {
            zones.manage("open", open);
        }
        assertNotEquals(0, zones.write(all.get(7).start(), 8).status(), "as many are open as may be");
        zones.resetAll();
        assertEquals(all, zones.report());
    }

    private static void write(ZoneWork zones) {
        zones.fio("--offset=8m --size=16m --rw=write --bs=64k --ioengine=libaio --iodepth=4 "
            + "--verify=crc32c --verify_fatal=1");
        zones.resetAll();
        zones.fio("--offset=8m --size=24m --io_size=32m --rw=randwrite --bs=16k "
            + "--ioengine=libaio --iodepth=4 --max_open_zones=4");
        zones.fio("--offset=8m --size=24m --io_size=8m --rw=randread --bs=16k --ioengine=io_uring --iodepth=16");
        assertTrue(zones.report().stream().anyMatch(zone -> zone.written() > 0 || zone.condition().equals("fu")));
    }

    @ParameterizedTest
    @CsvSource({"PCI, PACKED, 2", "MMIO, SPLIT, 1"})
    void zones_are_as_they_were_after_a_restart(Bus bus, Ring ring, int queues, GuestReport.Row row)
        throws IOException {
        Wiring wiring = new Wiring(bus, ring, queues);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            List<Zone> before;
            try (FileBackend backend = FileBackend.open(image.path());
                 ZoneFile states = ZoneFile.open(shared.path("zones"));
                 ServedDisk served = ServedDisk.serve(shared, wiring, disk(backend).zoneStore(states));
                 LinuxGuest guest = served.boot(shared, "zones-first", row)) {
                ZoneWork zones = new ZoneWork(guest, "vda");
                zones.write(3 * ZONE, 24).success();
                zones.manage("close", zones.report().get(3));
                zones.write(4 * ZONE, 8).success();
                zones.manage("finish", zones.report().get(4));
                guest.run("sync /dev/vda").success();
                before = zones.report();
                guest.powerOff();
                assertEquals(0, served.errors());
            }
            assertEquals(24, before.get(3).written());
            assertEquals("cl", before.get(3).condition());
            assertEquals("fu", before.get(4).condition());
            try (FileBackend backend = FileBackend.open(image.path());
                 ZoneFile states = ZoneFile.open(shared.path("zones"));
                 ServedDisk served = ServedDisk.serve(shared, wiring, disk(backend).zoneStore(states));
                 LinuxGuest guest = served.boot(shared, "zones-second", row)) {
                ZoneWork zones = new ZoneWork(guest, "vda");
                assertEquals(before, zones.report());
                zones.write(3 * ZONE + 24, 8).success();
                assertEquals(32, zones.report().get(3).written());
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                assertEquals(0, served.errors());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 1", "MMIO, PACKED, 2"})
    void a_host_aware_disk_is_written_anywhere(Bus bus, Ring ring, int queues, GuestReport.Row row)
        throws IOException {
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            try (FileBackend backend = FileBackend.open(image.path());
                 ServedDisk served = ServedDisk.serve(shared, new Wiring(bus, ring, queues),
                     BlockDevice.of(backend).zones(ZoneLayout.hostAware(ZONE)));
                 LinuxGuest guest = served.boot(shared, "zones-aware", row)) {
                DiskWork disk = new DiskWork(guest, "vda");
                assertEquals("none", disk.attribute("queue/zoned"), "Linux has no use for host-aware zones");
                disk.makeFileSystem();
                disk.mount();
                disk.verify("--directory=" + DiskWork.MOUNT_POINT,
                    "--ioengine=libaio --rw=randwrite --bs=4k --size=4m --numjobs=2 --iodepth=16");
                disk.unmount();
                disk.checkFileSystem();
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                assertEquals(0, served.errors());
            }
            image.checkFileSystem();
        }
    }

    /**
     * Writes data with ZONE_APPEND; the stock kernel has it as a module. With zones as small as the others'
     * here, btrfs trips over itself when it finishes them.
     */
    @Test
    void a_file_system_for_zones_appends_to_them(GuestReport.Row row) throws IOException {
        Wiring wiring = new Wiring(Bus.PCI, Ring.PACKED, 2);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", 16 * SIZE);
            try (FileBackend backend = FileBackend.open(image.path());
                 ServedDisk served = ServedDisk.serve(shared, wiring,
                     BlockDevice.of(backend).zones(ZoneLayout.hostManaged(16 * ZONE)));
                 LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared)).name("zones-btrfs")
                     .kernel(GuestKernel.STOCK).processors(2).memory(768).start()) {
                row.shows(served);
                row.note("btrfs, Linux " + guest.release());
                Duration patience = Duration.ofMinutes(3);
                guest.run("modprobe btrfs && mkfs.btrfs -q -O zoned -m single -d single /dev/vda", patience)
                    .success();
                guest.run("mount -t btrfs /dev/vda /mnt", patience).success();
                guest.run("""
                    fio --name=files --directory=/mnt --ioengine=psync --rw=randwrite --bs=16k --size=8m \
                        --numjobs=2 --fallocate=none --end_fsync=1 --eta=never --verify=crc32c --verify_fatal=1
                    """, patience).success();
                String sums = guest.run("cd /mnt && sha256sum files.*", patience).success();
                guest.run("umount /mnt", patience).success();
                guest.run("btrfs check /dev/vda", patience).success();
                guest.run("echo 3 > /proc/sys/vm/drop_caches && mount -t btrfs /dev/vda /mnt", patience).success();
                assertEquals(sums, guest.run("cd /mnt && sha256sum files.*", patience).success());
                guest.run("umount /mnt", patience).success();
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                assertEquals(0, served.errors());
            }
        }
    }
}
