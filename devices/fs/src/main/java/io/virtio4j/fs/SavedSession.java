// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.fs.Node.Place;
import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsLock;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A session as bytes: read whole and checked before anything is made of it. */
final class SavedSession {

    private static final int VERSION = 1;
    private static final int DEEPEST = 4096;
    private static final long MOST_LOOKUPS = 1L << 48;

    private record SavedNode(long id, long lookups, List<FsName> path) {}

    private record SavedHandle(long id, long node, boolean isFile, OpenFlags flags) {}

    private record SavedLock(long handle, FsLock lock) {}

    /** A range of the DAX window. */
    record SavedMapping(long node, long offset, long length, long fileOffset, boolean writable) {}

    private final FsDevice device;
    private boolean exists;
    private boolean swapped;
    private long minor;
    private long flags;
    private int newestNode;
    private int newestHandle;
    private final List<SavedNode> nodes = new ArrayList<>();
    private final List<SavedHandle> handles = new ArrayList<>();
    private final List<SavedLock> locks = new ArrayList<>();
    private final List<SavedMapping> mappings = new ArrayList<>();

    SavedSession(FsDevice device) {
        this.device = device;
    }

    // ── Saving ─────────────────────────────────────────────────────────────

    void save(StateWriter out) {
        Session session = device.session();
        out.le16(VERSION).flag(session != null);
        if (session == null) {
            return;
        }
        out.flag(session.isSwapped()).le32(session.minor()).le64(session.flags());
        out.le32(session.nodes().newest()).le32(session.handles().newest());
        saveNodes(out, session);
        saveHandles(out, session);
        saveLocks(out, session);
        List<SavedMapping> mapped = session.dax().saved();
        out.le32(mapped.size());
        for (SavedMapping mapping : mapped) {
            out.le64(mapping.node).le64(mapping.offset).le64(mapping.length).le64(mapping.fileOffset)
                    .flag(mapping.writable);
        }
    }

    private static void saveNodes(StateWriter out, Session session) {
        Node root = session.nodes().root();
        List<SavedNode> known = new ArrayList<>();
        for (Node node : session.nodes().all()) {
            List<FsName> path = NodeTable.path(node, root);
            // What has no name cannot be found again: it is gone for the driver.
            if (node != root && path != null) {
                known.add(new SavedNode(node.id, node.lookups(), path));
            }
        }
        known.sort(Comparator.comparingInt(node -> node.path.size()));
        out.le32(known.size());
        for (SavedNode node : known) {
            out.le64(node.id).le64(node.lookups).le32(node.path.size());
            node.path.forEach(name -> out.bytes(name.bytes()));
        }
    }

    private static void saveHandles(StateWriter out, Session session) {
        List<Handle> open = session.handles().all();
        out.le32(open.size());
        for (Handle handle : open) {
            out.le64(handle.id).le64(handle.node.id).flag(handle.isFile()).le32(handle.flags.again().bits());
        }
    }

    private static void saveLocks(StateWriter out, Session session) {
        List<SavedLock> held = new ArrayList<>();
        for (Handle handle : session.handles().all()) {
            handle.locks().forEach(lock -> held.add(new SavedLock(handle.id, lock)));
        }
        out.le32(held.size());
        for (SavedLock saved : held) {
            FsLock lock = saved.lock;
            out.le64(saved.handle).u8(lock.kind().ordinal()).u8(lock.type().ordinal()).le64(lock.start())
                    .le64(lock.end()).le64(lock.owner()).le64(lock.process());
        }
    }

    // ── Reading ────────────────────────────────────────────────────────────

    void read(StateReader in) {
        if (in.le16() != VERSION) {
            throw new StateException("saved file system session is of another version");
        }
        exists = in.flag();
        if (!exists) {
            return;
        }
        swapped = in.flag();
        minor = in.le32("minor", Initialization.LEAST_MINOR, Initialization.MINOR);
        flags = in.le64();
        newestNode = in.le32("generation of nodes", 0, Integer.MAX_VALUE);
        newestHandle = in.le32("generation of handles", 0, Integer.MAX_VALUE);
        FsDeviceBuilder options = device.options();
        int count = in.le32("nodes", 0, options.maxNodes);
        for (int i = 0; i < count; i++) {
            nodes.add(readNode(in));
        }
        count = in.le32("handles", 0, options.maxHandles);
        for (int i = 0; i < count; i++) {
            handles.add(new SavedHandle(in.le64(), in.le64(), in.flag(),
                    new OpenFlags((int) in.le32(), false).again()));
        }
        count = in.le32("locks", 0, Integer.MAX_VALUE);
        for (int i = 0; i < count; i++) {
            locks.add(readLock(in));
        }
        count = in.le32("mappings", 0, Integer.MAX_VALUE);
        for (int i = 0; i < count; i++) {
            mappings.add(new SavedMapping(in.le64(), in.le64(), in.le64(), in.le64(), in.flag()));
        }
        in.end();
        if (!mappings.isEmpty() && !options.hasDax()) {
            throw new StateException("saved file system session has mappings, and this device no DAX window:"
                    + " mappings=" + mappings.size());
        }
    }

