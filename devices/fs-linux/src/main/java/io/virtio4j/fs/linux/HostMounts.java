// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import io.virtio4j.fs.backend.FsException;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.LinuxNode;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The mounts that known files are in. */
final class HostMounts {

    private final HostDirectory host;
    private final @Nullable HostMount root;
    private final Map<Long, HostMount> others = new HashMap<>();

    /**
     * Begins with the mount of the root.
     *
     * @param handles whether files may be known by handles
     */
    HostMounts(HostDirectory host, LinuxNode rootNode, long id, boolean handles) throws LinuxException {
        this.host = host;
        root = handles ? HostMount.ofRoot(this, id, rootNode) : null;
    }

    HostDirectory host() {
        return host;
    }

    boolean rootHasHandles() {
        return root != null && root.hasHandles();
    }

    /**
     * The mount of a file that becomes known, to be left when it is not any more; null if nothing is known by handles.
     *
     * @param node the file: where a mount is entered for the first time, what it begins with
     */
    @Nullable HostMount enter(long id, LinuxNode node) throws FsException {
        if (root == null || root.id == id) {
            return root;
        }
        synchronized (this) {
            HostMount mount = others.get(id);
            if (mount == null) {
                host.take();
                mount = HostMount.at(this, id, node);
                if (!mount.hasHandles()) {
                    host.give();
                }
                others.put(id, mount);
            }
            mount.files++;
            return mount;
        }
    }

    void leave(HostMount mount) {
        if (mount == root) {
            return;
        }
        synchronized (this) {
            mount.files--;
            if (mount.files > 0) {
                return;
            }
            others.remove(mount.id);
        }
        mount.close();
    }

    void close() {
        if (root != null) {
            root.close();
        }
    }
}
