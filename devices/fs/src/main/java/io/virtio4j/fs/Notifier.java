// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.FuseWire.NotifyDeleteOut;
import io.virtio4j.fs.FuseWire.NotifyInvalEntryOut;
import io.virtio4j.fs.FuseWire.NotifyInvalInodeOut;
import io.virtio4j.fs.FuseWire.NotifyStoreOut;
import io.virtio4j.fs.FuseWire.OutHeader;
import io.virtio4j.fs.backend.FsListener;
import io.virtio4j.fs.backend.FsName;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Tells the driver, by FUSE notify messages, of changes that it did not make. */
final class Notifier implements FsListener {

    // Real codes of FUSE. The one that the specification names exists nowhere.
    private static final int INVAL_INODE = 2;
    private static final int INVAL_ENTRY = 3;
    private static final int STORE = 4;
    private static final int DELETE = 6;

    private final FsDevice device;

    Notifier(FsDevice device) {
        this.device = device;
    }

    /** The largest message that is not a {@link #STORE}. */
    static int largestName() {
        return Request.HEADER + NotifyDeleteOut.SIZE + FsName.LONGEST + 1;
    }

    static int storeOverhead() {
        return Request.HEADER + NotifyStoreOut.SIZE;
    }

    @Override
    public void changed(Object file, long offset, long length) {
        Session session = device.session();
        long id = session == null ? 0 : session.nodes().idOf(file);
        if (session == null || id == 0) {
            return;
        }
        Fields out = begin(session, NotifyInvalInodeOut.SIZE);
        out.set(NotifyInvalInodeOut.INO, id);
        out.set(NotifyInvalInodeOut.OFF, offset);
        out.set(NotifyInvalInodeOut.LEN, length);
        send(session, out, INVAL_INODE, NotifyInvalInodeOut.SIZE, new byte[0], 0);
    }

    @Override
    public void renamed(Object directory, FsName name) {
        Session session = device.session();
        long id = session == null ? 0 : session.nodes().idOf(directory);
        if (session == null || id == 0) {
            return;
        }
        Fields out = begin(session, NotifyInvalEntryOut.SIZE);
        out.set(NotifyInvalEntryOut.PARENT, id);
        out.set(NotifyInvalEntryOut.NAMELEN, name.length());
        send(session, out, INVAL_ENTRY, NotifyInvalEntryOut.SIZE, name.bytes(), 1);
    }

    @Override
    public void removed(Object directory, FsName name, Object file) {
        Session session = device.session();
        long id = session == null ? 0 : session.nodes().idOf(directory);
        long child = session == null ? 0 : session.nodes().idOf(file);
        if (session == null || id == 0) {
            return;
        }
        if (child == 0) {
            renamed(directory, name);
            return;
        }
        Fields out = begin(session, NotifyDeleteOut.SIZE);
        out.set(NotifyDeleteOut.PARENT, id);
        out.set(NotifyDeleteOut.CHILD, child);
        out.set(NotifyDeleteOut.NAMELEN, name.length());
        send(session, out, DELETE, NotifyDeleteOut.SIZE, name.bytes(), 1);
    }

    /** Puts data into the driver's page cache. */
    boolean store(Object file, long offset, byte[] data) {
        Session session = device.session();
        long id = session == null ? 0 : session.nodes().idOf(file);
        if (session == null || id == 0) {
            return false;
        }
        Fields out = begin(session, NotifyStoreOut.SIZE);
        out.set(NotifyStoreOut.NODEID, id);
        out.set(NotifyStoreOut.OFFSET, offset);
        out.set(NotifyStoreOut.SIZE_FIELD, data.length);
        return send(session, out, STORE, NotifyStoreOut.SIZE, data, 0);
    }

    private static Fields begin(Session session, int size) {
        Fields out = new Fields(Request.HEADER + size);
        out.at(Request.HEADER, session.isSwapped());
        return out;
    }

    private boolean send(Session session, Fields out, int code, int size, byte[] tail, int zeroes) {
        byte[] message = new byte[Request.HEADER + size + tail.length + zeroes];
        out.at(0, session.isSwapped());
        out.set(OutHeader.LEN, message.length);
        out.set(OutHeader.ERROR, code);
        out.set(OutHeader.UNIQUE, 0);
        MemorySegment.copy(out.bytes, ValueLayout.JAVA_BYTE, 0, message, 0, Request.HEADER + size);
        System.arraycopy(tail, 0, message, Request.HEADER + size, tail.length);
        return device.send(message);
    }
}
