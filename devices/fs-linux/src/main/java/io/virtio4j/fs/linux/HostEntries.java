// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import io.virtio4j.fs.backend.FsDirectory;
import io.virtio4j.host.linux.LinuxDirectory;
import io.virtio4j.host.linux.LinuxException;
import java.io.IOException;

/** A directory of the host that is open. */
final class HostEntries implements FsDirectory {
    private static final int TYPE_SHIFT = 12;

    private final HostDirectory host;
    private final LinuxDirectory directory;
    private final KnownFile known;

    HostEntries(HostDirectory host, LinuxDirectory directory, KnownFile known) {
        this.host = host;
        this.directory = directory;
        this.known = known;
    }

    @Override
    public void list(long from, Sink sink) throws IOException {
        try {
            directory.rewind(from);
            while (directory.next()) {
                byte[] name = directory.name();
                if (!sink.add(name, inode(name), directory.kind() << TYPE_SHIFT, directory.cookie())) {
                    directory.back();
                    return;
                }
            }
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        }
    }

    /** What is above the root is not told: its parent is itself. */
    private long inode(byte[] name) {
        boolean parent = name.length == 2 && name[0] == '.' && name[1] == '.';
        return parent && host.isRoot(known) ? known.inode() : directory.inode();
    }

    @Override
    public void sync(boolean dataOnly) throws IOException {
        try {
            directory.force(!dataOnly);
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        }
    }

    @Override
    public void release() {
        directory.close();
        host.give();
    }
}
