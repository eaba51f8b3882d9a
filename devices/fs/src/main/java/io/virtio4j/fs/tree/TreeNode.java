// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.tree;

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
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A file, directory, link or special file of a tree. Names are under the tree's lock, everything else under the node's
 * own; the tree's comes first.
 */
final class TreeNode implements FsNode {

    private static final long DEVICE_MINOR = 26; // as good as any
    private static final String CAPABILITY = "security.capability";
    private static final int MOST_ATTRIBUTES = 64;

    final TreeBackend tree;
    private final long inode;
    /** Of a directory. */
    final @Nullable TreeNames names;
    /** Of a regular file in memory. */
    final @Nullable TreeData data;
    /** Of a regular file that is computed. */
    final @Nullable TreeContent content;
    private final byte @Nullable [] target;
    private final long major;
    private final long minor;

    private int mode;
    private long user;
    private long group;
    private long links;
    private int uses;
    private long accessed;
    private long modified;
    private long changed;
    private final long born;
    private final Map<String, byte[]> attributes = new TreeMap<>();

    /** What makes a kind of node. */
    record Kind(int mode, @Nullable TreeContent content, byte @Nullable [] target, long major, long minor) {
        Kind(int mode) {
            this(mode, null, null, 0, 0);
        }
    }

    TreeNode(TreeBackend tree, long inode, Kind kind, long user, long group, @Nullable TreeNode parent) {
        this.tree = tree;
        this.inode = inode;
        this.mode = kind.mode;
        this.user = user;
        this.group = group;
        names = FsMode.isDirectory(mode) ? new TreeNames(this, parent) : null;
        content = kind.content;
        data = FsMode.isRegular(mode) && content == null ? new TreeData(tree.space()) : null;
        target = kind.target;
        major = kind.major;
        minor = kind.minor;
        links = names == null ? 0 : 2;
        born = now();
        accessed = modified = changed = born;
    }

    @Override
    public Object identity() {
        return this;
    }

    long inode() {
        return inode;
    }

    int type() {
        return mode & FsMode.TYPE;
    }

    private static long now() {
        return System.currentTimeMillis();
    }

    // ── Attributes ─────────────────────────────────────────────────────────

    @Override
    public void attributes(FsAttributes out) throws IOException {
        TreeContent computed = content;
        long size = computed == null ? 0 : computed.size();
        fill(out);
        if (computed != null) {
            out.size = size;
        }
    }

    private synchronized void fill(FsAttributes out) {
        out.inode = inode;
        out.mode = mode;
        out.links = links;
        out.user = user;
        out.group = group;
        out.size = data != null ? data.size() : target != null ? target.length : 0;
        out.blocks = data != null ? data.pages() * (TreeData.PAGE / 512) : 0;
        out.blockSize = TreeData.PAGE;
        out.nodeMajor = major;
        out.nodeMinor = minor;
        out.deviceMinor = DEVICE_MINOR;
        out.accessed(seconds(accessed), nanos(accessed));
        out.modified(seconds(modified), nanos(modified));
        out.changed(seconds(changed), nanos(changed));
        out.born(seconds(born), nanos(born));
    }

    private static long seconds(long millis) {
        return Math.floorDiv(millis, 1000L);
    }

    private static int nanos(long millis) {
        return (int) Math.floorMod(millis, 1000L) * 1_000_000;
    }

    @Override
    public void change(FsCaller caller, FsChange change, FsAttributes out) throws IOException {
        change(change);
        attributes(out);
    }

    private synchronized void change(FsChange change) throws FsException {
        if (change.has(FsChange.SIZE)) {
            if (data != null) {
                data.resize(change.size);
            } else if (content == null || change.size != 0) {
                throw FsException.of(FsErrno.EINVAL); // of what is computed, only everything can be replaced
            }
            wrote(change.dropPrivileges);
        }
        if (change.has(FsChange.MODE)) {
            mode = type() | change.mode;
        }
        if (change.has(FsChange.USER | FsChange.GROUP)) {
            user = change.has(FsChange.USER) ? change.user : user;
            group = change.has(FsChange.GROUP) ? change.group : group;
            mode = FsMode.afterChangeOfOwner(mode);
            attributes.remove(CAPABILITY);
        }
        changed = change.has(FsChange.CHANGE_TIME) ? millis(change.changeSeconds, change.changeNanos) : now();
        if (change.has(FsChange.ACCESS_TIME | FsChange.ACCESS_NOW)) {
            accessed = change.has(FsChange.ACCESS_NOW) ? changed : millis(change.accessSeconds, change.accessNanos);
        }
        if (change.has(FsChange.MODIFY_TIME | FsChange.MODIFY_NOW)) {
            modified = change.has(FsChange.MODIFY_NOW) ? changed : millis(change.modifySeconds, change.modifyNanos);
        }
    }

    private static long millis(long seconds, int nanos) {
        return seconds * 1000 + nanos / 1_000_000;
    }

