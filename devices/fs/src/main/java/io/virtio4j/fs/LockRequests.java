// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.FuseData.FileLock;
import io.virtio4j.fs.FuseData.LkIn;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsLock;
import io.virtio4j.fs.backend.FsLock.Kind;
import io.virtio4j.fs.backend.FsLock.Type;
import io.virtio4j.fs.backend.FsLocks.Wait;
import java.io.IOException;

/** Requests about locks. Nothing here waits: a request for a lock that is not free is put aside. */
final class LockRequests {

    private static final int LK_FLOCK = 1;
    private static final Type[] TYPES = {Type.READ, Type.WRITE, Type.UNLOCK};

    private final Session session;

    LockRequests(Session session) {
        this.session = session;
    }

    private FsLock lock(Request request) throws FsException {
        Fields in = request.in;
        long start = in.get(LkIn.START);
        long end = in.get(LkIn.END);
        long type = in.get(LkIn.TYPE);
        if (start < 0 || end < start || type >= TYPES.length) {
            throw FsException.of(FsErrno.EINVAL);
        }
        boolean flock = (in.get(LkIn.LK_FLAGS) & LK_FLOCK) != 0;
        return new FsLock(flock ? Kind.FLOCK : Kind.POSIX, TYPES[(int) type], flock ? 0 : start,
                flock ? Long.MAX_VALUE : end, session, in.get(LkIn.OWNER), in.get(LkIn.PID));
    }

    void getlk(Request request) throws IOException {
        FsLock wanted = lock(request);
        Handle handle = request.handle(request.in.get(LkIn.FH));
        FsLock found = session.locks().conflict(handle.node.file, handle.file(), wanted);
        Fields out = request.structure(FileLock.SIZE);
        if (found == null) {
            out.set(FileLock.TYPE, Type.UNLOCK.ordinal());
        } else {
            out.set(FileLock.START, found.start());
            out.set(FileLock.END, found.end());
            out.set(FileLock.TYPE, found.type().ordinal());
            out.set(FileLock.PID, found.process());
        }
        request.answer(FileLock.SIZE);
    }

    void setlk(Request request) throws IOException {
        FsLock lock = lock(request);
        Handle handle = request.handle(request.in.get(LkIn.FH));
        FsFile file = lock.type() == Type.UNLOCK ? handle.file() : handle.fileToLock();
        if (!session.locks().set(handle.node.file, file, lock)) {
            throw FsException.of(FsErrno.EAGAIN);
        }
        request.answer();
    }

    /**
     * On the thread that owns the queue. Who waits uses no handle: if that is closed meanwhile, there is none at the
     * next try, which the closing asks for. Linux keeps a file open while somebody waits for a lock through it.
     */
    void setlkw(Request request, RequestQueue queue) throws IOException {
        FsLock lock = lock(request);
        Handle handle = request.handle(request.in.get(LkIn.FH));
        FsFile file = handle.fileToLock();
        LockWait waiting = new LockWait(request.chain(), request.unique(), queue);
        Wait wait = session.locks().setOrWait(handle.node.file, file, lock, waiting);
        if (wait == null) {
            request.answer();
        } else {
            if (!queue.isRetrying()) {
                session.device().counts().count(FsCounter.LOCK_WAITS);
            }
            waiting.waitsFor(wait);
            request.parked();
            queue.parked(waiting);
        }
    }
}
