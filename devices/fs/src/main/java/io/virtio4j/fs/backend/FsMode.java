// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

/** What a mode consists of, as {@code inode(7)} has it: a type and twelve bits. */
public final class FsMode {

    /** The bits of the type. */
    public static final int TYPE = 0170000;
    /** A FIFO. */
    public static final int FIFO = 0010000;
    /** A character device. */
    public static final int CHARACTER_DEVICE = 0020000;
    /** A directory. */
    public static final int DIRECTORY = 0040000;
    /** A block device. */
    public static final int BLOCK_DEVICE = 0060000;
    /** A regular file. */
    public static final int REGULAR = 0100000;
    /** A symbolic link. */
    public static final int SYMBOLIC_LINK = 0120000;
    /** A socket. */
    public static final int SOCKET = 0140000;

    /** All bits but those of the type. */
    public static final int PERMISSIONS = 07777;
    /** S_ISUID. */
    public static final int SET_USER_ID = 04000;
    /** S_ISGID. */
    public static final int SET_GROUP_ID = 02000;
    /** S_ISVTX. */
    public static final int STICKY = 01000;

    private static final int GROUP_EXECUTE = 010;

    private FsMode() {}

    /** Whether it is the mode of a directory. */
    public static boolean isDirectory(int mode) {
        return (mode & TYPE) == DIRECTORY;
    }

    /** Whether it is the mode of a regular file. */
    public static boolean isRegular(int mode) {
        return (mode & TYPE) == REGULAR;
    }

    /** Whether it is the mode of a symbolic link. */
    public static boolean isSymbolicLink(int mode) {
        return (mode & TYPE) == SYMBOLIC_LINK;
    }

    /** Whether it is the mode of a character or block device. */
    public static boolean isDevice(int mode) {
        int type = mode & TYPE;
        return type == CHARACTER_DEVICE || type == BLOCK_DEVICE;
    }

    /**
     * What a mode becomes when somebody without privileges changes a regular file: without S_ISUID, and without
     * S_ISGID if the group may execute it. Modes of anything else stay.
     */
    public static int withoutPrivileges(int mode) {
        if (!isRegular(mode)) {
            return mode;
        }
        return (mode & GROUP_EXECUTE) != 0 ? mode & ~(SET_USER_ID | SET_GROUP_ID) : mode & ~SET_USER_ID;
    }

    /** What a mode becomes when the file's owner or group changes: likewise, whoever does it. */
    public static int afterChangeOfOwner(int mode) {
        return withoutPrivileges(mode);
    }
}