    /** Data was written; under the lock. */
    void wrote(boolean dropPrivileges) {
        modified = changed = now();
        if (dropPrivileges) {
            mode = FsMode.withoutPrivileges(mode);
        }
        if (!attributes.isEmpty()) {
            attributes.remove(CAPABILITY);
        }
    }

    /** Names of it, or in it, were changed. */
    synchronized void touched(boolean inside) {
        changed = now();
        if (inside) {
            modified = changed;
        }
    }

    synchronized void linked(int more) {
        links += more;
        touched(false);
        freeIfGone();
    }

    /** A directory lost its name. */
    synchronized void removed() {
        links = 0;
        freeIfGone();
    }

    synchronized long links() {
        return links;
    }

    synchronized int mode() {
        return mode;
    }

    synchronized void mode(int permissions) {
        mode = type() | permissions & FsMode.PERMISSIONS;
        changed = now();
    }

    synchronized void owner(long newUser, long newGroup) {
        user = newUser;
        group = newGroup;
        changed = now();
    }

    private synchronized long group() {
        return group;
    }

    // ── Who has it ─────────────────────────────────────────────────────────

    /** Somebody outside of the tree has it, as well as its names. */
    synchronized TreeNode use() {
        uses++;
        return this;
    }

    @Override
    public synchronized void release() {
        uses--;
        freeIfGone();
    }

    private void freeIfGone() {
        if (uses == 0 && links == 0) {
            if (data != null) {
                data.free();
            }
            tree.space().giveFileBack();
        }
    }

    // ── Names ──────────────────────────────────────────────────────────────

    TreeNames names() throws FsException {
        if (names == null) {
            throw FsException.of(FsErrno.ENOTDIR);
        }
        return names;
    }

    @Override
    public @Nullable FsNode lookup(FsCaller caller, FsName name, FsAttributes out) throws IOException {
        TreeNode found;
        synchronized (tree) {
            found = names().get(name);
            if (found != null) {
                found.use();
            }
        }
        return found == null ? null : described(found, out);
    }

    /** A node in use, with its attributes. */
    private static TreeNode described(TreeNode node, FsAttributes out) throws IOException {
        try {
            node.attributes(out);
            return node;
        } catch (IOException | RuntimeException e) {
            node.release();
            throw e;
        }
    }

    /** Makes a node in this directory; in use already. */
    private TreeNode make(FsCaller caller, FsName name, Kind kind) throws FsException {
        TreeNode made;
        synchronized (tree) {
            TreeNames all = names();
            all.requireAlive();
            if (all.get(name) != null) {
                throw FsException.of(FsErrno.EEXIST);
            }
            made = tree.make(inherit(caller, kind), caller.user(), groupOfNew(caller), this);
            all.put(name, made);
            made.use();
        }
        return made;
    }

    private long groupOfNew(FsCaller caller) {
        return (mode() & FsMode.SET_GROUP_ID) != 0 ? group() : caller.group();
    }

    private Kind inherit(FsCaller caller, Kind kind) {
        int newMode = kind.mode;
        boolean inherits = (mode() & FsMode.SET_GROUP_ID) != 0;
        if (FsMode.isDirectory(newMode)) {
            newMode |= inherits ? FsMode.SET_GROUP_ID : 0;
        } else if (caller.user() != 0 && !caller.isIn(groupOfNew(caller))) {
            newMode &= ~FsMode.SET_GROUP_ID;
        }
        return new Kind(newMode, kind.content, kind.target, kind.major, kind.minor);
    }

    @Override
    public FsCreated create(FsCaller caller, FsName name, int permissions, OpenFlags flags, FsAttributes out)
            throws IOException {
        TreeNode existing;
        synchronized (tree) {
            existing = names().get(name);
            if (existing != null && !flags.exclusive()) {
                existing.use();
            } else {
                existing = null;
            }
        }
        TreeNode node = existing != null ? existing : make(caller, name, new Kind(FsMode.REGULAR | permissions));
        if (!FsMode.isRegular(node.mode())) {
            node.release();
            throw FsException.of(node.names != null ? FsErrno.EISDIR : FsErrno.ELOOP);
        }
        return opened(node, caller, flags, out);
    }

    private static FsCreated opened(TreeNode node, FsCaller caller, OpenFlags flags, FsAttributes out)
            throws IOException {
        try {
            FsFile file = node.open(caller, flags);
            node.attributes(out);
            return new FsCreated(node, file);
        } catch (IOException | RuntimeException e) {
            node.release();
            throw e;
        }
    }

    @Override
    public FsCreated createTemporary(FsCaller caller, int permissions, OpenFlags flags, FsAttributes out)
            throws IOException {
        names();
        TreeNode made = tree.make(inherit(caller, new Kind(FsMode.REGULAR | permissions)), caller.user(),
                groupOfNew(caller), this);
        made.use();
        made.mayBeLinked = !flags.exclusive();
        return opened(made, caller, flags, out);
    }

    /** It has no name and may get one. */
    private boolean mayBeLinked;

