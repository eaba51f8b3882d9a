// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.backend.FsDirectory;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.OpenFlags;
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
}
