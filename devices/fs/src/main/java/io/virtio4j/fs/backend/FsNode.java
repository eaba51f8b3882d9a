// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A file, directory, symbolic link or special file: the thing, not its name. What the driver calls an inode.
 *
 * <p>A node that a method returns belongs to the device until it calls {@link #release()}, once for each time that
 * the node was returned. Two nodes whose {@linkplain #identity() identities} are equal are the same file: the device
 * keeps one of them and releases the other at once. So hard links and repeated lookups lead to one number.
 *
 * <p>A node stays the same file whatever happens to its names, as far as the backend can do that: it is not looked up
 * by path again. Symbolic links are never followed: a node of one is the link itself.
 *
 * <p>Methods that take a name are called for directories; a backend that may be asked otherwise answers ENOTDIR.
 * Methods that are not implemented answer EOPNOTSUPP and are called only with the {@linkplain FsCapability capability}
 * that names them. Objects that are lent, such as {@link FsCaller} and {@link FsAttributes}, are good until the method
 * returns.
 */
public interface FsNode {

    /** What makes it the file that it is, with {@code equals} and {@code hashCode}: device and inode number, mostly. */
    Object identity();

    /**
     * The device needs it no more. Called once for each time that the node was returned, by any thread; no method of
     * the node is under way or follows. Must not block for long.
     */
    default void release() {}

    // ── Attributes ─────────────────────────────────────────────────────────

    /** Fills in all attributes. */
    void attributes(FsAttributes out) throws IOException;

    /** Changes some attributes, and fills in all as they are afterwards. */
    void change(FsCaller caller, FsChange change, FsAttributes out) throws IOException;

    // ── Names ──────────────────────────────────────────────────────────────

    /**
     * Finds what a directory has by a name, and fills in its attributes. A symbolic link is found as such.
     *
     * @return {@code null} if there is nothing of that name
     */
    @Nullable FsNode lookup(FsCaller caller, FsName name, FsAttributes out) throws IOException;

    /**
     * Creates a regular file and opens it, and fills in its attributes. It is the caller's: its user, and its group or
     * that of a directory with S_ISGID. A file never becomes S_ISGID for a group that the caller is not in.
     *
     * <p>If there is something of that name already: EEXIST if {@link OpenFlags#exclusive()}, else a regular file is
     * opened as by {@link #open}, and anything else is refused.
     *
     * @param mode permissions, S_ISUID, S_ISGID and S_ISVTX; what the caller's umask takes away is gone already
     */
    FsCreated create(FsCaller caller, FsName name, int mode, OpenFlags flags, FsAttributes out) throws IOException;

    /**
     * Creates a regular file without a name and opens it.
     *
     * @param flags if {@link OpenFlags#exclusive()}, it never gets a name by {@link #link}
     */
    default FsCreated createTemporary(FsCaller caller, int mode, OpenFlags flags, FsAttributes out)
            throws IOException {
        throw FsException.of(FsErrno.EOPNOTSUPP);
    }

    /**
     * Creates a directory. Inside of one with S_ISGID, it has that and its group too.
     *
     * @param mode as in {@link #create}
     */
    FsNode createDirectory(FsCaller caller, FsName name, int mode, FsAttributes out) throws IOException;

    /**
     * Creates a regular file without opening it, a FIFO, a socket, or a device node if the device was told to allow
     * them. Regular files are asked of every backend, the others only of one with SPECIAL_FILES.
     *
     * @param mode the type, as {@link FsMode} has it, and what {@link #create} has
     * @param major the major number of a device node
     * @param minor the minor number of a device node
     */
    FsNode createSpecial(FsCaller caller, FsName name, int mode, long major, long minor, FsAttributes out)
            throws IOException;

    /**
     * Creates a symbolic link.
     *
     * @param target not empty, without a zero byte, at most 4095 bytes: text that only the driver makes sense of
     */
    default FsNode createSymbolicLink(FsCaller caller, FsName name, byte[] target, FsAttributes out)
            throws IOException {
        throw FsException.of(FsErrno.EOPNOTSUPP);
    }

    /** Gives another file of this backend, no directory, one more name in this directory; fills in its attributes. */
    default void link(FsCaller caller, FsNode existing, FsName name, FsAttributes out) throws IOException {
        throw FsException.of(FsErrno.EOPNOTSUPP);
    }

    /** Takes a name away from something that is no directory; EISDIR if it is one. */
    void unlink(FsCaller caller, FsName name) throws IOException;

    /** Removes an empty directory; ENOTDIR or ENOTEMPTY if it is not one. */
    void removeDirectory(FsCaller caller, FsName name) throws IOException;

    /**
     * Renames something of this directory, or moves it to another. Replaces atomically what has the new name, if that
     * is of the same kind and no directory with content.
     */
    void rename(FsCaller caller, FsName name, FsNode newDirectory, FsName newName, RenameFlags flags)
            throws IOException;

    /** The text of a symbolic link; EINVAL for anything else. */
    default byte[] symbolicLink() throws IOException {
        throw FsException.of(FsErrno.EINVAL);
    }

    // ── Content ────────────────────────────────────────────────────────────

    /**
     * Opens a regular file. Never asked of anything else: special files are the driver's own, and opening them here
     * could wait for ever.
     */
    FsFile open(FsCaller caller, OpenFlags flags) throws IOException;

    /** Opens a directory to be listed. */
    FsDirectory openDirectory(FsCaller caller) throws IOException;

    // ── Extended attributes ────────────────────────────────────────────────

    /**
     * The value of an extended attribute.
     *
     * @param name not empty, at most 255 bytes, without a zero byte
     * @return at most 64 KiB; ENODATA if there is none of that name
     */
    default byte[] attribute(FsCaller caller, byte[] name) throws IOException {
        throw FsException.of(FsErrno.EOPNOTSUPP);
    }

    /** The names of all extended attributes, 64 KiB altogether at most. */
    default List<byte[]> attributeNames(FsCaller caller) throws IOException {
        throw FsException.of(FsErrno.EOPNOTSUPP);
    }

    /**
     * Sets an extended attribute.
     *
     * @param value at most 64 KiB
     * @param create if it exists: EEXIST
     * @param replace if it does not exist: ENODATA
     * @param dropSetGroupId the mode loses S_ISGID when the value is an access control list
     */
    default void setAttribute(FsCaller caller, byte[] name, byte[] value, boolean create, boolean replace,
            boolean dropSetGroupId) throws IOException {
        throw FsException.of(FsErrno.EOPNOTSUPP);
    }

    /** Removes an extended attribute; ENODATA if there is none of that name. */
    default void removeAttribute(FsCaller caller, byte[] name) throws IOException {
        throw FsException.of(FsErrno.EOPNOTSUPP);
    }
}
