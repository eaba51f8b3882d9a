// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.FuseData.CopyFileRangeIn;
import io.virtio4j.fs.FuseData.FallocateIn;
import io.virtio4j.fs.FuseData.FlushIn;
import io.virtio4j.fs.FuseData.FsyncIn;
import io.virtio4j.fs.FuseData.LseekIn;
import io.virtio4j.fs.FuseData.OffsetOut;
import io.virtio4j.fs.FuseData.OpenIn;
import io.virtio4j.fs.FuseData.OpenOut;
import io.virtio4j.fs.FuseData.ReadIn;
import io.virtio4j.fs.FuseData.ReleaseIn;
import io.virtio4j.fs.FuseData.WriteIn;
import io.virtio4j.fs.Node.Place;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsCreated;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsFile.Allocation;
import io.virtio4j.fs.backend.FsLock;
import io.virtio4j.fs.backend.OpenFlags;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Requests about open files and their data. */
final class FileRequests {

    static final int OPEN_KILL_SUIDGID = 1;

    private static final int RELEASE_FLOCK_UNLOCK = 1 << 1;
    private static final int WRITE_KILL_SUIDGID = 1 << 2;
    static final int FSYNC_FDATASYNC = 1;

    private static final int FALLOC_KEEP_SIZE = 1;
    private static final int FALLOC_PUNCH_HOLE = 2;
    private static final int FALLOC_ZERO_RANGE = 0x10;

    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;

    /** What fits into 32 bits, in whole pages. */
    private static final long MOST_COPIED = 0x7FFF_F000;

    private final Session session;
    private final AttributeWriter writer;
    private final PageCache pageCache;

    FileRequests(Session session) {
        this.session = session;
        writer = session.device().writer();
        pageCache = new PageCache(session.options().caching);
    }

    // ── Opening and closing ────────────────────────────────────────────────

    void open(Request request) throws IOException {
        int bits = (int) request.in.get(OpenIn.FLAGS);
        boolean drop = (request.in.get(OpenIn.OPEN_FLAGS) & OPEN_KILL_SUIDGID) != 0;
        Node node = request.node();
        // Anything but a regular file is the driver's own to open: a FIFO here could wait for ever.
        if (!node.isRegular()) {
            throw FsException.of(node.isDirectory() ? FsErrno.EISDIR : FsErrno.EPERM);
        }
        OpenFlags flags = session.openFlags(bits, drop);
        session.requireWritable(flags.write() || flags.truncate());
        session.requireRoomForHandle();
        FsFile file = node.file.open(request, flags);
        Handle handle = add(request, node, file, flags);
        openOut(Request.HEADER, request.structure(OpenOut.SIZE), handle, file);
        request.answer(OpenOut.SIZE);
    }

    /** A number for an open file. */
    private Handle add(Request request, Node node, FsFile file, OpenFlags flags) throws FsException {
        node.acquire(1);
        Handle handle = new Handle(session, node, file, flags);
        if (!session.handles().add(handle)) {
            handle.release();
            throw FsException.of(FsErrno.ENFILE);
        }
        request.opened(handle);
        return handle;
    }

    private void openOut(int at, Fields out, Handle handle, FsFile file) {
        out.at(at).clear(OpenOut.SIZE);
        out.set(OpenOut.FH, handle.id);
        out.set(OpenOut.OPEN_FLAGS, pageCache.ofFile(file));
    }

    /** Answers with a node and an open file of it. */
    void created(Request request, FsCreated created, OpenFlags flags, @Nullable Place place) throws IOException {
        Node node;
        try {
            node = session.nodes().lookedUp(created.node(), request.attributes.mode, place);
        } catch (FsException e) {
            created.file().release();
            throw e;
        }
        request.entered(node);
        Handle handle = add(request, node, created.file(), flags);
        Fields out = request.structure(FuseOpcode.CREATE.outSize);
        writer.entry(out, Request.HEADER, node.id, request.attributes);
        openOut(Request.HEADER + AttributeWriter.ENTRY, out, handle, created.file());
        request.answer(FuseOpcode.CREATE.outSize);
    }

    void release(Request request) throws IOException {
        Handle handle = request.handle(request.in.get(ReleaseIn.FH));
        FsFile file = handle.file();
        if ((request.in.get(ReleaseIn.RELEASE_FLAGS) & RELEASE_FLOCK_UNLOCK) != 0) {
            session.locks().release(handle.node.file, file, FsLock.Kind.FLOCK, session,
                    request.in.get(ReleaseIn.LOCK_OWNER));
        }
        if (!handle.close()) {
            throw FsException.of(FsErrno.EBADF);
        }
        request.answer();
    }

    void flush(Request request) throws IOException {
        Handle handle = request.handle(request.in.get(FlushIn.FH));
        FsFile file = handle.file();
        // Closing any descriptor of a file takes all POSIX locks of the process away.
        session.locks().release(handle.node.file, file, FsLock.Kind.POSIX, session,
                request.in.get(FlushIn.LOCK_OWNER));
        session.dax().writeBack(handle.node);
        file.flush();
        request.answer();
    }

    // ── Data ───────────────────────────────────────────────────────────────

    void read(Request request) throws IOException {
        Fields in = request.in;
        long offset = in.get(ReadIn.OFFSET);
        long size = in.get(ReadIn.SIZE_FIELD);
        Handle handle = request.handle(in.get(ReadIn.FH));
        FsFile file = handle.file();
        if (!handle.flags.read()) {
            throw FsException.of(FsErrno.EBADF);
        }
        if (offset < 0) {
            throw FsException.of(FsErrno.EINVAL);
        }
        long most = Math.min(Math.min(size, request.room()), session.mostTransferred());
        session.dax().writeBack(handle.node);
        ChainTarget target = request.target(Math.min(most, Long.MAX_VALUE - offset));
        file.read(offset, target);
        session.device().counts().count(FsCounter.READ_BYTES, target.position());
        request.answerWritten(target.position());
    }

