// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.transport.vfiouser.VfioUserServer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A disk of ours in a guest, served over vfio-user. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ServedDiskGuestTest {

    private static final long SIZE = 128L << 20;
    private static final int RING_PACKED = 34;

    @ParameterizedTest
    @CsvSource({"split, 1", "packed, 2"})
    void files_over_pci_are_the_same_on_both_sides(String ring, int queues, GuestReport.Row row)
        throws Exception {
        row.with("PCI", ring, queues);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            Map<String, String> sums;
            try (FileBackend backend = FileBackend.open(image.path());
                 DeviceInstance disk = disk(backend, ring, queues);
                 VfioUserServer server =
                     VfioUserServer.of(disk).listen(UnixAddress.of(shared.path("blk.sock")));
                 LinuxGuest guest = LinuxGuest.builder(shared).name("served-pci-" + ring)
                     .processors(2).vfioUserDevice(3, "blk.sock").start()) {
                assertTrue(server.isConnected());
                sums = work(guest, ring, queues);
            }
            check(image, sums);
        }
    }

    private static DeviceInstance disk(FileBackend backend, String ring, int queues) {
        DeviceInstanceBuilder disk = DeviceInstance
            .of(BlockDevice.of(backend).serial("served").queues(queues).build())
            .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()));
        if (ring.equals("split")) {
            disk.withhold(CoreFeature.RING_PACKED);
        }
        return disk.build();
    }

    private static Map<String, String> work(LinuxGuest guest, String ring, int queues) {
        DiskWork disk = new DiskWork(guest, "vda");
        assertEquals("served", disk.attribute("serial"));
        assertEquals(queues, disk.queues());
        assertEquals(ring.equals("packed"), disk.accepted(RING_PACKED));
        disk.makeFileSystem();
        disk.mount();
        disk.verifyFiles();
        Map<String, String> sums = disk.writeFiles(5, 100_000);
        disk.unmount();
        disk.checkFileSystem();
        guest.powerOff();
        assertEquals(List.of(), guest.complaints());
        return sums;
    }

    private static void check(HostImage image, Map<String, String> sums) throws Exception {
        image.checkFileSystem();
        assertEquals(5, sums.size());
        for (Map.Entry<String, String> file : sums.entrySet()) {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(image.file("/" + file.getKey()));
            assertEquals(file.getValue(), HexFormat.of().formatHex(digest), file::getKey);
        }
    }
}
