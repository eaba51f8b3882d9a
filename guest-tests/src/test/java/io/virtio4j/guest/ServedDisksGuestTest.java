// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.guest.Wiring.Bus;
import io.virtio4j.guest.Wiring.Ring;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Several disks of ours at once in one guest. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ServedDisksGuestTest {

    private static final int MIB = 1 << 20;

    /** A disk, its image and its name in the guest. */
    private record Disk(HostImage image, FileBackend backend, ServedDisk served) implements AutoCloseable {

        static Disk serve(SharedDirectory shared, int slot, Wiring wiring) throws IOException {
            HostImage image = HostImage.create(shared, "disk" + slot, 32L * MIB);
            FileBackend backend = FileBackend.open(image.path());
            return new Disk(image, backend, ServedDisk.serve(
                shared, slot, wiring, BlockDevice.of(backend).serial("slot" + slot), device -> device));
        }

        static String name(LinuxGuest guest, int slot) {
            return guest.run("cd /sys/block && grep -l slot%d vd*/serial | cut -d/ -f1".formatted(slot)).success();
        }

        @Override
        public void close() throws IOException {
            served.close();
            backend.close();
        }
    }

    /** Two on MMIO that share an interrupt line, and two on PCI. */
    @Test
    void disks_on_both_transports_work_side_by_side(GuestReport.Row row) throws IOException {
        try (SharedDirectory shared = SharedDirectory.create();
             Disk third = Disk.serve(shared, 3, new Wiring(Bus.MMIO, Ring.SPLIT, 1));
             Disk fourth = Disk.serve(shared, 4, new Wiring(Bus.PCI, Ring.PACKED, 2));
             Disk fifth = Disk.serve(shared, 5, new Wiring(Bus.PCI, Ring.SPLIT, 1));
             Disk seventh = Disk.serve(shared, 7, new Wiring(Bus.MMIO, Ring.PACKED, 2))) {
            List<Disk> disks = List.of(third, fourth, fifth, seventh);
            LinuxGuest.Builder machine = LinuxGuest.builder(shared).name("disks").processors(2);
            disks.forEach(disk -> disk.served().plugInto(machine));
            try (LinuxGuest guest = machine.start()) {
                disks.forEach(disk -> row.shows(disk.served()));
                guest.run("grep -E '^ *11:.*virtio.*virtio' /proc/interrupts").success();
                workOnAll(guest);
                copy(guest, 3, 4);
                copy(guest, 5, 7);
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                disks.forEach(disk -> assertEquals(0, disk.served().errors()));
            }
            assertArrayEquals(third.image().bytes(0, 16 * MIB), fourth.image().bytes(16 * MIB, 16 * MIB));
            assertArrayEquals(fifth.image().bytes(0, 16 * MIB), seventh.image().bytes(16 * MIB, 16 * MIB));
        }
    }

    private static void workOnAll(LinuxGuest guest) {
        List<GuestJob> jobs = List.of(3, 4, 5, 7).stream().map(slot -> guest.start("""
            fio --name=verify --filename=/dev/%s --direct=1 --ioengine=libaio --rw=randwrite --bs=4k \
                --size=8m --iodepth=16 --eta=never --verify=crc32c --verify_fatal=1 --do_verify=1
            """.formatted(Disk.name(guest, slot)))).toList();
        jobs.forEach(job -> job.finish(Duration.ofMinutes(5)).success());
    }

    private static void copy(LinuxGuest guest, int from, int to) {
        guest.run("dd if=/dev/%s of=/dev/%s bs=1M count=16 seek=16 iflag=direct oflag=direct conv=fsync"
            .formatted(Disk.name(guest, from), Disk.name(guest, to))).success();
    }
}