    private static SavedNode readNode(StateReader in) {
        long id = in.le64();
        long lookups = in.le64();
        int depth = in.le32("depth", 1, DEEPEST);
        List<FsName> path = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            try {
                path.add(FsName.of(in.bytes()));
            } catch (FsException e) {
                throw new StateException("saved name is none: node=0x" + Long.toHexString(id));
            }
        }
        if (lookups < 0 || lookups > MOST_LOOKUPS) {
            throw new StateException("saved node has a count that cannot be: node=0x" + Long.toHexString(id));
        }
        return new SavedNode(id, lookups, path);
    }

    private static SavedLock readLock(StateReader in) {
        long handle = in.le64();
        int kind = in.u8();
        int type = in.u8();
        long start = in.le64();
        long end = in.le64();
        if (kind >= FsLock.Kind.values().length || type >= FsLock.Type.UNLOCK.ordinal() || start < 0 || end < start
                || kind == FsLock.Kind.FLOCK.ordinal() && (start != 0 || end != Long.MAX_VALUE)) {
            throw new StateException("saved lock cannot be: handle=0x" + Long.toHexString(handle));
        }
        // The session is another one here, and known only later.
        return new SavedLock(handle, new FsLock(FsLock.Kind.values()[kind], FsLock.Type.values()[type], start, end,
                handle, in.le64(), in.le64()));
    }

    // ── Restoring ──────────────────────────────────────────────────────────

    void restore() {
        if (!exists) {
            device.endSession();
            return;
        }
        FsNode root;
        try {
            root = device.backend().root();
        } catch (IOException e) {
            throw new StateException("file system has no root now: " + e.getMessage());
        }
        Session session = new Session(device, swapped, minor, flags, root, device.endSession());
        restoreNodes(session);
        restoreHandles(session);
        session.nodes().restored(newestNode);
        session.handles().restored(newestHandle);
        restoreLocks(session);
        for (SavedMapping mapping : mappings) {
            attempt(() -> session.dax().restore(mapping));
        }
        device.begin(session);
    }

    /** A part of the restoration: what fails is gone for the driver. */
    private interface Part {
        void run() throws IOException;
    }

    private void attempt(Part part) {
        try {
            part.run();
        } catch (FsException e) {
            // The driver is told when it asks.
        } catch (IOException | RuntimeException e) {
            device.backendFailed(e);
        }
    }

    private void restoreNodes(Session session) {
        Map<List<FsName>, Node> byPath = new HashMap<>();
        byPath.put(List.of(), session.nodes().root());
        for (SavedNode saved : nodes) {
            attempt(() -> {
                FsAttributes attributes = new FsAttributes();
                FsNode found = find(session.nodes().root().file, saved.path, attributes);
                if (found == null) {
                    return;
                }
                Node parent = byPath.get(saved.path.subList(0, saved.path.size() - 1));
                Place place = parent == null ? null : new Place(parent, saved.path.getLast());
                // A node that only open files use has one lookup here, until they are opened.
                Node node = session.nodes().restore(saved.id, found, attributes.mode, place,
                        Math.max(1, saved.lookups));
                if (node != null) {
                    byPath.put(saved.path, node);
                }
            });
        }
    }

    private static @Nullable FsNode find(FsNode root, List<FsName> path, FsAttributes out) throws IOException {
        FsNode at = root;
        for (FsName name : path) {
            FsNode next;
            try {
                next = at.lookup(SystemCaller.INSTANCE, name, out.clear());
            } finally {
                if (at != root) {
                    at.release();
                }
            }
            if (next == null) {
                return null;
            }
            at = next;
        }
        return at;
    }

    private void restoreHandles(Session session) {
        for (SavedHandle saved : handles) {
            attempt(() -> {
                Node node = session.nodes().acquire(saved.node);
                Handle handle;
                try {
                    handle = saved.isFile
                            ? new Handle(session, node, node.file.open(SystemCaller.INSTANCE, saved.flags), saved.flags)
                            : new Handle(session, node, node.file.openDirectory(SystemCaller.INSTANCE));
                } catch (IOException | RuntimeException e) {
                    node.release();
                    throw e;
                }
                if (!session.handles().restore(saved.id, handle)) {
                    handle.release();
                }
            });
        }
        for (SavedNode saved : nodes) {
            if (saved.lookups == 0) {
                attempt(() -> {
                    Node node = session.nodes().acquire(saved.id);
                    node.forget(1);
                    node.release();
                });
            }
        }
    }

    private void restoreLocks(Session session) {
        for (SavedLock saved : locks) {
            attempt(() -> {
                Handle handle = session.handles().acquire(saved.handle);
                if (handle == null) {
                    throw FsException.of(FsErrno.EBADF);
                }
                FsLock lock = saved.lock;
                try {
                    FsLock mine = new FsLock(lock.kind(), lock.type(), lock.start(), lock.end(), session,
                            lock.owner(), lock.process());
                    session.locks().restore(handle.node.file, handle.fileToLock(), mine,
                            () -> device.backendFailed(lost("others have a restored lock", handle.node, mine, null)));
                } catch (FsException e) {
                    // The driver does not ask again.
                    throw lost("lock was not restored", handle.node, lock, e);
                } finally {
                    handle.release();
                }
            });
        }
    }

    private static IOException lost(String what, Node node, FsLock lock, @Nullable FsException why) {
        return new IOException(what + ": node=0x" + Long.toHexString(node.id) + " kind=" + lock.kind() + " type="
                + lock.type() + " start=" + lock.start() + " end=" + lock.end() + " owner=0x"
                + Long.toHexString(lock.owner()) + " process=" + lock.process(), why);
    }
}
