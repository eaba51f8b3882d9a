// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.FuseData.CreateIn;
import io.virtio4j.fs.FuseWire.LinkIn;
import io.virtio4j.fs.FuseWire.MkdirIn;
import io.virtio4j.fs.FuseWire.MknodIn;
import io.virtio4j.fs.FuseWire.RenameIn;
import io.virtio4j.fs.Node.Place;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsCreated;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.fs.backend.RenameFlags;
import java.io.IOException;

/** Requests that make, move and take away names. */
final class NameRequests {

    private static final int LONGEST_LINK = 4095; // PATH_MAX with its zero byte is 4096

    private static final int RENAME_NOREPLACE = 1;
    private static final int RENAME_EXCHANGE = 2;
    private static final int RENAME_WHITEOUT = 4;

    private final Session session;
    private final NodeRequests nodes;
    private final FileRequests files;

    NameRequests(Session session, NodeRequests nodes, FileRequests files) {
        this.session = session;
        this.nodes = nodes;
        this.files = files;
    }

    /** Whoever creates something needs a number that the backend knows. */
    private void readCaller(Request request) throws FsException {
        request.readExtensions();
        if (request.user() == IdMap.NONE || request.group() == IdMap.NONE) {
            throw FsException.of(FsErrno.EOVERFLOW);
        }
    }

    void symlink(Request request) throws IOException {
        session.require(FsCapability.SYMBOLIC_LINKS, FsErrno.EPERM);
        byte[][] texts = request.texts(2);
        readCaller(request);
        FsName name = FsName.of(texts[0]);
        byte[] target = texts[1];
        if (target.length == 0 || target.length > LONGEST_LINK) {
            throw FsException.of(target.length == 0 ? FsErrno.ENOENT : FsErrno.ENAMETOOLONG);
        }
        Node directory = request.directory(request.nodeId());
        FsNode made = directory.file.createSymbolicLink(request, name, target, request.attributes.clear());
        entry(request, made, directory, name);
    }

    void mknod(Request request) throws IOException {
        int mode = (int) request.in.get(MknodIn.MODE);
        long device = request.in.get(MknodIn.RDEV);
        FsName name = request.name();
        readCaller(request);
        int type = mode & FsMode.TYPE;
        if (FsMode.isDevice(mode) && !session.options().deviceNodes) {
            throw FsException.of(FsErrno.EPERM);
        }
        if (type != FsMode.REGULAR && type != FsMode.FIFO && type != FsMode.SOCKET && !FsMode.isDevice(mode)) {
            throw FsException.of(FsErrno.EINVAL);
        }
        if (type != FsMode.REGULAR) {
            session.require(FsCapability.SPECIAL_FILES, FsErrno.EPERM);
        }
        Node directory = request.directory(request.nodeId());
        boolean isDevice = FsMode.isDevice(mode);
        FsNode made = directory.file.createSpecial(request, name, type | mode & FsMode.PERMISSIONS,
                isDevice ? AttributeWriter.major(device) : 0, isDevice ? AttributeWriter.minor(device) : 0,
                request.attributes.clear());
        entry(request, made, directory, name);
    }

    void mkdir(Request request) throws IOException {
        int mode = (int) request.in.get(MkdirIn.MODE) & FsMode.PERMISSIONS;
        FsName name = request.name();
        readCaller(request);
        Node directory = request.directory(request.nodeId());
        FsNode made = directory.file.createDirectory(request, name, mode, request.attributes.clear());
        entry(request, made, directory, name);
    }

    private void entry(Request request, FsNode made, Node directory, FsName name) throws FsException {
        nodes.entry(request, session.nodes().lookedUp(made, request.attributes.mode, new Place(directory, name)));
    }

