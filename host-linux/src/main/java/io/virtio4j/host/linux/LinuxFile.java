// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A file that is read and written at positions: a disk image, a block device, a memory file.
 *
 * <p>Every method may be called by any number of threads at once, and none moves a shared position
 * except {@link #nextData}, {@link #nextHole}, and {@link #size} of a block device.
 * {@link Thread#interrupt} neither stops a call nor closes the file.
 *
 * <p>Memory segments and buffers must be native (off-heap); each keeps its arena alive during the
 * call. Guest memory may be passed as it is: where a page of it has gone, because its owner cut the
 * file short, the kernel answers {@code EFAULT}. Reading and writing segments allocates nothing; a
 * buffer costs the segment that wraps it, unless the compiler removes it.
 */
public final class LinuxFile implements AutoCloseable {

    /** How to open a file. Without any, it is opened for reading. */
    public enum Option {
        /** For reading and writing. */
        WRITE(FileCalls.O_RDWR),
        /** Creates the file if there is none; needs {@link #WRITE}. */
        CREATE(FileCalls.O_CREAT),
        /** Creates the file and fails with {@code EEXIST} if there is one; needs {@link #WRITE}. */
        CREATE_NEW(FileCalls.O_CREAT | FileCalls.O_EXCL),
        /** Cuts the file to length 0; needs {@link #WRITE}. */
        TRUNCATE(FileCalls.O_TRUNC),
        /**
         * A write returns when its data is durable, as if {@link LinuxFile#force force(false)}
         * followed it.
         */
        DSYNC(FileCalls.O_DSYNC);

        private final int flag;

        Option(int flag) {
            this.flag = flag;
        }
    }

    private static final int DEFAULT_MODE = 0666; // less the umask
    private static final int MEMORY_NAME_LIMIT = 249;

    private final FileDescriptor descriptor;
    private final boolean blockDevice;
    private final FileTransfer transfer;

    private LinuxFile(FileDescriptor descriptor, boolean blockDevice, boolean synchronous) {
        this.descriptor = descriptor;
        this.blockDevice = blockDevice;
        this.transfer = new FileTransfer(synchronous);
    }

    /**
     * Opens a regular file or a block device.
     *
     * @param path of the default file system
     * @param options how to open it; none opens it for reading
     * @return the file, owned by the caller
     * @throws IllegalArgumentException if the options contradict each other
     * @throws LinuxException as {@code open(2)} fails
     * @throws IOException if it is something else, such as a directory or a FIFO, which is never
     *         waited for
     */
    public static LinuxFile open(Path path, Option... options) throws IOException {
        Linux.requireSupported();
        int flags = flags(path, options);
        FileDescriptor descriptor;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = Libc.cString(arena, Libc.name(path));
            descriptor = FileDescriptor.opened(FileCalls.open(name, flags | FileCalls.O_NONBLOCK,
                    DEFAULT_MODE),
                    "open", "path=" + path);
        }
        try {
            // O_NONBLOCK has done its duty: a FIFO or a device without medium has not stopped us.
            int result = FileCalls.fcntl(descriptor.number(), FileCalls.F_SETFL, flags);
            if (result < 0) {
                throw new LinuxException("fcntl", -result, "path=" + path);
            }
            return of(descriptor);
        } catch (IOException refused) {
            descriptor.close();
            throw new IOException("open: path=" + path + ": " + refused.getMessage(), refused);
        }
    }

    private static int flags(Path path, Option... options) {
        Set<Option> set = EnumSet.noneOf(Option.class);
        set.addAll(List.of(options));
        boolean write = set.contains(Option.WRITE);
        if (!write && (set.contains(Option.CREATE) || set.contains(Option.CREATE_NEW)
                || set.contains(Option.TRUNCATE))) {
            throw new IllegalArgumentException("open: path=" + path + " options="
                    + Arrays.toString(options)
                    + ": creating and cutting need WRITE");
        }
        int flags = FileCalls.O_CLOEXEC | FileCalls.O_NOCTTY;
        for (Option option : set) {
            flags |= option.flag;
        }
        return flags;
    }

    /**
     * Takes over a descriptor, such as one that was received. If this throws, the descriptor is
     * still the caller's.
     *
     * @param descriptor belongs to the result from now on
     * @return its owner
     * @throws IOException if it is neither a regular file nor a block device
     */
    public static LinuxFile of(FileDescriptor descriptor) throws IOException {
        FileStatus.Type type = descriptor.status().type();
        if (type != FileStatus.Type.REGULAR && type != FileStatus.Type.BLOCK_DEVICE) {
            throw new IOException("neither a regular file nor a block device: " + descriptor
                    + " type=" + type);
        }
        return new LinuxFile(descriptor, type == FileStatus.Type.BLOCK_DEVICE,
                (descriptor.flags() & FileCalls.O_DSYNC) != 0);
    }

    /** What was opened as a regular file with these flags. */
    static LinuxFile regular(FileDescriptor descriptor, int flags) {
        return new LinuxFile(descriptor, false, (flags & FileCalls.O_DSYNC) != 0);
    }

    /**
     * Creates a memory file: without a name in any directory, sparse, sealable, not executable,
     * gone with its last descriptor and mapping.
     *
     * @param name shown in {@code /proc/self/maps}, at most 249 bytes
     * @param size in bytes
     * @return the file, owned by the caller
     * @throws LinuxException as {@code memfd_create(2)} and {@code ftruncate(2)} fail
     */
    public static LinuxFile memory(String name, long size) throws LinuxException {
        Linux.requireSupported();
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MEMORY_NAME_LIMIT || size < 0) {
            throw new IllegalArgumentException("memory file: name=" + name + " bytes="
                    + bytes.length
                    + " limit=" + MEMORY_NAME_LIMIT + " size=" + size);
        }
        int flags = FileCalls.MFD_CLOEXEC | FileCalls.MFD_ALLOW_SEALING;
        int fd;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment string = Libc.cString(arena, bytes);
            fd = FileCalls.memfdCreate(string, flags | FileCalls.MFD_NOEXEC_SEAL);
            if (fd == -Libc.EINVAL) { // Linux before 6.3
                fd = FileCalls.memfdCreate(string, flags);
            }
        }
        LinuxFile file = new LinuxFile(FileDescriptor.opened(fd, "memfd_create", "name=" + name),
                false, false);
        try {
            file.truncate(size);
        } catch (LinuxException refused) {
            file.close();
            throw refused;
        }
        return file;
    }

    /** {@return the descriptor, owned by this file: to map it, or to send it to another process} */
    public FileDescriptor descriptor() {
        return descriptor;
    }

    // ── Reading and writing ────────────────────────────────────────────────

    /**
     * Reads until {@code to} is full or the file ends.
     *
     * @param position in bytes from the beginning of the file
     * @param to native memory
     * @return the bytes read, fewer than {@code to} holds only at the end of the file; what follows
     *         them in {@code to} is as it was
     * @throws LinuxException as {@code pread(2)} fails; then any part of {@code to} may have been
     *         written
     */
    public long read(long position, MemorySegment to) throws LinuxException {
        requirePosition(position);
        requireWritable(to);
        int fd = descriptor.acquire("pread");
        try {
            return transfer.read(fd, position, to);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Writes all of {@code from}, extending the file if need be.
     *
     * @param position in bytes from the beginning of the file
     * @param from native memory
     * @throws LinuxException as {@code pwrite(2)} fails, {@code ENOSPC} for one; then any part may
     *         have been written
     */
    public void write(long position, MemorySegment from) throws LinuxException {
        requirePosition(position);
        requireNative(from);
        int fd = descriptor.acquire("pwrite");
        try {
            transfer.write(fd, position, from);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Reads into several segments, one after the other, until all are full or the file ends.
     *
     * @param position in bytes from the beginning of the file
     * @param to native memory
     * @param count how many of {@code to} to use; the rest is not looked at
     * @return as {@link #read(long, MemorySegment)}
     * @throws LinuxException as {@code preadv(2)} fails; then any part of {@code to} may have been
     *         written
     */
    public long read(long position, MemorySegment[] to, int count) throws LinuxException {
        requirePosition(position);
        for (int i = 0; i < count; i++) {
            requireWritable(to[i]);
        }
        int fd = descriptor.acquire("preadv");
        try {
            return transfer.read(fd, position, to, count);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Writes all of several segments, one after the other.
     *
     * @param position in bytes from the beginning of the file
     * @param from native memory
     * @param count how many of {@code from} to use; the rest is not looked at
     * @throws LinuxException as {@code pwritev(2)} fails; then any part may have been written
     */
    public void write(long position, MemorySegment[] from, int count) throws LinuxException {
        requirePosition(position);
        for (int i = 0; i < count; i++) {
            requireNative(from[i]);
        }
        int fd = descriptor.acquire("pwritev");
        try {
            transfer.write(fd, position, from, count);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Reads once: as much as the kernel gives at once, less than all only at the end of the file, mostly.
     *
     * @param position in bytes from the beginning of the file
     * @param to where to, not cleared; native memory that may be written
     * @return the bytes read; 0 at the end of the file
     * @throws LinuxException as {@code preadv(2)} fails; then any part of the memory may have been written
     */
    public long readSome(long position, IoVector to) throws LinuxException {
        requirePosition(position);
        to.requireWritable();
        int fd = descriptor.acquire("preadv");
        try {
            return FileTransfer.some("preadv", FileCalls.preadv(fd, to, position), fd, position);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Writes once: as much as the kernel takes at once; at a full disk, less than all.
     *
     * @param position in bytes from the beginning of the file; not looked at if it was opened to append
     * @param from where from, not cleared
     * @return the bytes written; 0 only if there are none to write
     * @throws LinuxException as {@code pwritev(2)} fails; then nothing has been written
     */
    public long writeSome(long position, IoVector from) throws LinuxException {
        requirePosition(position);
        int fd = descriptor.acquire("pwritev");
        try {
            return FileTransfer.some("pwritev", transfer.pwritev(fd, from, position), fd, position);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Copies a range of this file to another, without moving it through this process: {@code copy_file_range(2)}.
     *
     * @param position in bytes from the beginning of this file
     * @param to the other file, or this one if the ranges do not overlap
     * @param toPosition in bytes from its beginning
     * @param length in bytes
     * @return the bytes copied, which may be fewer; 0 at the end of this file
     * @throws LinuxException {@code EXDEV} or {@code EOPNOTSUPP} if the kernel cannot between these two
     */
    public long copyTo(long position, LinuxFile to, long toPosition, long length) throws LinuxException {
        requirePosition(position);
        requirePosition(toPosition);
        MemorySegment positions = CallState.current().buffers().positions;
        int fd = descriptor.acquire("copy_file_range");
        try {
            int other = to.descriptor.acquire("copy_file_range");
            try {
                positions.set(JAVA_LONG, 0, position);
                positions.set(JAVA_LONG, Long.BYTES, toPosition);
                return LinuxNode.check(SystemCall.COPY_FILE_RANGE, SystemCall.COPY_FILE_RANGE.call(fd,
                        positions.address(), other, positions.address() + Long.BYTES, length, 0), fd, null);
            } finally {
                to.descriptor.release();
            }
        } finally {
            descriptor.release();
        }
    }

    /** {@return the locks that belong to this open file, for as long as it is open} */
    public FileLocks locks() {
        return new FileLocks(descriptor);
    }

    /**
     * Reads until {@code to} has nothing remaining or the file ends, and advances its position.
     *
     * @param position in bytes from the beginning of the file
     * @param to a direct buffer
     * @return the bytes read, fewer than were remaining only at the end of the file
     * @throws LinuxException as {@link #read(long, MemorySegment)}; then the buffer's position is
     *         as it was
     */
    public int read(long position, ByteBuffer to) throws LinuxException {
        int n = (int) read(position, MemorySegment.ofBuffer(to));
        to.position(to.position() + n);
        return n;
    }

    /**
     * Writes all that remains of {@code from} and advances its position.
     *
     * @param position in bytes from the beginning of the file
     * @param from a direct buffer
     * @throws LinuxException as {@link #write(long, MemorySegment)}; then the buffer's position is
     *         as it was
     */
    public void write(long position, ByteBuffer from) throws LinuxException {
        write(position, MemorySegment.ofBuffer(from));
        from.position(from.limit());
    }

    private static void requirePosition(long position) {
        if (position < 0) {
            throw new IllegalArgumentException("file: position=" + position
                    + ": cannot be negative");
        }
    }

    private static void requireNative(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("file: " + segment
                    + ": must be native memory, not on the heap");
        }
    }

    private static void requireWritable(MemorySegment segment) {
        requireNative(segment);
        if (segment.isReadOnly()) {
            throw new IllegalArgumentException("file: " + segment
                    + ": cannot read into read-only memory");
        }
    }

    // ── Durability and space ───────────────────────────────────────────────

    /**
     * Returns when everything written before through any descriptor is durable:
     * {@code fdatasync(2)}, or {@code fsync(2)} with metadata.
     *
     * @param metadata also what is not needed to read the data back, such as times
     * @throws LinuxException {@code EIO} and others: data may be lost, and a second call that
     *         succeeds does not bring it back, because Linux reports a failed page once
     */
    public void force(boolean metadata) throws LinuxException {
        String call = metadata ? "fsync" : "fdatasync";
        int fd = descriptor.acquire(call);
        try {
            int result = FileCalls.fsync(fd, metadata);
            if (result < 0) {
                throw new LinuxException(call, -result, "fd=" + fd);
            }
        } finally {
            descriptor.release();
        }
    }

    /**
     * Frees the space of a range, which then reads as zeros; the length of the file stays.
     *
     * @param position in bytes from the beginning of the file
     * @param length in bytes
     * @throws LinuxException {@code EOPNOTSUPP} where the file system cannot
     */
    public void punchHole(long position, long length) throws LinuxException {
        fallocate(FileCalls.FALLOC_FL_PUNCH_HOLE | FileCalls.FALLOC_FL_KEEP_SIZE, position, length);
    }

    /**
     * Makes a range read as zeros and keeps its space allocated, without writing zeros where the
     * file system can; the length of the file stays.
     *
     * @param position in bytes from the beginning of the file
     * @param length in bytes
     * @throws LinuxException {@code EOPNOTSUPP} where the file system cannot
     */
    public void zeroRange(long position, long length) throws LinuxException {
        fallocate(FileCalls.FALLOC_FL_ZERO_RANGE | FileCalls.FALLOC_FL_KEEP_SIZE, position, length);
    }

    /**
     * Allocates the space of a range, whose content stays, so that later writes to it do not fail
     * for want of space; extends the file if need be.
     *
     * @param position in bytes from the beginning of the file
     * @param length in bytes
     * @throws LinuxException {@code ENOSPC}; {@code EOPNOTSUPP} where the file system cannot
     */
    public void allocate(long position, long length) throws LinuxException {
        fallocate(0, position, length);
    }

    /**
     * Changes the space of a range, as {@code fallocate(2)} does: nothing is done for no bytes.
     *
     * @param mode its flags: 1 keeps the size, 2 punches a hole, 8 collapses, 0x10 zeroes, 0x20 inserts, 0x40 unshares
     * @param position in bytes from the beginning of the file
     * @param length in bytes
     * @throws LinuxException {@code EOPNOTSUPP} where the file system cannot
     */
    public void fallocate(int mode, long position, long length) throws LinuxException {
        requirePosition(position);
        if (length < 0) {
            throw new IllegalArgumentException("file: length=" + length + ": cannot be negative");
        }
        int fd = descriptor.acquire("fallocate");
        try {
            int result = length == 0 ? 0 : FileCalls.fallocate(fd, mode, position, length);
            if (result < 0) {
                throw new LinuxException("fallocate", -result, "fd=" + fd + " mode=0x"
                        + Integer.toHexString(mode)
                        + " position=" + position + " length=" + length);
            }
        } finally {
            descriptor.release();
        }
    }

    /**
     * The first position, not before the given one, where there is data. Where the file system does
     * not know about holes, everything is data. Moves the file offset that descriptors of the same
     * open file share.
     *
     * @param position in bytes from the beginning of the file
     * @return the position, -1 if only a hole or nothing follows
     * @throws LinuxException as {@code lseek(2)} fails
     */
    public long nextData(long position) throws LinuxException {
        return seek(position, FileCalls.SEEK_DATA);
    }

    /**
     * The first position, not before the given one, where there is a hole; the end of the file
     * counts as one. Moves the file offset as {@link #nextData} does.
     *
     * @param position in bytes from the beginning of the file
     * @return the position, -1 if the given one is not before the end of the file
     * @throws LinuxException as {@code lseek(2)} fails
     */
    public long nextHole(long position) throws LinuxException {
        return seek(position, FileCalls.SEEK_HOLE);
    }

    private long seek(long position, int whence) throws LinuxException {
        requirePosition(position);
        int fd = descriptor.acquire("lseek");
        try {
            long result = FileCalls.lseek(fd, position, whence);
            if (result == -Libc.ENXIO) {
                return -1;
            }
            if (result < 0) {
                throw new LinuxException("lseek", -result, "fd=" + fd + " position=" + position
                        + " whence=" + whence);
            }
            return result;
        } finally {
            descriptor.release();
        }
    }

    /**
     * {@return the length in bytes, of a block device too}
     *
     * @throws LinuxException {@code EBADF} after the close
     */
    public long size() throws LinuxException {
        return blockDevice ? seek(0, FileCalls.SEEK_END) : descriptor.status().size();
    }

    /**
     * {@return the space that the file occupies in bytes; less than the length if it has holes}
     *
     * @throws LinuxException {@code EBADF} after the close
     */
    public long allocatedBytes() throws LinuxException {
        return descriptor.status().allocatedBytes();
    }

    /**
     * Makes the file this long: cuts it, or appends a hole.
     *
     * @param size in bytes
     * @throws LinuxException {@code EPERM} if a seal forbids it, {@code EINVAL} for a block device
     */
    public void truncate(long size) throws LinuxException {
        requirePosition(size);
        int fd = descriptor.acquire("ftruncate");
        try {
            int result = FileCalls.ftruncate(fd, size);
            if (result < 0) {
                throw new LinuxException("ftruncate", -result, "fd=" + fd + " size=" + size);
            }
        } finally {
            descriptor.release();
        }
    }

    // ── Seals ──────────────────────────────────────────────────────────────

    /**
     * Adds seals to a memory file, for ever and for everybody who has it.
     *
     * @param seals what to forbid
     * @throws LinuxException {@code EPERM} if {@link Seal#SEAL} is there, {@code EBUSY} for
     *         {@link Seal#WRITE} while it is mapped writable, {@code EINVAL} if it is not a memory
     *         file
     */
    public void seal(Seal... seals) throws LinuxException {
        int fd = descriptor.acquire("fcntl");
        try {
            int result = FileCalls.fcntl(fd, FileCalls.F_ADD_SEALS, Seal.bits(List.of(seals)));
            if (result < 0) {
                throw new LinuxException("fcntl", -result, "fd=" + fd + " seals="
                        + Arrays.toString(seals));
            }
        } finally {
            descriptor.release();
        }
    }

    /**
     * {@return the seals there are; none for a file that cannot be sealed}
     *
     * @throws LinuxException {@code EBADF} after the close
     */
    public Set<Seal> seals() throws LinuxException {
        return Seal.of(descriptor);
    }

    /** Closes the descriptor; again, it does nothing. Mappings of the file stay. */
    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return "file " + descriptor;
    }
}
