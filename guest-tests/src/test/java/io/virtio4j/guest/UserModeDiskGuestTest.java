// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk of ours in user-mode Linux, whose kernel is itself the front-end of vhost-user. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class UserModeDiskGuestTest {

    private static final long SIZE = 128L << 20;
    private static final int RING_PACKED = 34;
    private static final int BLOCK = 2;
    private static final String SOCKET = "disk.sock";

    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void files_are_the_same_on_both_sides(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user, user mode", ring, 1);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "disk.img", SIZE);
            Map<String, String> sums;
            try (BackEndProcess back = VhostUserDisk.start(image.path(), shared.path(SOCKET), 1, ring, "trusted");
                 UserModeGuest guest = UserModeGuest.start(shared, "user-mode-disk-" + ring, GuestPrograms.DISK,
                     new UserModeGuest.Device(SOCKET, BLOCK))) {
                DiskWork disk = new DiskWork(guest, "vda");
                assertEquals(VhostUserDisk.SERIAL, disk.attribute("serial"));
                assertEquals(SIZE, disk.bytes());
                assertEquals(ring.equals("packed"), disk.accepted(RING_PACKED));
                sums = disk.useForFiles();
                assertTrue(back.alive());
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
            }
            image.checkFileSystem();
            image.checkFiles(sums);
        }
    }
}
