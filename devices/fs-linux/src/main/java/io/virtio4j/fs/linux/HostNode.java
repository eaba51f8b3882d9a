// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsCaller;
import io.virtio4j.fs.backend.FsChange;
import io.virtio4j.fs.backend.FsCreated;
import io.virtio4j.fs.backend.FsDirectory;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.fs.backend.RenameFlags;
import io.virtio4j.host.linux.FileAttributes;
import io.virtio4j.host.linux.FileStatus;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.LinuxFile;
import io.virtio4j.host.linux.LinuxNode;
import io.virtio4j.host.linux.LinuxNode.Access;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A file of the host that is known. */
final class HostNode implements FsNode {
    /** {@code RENAME_NOREPLACE}, {@code RENAME_EXCHANGE} and {@code RENAME_WHITEOUT}. */
    private static final int NO_REPLACE = 1;
    private static final int EXCHANGE = 2;
    private static final int WHITEOUT = 4;
    private static final int XATTR_CREATE = 1;
    private static final int XATTR_REPLACE = 2;
    /** How often a file is opened or else created while others remove and create it. */
    private static final int TRIES = 16;

    private final HostDirectory host;
    private final KnownFile known;
    private final boolean submount;

    HostNode(HostDirectory host, KnownFile known, boolean submount) {
        this.host = host;
        this.known = known;
        this.submount = submount;
    }

    KnownFile known() {
        return known;
    }

    @Override
    public Object identity() {
        return known;
    }

    @Override
    public void release() {
        known.close();
    }

    // ── Attributes ─────────────────────────────────────────────────────────

    @Override
    public void attributes(FsAttributes out) throws IOException {
        LinuxNode node = known.acquire();
        try {
            fill(node.attributes(), out);
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            known.release();
        }
    }

    void fill(FileAttributes from, FsAttributes out) {
        out.inode = from.identity().inode();
        out.mode = from.mode();
        out.links = Integer.toUnsignedLong(from.links());
        out.user = Integer.toUnsignedLong(from.uid());
        out.group = Integer.toUnsignedLong(from.gid());
        out.size = from.size();
        out.blocks = from.blocks();
        out.blockSize = from.blockSize();
        out.nodeMajor = Integer.toUnsignedLong(from.deviceMajor());
        out.nodeMinor = Integer.toUnsignedLong(from.deviceMinor());
        out.deviceMajor = from.identity().device() >>> 32;
        out.deviceMinor = from.identity().device() & 0xFFFF_FFFFL;
        out.accessed(from.accessed().seconds(), from.accessed().nanos());
        out.modified(from.modified().seconds(), from.modified().nanos());
        out.changed(from.changed().seconds(), from.changed().nanos());
        if (!from.created().equals(FileAttributes.Time.UNKNOWN)) {
            out.born(from.created().seconds(), from.created().nanos());
        }
        out.statxAttributes = from.flags();
        out.statxAttributesKnown = from.flagsKnown();
        out.submount = submount;
    }

    @Override
    public void change(FsCaller caller, FsChange change, FsAttributes out) throws IOException {
        LinuxNode node = known.acquire();
        try {
            change(node, change, null, out);
        } finally {
            known.release();
        }
    }

    /** As {@link #change(FsCaller, FsChange, FsAttributes)}, by an open file of this: one that may have no name. */
    void change(FsChange change, LinuxFile file, boolean writable, FsAttributes out) throws IOException {
        LinuxFile open = writable ? file : null;
        LinuxNode node = known.acquireIfHeld();
        if (node != null) {
            try {
                change(node, change, open, out);
            } finally {
                known.release();
            }
            return;
        }
        host.takeForKnown();
        try (LinuxNode own = LinuxNode.of(file)) {
            change(own, change, open, out);
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            host.give();
        }
    }

