// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Memory that was mapped, of any length, unmapped when this is closed. {@link #segment()} belongs
 * to a shared arena: using it, or anything sliced from it, after the close is an
 * {@link IllegalStateException}.
 *
 * <p><b>Closing.</b> The owner closes when nothing is in flight to the memory any more; the arena
 * is the second net, not the first. Three ways:
 * <ul>
 * <li>{@link #close()} throws {@link IllegalStateException} if a call of this module, or of a
 *     channel, holds the memory at that moment. The mapping then is as usable as before, and
 *     closing can be tried again.
 * <li>{@link #tryClose()} answers {@code false} instead.
 * <li>{@link #closeAsync()} keeps trying on another thread. This is the one for threads that must
 *     not stop, as device threads: a close makes the JVM stop and look at every thread, which was
 *     seen to take up to a tenth of a second.
 * </ul>
 *
 * <p><b>Truncation.</b> If whoever else has the file cuts it short, Java code that touches a page
 * that is gone gets an {@link InternalError}, but some intrinsics end the process with
 * {@code SIGBUS}. A file from a peer that is not trusted should be refused unless
 * {@link LinuxFile#seals()} has {@link Seal#SHRINK}.
 */
public final class Mapping implements AutoCloseable {

    /** What may be done with the memory. */
    public enum Access {
        /** Reading; {@link #segment()} refuses to write. */
        READ_ONLY(MemoryCalls.PROT_READ),
        /** Reading and writing. */
        READ_WRITE(MemoryCalls.PROT_READ | MemoryCalls.PROT_WRITE);

        private final int protection;

        Access(int protection) {
            this.protection = protection;
        }
    }

    /** What to tell the kernel about a range: {@code madvise(2)}. */
    public enum Advice {
        /**
         * The pages are not needed now. Anonymous memory is freed and reads as zeros next time; a
         * file's pages keep their content.
         */
        DONTNEED(4),
        /** Frees the pages and the space behind them in the file: a hole that reads as zeros. */
        REMOVE(9),
        /**
         * Allocates the pages now and makes them writable, so that a later access cannot fail;
         * {@code EFAULT} if there is no room for them in a file of tmpfs or hugetlbfs. Linux 5.14
         * or newer.
         */
        POPULATE_WRITE(23);

        private final int number;

        Advice(int number) {
            this.number = number;
        }
    }

    private static final long TRY_NANOS = 100_000;
    private static final long FIRST_DELAY_MILLIS = 1;
    private static final long LAST_DELAY_MILLIS = 100;

    private final Arena arena;
    private final MemorySegment segment;
    private volatile boolean closing;

    private Mapping(Arena arena, MemorySegment segment) {
        this.arena = arena;
        this.segment = segment;
    }

    /**
     * Maps a range of a regular file, shared with everybody who maps it ({@code MAP_SHARED}). The
     * file may be closed afterwards. Neither position nor length need be aligned: whole pages, or
     * huge pages, around them are mapped.
     *
     * @param file a memory file, a file of tmpfs or hugetlbfs, or a file on a disk
     * @param position where the range begins, in bytes
     * @param length in bytes, more than 0
     * @param access how the memory will be used
     * @return the mapping, owned by the caller
     * @throws LinuxException as {@code mmap(2)} fails; {@code EACCES} if the file is not open for
     *         this access
     * @throws IOException if it is not a regular file, or ends before the range does
     */
    public static Mapping shared(FileDescriptor file, long position, long length, Access access)
            throws IOException {
        Linux.requireSupported();
        if (position < 0 || length <= 0 || position > Long.MAX_VALUE - length) {
            throw new IllegalArgumentException("mapping: position=" + position + " length="
                    + length);
        }
        int fd = file.acquire("mmap");
        try {
            FileStatus status = file.status();
            if (status.type() != FileStatus.Type.REGULAR || status.size() < position + length) {
                throw new IOException("mapping: " + file + " type=" + status.type() + " size="
                        + status.size()
                        + " position=" + position + " length=" + length
                        + ": must be a regular file that holds the range");
            }
            long granule = file.mappingGranule();
            long begin = position & -granule;
            long end = Math.addExact(position + length, granule - 1) & -granule;
            Mapping whole = map(end - begin, access, MemoryCalls.MAP_SHARED, fd, begin);
            return new Mapping(whole.arena, whole.segment.asSlice(position - begin, length));
        } finally {
            file.release();
        }
    }

    /**
     * Maps a range of a file that a peer sent, as {@link #shared} does, if the peer cannot take it
     * away again.
     *
     * @param trusted whether to map files too that can be made shorter; the peer then has to be
     *        trusted as a part of this process, as the class says
     * @return the mapping, owned by the caller; the descriptor stays the caller's
     * @throws LinuxException {@code EPERM} if the file is not sealed against shrinking, or as
     *         {@code mmap(2)} fails
     * @throws IOException if it is not a regular file, or ends before the range does
     */
    public static Mapping ofPeer(FileDescriptor file, long position, long length, Access access,
            boolean trusted) throws IOException {
        FileStatus.Type type = file.status().type();
        if (type != FileStatus.Type.REGULAR) {
            throw new IOException("mapping: " + file + " type=" + type + ": must be a regular file");
        }
        if (!trusted && !Seal.of(file).contains(Seal.SHRINK)) {
            throw new LinuxException("mmap", Errno.EPERM.number(), "memory that the peer can truncate: seal it"
                    + " with F_SEAL_SHRINK (QEMU: memory-backend-memfd), or trust the peer with"
                    + " trustMemory()");
        }
        return shared(file, position, length, access);
    }

    /**
     * Maps memory of this process alone, filled with zeros, of which pages are allocated when they
     * are first touched ({@code MAP_PRIVATE}, {@code MAP_ANONYMOUS}, {@code MAP_NORESERVE}).
     *
     * @param length in bytes, more than 0
     * @return the mapping, owned by the caller
     * @throws LinuxException as {@code mmap(2)} fails
     */
    public static Mapping anonymous(long length) throws LinuxException {
        Linux.requireSupported();
        if (length <= 0) {
            throw new IllegalArgumentException("mapping: length=" + length);
        }
        return map(length, Access.READ_WRITE,
                MemoryCalls.MAP_PRIVATE | MemoryCalls.MAP_ANONYMOUS | MemoryCalls.MAP_NORESERVE, -1,
                0);
    }

    @SuppressWarnings("restricted")
    private static Mapping map(long length, Access access, int flags, int fd, long offset)
            throws LinuxException {
        long address = MemoryCalls.mmap(length, access.protection, flags, fd, offset);
        if (address < 0) {
            throw new LinuxException("mmap", -address, "fd=" + fd + " offset=" + offset + " length="
                    + length
                    + " access=" + access);
        }
        Arena arena = Arena.ofShared();
        MemorySegment segment = MemorySegment.ofAddress(address).reinterpret(length, arena,
                Mapping::unmap);
        return new Mapping(arena, access == Access.READ_ONLY ? segment.asReadOnly() : segment);
    }

    private static void unmap(MemorySegment mapped) {
        int result = MemoryCalls.munmap(mapped.address(), mapped.byteSize());
        if (result < 0) {
            throw new UncheckedIOException(
                    new LinuxException("munmap", -result, "length=" + mapped.byteSize()));
        }
    }

    /**
     * {@return the memory, accessible to every thread until the close}
     *
     * @throws IllegalStateException if {@link #closeAsync()} was called
     */
    public MemorySegment segment() {
        if (closing) {
            throw new IllegalStateException("mapping: being closed: length=" + segment.byteSize());
        }
        return segment;
    }

    /** {@return the length in bytes} */
    public long length() {
        return segment.byteSize();
    }

    /**
     * Tells the kernel something about a range.
     *
     * @param advice what to tell
     * @param offset in bytes from the beginning of {@link #segment()}; its address must be that of
     *         a page
     * @param length in bytes
     * @throws LinuxException as {@code madvise(2)} fails; {@code EINVAL} if the offset is not
     *         aligned
     * @throws IndexOutOfBoundsException if the range is not inside
     * @throws IllegalStateException after the close
     */
    public void advise(Advice advice, long offset, long length) throws LinuxException {
        int result = MemoryCalls.madvise(segment.asSlice(offset, length), advice.number);
        if (result < 0) {
            throw new LinuxException("madvise", -result, "advice=" + advice + " offset=" + offset
                    + " length=" + length);
        }
    }

    /** {@return whether the memory is still mapped} */
    public boolean isOpen() {
        return arena.scope().isAlive();
    }

    /**
     * Unmaps the memory; again, it does nothing. May stop the calling thread for a moment, as the
     * class says.
     *
     * @throws IllegalStateException if something holds the memory; nothing has changed then
     */
    @Override
    public void close() {
        if (!tryClose()) {
            throw new IllegalStateException("mapping: held by a call that is under way: length="
                    + segment.byteSize()
                    + ": close it again later, or with closeAsync()");
        }
    }

    /**
     * Unmaps the memory unless something holds it. May stop the calling thread for a moment, as the
     * class says.
     *
     * @return whether it is unmapped, now or since before
     */
    public boolean tryClose() {
        try {
            arena.close();
            return true;
        } catch (IllegalStateException heldOrClosed) {
            return !arena.scope().isAlive();
        }
    }

    /**
     * Unmaps the memory as {@link #tryClose()} does, trying for a while.
     *
     * @param deadline of {@link System#nanoTime()}
     * @return whether it is unmapped
     */
    public boolean tryClose(long deadline) {
        while (!tryClose()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            LockSupport.parkNanos(TRY_NANOS);
        }
        return true;
    }

    /**
     * Has the memory unmapped as soon as nothing holds it, by threads of the JVM's common pool, and
     * returns at once. From now on {@link #segment()} gives it to nobody.
     *
     * @return completes when the memory is unmapped
     */
    public CompletableFuture<Void> closeAsync() {
        closing = true;
        CompletableFuture<Void> closed = new CompletableFuture<>();
        CompletableFuture.runAsync(() -> closeOrRetry(closed, FIRST_DELAY_MILLIS));
        return closed;
    }

    private void closeOrRetry(CompletableFuture<Void> closed, long delayMillis) {
        try {
            if (tryClose()) {
                closed.complete(null);
                return;
            }
        } catch (RuntimeException | Error failed) {
            closed.completeExceptionally(failed);
            return;
        }
        Executor later = CompletableFuture.delayedExecutor(delayMillis, TimeUnit.MILLISECONDS);
        later.execute(() -> closeOrRetry(closed, Math.min(2 * delayMillis, LAST_DELAY_MILLIS)));
    }
}