    void write(Request request) throws IOException {
        Fields in = request.in;
        long offset = in.get(WriteIn.OFFSET);
        long size = in.get(WriteIn.SIZE_FIELD);
        boolean drop = (in.get(WriteIn.WRITE_FLAGS) & WRITE_KILL_SUIDGID) != 0;
        Handle handle = request.handle(in.get(WriteIn.FH));
        FsFile file = handle.file();
        if (!handle.flags.write()) {
            throw FsException.of(FsErrno.EBADF);
        }
        if (offset < 0 || size > request.left() || size > session.mostTransferred()) {
            throw FsException.of(FsErrno.EINVAL);
        }
        if (offset > Long.MAX_VALUE - size) {
            throw FsException.of(FsErrno.EFBIG);
        }
        ChainSource source = request.source(size);
        session.dax().writeBack(handle.node);
        file.write(offset, source, drop);
        session.device().counts().count(FsCounter.WRITTEN_BYTES, source.position());
        session.dax().refresh(handle.node, offset, source.position());
        request.answerSize(source.position());
    }

    void fsync(Request request) throws IOException {
        Handle handle = request.handle(request.in.get(FsyncIn.FH));
        FsFile file = handle.file();
        session.dax().writeBack(handle.node);
        file.sync((request.in.get(FsyncIn.FSYNC_FLAGS) & FSYNC_FDATASYNC) != 0);
        request.answer();
    }

    void fallocate(Request request) throws IOException {
        session.require(FsCapability.ALLOCATION, FsErrno.ENOSYS);
        Fields in = request.in;
        long offset = in.get(FallocateIn.OFFSET);
        long length = in.get(FallocateIn.LENGTH);
        long mode = in.get(FallocateIn.MODE);
        Handle handle = request.handle(in.get(FallocateIn.FH));
        FsFile file = handle.file();
        if (!handle.flags.write()) {
            throw FsException.of(FsErrno.EBADF);
        }
        if (offset < 0 || length <= 0) {
            throw FsException.of(FsErrno.EINVAL);
        }
        if (offset > Long.MAX_VALUE - length) {
            throw FsException.of(FsErrno.EFBIG);
        }
        boolean keep = (mode & FALLOC_KEEP_SIZE) != 0;
        Allocation what = switch ((int) mode & ~FALLOC_KEEP_SIZE) {
            case 0 -> Allocation.ALLOCATE;
            case FALLOC_PUNCH_HOLE -> Allocation.PUNCH_HOLE;
            case FALLOC_ZERO_RANGE -> Allocation.ZERO;
            default -> throw FsException.of(FsErrno.EOPNOTSUPP);
        };
        if (what == Allocation.PUNCH_HOLE && !keep) {
            throw FsException.of(FsErrno.EOPNOTSUPP);
        }
        session.dax().writeBack(handle.node);
        file.allocate(what, offset, length, keep, true);
        session.dax().refresh(handle.node, offset, length);
        request.answer();
    }

    void lseek(Request request) throws IOException {
        session.require(FsCapability.HOLES, FsErrno.ENOSYS);
        long offset = request.in.get(LseekIn.OFFSET);
        long whence = request.in.get(LseekIn.WHENCE);
        Handle handle = request.handle(request.in.get(LseekIn.FH));
        FsFile file = handle.file();
        if (whence != SEEK_DATA && whence != SEEK_HOLE) {
            throw FsException.of(FsErrno.EINVAL);
        }
        if (offset < 0) {
            throw FsException.of(FsErrno.ENXIO);
        }
        long found = file.seek(offset, whence == SEEK_HOLE);
        request.structure(OffsetOut.SIZE).set(OffsetOut.OFFSET, found);
        request.answer(OffsetOut.SIZE);
    }

    void copyFileRange(Request request) throws IOException {
        request.answerSize(copy(request, MOST_COPIED));
    }

    void copyFileRange64(Request request) throws IOException {
        long copied = copy(request, Long.MAX_VALUE);
        request.structure(OffsetOut.SIZE).set(OffsetOut.OFFSET, copied);
        request.answer(OffsetOut.SIZE);
    }

    private long copy(Request request, long most) throws IOException {
        session.require(FsCapability.COPY, FsErrno.ENOSYS);
        Fields in = request.in;
        long offset = in.get(CopyFileRangeIn.OFF_IN);
        long targetOffset = in.get(CopyFileRangeIn.OFF_OUT);
        long length = Math.min(in.get(CopyFileRangeIn.LEN), most);
        Handle from = request.handle(in.get(CopyFileRangeIn.FH_IN));
        Handle to = request.handle(in.get(CopyFileRangeIn.FH_OUT), in.get(CopyFileRangeIn.NODEID_OUT));
        FsFile source = from.file();
        FsFile target = to.file();
        if (!from.flags.read() || !to.flags.write()) {
            throw FsException.of(FsErrno.EBADF);
        }
        if (offset < 0 || targetOffset < 0 || length < 0 || in.get(CopyFileRangeIn.FLAGS) != 0
                || offset > Long.MAX_VALUE - length || targetOffset > Long.MAX_VALUE - length) {
            throw FsException.of(FsErrno.EINVAL);
        }
        session.dax().writeBack(from.node);
        session.dax().writeBack(to.node);
        long copied = source.copy(offset, target, targetOffset, length, true);
        session.dax().refresh(to.node, targetOffset, copied);
        return copied;
    }
}
