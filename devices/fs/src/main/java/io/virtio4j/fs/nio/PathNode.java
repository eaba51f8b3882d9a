// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.nio;

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
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * A file by the names that lead to it, each a name in the node of a directory. Names are used under the backend's lock
 * for reading and changed under that for writing; who has a node is under the lock of the backend's table.
 */
final class PathNode implements FsNode {

    private static final LinkOption NOFOLLOW = LinkOption.NOFOLLOW_LINKS;
    private static final AtomicLong NUMBERS = new AtomicLong(1);

    /** A name of a directory. */
    record Place(PathNode directory, FsName name) {}

    private final PathBackend backend;
    private final @Nullable Object key;
    private final long number = NUMBERS.incrementAndGet();
    /** Names that lead here; the first is used. Empty for the root, and for what has none any more. */
    private final List<Place> places = new CopyOnWriteArrayList<>();
    private final boolean isRoot;
    private int uses = 1;
    private final FsAttributes seen = new FsAttributes();
    private final List<ChannelFile> writers = new CopyOnWriteArrayList<>();

    PathNode(PathBackend backend, @Nullable Object key, @Nullable PathNode directory, @Nullable FsName name) {
        this.backend = backend;
        this.key = key;
        isRoot = directory == null;
        if (directory != null && name != null) {
            places.add(new Place(directory, name));
        }
    }

    @Override
    public Object identity() {
        return this;
    }

    PathBackend backend() {
        return backend;
    }

    // ── Who has it ─────────────────────────────────────────────────────────

    /** The node of a name, in use from now on; under a lock of names. */
    private PathNode node(FsName name, Path path) throws IOException {
        Object found = backend.attributes().key(path);
        Place place = new Place(this, name);
        Map<Object, PathNode> table = backend.byKey();
        synchronized (table) {
            PathNode known = table.get(found == null ? place : found);
            if (known != null) {
                known.uses++;
                if (!known.places.contains(place)) {
                    known.places.add(place);
                    uses++;
                }
                return known;
            }
            PathNode made = new PathNode(backend, found, this, name);
            table.put(found == null ? place : found, made);
            uses++;
            return made;
        }
    }

    @Override
    public void release() {
        Map<Object, PathNode> table = backend.byKey();
        synchronized (table) {
            release(table);
        }
    }

    private void release(Map<Object, PathNode> table) {
        if (--uses > 0) {
            return;
        }
        if (key != null) {
            table.remove(key, this);
        }
        for (Place place : places) {
            table.remove(place, this);
            place.directory.release(table);
        }
        places.clear();
    }

    /** What has a name, if the device has it; under the lock of names. */
    private @Nullable PathNode known(FsName name, Path path) throws IOException {
        Object found = Files.exists(path, NOFOLLOW) ? backend.attributes().key(path) : null;
        Map<Object, PathNode> table = backend.byKey();
        synchronized (table) {
            return table.get(found == null ? new Place(this, name) : found);
        }
    }

    /** A name does not lead here any more. */
    private void lost(Place place) {
        Map<Object, PathNode> table = backend.byKey();
        synchronized (table) {
            if (places.remove(place)) {
                table.remove(place, this);
                place.directory.release(table);
            }
            if (places.isEmpty() && key != null) {
                table.remove(key, this); // another file may be called so
            }
        }
    }

    private void moved(Place from, Place to) {
        Map<Object, PathNode> table = backend.byKey();
        synchronized (table) {
            if (!places.remove(from)) {
                return;
            }
            places.add(to);
            to.directory.uses++;
            if (table.remove(from, this)) {
                table.put(to, this);
            }
            from.directory.release(table);
        }
    }

    // ── Paths ──────────────────────────────────────────────────────────────

    /** Where it is now; under a lock of names. */
    Path path() throws FsException {
        if (isRoot) {
            return backend.rootPath();
        }
        if (places.isEmpty()) {
            throw FsException.of(FsErrno.ESTALE);
        }
        Place place = places.getFirst();
        return place.directory.path(place.name);
    }

    private Path path(FsName name) throws FsException {
        Path path = pathOrNull(name);
        if (path == null) {
            throw FsException.of(FsErrno.EINVAL);
        }
        return path;
    }