    /**
     * Owner first, since it takes set-user-id away that a mode may give; times last, since a size changes them.
     *
     * @param file this one, open for writing; null to open it if need be
     */
    private void change(LinuxNode node, FsChange change, @Nullable LinuxFile file, FsAttributes out)
            throws IOException {
        try {
            if (change.has(FsChange.USER | FsChange.GROUP)) {
                changeOwner(node, change);
            }
            if (change.has(FsChange.MODE)) {
                node.changeMode(change.mode & FsMode.PERMISSIONS);
            }
            if (change.has(FsChange.SIZE)) {
                truncate(node, change, file);
            }
            FileAttributes.Time accessed = time(change, FsChange.ACCESS_TIME, FsChange.ACCESS_NOW,
                    change.accessSeconds, change.accessNanos);
            FileAttributes.Time modified = time(change, FsChange.MODIFY_TIME, FsChange.MODIFY_NOW,
                    change.modifySeconds, change.modifyNanos);
            if (accessed != LinuxNode.AS_IT_IS || modified != LinuxNode.AS_IT_IS) {
                node.changeTimes(accessed, modified);
            }
            fill(node.attributes(), out);
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        }
    }

    private void changeOwner(LinuxNode node, FsChange change) throws IOException {
        if (!host.makers().areCallers()) {
            throw FsException.of(FsErrno.EPERM);
        }
        node.changeOwner(change.has(FsChange.USER) ? (int) change.user : LinuxNode.SAME,
                change.has(FsChange.GROUP) ? (int) change.group : LinuxNode.SAME);
    }

    private void truncate(LinuxNode node, FsChange change, @Nullable LinuxFile file) throws IOException {
        if (file != null) {
            host.makers().write(change.dropPrivileges, () -> file.truncate(change.size));
            return;
        }
        host.take();
        try (LinuxFile opened = node.open(Access.WRITE)) {
            host.makers().write(change.dropPrivileges, () -> opened.truncate(change.size));
        } finally {
            host.give();
        }
    }

    private static FileAttributes.Time time(FsChange change, int given, int now, long seconds, int nanos) {
        return change.has(now) ? LinuxNode.NOW
                : change.has(given) ? new FileAttributes.Time(seconds, nanos) : LinuxNode.AS_IT_IS;
    }

    // ── Names ──────────────────────────────────────────────────────────────

    @Override
    public @Nullable FsNode lookup(FsCaller caller, FsName name, FsAttributes out) throws IOException {
        return find(name.bytes(), out);
    }

    private @Nullable HostNode find(byte[] name, FsAttributes out) throws IOException {
        LinuxNode node = known.acquire();
        try {
            return find(node, name, out);
        } finally {
            known.release();
        }
    }

    private @Nullable HostNode find(LinuxNode node, byte[] name, FsAttributes out) throws IOException {
        host.take();
        LinuxNode found = null;
        HostNode kept = null;
        try {
            found = node.find(name, host.acrossMounts());
            if (found != null) {
                kept = adopt(found, found.attributes(), out);
            }
            return kept;
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            if (kept == null) {
                if (found != null) {
                    found.close();
                }
                host.give();
            }
        }
    }

    /** Takes over what was found here, unless it throws. */
    private HostNode adopt(LinuxNode linux, FileAttributes attributes, FsAttributes out) throws FsException {
        HostMount mount = host.mounts().enter(attributes.mount(), linux);
        HostNode adopted = new HostNode(host, new KnownFile(host, linux, attributes, mount),
                attributes.mount() != known.mountId());
        adopted.fill(attributes, out);
        return adopted;
    }

    @Override
    public FsCreated create(FsCaller caller, FsName name, int mode, OpenFlags flags, FsAttributes out)
            throws IOException {
        byte[] bytes = name.bytes();
        for (int i = 0; i < TRIES; i++) {
            try {
                return created(mode, flags, out, (node, access, options) -> host.makers().make(caller,
                        () -> node.create(bytes, mode & FsMode.PERMISSIONS, access, options)));
            } catch (FsException e) {
                if (e.number() != FsErrno.EEXIST.number() || flags.exclusive()) {
                    throw e;
                }
            }
            HostNode existing = find(bytes, out);
            if (existing != null) {
                return opened(existing, caller, flags, out);
            }
        }
        throw FsException.of(FsErrno.ENOENT); // others remove it as fast as they create it
    }

    private static FsCreated opened(HostNode existing, FsCaller caller, OpenFlags flags, FsAttributes out)
            throws IOException {
        try {
            FsFile file = existing.open(caller, flags);
            if (flags.truncate()) {
                file.attributes(out);
            }
            return new FsCreated(existing, file);
        } catch (IOException e) {
            existing.release();
            throw e;
        }
    }

