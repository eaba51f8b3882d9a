// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsLock;
import io.virtio4j.fs.backend.FsLock.Kind;
import io.virtio4j.fs.backend.FsLock.Type;
import io.virtio4j.host.linux.FileLocks;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.LinuxFile;
import io.virtio4j.host.linux.LinuxNode;
import io.virtio4j.host.linux.LinuxNode.Access;
import java.io.IOException;
import java.util.Optional;

/** An open file of the host that has the locks of one owner. A call that fails has changed no lock of a range. */
class LockFile {
    private final LinuxFile file;

    LockFile(LinuxFile file) {
        this.file = file;
    }

    /** For writing too where that can be, or there is no exclusive lock. */
    static LinuxFile openInHost(HostNode node) throws FsException, LinuxException {
        LinuxNode linux = node.known().acquire();
        try {
            return linux.open(Access.READ_WRITE);
        } catch (LinuxException readOnly) {
            return linux.open(Access.READ);
        } finally {
            node.known().release();
        }
    }

    /** Sets a lock or changes one. Where a lock of the whole file is not changed, it may be lost. */
    boolean tryLock(FsLock lock) throws IOException {
        boolean exclusive = lock.type() == Type.WRITE;
        return lock.kind() == Kind.FLOCK ? file.locks().tryLockFile(exclusive)
                : file.locks().tryLock(exclusive, lock.start(), length(lock));
    }

    /** Takes what a lock covers away. */
    void unlock(FsLock lock) throws IOException {
        if (lock.kind() == Kind.FLOCK) {
            file.locks().unlockFile();
        } else {
            file.locks().unlock(lock.start(), length(lock));
        }
    }

    Optional<FileLocks.Held> excluding(FsLock wanted) throws LinuxException {
        return file.locks().excluding(wanted.type() == Type.WRITE, wanted.start(), length(wanted));
    }

    private static long length(FsLock lock) {
        return lock.end() == Long.MAX_VALUE ? 0 : lock.end() - lock.start() + 1;
    }

    void close() {
        file.close();
    }
}
