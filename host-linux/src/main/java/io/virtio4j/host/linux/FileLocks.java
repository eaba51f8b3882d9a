// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.util.Optional;

/**
 * The locks that one open file has. They exclude those of other open files, of this process too, and POSIX locks of
 * other processes; they end with the last descriptor of the open file. Nothing here waits.
 *
 * <p>Locks of ranges are {@code F_OFD_SETLK} and {@code F_OFD_GETLK}; those of the whole file, {@code flock(2)}, which
 * know nothing of the others.
 */
public final class FileLocks {
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final int LOCK_SH = 1;
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    private static final int LOCK_UN = 8;

    private final FileDescriptor descriptor;

    /**
     * A lock of a range that somebody has.
     *
     * @param exclusive whether it excludes all others, or only those that are exclusive
     * @param start in bytes
     * @param length in bytes; 0 goes to the end of the file, wherever that will be
     * @param process who has it; -1 for a lock of an open file
     */
    public record Held(boolean exclusive, long start, long length, int process) {}

    FileLocks(FileDescriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Locks a range, or changes its lock.
     *
     * @param exclusive whether it is to exclude all others; the file must be open for writing then, else for reading
     * @param start in bytes
     * @param length in bytes; 0 goes to the end of the file, wherever that will be
     * @return false if another lock excludes it
     * @throws LinuxException {@code EBADF} if the file is not open for this; else as {@code fcntl(2)} fails
     */
    public boolean tryLock(boolean exclusive, long start, long length) throws LinuxException {
        long result = set(exclusive ? Flock.F_WRLCK : Flock.F_RDLCK, start, length);
        if (result == -Libc.EAGAIN || result == -Libc.EACCES) {
            return false;
        }
        LinuxNode.check(SystemCall.FCNTL, result, descriptor.number(), null);
        return true;
    }

    /**
     * Unlocks a range, of which nothing need be locked.
     *
     * @param start in bytes
     * @param length in bytes; 0 goes to the end of the file, wherever that will be
     * @throws LinuxException as {@code fcntl(2)} fails
     */
    public void unlock(long start, long length) throws LinuxException {
        LinuxNode.check(SystemCall.FCNTL, set(Flock.F_UNLCK, start, length), descriptor.number(), null);
    }

    private long set(int type, long start, long length) throws LinuxException {
        int fd = descriptor.acquire("fcntl");
        try {
            return SystemCall.FCNTL.call(fd, F_OFD_SETLK, Flock.set(LinuxNode.buffers().lock, type, start, length));
        } finally {
            descriptor.release();
        }
    }

    /**
     * Looks for a lock that excludes another one.
     *
     * @param exclusive whether that is to exclude all others
     * @param start in bytes
     * @param length in bytes; 0 goes to the end of the file, wherever that will be
     * @return one that does; nothing if the other could be had
     * @throws LinuxException as {@code fcntl(2)} fails
     */
    public Optional<Held> excluding(boolean exclusive, long start, long length) throws LinuxException {
        CallBuffers buffers = LinuxNode.buffers();
        int fd = descriptor.acquire("fcntl");
        try {
            LinuxNode.check(SystemCall.FCNTL, SystemCall.FCNTL.call(fd, F_OFD_GETLK,
                    Flock.set(buffers.lock, exclusive ? Flock.F_WRLCK : Flock.F_RDLCK, start, length)), fd, null);
            return Flock.type(buffers.lock) == Flock.F_UNLCK ? Optional.empty()
                    : Optional.of(Flock.held(buffers.lock));
        } finally {
            descriptor.release();
        }
    }

    /**
     * Locks the whole file, or changes its lock, during which it may be lost.
     *
     * @param exclusive whether it is to exclude all others
     * @return false if another lock excludes it
     * @throws LinuxException as {@code flock(2)} fails
     */
    public boolean tryLockFile(boolean exclusive) throws LinuxException {
        long result = flock((exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
        if (result == -Libc.EAGAIN) {
            return false;
        }
        LinuxNode.check(SystemCall.FLOCK, result, descriptor.number(), null);
        return true;
    }

    /**
     * Unlocks the whole file.
     *
     * @throws LinuxException as {@code flock(2)} fails
     */
    public void unlockFile() throws LinuxException {
        LinuxNode.check(SystemCall.FLOCK, flock(LOCK_UN), descriptor.number(), null);
    }

    private long flock(int operation) throws LinuxException {
        int fd = descriptor.acquire("flock");
        try {
            return SystemCall.FLOCK.call(fd, operation);
        } finally {
            descriptor.release();
        }
    }
}
