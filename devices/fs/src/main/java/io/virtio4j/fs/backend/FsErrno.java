// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

/** Error numbers of Linux, which are those of FUSE, by the names of {@code errno(3)}. */
public enum FsErrno {
    /** Not permitted, whoever asks. */
    EPERM(1),
    /** No such file or directory. */
    ENOENT(2),
    /** Interrupted. */
    EINTR(4),
    /** The storage failed. */
    EIO(5),
    /** Nothing at this position. */
    ENXIO(6),
    /** Not open, or not open for this. */
    EBADF(9),
    /** Not now: a lock is in the way. */
    EAGAIN(11),
    /** No memory. */
    ENOMEM(12),
    /** Permission denied. */
    EACCES(13),
    /** In use. */
    EBUSY(16),
    /** Exists already. */
    EEXIST(17),
    /** Across file systems. */
    EXDEV(18),
    /** Not a directory. */
    ENOTDIR(20),
    /** A directory. */
    EISDIR(21),
    /** Invalid argument. */
    EINVAL(22),
    /** Too many open files. */
    ENFILE(23),
    /** No such control operation. */
    ENOTTY(25),
    /** File too large. */
    EFBIG(27),
    /** No space left. */
    ENOSPC(28),
    /** Read-only file system. */
    EROFS(30),
    /** Too many links. */
    EMLINK(31),
    /** Result too large. */
    ERANGE(34),
    /** Would wait for itself. */
    EDEADLK(35),
    /** Name too long. */
    ENAMETOOLONG(36),
    /** No locks available. */
    ENOLCK(37),
    /** Not implemented; the driver mostly does not ask again. */
    ENOSYS(38),
    /** Directory not empty. */
    ENOTEMPTY(39),
    /** A symbolic link where none may be. */
    ELOOP(40),
    /** No such extended attribute. */
    ENODATA(61),
    /** Value too large for its type. */
    EOVERFLOW(75),
    /** Not supported by this file. */
    EOPNOTSUPP(95),
    /** The file is gone. */
    ESTALE(116),
    /** A quota is used up. */
    EDQUOT(122);

    private final int number;

    FsErrno(int number) {
        this.number = number;
    }

    /** The number, positive. */
    public int number() {
        return number;
    }
}
