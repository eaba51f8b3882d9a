// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A disk of ours in a guest, served over vhost-user to QEMU's own front-end. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class VhostUserDiskGuestTest {

    private static final long SIZE = 128L << 20;
    private static final int RING_PACKED = 34;
    private static final String SOCKET = "vhost.sock";
    private static final int KILLS = 8;

    private static LinuxGuest.Builder guest(SharedDirectory shared, String name, String ring, int queues) {
        return LinuxGuest.builder(shared).name(name + "-" + ring).processors(2).arguments(
            "-chardev", "socket,id=vhost,reconnect-ms=50,path=" + shared.inside(SOCKET),
            "-device", "vhost-user-blk-pci,chardev=vhost,addr=3,num-queues=" + queues
                + ",packed=" + (ring.equals("packed") ? "on" : "off"));
    }

    private static DiskWork disk(LinuxGuest guest, String ring, int queues) {
        DiskWork disk = new DiskWork(guest, "vda");
        assertEquals(VhostUserDisk.SERIAL, disk.attribute("serial"));
        assertEquals(queues, disk.queues());
        assertEquals(ring.equals("packed"), disk.accepted(RING_PACKED));
        return disk;
    }

    @ParameterizedTest
    @CsvSource({"split, 1", "split, 2", "packed, 1", "packed, 2"})
    void files_are_the_same_on_both_sides(String ring, int queues, GuestReport.Row row) throws Exception {
        row.with("vhost-user", ring, queues);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            Map<String, String> sums;
            try (BackEndProcess back = VhostUserDisk.start(image.path(), shared.path(SOCKET), queues, ring);
                 LinuxGuest guest = guest(shared, "vhost-user", ring, queues).start()) {
                DiskWork disk = disk(guest, ring, queues);
                sums = disk.useForFiles();
                assertTrue(back.alive());
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
            }
            check(image, sums);
        }
    }

    @ParameterizedTest
    @CsvSource({"split, 2", "packed, 1"})
    void a_back_end_that_is_killed_under_load_loses_nothing(String ring, int queues, GuestReport.Row row)
        throws Exception {
        row.with("vhost-user, killed", ring, queues);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            Map<String, String> sums;
            try (BackEndProcess back = VhostUserDisk.start(image.path(), shared.path(SOCKET), queues, ring);
                 LinuxGuest guest = guest(shared, "vhost-user-killed", ring, queues).start()) {
                DiskWork disk = disk(guest, ring, queues);
                disk.makeFileSystem();
                disk.mount();
                kill(guest, back);
                sums = disk.writeFiles(5, 100_000);
                disk.unmount();
                disk.checkFileSystem();
                guest.powerOff();
                // QEMU says of each kill that the back-end is gone; Linux does not notice.
                assertEquals(List.of(), guest.complaints().stream()
                    .filter(line -> !line.startsWith("qemu-system-")).toList());
            }
            check(image, sums);
        }
    }

    /** Kills while Linux writes and verifies, as many requests at once as the queue holds. */
    private static void kill(LinuxGuest guest, BackEndProcess back) throws IOException {
        GuestJob job = guest.start("""
            fio --name=verify --directory=%s --direct=1 --eta=never --ioengine=libaio --rw=randwrite \
                --bs=4k --size=24m --numjobs=2 --iodepth=32 --loops=3 --group_reporting \
                --verify=crc32c --verify_fatal=1 --do_verify=1
            """.formatted(DiskWork.MOUNT_POINT));
        int kills = 0;
        while (kills < KILLS && job.running()) {
            back.killAndRestart();
            kills++;
            // The new back-end has work before it is killed in turn.
            guest.run("sync; dd if=/dev/vda of=/dev/null bs=64k count=16 iflag=direct");
        }
        job.finish(Duration.ofMinutes(10)).success();
        assertTrue(kills >= 2, "the load ended before the back-end was killed twice: kills=" + kills);
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
