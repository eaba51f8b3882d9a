// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.fs.FuseData.Dirent;
import io.virtio4j.fs.FuseData.FsyncIn;
import io.virtio4j.fs.FuseData.OpenOut;
import io.virtio4j.fs.FuseData.ReadIn;
import io.virtio4j.fs.FuseData.ReleaseIn;
import io.virtio4j.fs.Node.Place;
import io.virtio4j.fs.backend.FsDirectory;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import java.io.IOException;

/** Requests about open directories. */
final class DirectoryRequests {

    /** A type without the bits that are zero in all of them. */
    private static final int TYPE_SHIFT = 12;

    private final Session session;
    private final AttributeWriter writer;
    private final PageCache pageCache;

    DirectoryRequests(Session session) {
        this.session = session;
        writer = session.device().writer();
        pageCache = new PageCache(session.options().caching);
    }

    void opendir(Request request) throws IOException {
        Node node = request.directory(request.nodeId());
        session.requireRoomForHandle();
        FsDirectory directory = node.file.openDirectory(request);
        node.acquire(1);
        Handle handle = new Handle(session, node, directory);
        if (!session.handles().add(handle)) {
            handle.release();
            throw FsException.of(FsErrno.ENFILE);
        }
        request.opened(handle);
        Fields out = request.structure(OpenOut.SIZE);
        out.set(OpenOut.FH, handle.id);
        out.set(OpenOut.OPEN_FLAGS, pageCache.ofDirectory());
        request.answer(OpenOut.SIZE);
    }

    void releasedir(Request request) throws FsException {
        Handle handle = request.handle(request.in.get(ReleaseIn.FH));
        handle.directory();
        if (!handle.close()) {
            throw FsException.of(FsErrno.EBADF);
        }
        request.answer();
    }

    void fsyncdir(Request request) throws IOException {
        Handle handle = request.handle(request.in.get(FsyncIn.FH));
        handle.directory().sync((request.in.get(FsyncIn.FSYNC_FLAGS) & FileRequests.FSYNC_FDATASYNC) != 0);
        request.answer();
    }

    void readdir(Request request) throws IOException {
        read(request, false);
    }

    void readdirplus(Request request) throws IOException {
        read(request, true);
    }

    private void read(Request request, boolean plus) throws IOException {
        long from = request.in.get(ReadIn.OFFSET);
        long size = Math.min(request.in.get(ReadIn.SIZE_FIELD), request.room());
        Handle handle = request.handle(request.in.get(ReadIn.FH));
        FsDirectory directory = handle.directory();
        Listing listing = new Listing(request, handle.node, plus, Math.min(size, session.mostTransferred()));
        try {
            synchronized (handle) { // it has a position
                directory.list(from, listing);
            }
        } catch (IOException e) {
            if (listing.length == 0) {
                throw e;
            }
            // The driver gets what there is, and asks for the rest again.
        }
        if (listing.length == 0 && listing.full) {
            throw FsException.of(FsErrno.EINVAL);
        }
        request.answerWritten(listing.length);
    }

    /** Puts entries into the reply. */
    private final class Listing implements FsDirectory.Sink {

        private final Request request;
        private final Node directory;
        private final boolean plus;
        private final long room;
        private long length;
        private boolean full;

        Listing(Request request, Node directory, boolean plus, long room) {
            this.request = request;
            this.directory = directory;
            this.plus = plus;
            this.room = room;
            request.chain().writer().seek(Request.HEADER);
        }

        @Override
        public boolean add(byte[] name, long inode, int type, long next) throws IOException {
            int fixed = (plus ? AttributeWriter.ENTRY : 0) + Dirent.SIZE;
            int whole = fixed + name.length + 7 & -8;
            if (full || whole > room - length) {
                full = true;
                return false;
            }
            Fields out = request.reply;
            out.at(Request.HEADER).clear(fixed);
            if (plus && FsName.isName(name)) {
                lookUp(FsName.of(name.clone()), out);
            }
            out.at(Request.HEADER + fixed - Dirent.SIZE);
            out.set(Dirent.INO, inode);
            out.set(Dirent.OFF, next);
            out.set(Dirent.NAMELEN, name.length);
            out.set(Dirent.TYPE, (type & FsMode.TYPE) >>> TYPE_SHIFT);
            ChainWriter to = request.chain().writer();
            to.write(out.bytes, Request.HEADER, fixed);
            to.write(name);
            to.fill(0, whole - fixed - name.length);
            length += whole;
            return true;
        }

        /** What cannot be looked up is listed without a number: the driver asks for it when it needs it. */
        private void lookUp(FsName name, Fields out) {
            try {
                FsNode found = directory.file.lookup(request, name, request.attributes.clear());
                if (found != null) {
                    Node node = session.nodes().lookedUp(found, request.attributes.mode, new Place(directory, name));
                    request.entered(node);
                    writer.entry(out, Request.HEADER, node.id, request.attributes);
                }
            } catch (IOException e) {
                out.at(Request.HEADER).clear(AttributeWriter.ENTRY);
            }
        }
    }
}
