// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

import io.netty.buffer.ByteBuf;
import io.netty.util.IllegalReferenceCountException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.LockSupport;

/**
 * One contiguous range of guest-physical memory and the host memory behind it.
 *
 * <p>Host memory is off-heap: ordered access to rings needs it. A region that owns its memory (made
 * by {@link #allocate} or {@link #map}, or from a {@code ByteBuf} that it retained) gives it back on
 * {@link #close()}; close it only when {@link RegionRemoval} says that nothing uses it, as
 * {@link GuestMemory#close()} does by itself.
 */
public final class MemoryRegion implements AutoCloseable {

    /** Above this size, memory comes from a sparse file: what is never touched costs nothing. */
    private static final long SPARSE_ABOVE = 64L << 20;

    private static final long CLOSE_AGAIN_NANOS = 1_000_000;

    /** Never runs: stands for all other threads. */
    private static final Thread ANOTHER = Thread.ofVirtual().unstarted(() -> {});

    private final long guestAddress;
    private final long length;
    private final MemorySegment segment;
    private final boolean readOnly;
    private final AutoCloseable owned;

    private MemoryRegion(
            long guestAddress, MemorySegment segment, boolean readOnly, AutoCloseable owned) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("guest memory has to be off-heap: use a direct buffer,"
                    + " a mapped file or MemoryRegion.allocate: guestAddress=0x"
                    + Long.toHexString(guestAddress));
        }
        if (!segment.isAccessibleBy(ANOTHER)) {
            throw new IllegalArgumentException("guest memory is accessed by several threads: use a shared,"
                    + " automatic or global arena: guestAddress=0x" + Long.toHexString(guestAddress));
        }
        this.length = segment.byteSize();
        if (length == 0 || Long.compareUnsigned(guestAddress, -length) > 0) {
            throw new IllegalArgumentException("region is empty or passes the end of the address space:"
                    + " guestAddress=0x" + Long.toHexString(guestAddress) + " length=" + length);
        }
        this.guestAddress = guestAddress;
        this.segment = readOnly ? segment.asReadOnly() : segment;
        this.readOnly = readOnly || segment.isReadOnly();
        this.owned = owned;
    }

    /**
     * Creates a region of zeroes. Large ones are sparse: backed by an unlinked file in shared memory
     * or in the temporary directory.
     *
     * @param guestAddress the guest-physical address of its first byte
     * @param length bytes; any size that the host's address space can hold
     */
    public static MemoryRegion allocate(long guestAddress, long length) {
        Arena arena = Arena.ofShared();
        try {
            MemorySegment segment = length > SPARSE_ABOVE
                    ? sparse(length, arena)
                    : arena.allocate(length, 4096);
            return new MemoryRegion(guestAddress, segment, false, arena::close);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private static MemorySegment sparse(long length, Arena arena) {
        Path shm = Path.of("/dev/shm");
        try {
            Path file = Files.isWritable(shm)
                    ? Files.createTempFile(shm, "virtio4j", ".ram")
                    : Files.createTempFile("virtio4j", ".ram");
            try (FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.READ, StandardOpenOption.WRITE,
                    StandardOpenOption.SPARSE, StandardOpenOption.DELETE_ON_CLOSE)) {
                channel.write(ByteBuffer.allocate(1), length - 1);
                return channel.map(MapMode.READ_WRITE, 0, length, arena);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot allocate guest memory: length=" + length, e);
        }
    }

    /**
     * Maps a part of a file, shared with whoever maps it too.
     *
     * <p>Whoever can truncate the file can stop this process; map files of a peer only if it is
     * trusted or the file is sealed against shrinking.
     *
     * @param channel an open file; may be closed afterwards
     * @param offset where in the file the region starts
     */
    public static MemoryRegion map(
            long guestAddress, FileChannel channel, long offset, long length, boolean readOnly)
            throws IOException {
        Arena arena = Arena.ofShared();
        try {
            MapMode mode = readOnly ? MapMode.READ_ONLY : MapMode.READ_WRITE;
            MemorySegment segment = channel.map(mode, offset, length, arena);
            return new MemoryRegion(guestAddress, segment, readOnly, arena::close);
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /**
     * Uses a native segment that any thread may access. The caller keeps its memory valid until the
     * region was removed and is quiescent.
     */
    public static MemoryRegion of(long guestAddress, MemorySegment segment) {
        return new MemoryRegion(guestAddress, segment, false, () -> {});
    }

    /** As {@link #of(long, MemorySegment)}, for memory that the device may only read. */
    public static MemoryRegion readOnly(long guestAddress, MemorySegment segment) {
        return new MemoryRegion(guestAddress, segment, true, () -> {});
    }

    /** Uses the bytes from position to limit of a direct buffer. */
    public static MemoryRegion of(long guestAddress, ByteBuffer buffer) {
        return of(guestAddress, MemorySegment.ofBuffer(buffer));
    }

    /**
     * Uses the bytes from index 0 to the capacity of a direct buffer, which is retained until
     * {@link #close()}.
     */
    public static MemoryRegion of(long guestAddress, ByteBuf buffer) {
        MemorySegment segment = MemorySegment.ofBuffer(buffer.nioBuffer(0, buffer.capacity()));
        MemoryRegion region = new MemoryRegion(guestAddress, segment, false, buffer::release);
        buffer.retain();
        return region;
    }

    /** The guest-physical address of the first byte. */
    public long guestAddress() {
        return guestAddress;
    }

    /** How many bytes. */
    public long length() {
        return length;
    }

    /** Whether the device may only read it. */
    public boolean isReadOnly() {
        return readOnly;
    }

    /** The host memory; offset 0 is {@link #guestAddress()}. */
    public MemorySegment segment() {
        return segment;
    }

    /** Whether all {@code length} bytes from {@code address} lie in this region. */
    public boolean contains(long address, long length) {
        long offset = address - guestAddress;
        return offset >= 0 && length <= this.length - offset;
    }

    /** A part of the region, which goes on to own the memory. */
    MemoryRegion part(long from, long bytes) {
        return new MemoryRegion(from, segment.asSlice(from - guestAddress, bytes), readOnly, () -> {});
    }

    boolean overlaps(MemoryRegion other) {
        return Long.compareUnsigned(guestAddress, other.guestAddress + (other.length() - 1)) <= 0
                && Long.compareUnsigned(other.guestAddress, guestAddress + (length() - 1)) <= 0;
    }

    /**
     * Gives back memory that the region owns; does nothing otherwise.
     *
     * @throws IllegalStateException if something still accesses the memory
     */
    @Override
    public void close() {
        try {
            owned.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("cannot free guest memory: " + this, e);
        }
    }

    /**
     * As {@link #close()}, on a thread of its own, again and again while something that this library does
     * not know of, such as I/O on a channel, accesses the memory. Returns at once.
     */
    public void closeLater() {
        Thread.ofVirtual().name("virtio4j-free").start(() -> {
            while (!tryClose()) {
                LockSupport.parkNanos(CLOSE_AGAIN_NANOS);
            }
        });
    }

    void closeNowOrLater() {
        if (!tryClose()) {
            closeLater();
        }
    }

    /** Says whether there is nothing left to do. */
    private boolean tryClose() {
        try {
            close();
            return true;
        } catch (IllegalReferenceCountException e) {
            return true; // a buffer that somebody else released too often
        } catch (IllegalStateException e) {
            return !segment.scope().isAlive();
        }
    }

    @Override
    public String toString() {
        return "MemoryRegion[0x" + Long.toHexString(guestAddress) + "+0x"
                + Long.toHexString(length()) + (readOnly ? " read-only]" : "]");
    }
}
