// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A file of any kind that is held, not opened ({@code O_PATH}): a place in a tree of which nothing outside can be
 * reached. Whatever happens to the names of the tree meanwhile, this stays the same file.
 *
 * <p><b>Confined.</b> A tree begins with {@link #root}, and goes on with one name of one directory at a time
 * ({@link #find}): never through a symbolic link, a magic link of {@code /proc} or {@code ..}
 * ({@code openat2} with {@code RESOLVE_BENEATH}, {@code RESOLVE_NO_SYMLINKS} and {@code RESOLVE_NO_MAGICLINKS}). All
 * other calls take a node and a single name, which the kernel does not follow. A name is refused with {@code EINVAL},
 * before any call, if it is empty, {@code .}, {@code ..}, or has a slash or a zero in it; with {@code ENAMETOOLONG} if
 * it is longer than 255 bytes. A directory that another process moves out of the tree while its node is held stays
 * what it is: that node, and what is in it.
 *
 * <p><b>Opening is safe</b>, since it opens what is held and not a name: the kernel is asked for the descriptor's own
 * file again, by {@code /proc/self/fd}. Only regular files and directories are opened, because opening a FIFO waits and
 * opening a device node acts. Which of them a file is cannot change while it is held, so the look at its type and the
 * opening cannot be told apart by anybody; a link in the place of the name is never looked at. A file that
 * {@link #create} makes did not exist before ({@code O_EXCL}), so it is a regular one.
 *
 * <p>Names are bytes, without a final zero, as Linux has them. Modes are those of {@code mknod(2)}; the umask of this
 * process counts. Any thread may use and close a node; a number goes back to the kernel when nobody uses it.
 *
 * <p>Needs Linux 5.8 and {@code /proc}.
 */
public final class LinuxNode implements AutoCloseable {

    /** What a file is opened for. */
    public enum Access {
        /** Reading. */
        READ(0),
        /** Writing. */
        WRITE(OpenHow.O_WRONLY),
        /** Reading and writing. */
        READ_WRITE(FileCalls.O_RDWR);

        private final int flag;

        Access(int flag) {
            this.flag = flag;
        }
    }

    /** How a file is opened. */
    public enum Option {
        /** Every write goes to the end of the file, whatever its position says. */
        APPEND(OpenHow.O_APPEND),
        /** The file is cut to length 0. */
        TRUNCATE(FileCalls.O_TRUNC),
        /** Past the page cache: positions, lengths and memory must be aligned as the file system wants. */
        DIRECT(OpenHow.O_DIRECT),
        /** A write returns when its data is durable. */
        DSYNC(FileCalls.O_DSYNC),
        /** A write returns when it is durable with all that belongs to it. */
        SYNC(OpenHow.O_SYNC),
        /** A file without a name never gets one. */
        NAMELESS(FileCalls.O_EXCL);

        private final int flag;

        Option(int flag) {
            this.flag = flag;
        }
    }

    /** Leaves a time as it is, in {@link #changeTimes}. */
    public static final FileAttributes.Time AS_IT_IS = new FileAttributes.Time(0, (1 << 30) - 2);
    /** The time at which the kernel makes the change, in {@link #changeTimes}. */
    public static final FileAttributes.Time NOW = new FileAttributes.Time(0, (1 << 30) - 1);
    /** Leaves an owner or a group as it is, in {@link #changeOwner}. */
    public static final int SAME = -1;

    static final int HOLD = OpenHow.O_PATH | OpenHow.O_NOFOLLOW | FileCalls.O_CLOEXEC;
    private static final int OPEN = FileCalls.O_CLOEXEC | FileCalls.O_NOCTTY | FileCalls.O_NONBLOCK;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int AT_SYMLINK_FOLLOW = 0x400;
    private static final int AT_REMOVEDIR = 0x200;
    /** How often a lookup is made again that a rename elsewhere disturbed. */
    private static final int TRIES = 64;

    final FileDescriptor descriptor;
    private FileStatus.@Nullable Type type;

    LinuxNode(FileDescriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Holds a directory as the root of a tree.
     *
     * @param directory of the default file system; links on the way to it are followed, since it is the caller's word
     * @return its node, owned by the caller
     * @throws LinuxException as {@code open(2)} fails; {@code ENOTDIR} if it is something else
     * @throws IOException if the kernel has no {@code openat2}, or {@code /proc} is not there
     */
    public static LinuxNode root(Path directory) throws IOException {
        Linux.requireSupported();
        LinuxNode root;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = Libc.cString(arena, Libc.name(directory));
            root = new LinuxNode(FileDescriptor.opened(FileCalls.open(name,
                    OpenHow.O_PATH | OpenHow.O_DIRECTORY | FileCalls.O_CLOEXEC, 0), "open", "path=" + directory));
        }
        try {
            root.requireKernel();
        } catch (IOException missing) {
            root.close();
            throw missing;
        }
        return root;
    }

    private void requireKernel() throws IOException {
        CallBuffers buffers = buffers();
        int found = (int) openAt(descriptor.number(), buffers, new byte[] {'.'}, HOLD, 0, OpenHow.CONFINED);
        try (FileDescriptor itself = FileDescriptor.opened(found, "openat2", "needs Linux 5.8, and to be allowed")) {
            long proc = SystemCall.OPENAT.call(SystemCall.AT_FDCWD, buffers.openFile(itself.number()), HOLD);
            try (FileDescriptor link = FileDescriptor.opened((int) proc, "open", "path=/proc/self/fd")) {
                if (new LinuxNode(link).fileSystem().type() != StatFs.PROC_MAGIC) {
                    throw new IOException("/proc/self/fd: is not of procfs; mount it, to open files again by it");
                }
            }
        }
    }

    /**
     * Holds an open file.
     *
     * @return its node, owned by the caller; the file stays the caller's
     * @throws LinuxException as {@code open(2)} fails
     */
    public static LinuxNode of(LinuxFile file) throws LinuxException {
        FileDescriptor opened = file.descriptor();
        int fd = opened.acquire("open");
        try {
            return new LinuxNode(reopen(fd, OpenHow.O_PATH | FileCalls.O_CLOEXEC));
        } finally {
            opened.release();
        }
    }

    /**
     * Holds this file once more.
     *
     * @return its node, owned by the caller
     * @throws LinuxException {@code EMFILE} when the process has too many
     */
    public LinuxNode again() throws LinuxException {
        return new LinuxNode(descriptor.dup());
    }

    // ── What it is ─────────────────────────────────────────────────────────

    /**
     * {@return the kind of file}
     *
     * @throws LinuxException as {@code statx(2)} fails
     */
    public FileStatus.Type type() throws LinuxException {
        FileStatus.Type known = type;
        return known != null ? known : attributes().type();
    }

    /**
     * Asks for the attributes.
     *
     * @return what Linux says at this moment
     * @throws LinuxException as {@code statx(2)} fails
     */
    public FileAttributes attributes() throws LinuxException {
        FileAttributes attributes = descriptor.attributes();
        type = attributes.type();
        return attributes;
    }

    /**
     * Asks for the state of the file system.
     *
     * @return what Linux says at this moment
     * @throws LinuxException as {@code statfs(2)} fails
     */
    public FileSystemStatus fileSystem() throws LinuxException {
        MemorySegment status = buffers().statFs;
        int fd = descriptor.acquire("fstatfs");
        try {
            check(SystemCall.FSTATFS, SystemCall.FSTATFS.call(fd, status.address()), fd, null);
            return StatFs.status(status);
        } finally {
            descriptor.release();
        }
    }

    // ── Below it ───────────────────────────────────────────────────────────

    /**
     * Holds what a name of this directory stands for now; a symbolic link is held itself.
     *
     * @param name one name
     * @param acrossMounts whether it may be a directory that another file system is mounted on
     * @return the node, owned by the caller; null if there is none
     * @throws LinuxException as {@code openat2(2)} fails, but for {@code ENOENT}
     */
    public @Nullable LinuxNode find(byte[] name, boolean acrossMounts) throws LinuxException {
        requireName(name);
        int resolve = acrossMounts ? OpenHow.CONFINED : OpenHow.CONFINED | OpenHow.RESOLVE_NO_XDEV;
        long result = openBelow(name, HOLD, 0, resolve);
        if (result == -Libc.ENOENT) {
            return null;
        }
        return new LinuxNode(opened(result, name));
    }

    /**
     * Creates a regular file in this directory and opens it.
     *
     * @param name one name, that nothing has
     * @param mode its permissions
     * @param access what to open it for
     * @param options how to open it
     * @return the file, owned by the caller
     * @throws LinuxException {@code EEXIST} if the name is there, also of a link; else as {@code openat2(2)} fails
     */
    public LinuxFile create(byte[] name, int mode, Access access, Option... options) throws LinuxException {
        requireName(name);
        int flags = flags(access, options) | FileCalls.O_CREAT | FileCalls.O_EXCL | OpenHow.O_NOFOLLOW;
        return LinuxFile.regular(opened(openBelow(name, flags, mode, OpenHow.CONFINED), name), flags);
    }

    /**
     * Creates a regular file without a name in this directory's file system: {@code O_TMPFILE}. It is gone with its
     * last descriptor, unless {@link #link} gives it a name.
     *
     * @param mode its permissions
     * @param access {@link Access#WRITE} or {@link Access#READ_WRITE}
     * @param options how to open it
     * @return the file, owned by the caller
     * @throws LinuxException {@code EOPNOTSUPP} where the file system cannot
     */
    public LinuxFile createUnnamed(int mode, Access access, Option... options) throws LinuxException {
        byte[] here = {'.'};
        int flags = flags(access, options) | OpenHow.O_TMPFILE;
        return LinuxFile.regular(opened(openBelow(here, flags, mode, OpenHow.CONFINED), here), flags);
    }

    private static int flags(Access access, Option... options) {
        int flags = OPEN | access.flag;
        for (Option option : options) {
            flags |= option.flag;
        }
        return flags;
    }

    private long openBelow(byte[] name, int flags, int mode, int resolve) throws LinuxException {
        CallBuffers buffers = buffers();
        int fd = descriptor.acquire("openat2");
        try {
            return openAt(fd, buffers, name, flags, mode, resolve);
        } finally {
            descriptor.release();
        }
    }

    private static long openAt(int fd, CallBuffers buffers, byte[] name, int flags, int mode, int resolve)
            throws LinuxException {
        long path = buffers.path(name);
        long how = OpenHow.set(buffers.openHow, flags, mode, resolve);
        long result = -Libc.EAGAIN;
        for (int i = 0; i < TRIES && result == -Libc.EAGAIN; i++) {
            result = SystemCall.OPENAT2.call(fd, path, how, OpenHow.LAYOUT.byteSize());
        }
        return result;
    }

    private FileDescriptor opened(long result, byte[] name) throws LinuxException {
        check(SystemCall.OPENAT2, result, descriptor.number(), name);
        return new FileDescriptor((int) result);
    }

    /**
     * Makes a directory in this one.
     *
     * @param name one name, that nothing has
     * @param mode its permissions
     * @throws LinuxException as {@code mkdirat(2)} fails
     */
    public void makeDirectory(byte[] name, int mode) throws LinuxException {
        requireName(name);
        named(SystemCall.MKDIRAT, name, mode, 0);
    }

    /**
     * Makes a file of any kind in this directory, without opening it.
     *
     * @param name one name, that nothing has
     * @param mode its kind and permissions
     * @param device major and minor number of a device node, as {@code mknod(2)} takes them
     * @throws LinuxException as {@code mknodat(2)} fails
     */
    public void makeNode(byte[] name, int mode, int device) throws LinuxException {
        requireName(name);
        named(SystemCall.MKNODAT, name, mode, Integer.toUnsignedLong(device));
    }

    /**
     * Makes a symbolic link in this directory.
     *
     * @param name one name, that nothing has
     * @param target what the link says: bytes without a meaning here
     * @throws LinuxException as {@code symlinkat(2)} fails; {@code EINVAL} if the target has a zero in it
     */
    public void makeSymbolicLink(byte[] name, byte[] target) throws LinuxException {
        requireName(name);
        requireNoZero(target);
        CallBuffers buffers = buffers();
        int fd = descriptor.acquire("symlinkat");
        try {
            check(SystemCall.SYMLINKAT, SystemCall.SYMLINKAT.call(buffers.otherPath(target), fd, buffers.path(name)),
                    fd, name);
        } finally {
            descriptor.release();
        }
    }

    /**
     * {@return what this symbolic link says}
     *
     * @throws LinuxException as {@code readlinkat(2)} fails; {@code EINVAL} or {@code ENOENT} if this is none
     */
    public byte[] readSymbolicLink() throws LinuxException {
        CallBuffers buffers = buffers();
        int fd = descriptor.acquire("readlinkat");
        try {
            long length = check(SystemCall.READLINKAT, SystemCall.READLINKAT.call(fd, buffers.empty,
                    buffers.path.address(), CallBuffers.PATH_MAX), fd, null);
            return buffers.path.asSlice(0, length).toArray(JAVA_BYTE);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Gives this file another name.
     *
     * @param directory where
     * @param name one name, that nothing has
     * @throws LinuxException as {@code linkat(2)} fails
     */
    public void link(LinuxNode directory, byte[] name) throws LinuxException {
        requireName(name);
        CallBuffers buffers = buffers();
        int fd = descriptor.acquire("linkat");
        try {
            int to = directory.descriptor.acquire("linkat");
            try {
                check(SystemCall.LINKAT, SystemCall.LINKAT.call(SystemCall.AT_FDCWD, buffers.openFile(fd), to,
                        buffers.otherPath(name), AT_SYMLINK_FOLLOW), to, name);
            } finally {
                directory.descriptor.release();
            }
        } finally {
            descriptor.release();
        }
    }

    /**
     * Takes a name away from a file of this directory that is no directory.
     *
     * @param name one name
     * @throws LinuxException as {@code unlinkat(2)} fails
     */
    public void remove(byte[] name) throws LinuxException {
        requireName(name);
        named(SystemCall.UNLINKAT, name, 0, 0);
    }

    /**
     * Removes an empty directory of this one.
     *
     * @param name one name
     * @throws LinuxException as {@code unlinkat(2)} fails
     */
    public void removeDirectory(byte[] name) throws LinuxException {
        requireName(name);
        named(SystemCall.UNLINKAT, name, AT_REMOVEDIR, 0);
    }

    /**
     * Renames what is in this directory.
     *
     * @param name one name of this directory
     * @param directory where it goes, or this one
     * @param newName one name there
     * @param flags those of {@code renameat2(2)}: 1 does not replace, 2 exchanges, 4 leaves a whiteout
     * @throws LinuxException as {@code renameat2(2)} fails
     */
    public void rename(byte[] name, LinuxNode directory, byte[] newName, int flags) throws LinuxException {
        requireName(name);
        requireName(newName);
        CallBuffers buffers = buffers();
        int fd = descriptor.acquire("renameat2");
        try {
            int to = directory.descriptor.acquire("renameat2");
            try {
                check(SystemCall.RENAMEAT2, SystemCall.RENAMEAT2.call(fd, buffers.path(name), to,
                        buffers.otherPath(newName), flags), fd, name);
            } finally {
                directory.descriptor.release();
            }
        } finally {
            descriptor.release();
        }
    }

    private void named(SystemCall call, byte[] name, long c, long d) throws LinuxException {
        CallBuffers buffers = buffers();
        int fd = descriptor.acquire(call.text());
        try {
            check(call, call.call(fd, buffers.path(name), c, d), fd, name);
        } finally {
            descriptor.release();
        }
    }

    // ── Opening ────────────────────────────────────────────────────────────

    /**
     * Opens this regular file.
     *
     * @param access what for
     * @param options how
     * @return the file, owned by the caller
     * @throws LinuxException {@code EISDIR} for a directory, {@code ELOOP} for a symbolic link, {@code EPERM} for what
     *         else is not a regular file: nothing but that is ever opened; else as {@code open(2)} fails
     */
    public LinuxFile open(Access access, Option... options) throws LinuxException {
        requireType(FileStatus.Type.REGULAR);
        int flags = flags(access, options);
        int fd = descriptor.acquire("open");
        try {
            return LinuxFile.regular(reopen(fd, flags), flags);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Opens this directory, to read its entries.
     *
     * @return the open directory, owned by the caller
     * @throws LinuxException {@code ENOTDIR} for anything else; else as {@code open(2)} fails
     */
    public LinuxDirectory openDirectory() throws LinuxException {
        requireType(FileStatus.Type.DIRECTORY);
        int fd = descriptor.acquire("open");
        try {
            return new LinuxDirectory(reopen(fd, FileCalls.O_CLOEXEC | OpenHow.O_DIRECTORY));
        } finally {
            descriptor.release();
        }
    }

    private void requireType(FileStatus.Type wanted) throws LinuxException {
        FileStatus.Type is = type();
        if (is == wanted) {
            return;
        }
        Errno errno = wanted == FileStatus.Type.DIRECTORY ? Errno.ENOTDIR
                : is == FileStatus.Type.DIRECTORY ? Errno.EISDIR
                        : is == FileStatus.Type.SYMBOLIC_LINK ? Errno.ELOOP : Errno.EPERM;
        throw new LinuxException("open", errno.number(), "fd=" + descriptor.number() + " type=" + is);
    }

    /** Follows the kernel's own link to an open file, which leads to that file whatever its name. */
    private static FileDescriptor reopen(int fd, int flags) throws LinuxException {
        long result = SystemCall.OPENAT.call(SystemCall.AT_FDCWD, buffers().openFile(fd), flags, 0);
        check(SystemCall.OPENAT, result, fd, null);
        return new FileDescriptor((int) result);
    }

    // ── Attributes ─────────────────────────────────────────────────────────

    /**
     * Sets the permissions.
     *
     * @param mode those, with set-user-id, set-group-id and sticky
     * @throws LinuxException as {@code fchmodat(2)} fails; {@code EOPNOTSUPP} for a symbolic link
     */
    public void changeMode(int mode) throws LinuxException {
        int fd = descriptor.acquire("fchmodat");
        try {
            check(SystemCall.FCHMODAT, SystemCall.FCHMODAT.call(SystemCall.AT_FDCWD, buffers().openFile(fd), mode), fd,
                    null);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Sets owner and group. Linux takes set-user-id, set-group-id and capabilities away from a file that gets another.
     *
     * @param uid the owner, or {@link #SAME}
     * @param gid the group, or {@link #SAME}
     * @throws LinuxException as {@code fchownat(2)} fails
     */
    public void changeOwner(int uid, int gid) throws LinuxException {
        int fd = descriptor.acquire("fchownat");
        try {
            check(SystemCall.FCHOWNAT, SystemCall.FCHOWNAT.call(fd, buffers().empty, uid, gid, AT_EMPTY_PATH), fd,
                    null);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Sets the times of the last access and the last change.
     *
     * @param accessed a time, {@link #NOW} or {@link #AS_IT_IS}
     * @param modified a time, {@link #NOW} or {@link #AS_IT_IS}
     * @throws LinuxException as {@code utimensat(2)} fails
     */
    public void changeTimes(FileAttributes.Time accessed, FileAttributes.Time modified) throws LinuxException {
        CallBuffers buffers = buffers();
        int fd = descriptor.acquire("utimensat");
        try {
            Timespec.set(buffers.times, 0, accessed.seconds(), accessed.nanos());
            Timespec.set(buffers.times, 1, modified.seconds(), modified.nanos());
            check(SystemCall.UTIMENSAT, SystemCall.UTIMENSAT.call(fd, buffers.empty, buffers.times.address(),
                    AT_EMPTY_PATH), fd, null);
        } finally {
            descriptor.release();
        }
    }

    /** {@return the extended attributes, for as long as this node is held} */
    public ExtendedAttributes extendedAttributes() {
        return new ExtendedAttributes(descriptor);
    }

    // ── Names and results ──────────────────────────────────────────────────

    static CallBuffers buffers() {
        return CallState.current().buffers();
    }

    private static void requireName(byte[] name) throws LinuxException {
        boolean bad = name.length == 0
                || name[0] == '.' && (name.length == 1 || name.length == 2 && name[1] == '.');
        for (byte b : name) {
            bad |= b == '/' || b == 0;
        }
        if (bad || name.length > CallBuffers.NAME_MAX) {
            throw new LinuxException("name", (bad ? Errno.EINVAL : Errno.ENAMETOOLONG).number(), "name="
                    + Arrays.toString(name));
        }
    }

    static void requireNoZero(byte[] text) throws LinuxException {
        for (byte b : text) {
            if (b == 0) {
                throw new LinuxException("name", Errno.EINVAL.number(), "has a zero: bytes=" + text.length);
            }
        }
    }

    static long check(SystemCall call, long result, int fd, byte @Nullable [] name) throws LinuxException {
        if (result < 0) {
            throw failed(call, result, fd, name);
        }
        return result;
    }

    private static LinuxException failed(SystemCall call, long result, int fd, byte @Nullable [] name) {
        String text = name == null ? "" : " name=" + new String(name, StandardCharsets.UTF_8);
        return new LinuxException(call.text(), -result, "fd=" + fd + text);
    }

    /** Gives the file up; again, it does nothing. */
    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return "node " + descriptor;
    }
}
