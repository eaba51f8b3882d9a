// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.tree;

import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.RenameFlags;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The names of a directory, each with a place that it keeps while it is listed. Under the tree's lock. */
final class TreeNames {

    /** Places of {@code .} and {@code ..}; others come after these. */
    static final long SELF = 1;
    static final long PARENT = 2;

    /** A name, and what has it. */
    record Entry(FsName name, TreeNode node, long place) {}

    private final TreeNode directory;
    private @Nullable TreeNode parent;
    private final Map<FsName, Entry> byName = new HashMap<>();
    private final TreeMap<Long, Entry> byPlace = new TreeMap<>();
    private long lastPlace = PARENT;
    private boolean removed;

    TreeNames(TreeNode directory, @Nullable TreeNode parent) {
        this.directory = directory;
        this.parent = parent;
    }

    TreeNode directory() {
        return directory;
    }

    /** The root is its own. */
    TreeNode parent() {
        return parent == null ? directory : parent;
    }

    boolean isEmpty() {
        return byName.isEmpty();
    }

    @Nullable TreeNode get(FsName name) {
        Entry entry = byName.get(name);
        return entry == null ? null : entry.node;
    }

    TreeNode require(FsName name) throws FsException {
        TreeNode node = get(name);
        if (node == null) {
            throw FsException.of(FsErrno.ENOENT);
        }
        return node;
    }

    void requireAlive() throws FsException {
        if (removed) {
            throw FsException.of(FsErrno.ENOENT);
        }
    }

    /** The first entry after a place. */
    @Nullable Entry after(long place) {
        Map.Entry<Long, Entry> entry = byPlace.higherEntry(place);
        return entry == null ? null : entry.getValue();
    }

    void put(FsName name, TreeNode node) {
        enter(name, node);
        if (node.names == null) {
            node.linked(1);
        } else {
            node.names.parent = directory;
            directory.linked(1); // its ".."
        }
        directory.touched(true);
    }

    private void enter(FsName name, TreeNode node) {
        Entry entry = new Entry(name, node, ++lastPlace);
        byName.put(name, entry);
        byPlace.put(entry.place, entry);
    }

    void remove(FsName name) {
        Entry entry = byName.remove(name);
        if (entry == null) {
            return;
        }
        byPlace.remove(entry.place);
        TreeNode node = entry.node;
        if (node.names == null) {
            node.linked(-1);
        } else {
            node.names.removed = true;
            directory.linked(-1);
            node.removed();
        }
        directory.touched(true);
    }

    private boolean isInside(TreeNode other) {
        for (TreeNode at = directory; ; ) {
            if (at == other) {
                return true;
            }
            TreeNode up = at.names == null ? at : at.names.parent();
            if (up == at) {
                return false;
            }
            at = up;
        }
    }

    static void rename(TreeNames from, FsName name, TreeNames to, FsName newName, RenameFlags flags)
            throws FsException {
        TreeNode moved = from.require(name);
        TreeNode replaced = to.get(newName);
        to.requireAlive();
        if (flags.noReplace() && replaced != null) {
            throw FsException.of(FsErrno.EEXIST);
        }
        if (to.isInside(moved)) {
            throw FsException.of(FsErrno.EINVAL);
        }
        if (flags.exchange()) {
            exchange(from, name, to, newName, moved);
            return;
        }
        if (moved == replaced) {
            return; // two names of one file: nothing is done
        }
        if (replaced != null) {
            requireReplaceable(moved, replaced);
            to.remove(newName);
        }
        from.take(name);
        to.give(newName, moved);
    }

    private static void requireReplaceable(TreeNode moved, TreeNode replaced) throws FsException {
        if (replaced.names == null) {
            if (moved.names != null) {
                throw FsException.of(FsErrno.ENOTDIR);
            }
        } else if (moved.names == null) {
            throw FsException.of(FsErrno.EISDIR);
        } else if (!replaced.names.isEmpty()) {
            throw FsException.of(FsErrno.ENOTEMPTY);
        }
    }

    private static void exchange(TreeNames from, FsName name, TreeNames to, FsName newName, TreeNode moved)
            throws FsException {
        TreeNode other = to.require(newName);
        if (from.isInside(other)) {
            throw FsException.of(FsErrno.EINVAL);
        }
        if (moved == other) {
            return;
        }
        from.take(name);
        to.take(newName);
        to.give(newName, moved);
        from.give(name, other);
    }

    /** Takes a name away from what goes on to have another. */
    private void take(FsName name) {
        Entry entry = byName.remove(name);
        if (entry != null) {
            byPlace.remove(entry.place);
            if (entry.node.names != null) {
                directory.linked(-1);
            }
            directory.touched(true);
        }
    }

    private void give(FsName name, TreeNode node) {
        enter(name, node);
        if (node.names != null) {
            node.names.parent = directory;
            directory.linked(1);
        }
        node.touched(false);
        directory.touched(true);
    }
}
