// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.tree;

import io.virtio4j.fs.backend.DataSource;
import io.virtio4j.fs.backend.DataTarget;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.OpenFlags;
import java.lang.foreign.MemorySegment;

/** A file in memory that was opened. */
final class TreeFile implements FsFile {

    private static final int MOST_COPIED = 1 << 20;

    private final TreeNode node;
    private final TreeData data;
    private final OpenFlags flags;

    TreeFile(TreeNode node, TreeData data, OpenFlags flags) {
        this.node = node;
        this.data = data;
        this.flags = flags;
    }

    @Override
    public void read(long offset, DataTarget target) {
        synchronized (node) {
            data.read(offset, target);
        }
    }

    @Override
    public void write(long offset, DataSource source, boolean dropPrivileges) throws FsException {
        if (source.remaining() == 0) {
            return;
        }
        synchronized (node) {
            data.write(flags.append() ? data.size() : offset, source);
            node.wrote(dropPrivileges);
        }
    }

    @Override
    public void sync(boolean dataOnly) {}

    @Override
    public void allocate(Allocation what, long offset, long length, boolean keepSize, boolean dropPrivileges)
            throws FsException {
        synchronized (node) {
            if (what != Allocation.ALLOCATE) {
                data.zero(offset, length);
            }
            if (what != Allocation.PUNCH_HOLE) {
                data.allocate(offset, length, keepSize);
            }
            node.wrote(dropPrivileges);
        }
    }

    @Override
    public long seek(long offset, boolean hole) throws FsException {
        long found;
        synchronized (node) {
            found = data.seek(offset, hole);
        }
        if (found < 0) {
            throw FsException.of(FsErrno.ENXIO);
        }
        return found;
    }

    @Override
    public long copy(long offset, FsFile target, long targetOffset, long length, boolean dropPrivileges)
            throws FsException {
        byte[] bytes = new byte[(int) Math.min(length, MOST_COPIED)];
        DataTarget copy = DataTarget.of(MemorySegment.ofArray(bytes));
        read(offset, copy);
        if (copy.position() == 0) {
            return 0;
        }
        DataSource source = DataSource.of(MemorySegment.ofArray(bytes).asSlice(0, copy.position()));
        if (!(target instanceof TreeFile other)) {
            throw FsException.of(FsErrno.EXDEV);
        }
        other.write(targetOffset, source, dropPrivileges);
        return source.position();
    }
}
