// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.fs.FsCounter;
import io.virtio4j.fs.FsDevice;
import io.virtio4j.transport.vhostuser.ProtocolFeature;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A directory of ours over vhost-user, in QEMU's front-end for file systems and in user-mode Linux. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class VhostUserFileSystemGuestTest {

    private static final int FILE_SYSTEM = 26;
    private static final String SOCKET = "fs.sock";
    private static final String DIRECTORY = "work";

    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void qemu_passes_a_directory_on(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user", ring, 1);
        try (SharedDirectory shared = SharedDirectory.create()) {
            Files.createDirectory(shared.path(DIRECTORY));
            try (FsDevice device = FsDevice.of("not shown", FileSystemPlug.backend(shared.path(DIRECTORY))).build();
                 VhostUserDevice served = VhostUserDevice.serve(device, shared.path(SOCKET), Set.of(ring),
                     ProtocolFeature.STATUS, ProtocolFeature.CONFIG);
                 LinuxGuest guest = FileSystemPlug.overVhostUser(LinuxGuest.builder(shared), shared, SOCKET, ring)
                     .name("vhost-user-fs-" + ring).processors(2).start()) {
                assertEquals(ring.equals("packed"), served.device().accepted().has(CoreFeature.RING_PACKED));
                FileSystemWork work = new FileSystemWork(guest, shared, DIRECTORY, row);
                work.mount(FileSystemPlug.TAG, "");
                work.useFilesAndData();
                work.unmount();
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void a_user_mode_kernel_mounts_a_directory(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user, user mode", ring, 1);
        try (SharedDirectory shared = SharedDirectory.create()) {
            Files.createDirectory(shared.path(DIRECTORY));
            try (FsDevice device = FsDevice.of(FileSystemPlug.TAG, FileSystemPlug.backend(shared.path(DIRECTORY)))
                     .build();
                 VhostUserDevice served = VhostUserDevice.serve(device, shared.path(SOCKET), Set.of(ring, "trusted"));
                 UserModeGuest guest = UserModeGuest.start(shared, "user-mode-fs-" + ring, GuestPrograms.FS,
                     new UserModeGuest.Device(SOCKET, FILE_SYSTEM))) {
                assertEquals(ring.equals("packed"), served.device().accepted().has(CoreFeature.RING_PACKED));
                FileSystemWork work = new FileSystemWork(guest, shared, DIRECTORY, row);
                work.mount(FileSystemPlug.TAG, "");
                work.useForEverything();
                work.unmount();
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
            }
        }
    }

    /**
     * In user-mode Linux, whose processor is a real one: QEMU's emulated one goes on with what it has translated of
     * memory that another process writes anew, as one does here that reads programs into it, unless the guest has
     * cleared that memory. {@link FileSystemProgramsGuestTest} lets it.
     */
    @Test
    void git_and_a_compiler_run_on_it(GuestReport.Row row) throws Exception {
        row.with("vhost-user, user mode", "split", 1);
        try (SharedDirectory shared = SharedDirectory.create()) {
            Files.createDirectory(shared.path(DIRECTORY));
            try (FsDevice work = FsDevice.of(FileSystemPlug.TAG, FileSystemPlug.backend(shared.path(DIRECTORY)))
                     .build();
                 FsDevice tools = FsDevice.of("tools", FileSystemPlug.backend(shared.tree())).readOnly().build();
                 VhostUserDevice served = VhostUserDevice.serve(work, shared.path(SOCKET), Set.of("split", "trusted"));
                 VhostUserDevice servedTools = VhostUserDevice.serve(tools, shared.path("tools.sock"),
                     Set.of("split", "trusted"));
                 UserModeGuest guest = UserModeGuest.start(shared, "user-mode-fs-tools", GuestPrograms.FS,
                     new UserModeGuest.Device(SOCKET, FILE_SYSTEM),
                     new UserModeGuest.Device("tools.sock", FILE_SYSTEM))) {
                FileSystemWork files = new FileSystemWork(guest, shared, DIRECTORY, row);
                files.mount(FileSystemPlug.TAG, "");
                files.develop("tools", "");
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                assertEquals(0, work.counters().get(FsCounter.BACKEND_FAULTS), served::toString);
                assertEquals(0, tools.counters().get(FsCounter.BACKEND_FAULTS), servedTools::toString);
            }
        }
    }
}
