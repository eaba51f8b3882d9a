// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.fuse;

/** The numbers of FUSE 7.45, by the names that Linux has for them without {@code FUSE_}. */
public final class Fuse {

    // ── Requests ───────────────────────────────────────────────────────────

    /** {@code FUSE_LOOKUP} */
    public static final int LOOKUP = 1;
    /** {@code FUSE_FORGET} */
    public static final int FORGET = 2;
    /** {@code FUSE_GETATTR} */
    public static final int GETATTR = 3;
    /** {@code FUSE_SETATTR} */
    public static final int SETATTR = 4;
    /** {@code FUSE_READLINK} */
    public static final int READLINK = 5;
    /** {@code FUSE_SYMLINK} */
    public static final int SYMLINK = 6;
    /** {@code FUSE_MKNOD} */
    public static final int MKNOD = 8;
    /** {@code FUSE_MKDIR} */
    public static final int MKDIR = 9;
    /** {@code FUSE_UNLINK} */
    public static final int UNLINK = 10;
    /** {@code FUSE_RMDIR} */
    public static final int RMDIR = 11;
    /** {@code FUSE_RENAME} */
    public static final int RENAME = 12;
    /** {@code FUSE_LINK} */
    public static final int LINK = 13;
    /** {@code FUSE_OPEN} */
    public static final int OPEN = 14;
    /** {@code FUSE_READ} */
    public static final int READ = 15;
    /** {@code FUSE_WRITE} */
    public static final int WRITE = 16;
    /** {@code FUSE_STATFS} */
    public static final int STATFS = 17;
    /** {@code FUSE_RELEASE} */
    public static final int RELEASE = 18;
    /** {@code FUSE_FSYNC} */
    public static final int FSYNC = 20;
    /** {@code FUSE_SETXATTR} */
    public static final int SETXATTR = 21;
    /** {@code FUSE_GETXATTR} */
    public static final int GETXATTR = 22;
    /** {@code FUSE_LISTXATTR} */
    public static final int LISTXATTR = 23;
    /** {@code FUSE_REMOVEXATTR} */
    public static final int REMOVEXATTR = 24;
    /** {@code FUSE_FLUSH} */
    public static final int FLUSH = 25;
    /** {@code FUSE_INIT} */
    public static final int INIT = 26;
    /** {@code FUSE_OPENDIR} */
    public static final int OPENDIR = 27;
    /** {@code FUSE_READDIR} */
    public static final int READDIR = 28;
    /** {@code FUSE_RELEASEDIR} */
    public static final int RELEASEDIR = 29;
    /** {@code FUSE_FSYNCDIR} */
    public static final int FSYNCDIR = 30;
    /** {@code FUSE_GETLK} */
    public static final int GETLK = 31;
    /** {@code FUSE_SETLK} */
    public static final int SETLK = 32;
    /** {@code FUSE_SETLKW} */
    public static final int SETLKW = 33;
    /** {@code FUSE_CREATE} */
    public static final int CREATE = 35;
    /** {@code FUSE_INTERRUPT} */
    public static final int INTERRUPT = 36;
    /** {@code FUSE_DESTROY} */
    public static final int DESTROY = 38;
    /** {@code FUSE_IOCTL} */
    public static final int IOCTL = 39;
    /** {@code FUSE_BATCH_FORGET} */
    public static final int BATCH_FORGET = 42;
    /** {@code FUSE_FALLOCATE} */
    public static final int FALLOCATE = 43;
    /** {@code FUSE_READDIRPLUS} */
    public static final int READDIRPLUS = 44;
    /** {@code FUSE_RENAME2} */
    public static final int RENAME2 = 45;
    /** {@code FUSE_LSEEK} */
    public static final int LSEEK = 46;
    /** {@code FUSE_COPY_FILE_RANGE} */
    public static final int COPY_FILE_RANGE = 47;
    /** {@code FUSE_SETUPMAPPING} */
    public static final int SETUPMAPPING = 48;
    /** {@code FUSE_REMOVEMAPPING} */
    public static final int REMOVEMAPPING = 49;
    /** {@code FUSE_SYNCFS} */
    public static final int SYNCFS = 50;
    /** {@code FUSE_TMPFILE} */
    public static final int TMPFILE = 51;
    /** {@code FUSE_STATX} */
    public static final int STATX = 52;
    /** {@code FUSE_COPY_FILE_RANGE_64} */
    public static final int COPY_FILE_RANGE_64 = 53;

    // ── Error numbers ──────────────────────────────────────────────────────

