// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.tree;

import io.virtio4j.fs.backend.DataSource;
import io.virtio4j.fs.backend.DataTarget;
import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsListener;
import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.FsStatistics;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.fs.tree.TreeNode.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A tree of files in memory, and of files that code computes.
 *
 * <pre>{@code
 * TreeBackend tree = TreeBackend.create();
 * tree.file("etc/hostname", "guest\n");
 * tree.computed("status/time", () -> Instant.now().toString().getBytes(UTF_8));
 * FsDevice device = FsDevice.of("config", tree).build();
 * }</pre>
 *
 * <p>It has everything that a file system of Linux has but access control lists. The embedder may change it while it is
 * served. Paths are relative to the root; directories on the way are made. Safe for use by several threads.
 */
public final class TreeBackend implements FsBackend {

    private static final long DEFAULT_BYTES = 256L << 20;
    private static final long DEFAULT_FILES = 1 << 20;

    private final TreeSpace space;
    private final AtomicLong inodes = new AtomicLong();
    private final TreeNode root;
    private volatile @Nullable FsListener listener;

    private TreeBackend(long bytes, long files) {
        space = new TreeSpace(bytes / TreeData.PAGE, files);
        root = new TreeNode(this, inodes.incrementAndGet(), new Kind(FsMode.DIRECTORY | 0755), 0, 0, null);
        root.use(); // for good
    }

    /** Creates an empty tree of at most 256 MiB and 1,048,576 files, which belongs to user 0. */
    public static TreeBackend create() {
        return create(DEFAULT_BYTES, DEFAULT_FILES);
    }

    /**
     * Creates an empty tree, which belongs to user 0.
     *
     * @param bytes how much data it has room for; beyond, writes fail with ENOSPC
     * @param files how many files it has room for
     */
    public static TreeBackend create(long bytes, long files) {
        return new TreeBackend(bytes, files);
    }

    // ── For the embedder ───────────────────────────────────────────────────

    /** Makes a directory, unless there is one. */
    public TreeBackend directory(String path) {
        synchronized (this) {
            walk(path);
        }
        return this;
    }

    /** Makes a file with a content, in place of what has the name; mode 0644. */
    public TreeBackend file(String path, byte[] content) {
        TreeNode made = put(path, new Kind(FsMode.REGULAR | 0644));
        try {
            new TreeFile(made, data(made), OpenFlags.READ_AND_WRITE)
                    .write(0, DataSource.of(MemorySegment.ofArray(content)), false);
        } catch (FsException e) {
            throw new UncheckedIOException("tree: path=" + path, e);
        }
        return this;
    }

