// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsLocks;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What one driver has mounted: from its FUSE_INIT to its FUSE_DESTROY, to the next FUSE_INIT, or to a reset. All queues
 * work on the same session. [File System Device / Device Initialization]
 */
final class Session {

    /** The largest pages that a driver may have; what it moves at once is counted in these. */
    private static final long LARGEST_PAGE = 64 << 10;

    private final FsDevice device;
    private final boolean swapped;
    private final long minor;
    private final long flags;
    private final NodeTable nodes;
    private final Numbers<Handle> handles;
    private final DaxWindow dax;
    private volatile boolean closed;

    private final SessionRequests sessionRequests;
    private final NodeRequests nodeRequests;
    private final FileRequests fileRequests;
    private final NameRequests nameRequests;
    private final DirectoryRequests directoryRequests;
    private final AttributeRequests attributeRequests;
    private final LockRequests lockRequests;

    Session(FsDevice device, boolean swapped, long minor, long flags, FsNode root, @Nullable Session before) {
        this.device = device;
        this.swapped = swapped;
        this.minor = minor;
        this.flags = flags;
        nodes = new NodeTable(device, root, before == null ? null : before.nodes);
        handles = new Numbers<>(device.options().maxHandles, before == null ? null : before.handles);
        dax = new DaxWindow(this);
        sessionRequests = new SessionRequests(this);
        nodeRequests = new NodeRequests(this);
        fileRequests = new FileRequests(this);
        nameRequests = new NameRequests(this, nodeRequests, fileRequests);
        directoryRequests = new DirectoryRequests(this);
        attributeRequests = new AttributeRequests(this);
        lockRequests = new LockRequests(this);
    }

    FsDevice device() {
        return device;
    }

    FsDeviceBuilder options() {
        return device.options();
    }

    boolean isSwapped() {
        return swapped;
    }

    long minor() {
        return minor;
    }

    long flags() {
        return flags;
    }

    boolean has(InitFlag flag) {
        return (flags & flag.bit) != 0;
    }

    NodeTable nodes() {
        return nodes;
    }

    Numbers<Handle> handles() {
        return handles;
    }

    FsLocks locks() {
        return device.locks();
    }

    DaxWindow dax() {
        return dax;
    }

    /** Bytes that a read or write moves at once, at most. */
    long mostTransferred() {
        return options().maxPages() * LARGEST_PAGE;
    }

    // ── What is allowed ────────────────────────────────────────────────────

    /** What the backend cannot do is refused. */
    void require(FsCapability capability, FsErrno refusal) throws FsException {
        if (!device.can(capability)) {
            throw FsException.of(refusal);
        }
    }

    /** On a read-only device nothing is opened or mapped to be written; requests that write are not even begun. */
    void requireWritable(boolean writes) throws FsException {
        if (writes && device.isReadOnly()) {
            throw FsException.of(FsErrno.EROFS);
        }
    }

    void requireRoomForHandle() throws FsException {
        if (handles.count() >= options().maxHandles) {
            throw FsException.of(FsErrno.ENFILE);
        }
    }

    /** Flags of an open request as the backend is to see them. */
    OpenFlags openFlags(int bits, boolean dropPrivileges) {
        OpenFlags asked = new OpenFlags(bits, dropPrivileges);
        return has(InitFlag.WRITEBACK_CACHE) ? asked.forWritebackCache() : asked;
    }

    // ── Requests ───────────────────────────────────────────────────────────

    /** Serves a request of a request queue. Either it is answered afterwards, or parked, or this throws. */
    void serve(Request request, FuseOpcode opcode, RequestQueue queue) throws IOException {
        if (opcode.changes) {
            requireWritable(true);
        }
        request.parse(opcode);
        switch (opcode) {
            case LOOKUP -> nodeRequests.lookup(request);
            case FORGET -> nodeRequests.forget(request);
            case BATCH_FORGET -> nodeRequests.batchForget(request);
            case GETATTR -> nodeRequests.getattr(request);
            case SETATTR -> nodeRequests.setattr(request);
            case STATX -> nodeRequests.statx(request);
            case READLINK -> nodeRequests.readlink(request);
            case SYMLINK -> nameRequests.symlink(request);
            case MKNOD -> nameRequests.mknod(request);
            case MKDIR -> nameRequests.mkdir(request);
            case CREATE -> nameRequests.create(request);
            case TMPFILE -> nameRequests.tmpfile(request);
            case LINK -> nameRequests.link(request);
            case UNLINK -> nameRequests.unlink(request);
            case RMDIR -> nameRequests.rmdir(request);
            case RENAME -> nameRequests.rename(request);
            case RENAME2 -> nameRequests.rename2(request);
            case OPEN -> fileRequests.open(request);
            case READ -> fileRequests.read(request);
            case WRITE -> fileRequests.write(request);
            case FLUSH -> fileRequests.flush(request);
            case RELEASE -> fileRequests.release(request);
            case FSYNC -> fileRequests.fsync(request);
            case FALLOCATE -> fileRequests.fallocate(request);
            case LSEEK -> fileRequests.lseek(request);
            case COPY_FILE_RANGE -> fileRequests.copyFileRange(request);
            case COPY_FILE_RANGE_64 -> fileRequests.copyFileRange64(request);
            case OPENDIR -> directoryRequests.opendir(request);
            case READDIR -> directoryRequests.readdir(request);
            case READDIRPLUS -> directoryRequests.readdirplus(request);
            case RELEASEDIR -> directoryRequests.releasedir(request);
            case FSYNCDIR -> directoryRequests.fsyncdir(request);
            case SETXATTR -> attributeRequests.setxattr(request);
            case GETXATTR -> attributeRequests.getxattr(request);
            case LISTXATTR -> attributeRequests.listxattr(request);
            case REMOVEXATTR -> attributeRequests.removexattr(request);
            case GETLK -> lockRequests.getlk(request);
            case SETLK -> lockRequests.setlk(request);
            case SETLKW -> lockRequests.setlkw(request, queue);
            case SETUPMAPPING -> dax.setup(request);
            case REMOVEMAPPING -> dax.remove(request);
            case STATFS, SYNCFS, INTERRUPT, IOCTL -> sessionRequests.serve(request, opcode);
            case INIT, DESTROY -> throw new IllegalStateException("not of a session: opcode=" + opcode);
        }
    }

    /** Serves a request of the high priority queue, which waits for nothing. */
    void serveHighPriority(Request request, FuseOpcode opcode) throws IOException {
        request.parse(opcode);
        switch (opcode) {
            case FORGET -> nodeRequests.forget(request);
            case BATCH_FORGET -> nodeRequests.batchForget(request);
            case INTERRUPT -> sessionRequests.serve(request, opcode);
            // > The driver MUST not submit normal requests on the hiprio queue. [High Priority Queue]
            default -> throw FsException.of(FsErrno.EIO);
        }
    }

    /** A request of it ended: if the session has ended before, nothing of what the request made is left. */
    void served() {
        if (closed) {
            sweep();
        }
    }

    /** The driver is gone: nothing of it is left here, once requests that are under way have ended. */
    void close() {
        closed = true;
        sweep();
        nodes.close();
    }

    private void sweep() {
        locks().releaseAll(this);
        dax.close();
        for (Handle handle : handles.all()) {
            handle.close();
        }
        nodes.forgetAll();
    }
}
