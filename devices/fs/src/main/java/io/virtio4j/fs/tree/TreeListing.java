// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.tree;

import io.virtio4j.fs.backend.FsDirectory;
import io.virtio4j.fs.tree.TreeNames.Entry;
import java.io.IOException;

/** A directory that was opened. */
final class TreeListing implements FsDirectory {

    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};

    private final TreeNames names;

    TreeListing(TreeNames names) {
        this.names = names;
    }

    @Override
    public void list(long from, Sink sink) throws IOException {
        TreeNode self = names.directory();
        long place = from;
        if (place < TreeNames.SELF) {
            if (!sink.add(DOT, self.inode(), self.type(), TreeNames.SELF)) {
                return;
            }
            place = TreeNames.SELF;
        }
        if (place < TreeNames.PARENT) {
            TreeNode parent = names.parent();
            if (!sink.add(DOT_DOT, parent.inode(), parent.type(), TreeNames.PARENT)) {
                return;
            }
            place = TreeNames.PARENT;
        }
        while (true) {
            Entry entry;
            synchronized (self.tree) {
                entry = names.after(place);
            }
            if (entry == null
                    || !sink.add(entry.name().bytes(), entry.node().inode(), entry.node().type(), entry.place())) {
                return;
            }
            place = entry.place();
        }
    }

    @Override
    public void sync(boolean dataOnly) {}
}
