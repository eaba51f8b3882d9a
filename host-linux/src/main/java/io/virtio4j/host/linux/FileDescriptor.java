// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Owns one open file descriptor of this process. Whoever has the object must close it; nothing
 * closes it when it is forgotten.
 *
 * <p>Any thread may use and close it. The number is given back to the kernel when it is closed
 * <em>and</em> no call is under way: another thread's call, or a {@link Poller} that still watches
 * it, keeps the number from being reused for another file. From the moment of the close, new uses
 * fail with {@link LinuxException} {@code EBADF}. Interrupting a thread never closes anything.
 */
public final class FileDescriptor implements AutoCloseable {
    private static final int CLOSED = Integer.MIN_VALUE;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(FileDescriptor.class, "state", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final int number;
    /** How many calls are under way, and {@link #CLOSED} in the highest bit. */
    @SuppressWarnings("unused") // through STATE
    private volatile int state;

    FileDescriptor(int number) {
        this.number = number;
    }

    /**
     * Takes over a descriptor that something else opened, such as one inherited from the parent
     * process.
     *
     * @param number an open descriptor that nobody else will close
     * @return its owner
     * @throws LinuxException {@code EBADF} if it is not open
     */
    public static FileDescriptor adopt(int number) throws LinuxException {
        Linux.requireSupported();
        int flags = FileCalls.fcntl(number, FileCalls.F_GETFL, 0);
        if (flags < 0) {
            throw new LinuxException("fcntl", -flags, "fd=" + number);
        }
        return new FileDescriptor(number);
    }

    /** Wraps the result of a call that opens a descriptor. */
    static FileDescriptor opened(int result, String call, String details) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, -result, details);
        }
        return new FileDescriptor(result);
    }

    /** {@return the number, which means this file only while the descriptor is open} */
    public int number() {
        return number;
    }

    /** {@return whether it has not been closed} */
    public boolean isOpen() {
        return state >= 0;
    }

    /**
     * Opens a second descriptor of the same open file, with {@code FD_CLOEXEC}. Both share the file
     * offset and status flags, and each must be closed.
     *
     * @return the other one, owned by the caller
     * @throws LinuxException {@code EBADF} after the close, {@code EMFILE} when the process has too
     *         many
     */
    public FileDescriptor dup() throws LinuxException {
        int fd = acquire("fcntl");
        try {
            return opened(FileCalls.fcntl(fd, FileCalls.F_DUPFD_CLOEXEC, 0), "fcntl", "fd=" + fd
                    + " dup");
        } finally {
            release();
        }
    }

    /**
     * Asks the kernel what this is a descriptor of.
     *
     * @return what it says at this moment
     * @throws LinuxException {@code EBADF} after the close
     */
    public FileStatus status() throws LinuxException {
        int fd = acquire("statx");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statx = arena.allocate(Statx.LAYOUT);
            int result = FileCalls.statx(fd, statx);
            if (result < 0) {
                throw new LinuxException("statx", -result, "fd=" + fd);
            }
            return Statx.status(statx);
        } finally {
            release();
        }
    }

    /**
     * Asks the kernel for everything it tells about the file.
     *
     * @return what it says at this moment
     * @throws LinuxException {@code EBADF} after the close
     */
    public FileAttributes attributes() throws LinuxException {
        CallBuffers buffers = CallState.current().buffers();
        int fd = acquire("statx");
        try {
            LinuxNode.check(SystemCall.STATX, SystemCall.STATX.call(fd, buffers.empty, AT_EMPTY_PATH, Statx.ALL,
                    buffers.statx.address()), fd, null);
            return Statx.attributes(buffers.statx);
        } finally {
            release();
        }
    }

    /** The status flags of the open file, such as {@code O_NONBLOCK}; it may be a shared one. */
    int flags() throws LinuxException {
        int fd = acquire("fcntl");
        try {
            int flags = FileCalls.fcntl(fd, FileCalls.F_GETFL, 0);
            if (flags < 0) {
                throw new LinuxException("fcntl", -flags, "fd=" + fd);
            }
            return flags;
        } finally {
            release();
        }
    }

    /** The granule in which the file can be mapped: the size of a page, or of a huge page. */
    long mappingGranule() throws LinuxException {
        int fd = acquire("fstatfs");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(StatFs.LAYOUT);
            int result = FileCalls.fstatfs(fd, status);
            if (result < 0) {
                throw new LinuxException("fstatfs", -result, "fd=" + fd);
            }
            boolean huge = status.get(JAVA_LONG, StatFs.TYPE) == StatFs.HUGETLBFS_MAGIC;
            return huge ? status.get(JAVA_LONG, StatFs.BLOCK_SIZE) : Linux.pageSize();
        } finally {
            release();
        }
    }

    /**
     * Begins a use: the number stays this file's until {@link #release()}.
     *
     * @param call named by the exception
     */
    int acquire(String call) throws LinuxException {
        if (!tryAcquire()) {
            throw new LinuxException(call, Libc.EBADF, "fd=" + number + " closed");
        }
        return number;
    }

    boolean tryAcquire() {
        int seen = state;
        while (seen >= 0) {
            int witness = (int) STATE.compareAndExchange(this, seen, seen + 1);
            if (witness == seen) {
                return true;
            }
            seen = witness;
        }
        return false;
    }

    void release() {
        int before = (int) STATE.getAndAdd(this, -1);
        if (before == CLOSED + 1) {
            giveBack();
        }
    }

    /**
     * Closes the descriptor; again, it does nothing. An error that the kernel reports here, as some
     * network file systems do for writes, is not passed on: durability is asked for with
     * {@link LinuxFile#force}.
     *
     * @throws IllegalStateException if somebody else has closed the number
     */
    @Override
    public void close() {
        int before = (int) STATE.getAndBitwiseOr(this, CLOSED);
        if (before == 0) {
            giveBack();
        }
    }

    private void giveBack() {
        int result = FileCalls.close(number);
        if (result == -Libc.EBADF) {
            throw new IllegalStateException("close: errno=EBADF(9) fd=" + number
                    + ": closed by somebody who does not own it");
        }
    }

    @Override
    public String toString() {
        return "fd=" + number + (isOpen() ? "" : " closed");
    }
}
