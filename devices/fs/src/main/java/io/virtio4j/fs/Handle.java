// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.backend.FsDirectory;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsLock;
import io.virtio4j.fs.backend.OpenFlags;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** An open file or directory that the driver has a number of. */
final class Handle extends Counted {

    private final Session session;
    final Node node;
    private final @Nullable FsFile file;
    private final @Nullable FsDirectory directory;
    final OpenFlags flags;
    private final AtomicBoolean closed = new AtomicBoolean();
    /** Whether a lock was ever asked for through it. */
    private volatile boolean locking;

    /** Takes over a use of the node. */
    Handle(Session session, Node node, FsFile file, OpenFlags flags) {
        this.session = session;
        this.node = node;
        this.file = file;
        this.directory = null;
        this.flags = flags;
    }

    /** Takes over a use of the node. */
    Handle(Session session, Node node, FsDirectory directory) {
        this.session = session;
        this.node = node;
        this.file = null;
        this.directory = directory;
        this.flags = OpenFlags.READ;
    }

    boolean isFile() {
        return file != null;
    }

    FsFile file() throws FsException {
        if (file == null) {
            throw FsException.of(FsErrno.EBADF);
        }
        return file;
    }

    /** The file, to set locks through that end with this. */
    FsFile fileToLock() throws FsException {
        locking = true;
        return file();
    }

    /** The locks that were set through it, if the device keeps them. */
    List<FsLock> locks() {
        return file == null || !locking ? List.of() : session.locks().held(node.file, file);
    }

    FsDirectory directory() throws FsException {
        if (directory == null) {
            throw FsException.of(FsErrno.EBADF);
        }
        return directory;
    }

    /** The driver is done with it. False if it was before. */
    boolean close() {
        if (!closed.compareAndSet(false, true)) {
            return false;
        }
        session.handles().remove(this);
        release();
        return true;
    }

    @Override
    void end() {
        if (file != null && locking) {
            giveUpLocks(file);
        }
        try {
            if (file != null) {
                file.release();
            }
            if (directory != null) {
                directory.release();
            }
        } catch (RuntimeException e) {
            session.device().backendFailed(e);
        }
        node.release();
    }

    private void giveUpLocks(FsFile ending) {
        try {
            session.locks().closed(node.file, ending);
        } catch (IOException | RuntimeException e) {
            session.device().backendFailed(e);
        }
    }
}
