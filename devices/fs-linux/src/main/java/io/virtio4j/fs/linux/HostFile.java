// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import io.virtio4j.fs.backend.DataSource;
import io.virtio4j.fs.backend.DataTarget;
import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsCaller;
import io.virtio4j.fs.backend.FsChange;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsMapping;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.host.linux.IoVector;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.LinuxFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A regular file of the host that is open. Data moves between it and the guest's memory without a copy. */
final class HostFile implements FsFile {
    private static final int KEEP_SIZE = 0x01;
    private static final int PUNCH = 0x02;
    private static final int ZERO_RANGE = 0x10;
    /** What is copied at once: some milliseconds, where the file system cannot share blocks. */
    private static final long COPY_MAX = 8L << 20;

    private final HostDirectory host;
    private final HostNode node;
    private final LinuxFile file;
    private final boolean writable;

    HostFile(HostDirectory host, HostNode node, LinuxFile file, OpenFlags flags) {
        this.host = host;
        this.node = node;
        this.file = file;
        writable = flags.write();
    }

    @Override
    public void release() {
        file.close();
        host.give();
    }

    @Override
    public void read(long offset, DataTarget target) throws IOException {
        IoVector vector = IoVector.ofThread();
        try {
            long at = offset;
            while (target.remaining() > 0) {
                vector.clear();
                int pieces = target.pieces(IoVector.MAX_PARTS);
                for (int i = 0; i < pieces && vector.add(target.segment(i), target.offset(i), target.length(i)); i++) {
                    continue;
                }
                long moved = file.readSome(at, vector);
                if (moved == 0) {
                    return;
                }
                target.advance(moved);
                at += moved;
            }
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            vector.clear();
        }
    }

    @Override
    public void write(long offset, DataSource source, boolean dropPrivileges) throws IOException {
        IoVector vector = IoVector.ofThread();
        long at = offset;
        try {
            boolean drop = host.makers().begin(dropPrivileges);
            try {
                while (source.remaining() > 0) {
                    at += writeSome(at, source, vector);
                }
            } finally {
                host.makers().end(drop);
                vector.clear();
            }
        } catch (LinuxException e) {
            if (at == offset) {
                throw HostDirectory.failed(e);
            }
            // A part was written, and the driver learns how much: the error comes with its next write.
        }
    }

    private long writeSome(long at, DataSource source, IoVector vector) throws LinuxException {
        vector.clear();
        int pieces = source.pieces(IoVector.MAX_PARTS);
        for (int i = 0; i < pieces && vector.add(source.segment(i), source.offset(i), source.length(i)); i++) {
            continue;
        }
        long moved = file.writeSome(at, vector);
        source.advance(moved);
        return moved;
    }

    @Override
    public void sync(boolean dataOnly) throws IOException {
        try {
            file.force(!dataOnly);
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        }
    }

    @Override
    public boolean attributes(FsAttributes out) throws IOException {
        try {
            node.fill(file.descriptor().attributes(), out);
            return true;
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        }
    }

    @Override
    public boolean change(FsCaller caller, FsChange change, FsAttributes out) throws IOException {
        node.change(change, file, writable, out);
        return true;
    }

    @Override
    public void allocate(Allocation what, long offset, long length, boolean keepSize, boolean dropPrivileges)
            throws IOException {
        int keep = keepSize ? KEEP_SIZE : 0;
        int mode = switch (what) {
            case ALLOCATE -> keep;
            case PUNCH_HOLE -> PUNCH | KEEP_SIZE;
            case ZERO -> ZERO_RANGE | keep;
        };
        try {
            host.makers().write(dropPrivileges, () -> file.fallocate(mode, offset, length));
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        }
    }

    @Override
    public long seek(long offset, boolean hole) throws IOException {
        try {
            long found = hole ? file.nextHole(offset) : file.nextData(offset);
            if (found < 0) {
                throw FsException.of(FsErrno.ENXIO);
            }
            return found;
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        }
    }

    @Override
    public long copy(long offset, FsFile target, long targetOffset, long length, boolean dropPrivileges)
            throws IOException {
        try {
            boolean drop = host.makers().begin(dropPrivileges);
            try {
                return file.copyTo(offset, ((HostFile) target).file, targetOffset, Math.min(length, COPY_MAX));
            } finally {
                host.makers().end(drop);
            }
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        }
    }

    @Override
    public FsMapping map(long offset, MemorySegment place, boolean write) throws IOException {
        if (!host.maps()) {
            throw FsException.of(FsErrno.EOPNOTSUPP);
        }
        try {
            return HostMapping.of(file.descriptor(), offset, place, write);
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        }
    }

    @Override
    public String toString() {
        return file + " of " + node;
    }
}
