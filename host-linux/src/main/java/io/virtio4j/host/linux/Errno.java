// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.util.Arrays;

/**
 * The error numbers that the calls of this module give, by the names of {@code errno(3)}. They are
 * the same on x86-64 and aarch64.
 */
public enum Errno {
    /** Not permitted: by a capability, a seal or a policy. */
    EPERM(1),
    /** No such file or directory. */
    ENOENT(2),
    /** Interrupted by a signal. */
    EINTR(4),
    /** The device failed. */
    EIO(5),
    /** No such device, or nothing at this position. */
    ENXIO(6),
    /** Not an open descriptor, or not open for this. */
    EBADF(9),
    /** Would have to wait, or no resources for now. */
    EAGAIN(11),
    /** No memory or address space, or too many mappings. */
    ENOMEM(12),
    /** Permission denied. */
    EACCES(13),
    /** An address without memory behind it. */
    EFAULT(14),
    /** In use. */
    EBUSY(16),
    /** Exists already. */
    EEXIST(17),
    /** Across file systems. */
    EXDEV(18),
    /** The device or file system does not offer this. */
    ENODEV(19),
    /** Not a directory. */
    ENOTDIR(20),
    /** A directory. */
    EISDIR(21),
    /** Invalid argument. */
    EINVAL(22),
    /** Too many open files in the system. */
    ENFILE(23),
    /** Too many open descriptors in the process. */
    EMFILE(24),
    /** The device does not know this control operation. */
    ENOTTY(25),
    /** The file is being executed. */
    ETXTBSY(26),
    /** File too large: for the file system, or a resource limit. */
    EFBIG(27),
    /** No space left, or a limit of the kernel reached. */
    ENOSPC(28),
    /** Has no positions: a pipe or a socket. */
    ESPIPE(29),
    /** Read-only file system. */
    EROFS(30),
    /** Too many links. */
    EMLINK(31),
    /** The reader is gone. */
    EPIPE(32),
    /** Result too large. */
    ERANGE(34),
    /** Would wait for itself. */
    EDEADLK(35),
    /** Name too long. */
    ENAMETOOLONG(36),
    /** No lock available. */
    ENOLCK(37),
    /** The kernel has no such call. */
    ENOSYS(38),
    /** Directory not empty. */
    ENOTEMPTY(39),
    /** Too many symbolic links. */
    ELOOP(40),
    /** No data. */
    ENODATA(61),
    /** Protocol error. */
    EPROTO(71),
    /** Corrupted data. */
    EBADMSG(74),
    /** Value too large for its type. */
    EOVERFLOW(75),
    /** Not a socket. */
    ENOTSOCK(88),
    /** Message too long. */
    EMSGSIZE(90),
    /** Not supported by this kind of file or file system. */
    EOPNOTSUPP(95),
    /** Address family not supported. */
    EAFNOSUPPORT(97),
    /** Address in use. */
    EADDRINUSE(98),
    /** Address not available. */
    EADDRNOTAVAIL(99),
    /** Connection aborted. */
    ECONNABORTED(103),
    /** The peer closed the connection without reading everything. */
    ECONNRESET(104),
    /** No buffer space. */
    ENOBUFS(105),
    /** Connected already. */
    EISCONN(106),
    /** Not connected. */
    ENOTCONN(107),
    /** Too many descriptors sent and not yet received. */
    ETOOMANYREFS(109),
    /** Timed out. */
    ETIMEDOUT(110),
    /** Nobody listens. */
    ECONNREFUSED(111),
    /** The file is gone from its server. */
    ESTALE(116),
    /** The file system needs repair. */
    EUCLEAN(117),
    /** The remote device failed. */
    EREMOTEIO(121),
    /** Disk quota exceeded. */
    EDQUOT(122),
    /** No medium. */
    ENOMEDIUM(123),
    /** Canceled. */
    ECANCELED(125),
    /** The memory page is broken. */
    EHWPOISON(133),
    /** A number without a name here; {@link LinuxException#errno()} keeps it. */
    UNKNOWN(-1);

    private static final int LAST = 133;
    private static final Errno[] BY_NUMBER = byNumber();

    private final int number;

    Errno(int number) {
        this.number = number;
    }

    private static Errno[] byNumber() {
        Errno[] table = new Errno[LAST + 1];
        Arrays.fill(table, UNKNOWN);
        for (Errno errno : values()) {
            if (errno != UNKNOWN) {
                table[errno.number] = errno;
            }
        }
        return table;
    }

    /** {@return the number as Linux gives it, positive; -1 for {@link #UNKNOWN}} */
    public int number() {
        return number;
    }

    /**
     * Looks an error number up.
     *
     * @param number as Linux gives it, positive
     * @return the name, {@link #UNKNOWN} where there is none
     */
    public static Errno of(int number) {
        return number >= 0 && number <= LAST ? BY_NUMBER[number] : UNKNOWN;
    }
}