    /** Another file system may take other characters apart, or change or refuse them: that is no name there. */
    private @Nullable Path pathOrNull(FsName name) throws FsException {
        Path directory = path();
        String text = name.text();
        if (text == null) {
            return null;
        }
        try {
            Path path = directory.resolve(text);
            return path.getNameCount() == directory.getNameCount() + 1 && directory.equals(path.getParent())
                    && text.equals(path.getFileName().toString()) ? path : null;
        } catch (InvalidPathException e) {
            return null;
        }
    }

    /** While names are used, nobody changes them. */
    private <T extends @Nullable Object> T reading(PathErrors.Call<T> call) throws IOException {
        return locked(backend.names().readLock(), call);
    }

    private <T extends @Nullable Object> T writing(PathErrors.Call<T> call) throws IOException {
        return locked(backend.names().writeLock(), call);
    }

    private static <T extends @Nullable Object> T locked(Lock lock, PathErrors.Call<T> call) throws IOException {
        lock.lock();
        try {
            return PathErrors.call(call);
        } finally {
            lock.unlock();
        }
    }

    // ── Attributes ─────────────────────────────────────────────────────────

    @Override
    public void attributes(FsAttributes out) throws IOException {
        reading(() -> {
            read(out);
            return true;
        });
    }

    /** Whether no name leads here any more. */
    boolean isGone() {
        return !isRoot && places.isEmpty();
    }

    void lastSeen(FsAttributes out) {
        synchronized (seen) {
            out.set(seen);
        }
    }

    private void read(FsAttributes out) throws IOException {
        backend.attributes().read(path(), number, out);
        if (!writers.isEmpty()) {
            // Some file systems know of what was written only when the file is closed.
            out.size = 0;
            for (ChannelFile writer : writers) {
                out.size = Math.max(out.size, writer.size());
            }
        }
        synchronized (seen) {
            seen.set(out);
        }
    }

    @Override
    public void change(FsCaller caller, FsChange change, FsAttributes out) throws IOException {
        reading(() -> {
            Path path = path();
            FsAttributes before = new FsAttributes();
            read(before);
            if (change.has(FsChange.SIZE)) {
                resize(path, change.size);
                int kept = change.dropPrivileges ? FsMode.withoutPrivileges(before.mode) : before.mode;
                if (kept != before.mode) {
                    backend.attributes().modeOfNew(path, kept & FsMode.PERMISSIONS);
                    before.mode = kept;
                }
            }
            backend.attributes().change(path, change, before);
            read(out.clear());
            return true;
        });
    }

    private void resize(Path path, long size) throws IOException {
        if (!writers.isEmpty()) {
            for (ChannelFile writer : writers) {
                writer.resize(size);
            }
            return;
        }
        try (ChannelFile file = ChannelFile.open(this, path, OpenFlags.READ_AND_WRITE)) {
            file.resize(size);
        }
    }

    /** Something was written by somebody without privileges. */
    void dropPrivileges() throws IOException {
        reading(() -> {
            FsAttributes now = new FsAttributes();
            backend.attributes().read(path(), number, now);
            int kept = FsMode.withoutPrivileges(now.mode);
            if (kept != now.mode) {
                backend.attributes().modeOfNew(path(), kept & FsMode.PERMISSIONS);
            }
            return true;
        });
    }

    // ── Names ──────────────────────────────────────────────────────────────

    @Override
    public @Nullable FsNode lookup(FsCaller caller, FsName name, FsAttributes out) throws IOException {
        return reading(() -> {
            Path path = pathOrNull(name);
            return path == null || !Files.exists(path, NOFOLLOW) ? null : found(name, path, out);
        });
    }

    private PathNode found(FsName name, Path path, FsAttributes out) throws IOException {
        PathNode node = node(name, path);
        try {
            node.read(out);
            return node;
        } catch (IOException | RuntimeException e) {
            node.release();
            throw e;
        }
    }

