// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.FuseWire.BatchForgetIn;
import io.virtio4j.fs.FuseWire.ForgetIn;
import io.virtio4j.fs.FuseWire.ForgetOne;
import io.virtio4j.fs.FuseWire.GetattrIn;
import io.virtio4j.fs.FuseWire.SetattrIn;
import io.virtio4j.fs.FuseWire.StatxIn;
import io.virtio4j.fs.Node.Place;
import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsChange;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import java.io.IOException;

/** Requests about files that exist: found, forgotten, asked for their attributes, changed. */
final class NodeRequests {

    private static final int GETATTR_FH = 1;
    private static final int FATTR_FH = 1 << 6;
    private static final int FATTR_KILL_SUIDGID = 1 << 11;
    /** Those that {@link FsChange} has, with the same numbers. */
    private static final int FATTR_KNOWN = FsChange.MODE | FsChange.USER | FsChange.GROUP | FsChange.SIZE
            | FsChange.ACCESS_TIME | FsChange.MODIFY_TIME | FsChange.ACCESS_NOW | FsChange.MODIFY_NOW
            | FsChange.CHANGE_TIME;
    private static final long NANOS = 1_000_000_000;

    private final Session session;
    private final AttributeWriter writer;

    NodeRequests(Session session) {
        this.session = session;
        writer = session.device().writer();
    }

    void lookup(Request request) throws IOException {
        FsName name = request.name();
        Node directory = request.directory(request.nodeId());
        FsAttributes attributes = request.attributes.clear();
        FsNode found = directory.file.lookup(request, name, attributes);
        if (found != null) {
            entry(request, session.nodes().lookedUp(found, attributes.mode, new Place(directory, name)));
        } else if (writer.remembersNothing()) {
            writer.nothing(request.reply, Request.HEADER);
            request.answer(AttributeWriter.ENTRY);
        } else {
            request.error(FsErrno.ENOENT.number());
        }
    }

    /** Answers with a node that was looked up, and the attributes that are the request's. */
    void entry(Request request, Node node) {
        request.entered(node);
        writer.entry(request.structure(AttributeWriter.ENTRY), Request.HEADER, node.id, request.attributes);
        request.answer(AttributeWriter.ENTRY);
    }

    void forget(Request request) {
        forget(request.nodeId(), request.in.get(ForgetIn.NLOOKUP));
        request.noAnswer();
    }

    void batchForget(Request request) throws FsException {
        long count = request.in.get(BatchForgetIn.COUNT);
        // What the driver says of the count is not more than what it sent.
        long most = Math.min(count, request.left() / ForgetOne.SIZE);
        for (long i = 0; i < most; i++) {
            request.parseMore(0, ForgetOne.SIZE);
            forget(request.in.get(ForgetOne.NODEID), request.in.get(ForgetOne.NLOOKUP));
        }
        request.noAnswer();
    }

    private void forget(long id, long lookups) {
        try {
            Node node = session.nodes().acquire(id);
            node.forget(lookups);
            node.release();
        } catch (FsException e) {
            // It is forgotten already; there is no reply that could say so.
        }
    }

    void getattr(Request request) throws IOException {
        boolean open = (request.in.get(GetattrIn.GETATTR_FLAGS) & GETATTR_FH) != 0;
        FsAttributes attributes = attributes(request, open, request.in.get(GetattrIn.FH));
        writer.attributes(request.reply, Request.HEADER, attributes);
        request.answer(FuseOpcode.GETATTR.outSize);
    }

    void statx(Request request) throws IOException {
        boolean open = (request.in.get(StatxIn.GETATTR_FLAGS) & GETATTR_FH) != 0;
        FsAttributes attributes = attributes(request, open, request.in.get(StatxIn.FH));
        writer.statx(request.reply, Request.HEADER, attributes);
        request.answer(FuseOpcode.STATX.outSize);
    }

    private FsAttributes attributes(Request request, boolean open, long fh) throws IOException {
        FsAttributes attributes = request.attributes.clear();
        if (open) {
            Handle handle = request.handle(fh);
            if (handle.isFile() && handle.file().attributes(attributes)) {
                return attributes;
            }
        }
        request.node().file.attributes(attributes.clear());
        return attributes;
    }

    void setattr(Request request) throws IOException {
        Fields in = request.in;
        long valid = in.get(SetattrIn.VALID);
        FsChange change = request.change;
        change.what = (int) valid & FATTR_KNOWN;
        change.mode = (int) in.get(SetattrIn.MODE) & FsMode.PERMISSIONS;
        change.size = in.get(SetattrIn.SIZE_FIELD);
        change.dropPrivileges = (valid & FATTR_KILL_SUIDGID) != 0;
        change.accessSeconds = in.get(SetattrIn.ATIME);
        change.accessNanos = nanos(in.get(SetattrIn.ATIMENSEC), change.has(FsChange.ACCESS_TIME));
        change.modifySeconds = in.get(SetattrIn.MTIME);
        change.modifyNanos = nanos(in.get(SetattrIn.MTIMENSEC), change.has(FsChange.MODIFY_TIME));
        change.changeSeconds = in.get(SetattrIn.CTIME);
        change.changeNanos = nanos(in.get(SetattrIn.CTIMENSEC), change.has(FsChange.CHANGE_TIME));
        if (change.has(FsChange.SIZE) && change.size < 0) {
            throw FsException.of(FsErrno.EINVAL);
        }
        change.user = id(session.options().users, in.get(SetattrIn.UID), change.has(FsChange.USER));
        change.group = id(session.options().groups, in.get(SetattrIn.GID), change.has(FsChange.GROUP));
        Node node = request.node();
        FsAttributes attributes = request.attributes.clear();
        if (change.has(FsChange.SIZE) && !node.isRegular()) {
            throw FsException.of(node.isDirectory() ? FsErrno.EISDIR : FsErrno.EINVAL);
        }
        Handle handle = (valid & FATTR_FH) != 0 ? request.handle(in.get(SetattrIn.FH)) : null;
        session.dax().beforeSizeChange(node, change);
        if (handle == null || !handle.isFile() || !handle.file().change(request, change, attributes)) {
            node.file.change(request, change, attributes.clear());
        }
        session.dax().afterSizeChange(node, change);
        writer.attributes(request.reply, Request.HEADER, attributes);
        request.answer(FuseOpcode.SETATTR.outSize);
    }

    private static int nanos(long value, boolean counts) throws FsException {
        if (counts && value >= NANOS) {
            throw FsException.of(FsErrno.EINVAL);
        }
        return (int) value;
    }

    private static long id(IdMap map, long guest, boolean counts) throws FsException {
        long id = counts ? map.toBackend(guest) : 0;
        if (id == IdMap.NONE) {
            throw FsException.of(FsErrno.EINVAL);
        }
        return id;
    }

    void readlink(Request request) throws IOException {
        request.answer(request.node().file.symbolicLink());
    }
}