    @Override
    public FsCreated createTemporary(FsCaller caller, int mode, OpenFlags flags, FsAttributes out)
            throws IOException {
        return created(mode, flags, out, (node, access, options) -> host.makers().make(caller,
                () -> node.createUnnamed(mode & FsMode.PERMISSIONS, access, forTemporary(flags, options))));
    }

    private static LinuxNode.Option[] forTemporary(OpenFlags flags, LinuxNode.Option... options) {
        List<LinuxNode.Option> all = new ArrayList<>(List.of(options));
        all.remove(LinuxNode.Option.TRUNCATE); // it is empty
        if (flags.exclusive()) {
            all.add(LinuxNode.Option.NAMELESS);
        }
        return all.toArray(LinuxNode.Option[]::new);
    }

    /** Makes an open file. */
    private interface Creation {
        LinuxFile create(LinuxNode node, Access access, LinuxNode.Option... options) throws LinuxException;
    }

    private FsCreated created(int mode, OpenFlags flags, FsAttributes out, Creation creation) throws IOException {
        LinuxNode node = known.acquire();
        try {
            host.take();
            try {
                return created(node, mode, flags, out, creation);
            } catch (IOException e) {
                host.give();
                throw e;
            }
        } finally {
            known.release();
        }
    }

    private FsCreated created(LinuxNode node, int mode, OpenFlags flags, FsAttributes out, Creation creation)
            throws IOException {
        host.take();
        LinuxFile file = null;
        LinuxNode made = null;
        HostNode kept = null;
        try {
            file = creation.create(node, access(flags), options(flags));
            made = LinuxNode.of(file);
            kept = adopt(made, unmasked(made, mode), out);
            return new FsCreated(kept, new HostFile(host, kept, file, flags));
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            if (kept == null) {
                if (made != null) {
                    made.close();
                }
                if (file != null) {
                    file.close();
                }
                host.give();
            }
        }
    }

    private FileAttributes unmasked(LinuxNode made, int mode) throws LinuxException {
        FileAttributes attributes = made.attributes();
        return host.makers().unmask(made, mode, attributes.mode()) ? made.attributes() : attributes;
    }

    @Override
    public FsNode createDirectory(FsCaller caller, FsName name, int mode, FsAttributes out) throws IOException {
        byte[] bytes = name.bytes();
        return made(caller, bytes, mode, out, node -> node.makeDirectory(bytes, mode & FsMode.PERMISSIONS));
    }

    @Override
    public FsNode createSpecial(FsCaller caller, FsName name, int mode, long major, long minor, FsAttributes out)
            throws IOException {
        byte[] bytes = name.bytes();
        int device = FsMode.isDevice(mode) ? device(major, minor) : 0;
        return made(caller, bytes, mode, out, node -> node.makeNode(bytes, mode, device));
    }

    /** As the kernel packs it: twelve bits of the major number between eight and twelve of the minor one. */
    private static int device(long major, long minor) {
        return (int) (minor & 0xFF | major << 8 | (minor & ~0xFFL) << 12);
    }

    @Override
    public FsNode createSymbolicLink(FsCaller caller, FsName name, byte[] target, FsAttributes out)
            throws IOException {
        byte[] bytes = name.bytes();
        return made(caller, bytes, 0, out, node -> node.makeSymbolicLink(bytes, target));
    }

    /** Something that is done in a directory, or to a file. */
    private interface Step {
        void take(LinuxNode node) throws LinuxException;
    }

    private void take(Step step) throws IOException {
        LinuxNode node = known.acquire();
        try {
            step.take(node);
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            known.release();
        }
    }

    private HostNode made(FsCaller caller, byte[] name, int mode, FsAttributes out, Step step) throws IOException {
        take(node -> host.makers().make(caller, () -> {
            step.take(node);
            return this;
        }));
        HostNode made = find(name, out);
        if (made == null) {
            throw FsException.of(FsErrno.ENOENT); // somebody has removed it already
        }
        try {
            made.take(node -> {
                if (host.makers().unmask(node, mode, out.mode)) {
                    made.fill(node.attributes(), out);
                }
            });
        } catch (IOException e) {
            made.release();
            throw e;
        }
        return made;
    }

