// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.linux.HostDirectory;
import java.io.IOException;
import java.nio.file.Path;

/** Puts a file system that a process serves over vhost-user into a machine. */
final class FileSystemPlug {

    /** What the guest mounts it by. */
    static final String TAG = "shared";

    private FileSystemPlug() {}

    /** A directory of the host, with what every test asks for. */
    static FsBackend backend(Path directory) throws IOException {
        return HostDirectory.open(directory);
    }

    static LinuxGuest.Builder overVhostUser(LinuxGuest.Builder machine, SharedDirectory shared, String socket,
        String ring) {
        return overVhostUser(machine, shared, 3, socket, TAG, ring);
    }

    /**
     * The same for one of several.
     *
     * @param slot on bus 0
     * @param tag what the guest mounts it by
     */
    static LinuxGuest.Builder overVhostUser(LinuxGuest.Builder machine, SharedDirectory shared, int slot,
        String socket, String tag, String ring) {
        return machine.programs(GuestPrograms.FS).arguments(
            "-chardev", "socket,id=fs%d,path=%s".formatted(slot, shared.inside(socket)),
            "-device", "vhost-user-fs-pci,chardev=fs%1$d,addr=%1$x,queue-size=512,tag=%2$s,packed=%3$s"
                .formatted(slot, tag, ring.equals("packed") ? "on" : "off"));
    }
}