    /** Gives what was just made its owner and mode, and finds it. */
    private PathNode made(FsCaller caller, FsName name, Path path, int mode, FsAttributes out) throws IOException {
        FsAttributes directory = new FsAttributes();
        backend.attributes().read(path(), number, directory);
        boolean inherits = (directory.mode & FsMode.SET_GROUP_ID) != 0;
        long group = inherits ? directory.group : caller.group();
        backend.attributes().own(path, caller.user(), group, inherits);
        if (!FsMode.isSymbolicLink(mode)) {
            int newMode = mode & FsMode.PERMISSIONS;
            if (FsMode.isDirectory(mode)) {
                newMode |= inherits ? FsMode.SET_GROUP_ID : 0;
            } else if (caller.user() != 0 && !caller.isIn(group)) {
                newMode &= ~FsMode.SET_GROUP_ID;
            }
            backend.attributes().modeOfNew(path, newMode);
        }
        return found(name, path, out);
    }

    @Override
    public FsCreated create(FsCaller caller, FsName name, int mode, OpenFlags flags, FsAttributes out)
            throws IOException {
        return reading(() -> {
            Path path = path(name);
            if (Files.exists(path, NOFOLLOW)) {
                return createExisting(name, path, flags, out);
            }
            Files.createFile(path);
            PathNode node = made(caller, name, path, FsMode.REGULAR | mode, out);
            return opened(node, path, flags);
        });
    }

    private FsCreated createExisting(FsName name, Path path, OpenFlags flags, FsAttributes out) throws IOException {
        if (flags.exclusive()) {
            throw FsException.of(FsErrno.EEXIST);
        }
        if (!Files.isRegularFile(path, NOFOLLOW)) {
            throw FsException.of(Files.isDirectory(path, NOFOLLOW) ? FsErrno.EISDIR : FsErrno.ELOOP);
        }
        PathNode node = found(name, path, out);
        FsCreated created = opened(node, path, flags);
        node.read(out.clear());
        return created;
    }

    private static FsCreated opened(PathNode node, Path path, OpenFlags flags) throws IOException {
        try {
            return new FsCreated(node, node.open(path, flags));
        } catch (IOException | RuntimeException e) {
            node.release();
            throw e;
        }
    }

    @Override
    public FsNode createDirectory(FsCaller caller, FsName name, int mode, FsAttributes out) throws IOException {
        return reading(() -> {
            Path path = path(name);
            Files.createDirectory(path);
            return made(caller, name, path, FsMode.DIRECTORY | mode, out);
        });
    }

    @Override
    public FsNode createSpecial(FsCaller caller, FsName name, int mode, long major, long minor, FsAttributes out)
            throws IOException {
        return reading(() -> {
            Path path = path(name);
            Files.createFile(path);
            return made(caller, name, path, mode, out);
        });
    }

    @Override
    public FsNode createSymbolicLink(FsCaller caller, FsName name, byte[] target, FsAttributes out)
            throws IOException {
        return reading(() -> {
            Path path = path(name);
            String text = new String(target, StandardCharsets.UTF_8);
            permitted(() -> Files.createSymbolicLink(path, path.getFileSystem().getPath(text)));
            return made(caller, name, path, FsMode.SYMBOLIC_LINK, out);
        });
    }

    @Override
    public void link(FsCaller caller, FsNode existing, FsName name, FsAttributes out) throws IOException {
        PathNode node = (PathNode) existing;
        writing(() -> {
            Path path = path(name);
            permitted(() -> Files.createLink(path, node.path()));
            Place place = new Place(this, name);
            synchronized (backend.byKey()) {
                node.places.add(place);
                uses++;
            }
            node.read(out);
            return true;
        });
    }

    /** What the file system does not have is not permitted. */
    private static <T> T permitted(PathErrors.Call<T> call) throws IOException {
        try {
            return call.run();
        } catch (UnsupportedOperationException e) {
            throw FsException.of(FsErrno.EPERM);
        }
    }

    @Override
    public void unlink(FsCaller caller, FsName name) throws IOException {
        remove(name, false);
    }

    @Override
    public void removeDirectory(FsCaller caller, FsName name) throws IOException {
        remove(name, true);
    }

    private void remove(FsName name, boolean directory) throws IOException {
        writing(() -> {
            Path path = path(name);
            if (Files.exists(path, NOFOLLOW) && Files.isDirectory(path, NOFOLLOW) != directory) {
                throw FsException.of(directory ? FsErrno.ENOTDIR : FsErrno.EISDIR);
            }
            PathNode node = known(name, path);
            Files.delete(path);
            if (node != null) {
                node.lost(new Place(this, name));
            }
            return true;
        });
    }