    @Override
    public void link(FsCaller caller, FsNode existing, FsName name, FsAttributes out) throws IOException {
        HostNode file = (HostNode) existing;
        LinuxNode linked = file.known.acquire();
        try {
            take(node -> {
                linked.link(node, name.bytes());
                file.fill(linked.attributes(), out);
            });
        } finally {
            file.known.release();
        }
    }

    @Override
    public void unlink(FsCaller caller, FsName name) throws IOException {
        take(node -> node.remove(name.bytes()));
    }

    @Override
    public void removeDirectory(FsCaller caller, FsName name) throws IOException {
        take(node -> node.removeDirectory(name.bytes()));
    }

    @Override
    public void rename(FsCaller caller, FsName name, FsNode newDirectory, FsName newName, RenameFlags flags)
            throws IOException {
        int bits = (flags.noReplace() ? NO_REPLACE : 0) | (flags.exchange() ? EXCHANGE : 0)
                | (flags.whiteout() ? WHITEOUT : 0);
        KnownFile to = ((HostNode) newDirectory).known;
        LinuxNode target = to.acquire();
        try {
            take(node -> node.rename(name.bytes(), target, newName.bytes(), bits));
        } finally {
            to.release();
        }
    }

    @Override
    public byte[] symbolicLink() throws IOException {
        LinuxNode node = known.acquire();
        try {
            if (node.type() != FileStatus.Type.SYMBOLIC_LINK) {
                throw FsException.of(FsErrno.EINVAL);
            }
            return node.readSymbolicLink();
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            known.release();
        }
    }

    // ── Content ────────────────────────────────────────────────────────────

    @Override
    public FsFile open(FsCaller caller, OpenFlags flags) throws IOException {
        LinuxNode node = known.acquire();
        try {
            host.take();
            return new HostFile(host, this, opened(node, flags), flags);
        } finally {
            known.release();
        }
    }

    /** Opens what is counted already. */
    private LinuxFile opened(LinuxNode node, OpenFlags flags) throws FsException {
        try {
            boolean drop = host.makers().begin(flags.truncate() && flags.dropPrivileges());
            try {
                return node.open(access(flags), options(flags));
            } finally {
                host.makers().end(drop);
            }
        } catch (LinuxException e) {
            host.give();
            throw HostDirectory.failed(e);
        }
    }

    private static Access access(OpenFlags flags) {
        return !flags.write() ? Access.READ : flags.read() ? Access.READ_WRITE : Access.WRITE;
    }

    private static LinuxNode.Option[] options(OpenFlags flags) {
        List<LinuxNode.Option> options = new ArrayList<>();
        if (flags.append()) {
            options.add(LinuxNode.Option.APPEND);
        }
        if (flags.truncate()) {
            options.add(LinuxNode.Option.TRUNCATE);
        }
        if (flags.synchronizedAll()) {
            options.add(LinuxNode.Option.SYNC);
        } else if (flags.synchronizedData()) {
            options.add(LinuxNode.Option.DSYNC);
        }
        return options.toArray(LinuxNode.Option[]::new);
    }

    @Override
    public FsDirectory openDirectory(FsCaller caller) throws IOException {
        LinuxNode node = known.acquire();
        try {
            host.take();
            try {
                return new HostEntries(host, node.openDirectory(), known);
            } catch (LinuxException e) {
                host.give();
                throw HostDirectory.failed(e);
            }
        } finally {
            known.release();
        }
    }

    // ── Extended attributes ────────────────────────────────────────────────

    @Override
    public byte[] attribute(FsCaller caller, byte[] name) throws IOException {
        return HostAttributes.get(host, known, name);
    }

    @Override
    public List<byte[]> attributeNames(FsCaller caller) throws IOException {
        return HostAttributes.names(host, known);
    }

    @Override
    public void setAttribute(FsCaller caller, byte[] name, byte[] value, boolean create, boolean replace,
            boolean dropSetGroupId) throws IOException {
        int flags = (create ? XATTR_CREATE : 0) | (replace ? XATTR_REPLACE : 0);
        HostAttributes.set(host, known, name, value, flags, dropSetGroupId);
    }

    @Override
    public void removeAttribute(FsCaller caller, byte[] name) throws IOException {
        HostAttributes.remove(host, known, name);
    }

    @Override
    public String toString() {
        return known.toString();
    }
}
