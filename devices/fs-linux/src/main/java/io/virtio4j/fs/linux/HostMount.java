// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.FileHandle;
import io.virtio4j.host.linux.LinuxDirectory;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.LinuxNode;
import org.jspecify.annotations.Nullable;

/** A mount of the host, in which files are found again by their handles. Any thread. */
final class HostMount {

    private final HostMounts mounts;
    final long id;
    /** The root of the tree, of whose mount this is; null for another mount. */
    private final @Nullable LinuxNode root;
    private @Nullable LinuxDirectory top;
    private final boolean handles;
    /** Files of it that are known; guarded by {@link #mounts}. */
    int files;

    private HostMount(HostMounts mounts, long id, @Nullable LinuxNode root, @Nullable LinuxDirectory top,
            boolean handles) {
        this.mounts = mounts;
        this.id = id;
        this.root = root;
        this.top = top;
        this.handles = handles;
    }

    /** The mount of the root, where nothing is open until it is needed. */
    static HostMount ofRoot(HostMounts mounts, long id, LinuxNode root) throws LinuxException {
        LinuxDirectory tried = tried(root);
        if (tried != null) {
            tried.close();
        }
        return new HostMount(mounts, id, root, null, tried != null);
    }

    /** A mount that begins at a node, of which a directory is open from now on if there are handles. */
    static HostMount at(HostMounts mounts, long id, LinuxNode node) {
        LinuxDirectory tried = tried(node);
        return new HostMount(mounts, id, null, tried, tried != null);
    }

    /** Opens a directory and finds it by its handle; null if one of these cannot be done. */
    private static @Nullable LinuxDirectory tried(LinuxNode node) {
        LinuxDirectory directory = null;
        try {
            FileHandle handle = FileHandle.of(node);
            if (handle != null) {
                directory = node.openDirectory();
                handle.hold(directory.descriptor()).close();
                return directory;
            }
        } catch (LinuxException notPossible) {
            if (directory != null) {
                directory.close();
            }
        }
        return null;
    }

    /** Whether its files can be found by handles. */
    boolean hasHandles() {
        return handles;
    }

    /** An open directory of the mount. */
    synchronized FileDescriptor top() throws LinuxException {
        LinuxDirectory open = top;
        if (open == null) {
            if (root == null) {
                throw new IllegalStateException("no directory of the mount is open: id=" + id);
            }
            open = root.openDirectory();
            mounts.host().count();
            top = open;
        }
        return open.descriptor();
    }

    /** One file of it less is known. */
    void leave() {
        mounts.leave(this);
    }

    synchronized void close() {
        LinuxDirectory open = top;
        if (open != null) {
            top = null;
            open.close();
            mounts.host().give();
        }
    }
}
