// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.nio;

import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsChange;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsMode;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Attributes of files of one file system, by the best view that it has; of links themselves. */
final class PathAttributes {

    private static final LinkOption NOFOLLOW = LinkOption.NOFOLLOW_LINKS;
    private static final int PERMISSION_BITS = 0777;
    private static final int BLOCK = 512;
    private static final int BLOCK_SIZE = 4096;

    private final boolean unix;
    /** The host's own file system, whose attributes of Unix can be set; others only show theirs. */
    private final boolean host;
    private final boolean posix;

    PathAttributes(Path root) {
        Set<String> views = root.getFileSystem().supportedFileAttributeViews();
        unix = views.contains("unix");
        host = unix && root.getFileSystem() == FileSystems.getDefault();
        posix = views.contains("posix");
    }

    boolean isHost() {
        return host;
    }

    /** What the file is, whatever its name; {@code null} if the file system does not say. */
    @Nullable Object key(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, NOFOLLOW).fileKey();
    }

    /** Fills in attributes of a file. */
    void read(Path path, long inodeOtherwise, FsAttributes out) throws IOException {
        if (host) {
            Map<String, Object> found = Files.readAttributes(path, "unix:*", NOFOLLOW);
            readNumbers(found, out);
            out.mode = (int) number(found, "mode");
            common(number(found, "size"), time(found, "lastAccessTime"), time(found, "lastModifiedTime"),
                    time(found, "ctime"), time(found, "creationTime"), out);
            return;
        }
        BasicFileAttributes found = posix ? Files.readAttributes(path, PosixFileAttributes.class, NOFOLLOW)
                : Files.readAttributes(path, BasicFileAttributes.class, NOFOLLOW);
        out.inode = inodeOtherwise;
        out.links = found.isDirectory() ? 2 : 1;
        out.mode = type(found) | permissions(found);
        common(found.size(), found.lastAccessTime(), found.lastModifiedTime(), found.lastModifiedTime(),
                found.creationTime(), out);
        if (unix) {
            readNumbers(Files.readAttributes(path, "unix:ino,nlink,uid,gid", NOFOLLOW), out);
        }
    }

    private static int type(BasicFileAttributes found) {
        return found.isDirectory() ? FsMode.DIRECTORY : found.isSymbolicLink() ? FsMode.SYMBOLIC_LINK
                : found.isRegularFile() ? FsMode.REGULAR : FsMode.FIFO; // which nobody opens
    }

    private static int permissions(BasicFileAttributes found) {
        if (found instanceof PosixFileAttributes more) {
            return bits(more.permissions());
        }
        return found.isDirectory() ? 0755 : found.isSymbolicLink() ? 0777 : 0644;
    }

    private static void readNumbers(Map<String, Object> found, FsAttributes out) {
        out.inode = number(found, "ino");
        out.links = Integer.toUnsignedLong((int) number(found, "nlink"));
        out.user = Integer.toUnsignedLong((int) number(found, "uid"));
        out.group = Integer.toUnsignedLong((int) number(found, "gid"));
    }

    private static long number(Map<String, Object> found, String name) {
        return ((Number) Objects.requireNonNull(found.get(name), name)).longValue();
    }

    private static FileTime time(Map<String, Object> found, String name) {
        return (FileTime) Objects.requireNonNull(found.get(name), name);
    }

    private static void common(long size, FileTime access, FileTime modify, FileTime change, FileTime birth,
            FsAttributes out) {
        out.size = size;
        out.blocks = (size + BLOCK - 1) / BLOCK;
        out.blockSize = BLOCK_SIZE;
        out.accessed(seconds(access), nanos(access));
        out.modified(seconds(modify), nanos(modify));
        out.changed(seconds(change), nanos(change));
        out.born(seconds(birth), nanos(birth));
    }

    private static long seconds(FileTime time) {
        return time.toInstant().getEpochSecond();
    }

    private static int nanos(FileTime time) {
        return time.toInstant().getNano();
    }

    // ── Changes ────────────────────────────────────────────────────────────

    /** Changes all but the size. */
    void change(Path path, FsChange change, FsAttributes before) throws IOException {
        if (change.has(FsChange.USER | FsChange.GROUP)) {
            changeOwner(path, change, before);
        }
        if (change.has(FsChange.MODE)) {
            mode(path, change.mode, before);
        }
        if (change.has(FsChange.ACCESS_TIME | FsChange.ACCESS_NOW | FsChange.MODIFY_TIME | FsChange.MODIFY_NOW)) {
            FileTime access = time(change, FsChange.ACCESS_NOW, FsChange.ACCESS_TIME, change.accessSeconds,
                    change.accessNanos);
            FileTime modify = time(change, FsChange.MODIFY_NOW, FsChange.MODIFY_TIME, change.modifySeconds,
                    change.modifyNanos);
            Files.getFileAttributeView(path, BasicFileAttributeView.class, NOFOLLOW).setTimes(modify, access, null);
        }
    }

    private static @Nullable FileTime time(FsChange change, int now, int given, long seconds, int nanos) {
        if (change.has(now)) {
            return FileTime.from(Instant.now());
        }
        if (!change.has(given)) {
            return null;
        }
        return nanos == 0 ? FileTime.from(seconds, TimeUnit.SECONDS) : FileTime.from(Instant.ofEpochSecond(seconds,
                nanos));
    }

    private void changeOwner(Path path, FsChange change, FsAttributes before) throws IOException {
        boolean sameUser = !change.has(FsChange.USER) || change.user == before.user;
        boolean sameGroup = !change.has(FsChange.GROUP) || change.group == before.group;
        if (!(sameUser && sameGroup) && !host) {
            throw FsException.of(FsErrno.EPERM);
        }
        if (!sameUser) {
            Files.setAttribute(path, "unix:uid", (int) change.user, NOFOLLOW);
        }
        if (!sameGroup) {
            Files.setAttribute(path, "unix:gid", (int) change.group, NOFOLLOW);
        }
        int kept = FsMode.afterChangeOfOwner(before.mode);
        if (kept != before.mode && !change.has(FsChange.MODE)) {
            mode(path, kept & FsMode.PERMISSIONS, before);
        }
    }

    /** A new file belongs to who asked for it, if that is for this process to say. */
    void own(Path path, long user, long group, boolean inheritsGroup) throws IOException {
        if (!host) {
            return;
        }
        Map<String, Object> made = Files.readAttributes(path, "unix:uid,gid", NOFOLLOW);
        if (number(made, "uid") != 0) {
            return; // not root
        }
        if (!inheritsGroup && Integer.toUnsignedLong((int) number(made, "gid")) != group) {
            Files.setAttribute(path, "unix:gid", (int) group, NOFOLLOW);
        }
        if (user != 0) {
            Files.setAttribute(path, "unix:uid", (int) user, NOFOLLOW);
        }
    }

    /** Sets permissions of a new file, as far as there are some. */
    void modeOfNew(Path path, int mode) throws IOException {
        if (host) {
            Files.setAttribute(path, "unix:mode", mode, NOFOLLOW);
        } else if (posix) {
            Files.getFileAttributeView(path, PosixFileAttributeView.class, NOFOLLOW).setPermissions(permissions(mode));
        }
    }

    private void mode(Path path, int mode, FsAttributes before) throws IOException {
        if (mode == (before.mode & FsMode.PERMISSIONS)) {
            return;
        }
        if (!host && (!posix || (mode & ~PERMISSION_BITS) != 0)) {
            throw FsException.of(FsErrno.EPERM);
        }
        modeOfNew(path, mode);
    }

    /** In the order of the bits, from 0400 on. */
    private static final PosixFilePermission[] ORDER = {
        PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE,
        PosixFilePermission.GROUP_READ, PosixFilePermission.GROUP_WRITE, PosixFilePermission.GROUP_EXECUTE,
        PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE, PosixFilePermission.OTHERS_EXECUTE
    };

    private static int bits(Set<PosixFilePermission> permissions) {
        int bits = 0;
        for (int i = 0; i < ORDER.length; i++) {
            bits |= permissions.contains(ORDER[i]) ? 0400 >> i : 0;
        }
        return bits;
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        for (int i = 0; i < ORDER.length; i++) {
            if ((mode & 0400 >> i) != 0) {
                permissions.add(ORDER[i]);
            }
        }
        return permissions;
    }
}