    @Override
    public FsNode createDirectory(FsCaller caller, FsName name, int permissions, FsAttributes out) throws IOException {
        return described(make(caller, name, new Kind(FsMode.DIRECTORY | permissions)), out);
    }

    @Override
    public FsNode createSpecial(FsCaller caller, FsName name, int newMode, long newMajor, long newMinor,
            FsAttributes out) throws IOException {
        return described(make(caller, name, new Kind(newMode, null, null, newMajor, newMinor)), out);
    }

    @Override
    public FsNode createSymbolicLink(FsCaller caller, FsName name, byte[] text, FsAttributes out) throws IOException {
        return described(make(caller, name, new Kind(FsMode.SYMBOLIC_LINK | 0777, null, text, 0, 0)), out);
    }

    @Override
    public void link(FsCaller caller, FsNode existing, FsName name, FsAttributes out) throws IOException {
        TreeNode node = (TreeNode) existing;
        synchronized (tree) {
            TreeNames all = names();
            all.requireAlive();
            if (all.get(name) != null) {
                throw FsException.of(FsErrno.EEXIST);
            }
            if (node.links() == 0 && !node.mayBeLinked) {
                throw FsException.of(FsErrno.ENOENT);
            }
            all.put(name, node);
        }
        node.attributes(out);
    }

    @Override
    public void unlink(FsCaller caller, FsName name) throws FsException {
        synchronized (tree) {
            TreeNode node = names().require(name);
            if (node.names != null) {
                throw FsException.of(FsErrno.EISDIR);
            }
            names().remove(name);
        }
    }

    @Override
    public void removeDirectory(FsCaller caller, FsName name) throws FsException {
        synchronized (tree) {
            TreeNode node = names().require(name);
            if (!node.names().isEmpty()) {
                throw FsException.of(FsErrno.ENOTEMPTY);
            }
            names().remove(name);
        }
    }

    @Override
    public void rename(FsCaller caller, FsName name, FsNode newDirectory, FsName newName, RenameFlags flags)
            throws FsException {
        synchronized (tree) {
            TreeNames.rename(names(), name, ((TreeNode) newDirectory).names(), newName, flags);
            if (flags.whiteout()) {
                TreeNode whiteout = tree.make(new Kind(FsMode.CHARACTER_DEVICE), caller.user(), caller.group(), this);
                names().put(name, whiteout);
            }
        }
    }

    @Override
    public byte[] symbolicLink() throws FsException {
        if (target == null) {
            throw FsException.of(FsErrno.EINVAL);
        }
        return target;
    }

    // ── Content ────────────────────────────────────────────────────────────

    @Override
    public FsFile open(FsCaller caller, OpenFlags flags) throws IOException {
        if (content != null) {
            return new ComputedFile(this, content, flags);
        }
        TreeData bytes = data;
        if (bytes == null) {
            throw FsException.of(FsErrno.EISDIR);
        }
        if (flags.truncate()) {
            synchronized (this) {
                bytes.resize(0);
                wrote(flags.dropPrivileges());
            }
        }
        return new TreeFile(this, bytes, flags);
    }

    @Override
    public FsDirectory openDirectory(FsCaller caller) throws FsException {
        return new TreeListing(names());
    }

    // ── Extended attributes ────────────────────────────────────────────────

    /** One character a byte: names are bytes. */
    private static String key(byte[] name) {
        return new String(name, StandardCharsets.ISO_8859_1);
    }

    @Override
    public synchronized byte[] attribute(FsCaller caller, byte[] name) throws FsException {
        byte[] value = attributes.get(key(name));
        if (value == null) {
            throw FsException.of(FsErrno.ENODATA);
        }
        return value;
    }

    @Override
    public synchronized List<byte[]> attributeNames(FsCaller caller) {
        List<byte[]> all = new ArrayList<>();
        for (String name : attributes.keySet()) {
            all.add(name.getBytes(StandardCharsets.ISO_8859_1));
        }
        return all;
    }

    @Override
    public synchronized void setAttribute(FsCaller caller, byte[] name, byte[] value, boolean create, boolean replace,
            boolean dropSetGroupId) throws FsException {
        String key = key(name);
        if (key.startsWith("system.")) {
            throw FsException.of(FsErrno.EOPNOTSUPP); // access control lists, which it does not have
        }
        boolean exists = attributes.containsKey(key);
        if (create && exists || replace && !exists) {
            throw FsException.of(exists ? FsErrno.EEXIST : FsErrno.ENODATA);
        }
        if (!exists && attributes.size() >= MOST_ATTRIBUTES) {
            throw FsException.of(FsErrno.ENOSPC);
        }
        attributes.put(key, value);
        changed = now();
    }

    @Override
    public synchronized void removeAttribute(FsCaller caller, byte[] name) throws FsException {
        if (attributes.remove(key(name)) == null) {
            throw FsException.of(FsErrno.ENODATA);
        }
        changed = now();
    }
}
