// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.FuseWire.GetxattrIn;
import io.virtio4j.fs.FuseWire.SetxattrIn;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** Requests about extended attributes. */
final class AttributeRequests {

    private static final int LONGEST_NAME = 255;
    private static final int LONGEST_VALUE = 1 << 16;
    private static final int E2BIG = 7;

    private static final int XATTR_CREATE = 1;
    private static final int XATTR_REPLACE = 2;
    private static final int SETXATTR_ACL_KILL_SGID = 1;

    private final Session session;

    AttributeRequests(Session session) {
        this.session = session;
    }

    private byte[] name(Request request) throws FsException {
        byte[] name = request.texts(1)[0];
        checkName(name);
        return name;
    }

    private static void checkName(byte[] name) throws FsException {
        if (name.length == 0 || name.length > LONGEST_NAME) {
            throw FsException.of(name.length == 0 ? FsErrno.EINVAL : FsErrno.ERANGE);
        }
    }

    void setxattr(Request request) throws IOException {
        session.require(FsCapability.EXTENDED_ATTRIBUTES, FsErrno.ENOSYS);
        boolean extended = session.has(InitFlag.SETXATTR_EXT);
        if (extended) {
            request.parseMore(FuseOpcode.SETXATTR.inSize, SetxattrIn.SIZE);
        }
        long size = request.in.get(SetxattrIn.SIZE_FIELD);
        long flags = request.in.get(SetxattrIn.FLAGS);
        boolean drop = extended && (request.in.get(SetxattrIn.SETXATTR_FLAGS) & SETXATTR_ACL_KILL_SGID) != 0;
        byte[] name = request.text(LONGEST_NAME);
        checkName(name);
        if (size > LONGEST_VALUE) {
            throw FsException.of(E2BIG);
        }
        if (size != request.left() || (flags & ~(XATTR_CREATE | XATTR_REPLACE)) != 0) {
            throw FsException.of(FsErrno.EINVAL);
        }
        byte[] value = new byte[(int) size];
        request.chain().reader().read(value);
        request.node().file.setAttribute(request, name, value, (flags & XATTR_CREATE) != 0,
                (flags & XATTR_REPLACE) != 0, drop);
        request.answer();
    }

    void getxattr(Request request) throws IOException {
        session.require(FsCapability.EXTENDED_ATTRIBUTES, FsErrno.ENOSYS);
        long size = request.in.get(GetxattrIn.SIZE_FIELD);
        byte[] name = name(request);
        answer(request, size, request.node().file.attribute(request, name));
    }

    void listxattr(Request request) throws IOException {
        session.require(FsCapability.EXTENDED_ATTRIBUTES, FsErrno.ENOSYS);
        long size = request.in.get(GetxattrIn.SIZE_FIELD);
        ByteArrayOutputStream names = new ByteArrayOutputStream();
        for (byte[] name : request.node().file.attributeNames(request)) {
            names.writeBytes(name);
            names.write(0);
        }
        answer(request, size, names.toByteArray());
    }

    /** Who asks for no bytes wants to know how many there are. */
    private static void answer(Request request, long size, byte[] value) throws FsException {
        if (size == 0) {
            request.answerSize(value.length);
        } else if (value.length > size) {
            throw FsException.of(FsErrno.ERANGE);
        } else {
            request.answer(value);
        }
    }

    void removexattr(Request request) throws IOException {
        session.require(FsCapability.EXTENDED_ATTRIBUTES, FsErrno.ENOSYS);
        byte[] name = name(request);
        request.node().file.removeAttribute(request, name);
        request.answer();
    }
}
