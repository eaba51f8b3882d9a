// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.nio;

import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.FsStatistics;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A directory of any file system of Java, with all below it.
 *
 * <pre>{@code
 * FileSystem zip = FileSystems.newFileSystem(Path.of("app.jar"));
 * FsDevice device = FsDevice.of("app", PathBackend.of(zip.getPath("/")).closing(zip)).build();
 * }</pre>
 *
 * <p>What the file system does not know, such as owners in a ZIP file, is made up: everything belongs to user 0 then,
 * directories have mode 0755 and files 0644. New files belong to the driver's user if this process runs as root and the
 * file system has owners. Names are UTF-8; others cannot be created and are not found.
 *
 * <p>Threads that serve the device must not be interrupted: Java closes the file that an interrupted thread works on.
 *
 * <p>The package's description says what is promised and what is not where others change the tree at the same time.
 */
public final class PathBackend implements FsBackend {

    private static final long DEFAULT_FRAGMENT = 4096;

    private final Path root;
    private final PathAttributes attributes;
    private final Set<FsCapability> capabilities = EnumSet.of(FsCapability.LINKS, FsCapability.SYMBOLIC_LINKS);
    private final ReadWriteLock names = new ReentrantReadWriteLock();
    private final Map<Object, PathNode> byKey = new HashMap<>();
    private @Nullable FileSystem closing;

    private PathBackend(Path root) throws IOException {
        this.root = root;
        attributes = new PathAttributes(root);
        if (Files.getFileStore(root).supportsFileAttributeView(UserDefinedFileAttributeView.class)) {
            capabilities.add(FsCapability.EXTENDED_ATTRIBUTES);
        }
    }

    /**
     * Begins with a directory. What it is a link to counts, now and for good.
     *
     * @throws NotDirectoryException if it is none
     */
    public static PathBackend of(Path directory) throws IOException {
        Path root = directory.toRealPath();
        if (!Files.isDirectory(root, LinkOption.NOFOLLOW_LINKS)) {
            throw new NotDirectoryException(directory.toString());
        }
        return new PathBackend(root);
    }

    /** Closes a file system with the backend: what was written into a ZIP file is in it only then. */
    public PathBackend closing(FileSystem fileSystem) {
        closing = fileSystem;
        return this;
    }

    Path rootPath() {
        return root;
    }

    PathAttributes attributes() {
        return attributes;
    }

    /** Held to read while names are used, to write while they are changed. */
    ReadWriteLock names() {
        return names;
    }

    /** Nodes that the device has, by what the file system says that they are. Under its own lock. */
    Map<Object, PathNode> byKey() {
        return byKey;
    }

    @Override
    public FsNode root() throws IOException {
        return new PathNode(this, PathErrors.call(() -> attributes.key(root)), null, null);
    }

    @Override
    public Set<FsCapability> capabilities() {
        return capabilities;
    }

    @Override
    public boolean isReadOnly() {
        return root.getFileSystem().isReadOnly();
    }

    @Override
    public void statistics(FsNode node, FsStatistics out) throws IOException {
        FileStore store = PathErrors.call(() -> Files.getFileStore(root));
        out.fragmentSize = DEFAULT_FRAGMENT;
        out.blockSize = DEFAULT_FRAGMENT;
        out.freeBlocks = space(store::getUnallocatedSpace) / DEFAULT_FRAGMENT;
        out.availableBlocks = Math.min(out.freeBlocks, space(store::getUsableSpace) / DEFAULT_FRAGMENT);
        out.blocks = Math.max(out.freeBlocks, space(store::getTotalSpace) / DEFAULT_FRAGMENT);
    }

    /** Some stores do not know. */
    private static long space(PathErrors.Call<Long> question) throws IOException {
        try {
            return question.run();
        } catch (UnsupportedOperationException e) {
            return 0;
        }
    }

    @Override
    public void close() throws IOException {
        if (closing != null) {
            closing.close();
        }
    }

    @Override
    public String toString() {
        return "PathBackend[" + root + "]";
    }
}