    /** Makes a file with the UTF-8 of a text, in place of what has the name; mode 0644. */
    public TreeBackend file(String path, String text) {
        return file(path, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Makes a file that is computed when it is opened, in place of what has the name; mode 0444. */
    public TreeBackend computed(String path, TreeContent content) {
        put(path, new Kind(FsMode.REGULAR | 0444, content, null, 0, 0));
        return this;
    }

    /** Makes a symbolic link, in place of what has the name. */
    public TreeBackend symbolicLink(String path, String target) {
        put(path, new Kind(FsMode.SYMBOLIC_LINK | 0777, null, target.getBytes(StandardCharsets.UTF_8), 0, 0));
        return this;
    }

    /** Sets permissions: S_ISUID, S_ISGID, S_ISVTX and those of user, group and others. */
    public TreeBackend mode(String path, int permissions) {
        TreeNode node = existing(path);
        node.mode(permissions);
        tell(node);
        return this;
    }

    /** Sets user and group. */
    public TreeBackend owner(String path, long user, long group) {
        TreeNode node = existing(path);
        node.owner(user, group);
        tell(node);
        return this;
    }

    /**
     * Removes a file, or a directory with all that it has.
     *
     * @return false if there is nothing of that name
     */
    public boolean remove(String path) {
        FsName name;
        TreeNode node;
        TreeNode parent;
        synchronized (this) {
            parent = find(parentOf(path));
            name = FsName.of(nameOf(path));
            node = parent == null || parent.names == null ? null : parent.names.get(name);
            if (parent == null || parent.names == null || node == null) {
                return false;
            }
            empty(node);
            parent.names.remove(name);
        }
        FsListener told = listener;
        if (told != null) {
            told.removed(parent, name, node);
        }
        return true;
    }

    /** Whether there is something of that name. */
    public boolean exists(String path) {
        synchronized (this) {
            return find(path) != null;
        }
    }

    /**
     * Reads all of a file, a computed one too.
     *
     * @throws IOException if there is none
     */
    public byte[] content(String path) throws IOException {
        TreeNode node;
        synchronized (this) {
            node = find(path);
        }
        if (node == null || !FsMode.isRegular(node.mode())) {
            throw new NoSuchFileException(path);
        }
        if (node.content != null) {
            return node.content.read();
        }
        synchronized (node) {
            byte[] bytes = new byte[Math.toIntExact(data(node).size())];
            data(node).read(0, DataTarget.of(MemorySegment.ofArray(bytes)));
            return bytes;
        }
    }

    private static TreeData data(TreeNode node) {
        if (node.data == null) {
            throw new IllegalStateException("not a file in memory");
        }
        return node.data;
    }

    private TreeNode put(String path, Kind kind) {
        FsName name = FsName.of(nameOf(path));
        TreeNode parent;
        TreeNode made;
        synchronized (this) {
            parent = walk(parentOf(path));
            TreeNames names = namesOf(parent, path);
            TreeNode before = names.get(name);
            if (before != null && before.names != null) {
                throw new IllegalArgumentException("a directory is not replaced: path=" + path);
            }
            try {
                made = make(kind, 0, 0, parent);
            } catch (FsException e) {
                throw new UncheckedIOException("tree: path=" + path, e);
            }
            names.remove(name);
            names.put(name, made);
        }
        FsListener told = listener;
        if (told != null) {
            told.renamed(parent, name);
        }
        return made;
    }

    private void tell(TreeNode node) {
        FsListener told = listener;
        if (told != null) {
            told.changed(node, -1, 0);
        }
    }

    private void empty(TreeNode node) {
        TreeNames names = node.names;
        if (names != null) {
            for (TreeNames.Entry entry = names.after(0); entry != null; entry = names.after(0)) {
                empty(entry.node());
                names.remove(entry.name());
            }
        }
    }

    private TreeNode existing(String path) {
        synchronized (this) {
            TreeNode node = find(path);
            if (node == null) {
                throw new IllegalArgumentException("nothing of that name: path=" + path);
            }
            return node;
        }
    }

    private static String parentOf(String path) {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash);
    }

    private static String nameOf(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static TreeNames namesOf(TreeNode node, String path) {
        if (node.names == null) {
            throw new IllegalArgumentException("a file is in the way of a directory: path=" + path);
        }
        return node.names;
    }

    private TreeNode walk(String path) {
        TreeNode at = root;
        for (String part : path.isEmpty() ? new String[0] : path.split("/")) {
            FsName name = FsName.of(part);
            TreeNames names = namesOf(at, path);
            TreeNode next = names.get(name);
            if (next == null) {
                try {
                    next = make(new Kind(FsMode.DIRECTORY | 0755), 0, 0, at);
                } catch (FsException e) {
                    throw new UncheckedIOException("tree: path=" + path, e);
                }
                names.put(name, next);
            }
            at = next;
        }
        return at;
    }

    private @Nullable TreeNode find(String path) {
        TreeNode at = root;
        for (String part : path.isEmpty() ? new String[0] : path.split("/")) {
            if (at == null || at.names == null) {
                return null;
            }
            at = at.names.get(FsName.of(part));
        }
        return at;
    }

    // ── For the device ─────────────────────────────────────────────────────

    TreeSpace space() {
        return space;
    }

    /** Makes a node without a name. */
    TreeNode make(Kind kind, long user, long group, TreeNode parent) throws FsException {
        space.takeFile();
        return new TreeNode(this, inodes.incrementAndGet(), kind, user, group, parent);
    }

    @Override
    public FsNode root() {
        return root.use();
    }

    @Override
    public Set<FsCapability> capabilities() {
        return EnumSet.complementOf(EnumSet.of(FsCapability.MAPPING, FsCapability.ACCESS_CONTROL_LISTS));
    }

    @Override
    public void statistics(FsNode node, FsStatistics out) {
        out.fragmentSize = TreeData.PAGE;
        out.blockSize = TreeData.PAGE;
        out.blocks = space.pages;
        out.freeBlocks = space.freePages();
        out.availableBlocks = out.freeBlocks;
        out.files = space.files;
        out.freeFiles = space.freeFiles();
    }

    @Override
    public void listener(@Nullable FsListener newListener) {
        listener = newListener;
    }

    @Override
    public String toString() {
        return "TreeBackend";
    }
}