    void create(Request request) throws IOException {
        int bits = (int) request.in.get(CreateIn.FLAGS);
        int mode = (int) request.in.get(CreateIn.MODE) & FsMode.PERMISSIONS;
        boolean drop = (request.in.get(CreateIn.OPEN_FLAGS) & FileRequests.OPEN_KILL_SUIDGID) != 0;
        FsName name = request.name();
        readCaller(request);
        Node directory = request.directory(request.nodeId());
        OpenFlags flags = session.openFlags(bits, drop);
        session.requireRoomForHandle();
        FsCreated created = directory.file.create(request, name, mode, flags, request.attributes.clear());
        files.created(request, created, flags, new Place(directory, name));
    }

    void tmpfile(Request request) throws IOException {
        session.require(FsCapability.TEMPORARY_FILES, FsErrno.ENOSYS);
        int bits = (int) request.in.get(CreateIn.FLAGS);
        int mode = (int) request.in.get(CreateIn.MODE) & FsMode.PERMISSIONS;
        request.texts(1); // a name that the driver made up, for nobody
        readCaller(request);
        Node directory = request.directory(request.nodeId());
        OpenFlags flags = session.openFlags(bits, false);
        session.requireRoomForHandle();
        FsCreated created = directory.file.createTemporary(request, mode, flags, request.attributes.clear());
        files.created(request, created, flags, null);
    }

    void link(Request request) throws IOException {
        session.require(FsCapability.LINKS, FsErrno.EPERM);
        long existing = request.in.get(LinkIn.OLDNODEID);
        FsName name = request.name();
        Node directory = request.directory(request.nodeId());
        Node node = request.node(existing);
        if (node.isDirectory()) {
            throw FsException.of(FsErrno.EPERM);
        }
        directory.file.link(request, node.file, name, request.attributes.clear());
        session.nodes().lookedUpAgain(node, new Place(directory, name));
        nodes.entry(request, node);
    }

    void unlink(Request request) throws IOException {
        FsName name = request.name();
        Node directory = request.directory(request.nodeId());
        directory.file.unlink(request, name);
        session.nodes().removed(new Place(directory, name));
        request.answer();
    }

    void rmdir(Request request) throws IOException {
        FsName name = request.name();
        Node directory = request.directory(request.nodeId());
        directory.file.removeDirectory(request, name);
        session.nodes().removed(new Place(directory, name));
        request.answer();
    }

    void rename(Request request) throws IOException {
        rename(request, request.in.get(RenameIn.NEWDIR), 0);
    }

    void rename2(Request request) throws IOException {
        rename(request, request.in.get(RenameIn.NEWDIR), request.in.get(RenameIn.FLAGS));
    }

    private void rename(Request request, long newDirectory, long bits) throws IOException {
        byte[][] names = request.texts(2);
        FsName name = FsName.of(names[0]);
        FsName newName = FsName.of(names[1]);
        RenameFlags flags = flags(bits);
        if (flags.whiteout()) {
            request.readExtensions();
            if (!session.options().deviceNodes) {
                throw FsException.of(FsErrno.EPERM);
            }
        }
        Node from = request.directory(request.nodeId());
        Node to = request.directory(newDirectory);
        from.file.rename(request, name, to.file, newName, flags);
        session.nodes().renamed(new Place(from, name), new Place(to, newName), flags.exchange());
        request.answer();
    }

    private RenameFlags flags(long bits) throws FsException {
        boolean noReplace = (bits & RENAME_NOREPLACE) != 0;
        boolean exchange = (bits & RENAME_EXCHANGE) != 0;
        boolean whiteout = (bits & RENAME_WHITEOUT) != 0;
        if ((bits & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) != 0
                || exchange && (noReplace || whiteout)) {
            throw FsException.of(FsErrno.EINVAL);
        }
        if (exchange) {
            session.require(FsCapability.EXCHANGE, FsErrno.EINVAL);
        }
        if (whiteout) {
            session.require(FsCapability.WHITEOUT, FsErrno.EINVAL);
        }
        return bits == 0 ? RenameFlags.NONE : new RenameFlags(noReplace, exchange, whiteout);
    }
}