    /** {@code EPERM} */
    public static final int EPERM = 1;
    /** {@code ENOENT} */
    public static final int ENOENT = 2;
    /** {@code EINTR} */
    public static final int EINTR = 4;
    /** {@code EIO} */
    public static final int EIO = 5;
    /** {@code ENXIO} */
    public static final int ENXIO = 6;
    /** {@code E2BIG} */
    public static final int E2BIG = 7;
    /** {@code EBADF} */
    public static final int EBADF = 9;
    /** {@code EAGAIN} */
    public static final int EAGAIN = 11;
    /** {@code EEXIST} */
    public static final int EEXIST = 17;
    /** {@code EXDEV} */
    public static final int EXDEV = 18;
    /** {@code ENOTDIR} */
    public static final int ENOTDIR = 20;
    /** {@code EISDIR} */
    public static final int EISDIR = 21;
    /** {@code EINVAL} */
    public static final int EINVAL = 22;
    /** {@code ENFILE} */
    public static final int ENFILE = 23;
    /** {@code ENOTTY} */
    public static final int ENOTTY = 25;
    /** {@code EFBIG} */
    public static final int EFBIG = 27;
    /** {@code ENOSPC} */
    public static final int ENOSPC = 28;
    /** {@code EROFS} */
    public static final int EROFS = 30;
    /** {@code ERANGE} */
    public static final int ERANGE = 34;
    /** {@code EDEADLK} */
    public static final int EDEADLK = 35;
    /** {@code ENAMETOOLONG} */
    public static final int ENAMETOOLONG = 36;
    /** {@code ENOLCK} */
    public static final int ENOLCK = 37;
    /** {@code ENOSYS} */
    public static final int ENOSYS = 38;
    /** {@code ENOTEMPTY} */
    public static final int ENOTEMPTY = 39;
    /** {@code ELOOP} */
    public static final int ELOOP = 40;
    /** {@code ENODATA} */
    public static final int ENODATA = 61;
    /** {@code EPROTO} */
    public static final int EPROTO = 71;
    /** {@code EOPNOTSUPP} */
    public static final int EOPNOTSUPP = 95;
    /** {@code ESTALE} */
    public static final int ESTALE = 116;

    // ── Flags of opening ───────────────────────────────────────────────────

    /** {@code O_WRONLY} */
    public static final int O_WRONLY = 1;
    /** {@code O_RDWR} */
    public static final int O_RDWR = 2;
    /** {@code O_EXCL} */
    public static final int O_EXCL = 0200;
    /** {@code O_TRUNC} */
    public static final int O_TRUNC = 01000;
    /** {@code O_APPEND} */
    public static final int O_APPEND = 02000;

    // ── Kinds of files ─────────────────────────────────────────────────────

    /** The bits of a mode that say which kind of file it is: {@code S_IFMT}. */
    public static final int TYPE = 0170000;
    /** {@code S_IFIFO} */
    public static final int FIFO = 0010000;
    /** {@code S_IFCHR} */
    public static final int CHARACTER_DEVICE = 0020000;
    /** {@code S_IFDIR} */
    public static final int DIRECTORY = 0040000;
    /** {@code S_IFBLK} */
    public static final int BLOCK_DEVICE = 0060000;
    /** {@code S_IFREG} */
    public static final int REGULAR = 0100000;
    /** {@code S_IFLNK} */
    public static final int SYMBOLIC_LINK = 0120000;
    /** {@code S_IFSOCK} */
    public static final int SOCKET = 0140000;

    // ── Sizes and numbers ──────────────────────────────────────────────────

    /** Bytes of {@code struct fuse_in_header}. */
    public static final int IN_HEADER = 40;
    /** Bytes of {@code struct fuse_out_header}. */
    public static final int OUT_HEADER = 16;
    /** Bytes of {@code struct fuse_entry_out}. */
    public static final int ENTRY_OUT = 128;
    /** Bytes of {@code struct fuse_attr_out}. */
    public static final int ATTR_OUT = 104;
    /** Bytes of {@code struct fuse_open_out}. */
    public static final int OPEN_OUT = 16;
    /** The root of the tree: {@code FUSE_ROOT_ID}. */
    public static final long ROOT = 1;
    /** All flags of FUSE_INIT that Linux 7.2 offers. */
    public static final long ALL_FLAGS = 0x7FF_7FFF_FFFFL;
    /** The high priority queue. */
    public static final int HIPRIO = 0;
    /** The first request queue, where there is no notification queue. */
    public static final int REQUESTS = 1;

    private Fuse() {}
}
