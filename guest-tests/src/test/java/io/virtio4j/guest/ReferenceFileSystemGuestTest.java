// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * virtiofsd under everything that our file systems must stand: what fails here is the fault of the guest, its programs
 * or these tests, and not of a device of ours.
 */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ReferenceFileSystemGuestTest {

    private static final String SOCKET = "fs.sock";
    private static final String DIRECTORY = "work";

    @Test
    void a_directory_is_used_for_everything(GuestReport.Row row) throws Exception {
        row.with("vhost-user", "split", 1);
        try (SharedDirectory shared = SharedDirectory.create()) {
            Files.createDirectory(shared.path(DIRECTORY));
            try (Virtiofsd served = Virtiofsd.start(shared, SOCKET, shared.inside(DIRECTORY));
                 LinuxGuest guest = FileSystemPlug.overVhostUser(LinuxGuest.builder(shared), shared, SOCKET, "split")
                     .name("reference-fs").processors(2).start()) {
                FileSystemWork work = new FileSystemWork(guest, shared, DIRECTORY, row);
                work.mount(FileSystemPlug.TAG, "");
                work.useForEverything();
                work.unmount();
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                assertTrue(served.healthy());
            }
        }
    }

    @Test
    void git_and_a_compiler_run_on_it(GuestReport.Row row) throws Exception {
        row.with("vhost-user", "packed", 1);
        String tools = "tools.sock";
        try (SharedDirectory shared = SharedDirectory.create()) {
            Files.createDirectory(shared.path(DIRECTORY));
            try (Virtiofsd work = Virtiofsd.start(shared, SOCKET, shared.inside(DIRECTORY));
                 Virtiofsd tree = Virtiofsd.start(shared, tools, "/", "--readonly");
                 LinuxGuest guest = FileSystemPlug.overVhostUser(
                     FileSystemPlug.overVhostUser(LinuxGuest.builder(shared), shared, SOCKET, "packed"),
                     shared, 4, tools, "tools", "packed")
                     .name("reference-fs-programs").processors(2).runsServedPrograms().start()) {
                FileSystemWork files = new FileSystemWork(guest, shared, DIRECTORY, row);
                files.mount(FileSystemPlug.TAG, "");
                files.developLittle("tools", "");
                files.unmount();
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                assertTrue(work.healthy() && tree.healthy());
            }
        }
    }
}
