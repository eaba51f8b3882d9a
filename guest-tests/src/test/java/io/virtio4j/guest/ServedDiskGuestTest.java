// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.guest.Wiring.Bus;
import io.virtio4j.guest.Wiring.Ring;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A disk of ours in a guest: found, given a file system, written and verified, and looked into from outside. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ServedDiskGuestTest {

    private static final long SIZE = 128L << 20;

    @Tag("demo")
    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 1", "PCI, PACKED, 2", "MMIO, SPLIT, 2", "MMIO, PACKED, 1"})
    void files_are_the_same_on_both_sides(Bus bus, Ring ring, int queues, GuestReport.Row row)
        throws IOException {
        work(new Wiring(bus, ring, queues), device -> device, row);
    }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 4", "PCI, PACKED, 1", "MMIO, SPLIT, 1", "MMIO, PACKED, 4"})
    void files_are_the_same_with_other_numbers_of_queues(
        Bus bus, Ring ring, int queues, GuestReport.Row row) throws IOException {
        work(new Wiring(bus, ring, queues), device -> device, row);
    }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 2", "PCI, PACKED, 2", "MMIO, SPLIT, 2", "MMIO, PACKED, 2"})
    void files_are_the_same_with_buffers_used_in_order(
        Bus bus, Ring ring, int queues, GuestReport.Row row) throws IOException {
        work(new Wiring(bus, ring, queues), device -> device.offer(CoreFeature.IN_ORDER), row);
    }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 2", "PCI, PACKED, 2", "MMIO, SPLIT, 2", "MMIO, PACKED, 2"})
    void files_are_the_same_with_plain_rings(Bus bus, Ring ring, int queues, GuestReport.Row row)
        throws IOException {
        work(new Wiring(bus, ring, queues), device -> device.withhold(CoreFeature.INDIRECT_DESC,
            CoreFeature.EVENT_IDX, CoreFeature.NOTIFICATION_DATA, CoreFeature.RING_RESET), row);
    }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 2", "MMIO, PACKED, 2"})
    void files_are_the_same_behind_an_iommu_that_maps_all(
        Bus bus, Ring ring, int queues, GuestReport.Row row) throws IOException {
        work(new Wiring(bus, ring, queues), device -> device.offer(CoreFeature.ACCESS_PLATFORM), row);
    }

    @ParameterizedTest
    @CsvSource({"PCI, PACKED, 1", "MMIO, SPLIT, 1"})
    void files_are_the_same_when_the_connection_does_all_the_work(
        Bus bus, Ring ring, int queues, GuestReport.Row row) throws IOException {
        work(new Wiring(bus, ring, queues), device -> device.runner(Runner.onCaller()), row);
    }

    @ParameterizedTest
    @CsvSource({"PCI, SPLIT, 2", "PCI, PACKED, 2", "MMIO, SPLIT, 2", "MMIO, PACKED, 2"})
    void a_queue_without_interrupts_is_polled(Bus bus, Ring ring, int queues, GuestReport.Row row)
        throws IOException {
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            try (FileBackend backend = FileBackend.open(image.path());
                 ServedDisk served = ServedDisk.serve(
                     shared, new Wiring(bus, ring, queues), BlockDevice.of(backend));
                 LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared)).processors(2)
                     .name("poll-" + served.wiring()).kernelArguments("virtio_blk.poll_queues=1").start()) {
                row.shows(served);
                DiskWork disk = new DiskWork(guest, "vda");
                assertEquals("1", disk.attribute("queue/io_poll"));
                disk.verify("--filename=/dev/vda",
                    "--ioengine=io_uring --hipri --rw=randwrite --bs=4k --size=8m --iodepth=16");
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                assertEquals(0, served.errors());
            }
        }
    }

    @Test
    void files_are_the_same_with_the_stock_kernel(GuestReport.Row row) throws IOException {
        Wiring wiring = new Wiring(Bus.PCI, Ring.PACKED, 4);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            Map<String, String> sums;
            try (FileBackend backend = FileBackend.open(image.path());
                 ServedDisk served =
                     ServedDisk.serve(shared, wiring, BlockDevice.of(backend).serial("served"));
                 LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared)).name("stock")
                     .kernel(GuestKernel.STOCK).processors(4).start()) {
                row.shows(served);
                row.note("Linux " + guest.release());
                sums = work(guest, wiring, row);
                assertEquals(0, served.errors());
            }
            check(image, sums, row);
        }
    }

    private static void work(
        Wiring wiring, UnaryOperator<DeviceInstanceBuilder> choices, GuestReport.Row row)
        throws IOException {
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            Map<String, String> sums;
            try (FileBackend backend = FileBackend.open(image.path());
                 ServedDisk served = ServedDisk.serve(
                     shared, 3, wiring, BlockDevice.of(backend).serial("served"), choices);
                 LinuxGuest guest = served.boot(shared, "files", row)) {
                assertTrue(served.server().isConnected());
                sums = work(guest, wiring, row);
                assertEquals(0, served.errors());
            }
            check(image, sums, row);
        }
    }

    private static void check(HostImage image, Map<String, String> sums, GuestReport.Row row) {
        row.step("look into the image from outside");
        image.checkFileSystem();
        assertEquals(5, sums.size());
        image.checkFiles(sums);
    }

    private static Map<String, String> work(LinuxGuest guest, Wiring wiring, GuestReport.Row row) {
        DiskWork disk = new DiskWork(guest, "vda");
        assertEquals("served", disk.attribute("serial"));
        assertEquals(wiring.queues(), disk.queues());
        assertEquals(wiring.ring() == Ring.PACKED, disk.accepted(CoreFeature.RING_PACKED.bit()));
        row.step("mkfs.ext4 and mount");
        disk.makeFileSystem();
        disk.mount();
        row.step("write and verify with fio");
        disk.verifyFiles();
        Map<String, String> sums = disk.writeFiles(5, 100_000);
        row.step("umount and e2fsck");
        disk.unmount();
        disk.checkFileSystem();
        guest.powerOff();
        assertEquals(List.of(), guest.complaints());
        return sums;
    }
}