    @Override
    public void rename(FsCaller caller, FsName name, FsNode newDirectory, FsName newName, RenameFlags flags)
            throws IOException {
        PathNode to = (PathNode) newDirectory;
        writing(() -> {
            Path from = path(name);
            Path target = to.path(newName);
            boolean replaces = Files.exists(target, NOFOLLOW);
            if (flags.noReplace() && replaces) {
                throw FsException.of(FsErrno.EEXIST);
            }
            PathNode moved = known(name, from);
            PathNode replaced = replaces ? to.known(newName, target) : null;
            if (replaces && Files.isSameFile(from, target)) {
                return false; // two names of one file: nothing is done
            }
            move(from, target, replaces);
            if (replaced != null) {
                replaced.lost(new Place(to, newName));
            }
            if (moved != null) {
                moved.moved(new Place(this, name), new Place(to, newName));
            }
            return true;
        });
    }

    private static void move(Path from, Path to, boolean replaces) throws IOException {
        boolean isDirectory = Files.isDirectory(from, NOFOLLOW);
        if (replaces && isDirectory != Files.isDirectory(to, NOFOLLOW)) {
            throw FsException.of(isDirectory ? FsErrno.ENOTDIR : FsErrno.EISDIR);
        }
        if (to.startsWith(from)) {
            throw FsException.of(FsErrno.EINVAL);
        }
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException | UnsupportedOperationException e) {
            if (isDirectory) {
                throw FsException.of(FsErrno.EXDEV); // the driver's programs copy it
            }
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    @Override
    public byte[] symbolicLink() throws IOException {
        return reading(() -> Files.readSymbolicLink(path()).toString().getBytes(StandardCharsets.UTF_8));
    }

    // ── Content ────────────────────────────────────────────────────────────

    @Override
    public FsFile open(FsCaller caller, OpenFlags flags) throws IOException {
        return reading(() -> open(path(), flags));
    }

    private ChannelFile open(Path path, OpenFlags flags) throws IOException {
        ChannelFile file = ChannelFile.open(this, path, flags);
        if (flags.write()) {
            writers.add(file);
        }
        if (flags.truncate() && flags.dropPrivileges()) {
            dropPrivileges();
        }
        return file;
    }

    void closed(ChannelFile file) {
        writers.remove(file);
    }

    @Override
    public FsDirectory openDirectory(FsCaller caller) throws IOException {
        return reading(() -> {
            if (!Files.isDirectory(path(), NOFOLLOW)) {
                throw FsException.of(FsErrno.ENOTDIR);
            }
            return new PathListing(this);
        });
    }

    /** The names that a directory has now. */
    List<FsName> names() throws IOException {
        return reading(() -> {
            List<FsName> all = new ArrayList<>();
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(path())) {
                for (Path path : stream) {
                    // ZIP files know directories by names with a slash at the end.
                    String text = path.getFileName().toString();
                    byte[] bytes = (text.endsWith("/") ? text.substring(0, text.length() - 1) : text)
                            .getBytes(StandardCharsets.UTF_8);
                    if (FsName.isName(bytes)) {
                        all.add(FsName.of(bytes));
                    }
                }
            } catch (DirectoryIteratorException e) {
                throw e.getCause();
            }
            return all;
        });
    }

    /** Makes names durable, where a directory can be opened like a file. */
    void sync() throws IOException {
        if (backend.attributes().isHost()) {
            reading(() -> {
                ChannelFile.forceDirectory(path());
                return true;
            });
        }
    }

    // ── Extended attributes ────────────────────────────────────────────────

    @Override
    public byte[] attribute(FsCaller caller, byte[] name) throws IOException {
        return reading(() -> UserAttributes.of(path()).read(name));
    }

    @Override
    public List<byte[]> attributeNames(FsCaller caller) throws IOException {
        return reading(() -> UserAttributes.of(path()).names());
    }

    @Override
    public void setAttribute(FsCaller caller, byte[] name, byte[] value, boolean create, boolean replace,
            boolean dropSetGroupId) throws IOException {
        reading(() -> {
            UserAttributes.of(path()).write(name, value, create, replace);
            return true;
        });
    }

    @Override
    public void removeAttribute(FsCaller caller, byte[] name) throws IOException {
        reading(() -> {
            UserAttributes.of(path()).remove(name);
            return true;
        });
    }
}
