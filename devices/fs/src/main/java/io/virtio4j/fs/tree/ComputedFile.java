// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.tree;

import io.virtio4j.fs.backend.DataSource;
import io.virtio4j.fs.backend.DataTarget;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.OpenFlags;
import java.io.IOException;
import java.util.Arrays;

/** A computed file that was opened: its content as it was then. What is written is handed on when it is closed. */
final class ComputedFile implements FsFile {

    private static final int LARGEST = 16 << 20;

    private final TreeNode node;
    private final TreeContent content;
    private byte[] bytes;
    private int size;
    private boolean dirty;

    ComputedFile(TreeNode node, TreeContent content, OpenFlags flags) throws IOException {
        this.node = node;
        this.content = content;
        // Nobody wants to know what is thrown away.
        bytes = flags.truncate() || !flags.read() ? new byte[0] : content.read();
        size = bytes.length;
        dirty = flags.truncate();
    }

    /** It has no size before it is read. */
    @Override
    public Caching caching() {
        return Caching.NEVER;
    }

    @Override
    public synchronized void read(long offset, DataTarget target) {
        if (offset < size) {
            int at = (int) offset;
            target.put(bytes, at, (int) Math.min(size - at, target.remaining()));
        }
    }

    @Override
    public synchronized void write(long offset, DataSource source, boolean dropPrivileges) throws FsException {
        if (offset > LARGEST - source.remaining()) {
            throw FsException.of(FsErrno.EFBIG);
        }
        int end = (int) (offset + source.remaining());
        if (end > bytes.length || !dirty) {
            bytes = Arrays.copyOf(bytes, Math.max(end, size));
        }
        source.get(bytes, (int) offset, (int) source.remaining());
        size = Math.max(size, end);
        dirty = true;
        synchronized (node) {
            node.wrote(dropPrivileges);
        }
    }

    @Override
    public synchronized void flush() throws IOException {
        if (dirty) {
            dirty = false;
            content.write(Arrays.copyOf(bytes, size));
        }
    }

    @Override
    public void sync(boolean dataOnly) throws IOException {
        flush();
    }
}
