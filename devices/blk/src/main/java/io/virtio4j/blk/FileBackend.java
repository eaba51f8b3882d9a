// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Keeps data in a file, as it is: a raw image, or a block device of the host.
 *
 * <p>Nothing is buffered in this process: what was written is in the host's page cache, and on its storage
 * after {@link #force}. Transfers use the calling thread and allocate nothing. Interrupting that thread does
 * not close the file. A range beyond the end of the file cannot be read: an image that was truncated gives
 * errors, not stale bytes.
 */
public final class FileBackend implements BlockBackend {

    /** Bytes that are punched at once: some ten milliseconds, if the file is in pieces of 4 KiB. */
    static final int PUNCH = 16 << 20;

    private final String name;
    private final FileAccess file;
    private final long size;
    private final boolean readOnly;
    private final @Nullable HolePuncher puncher;

    /** A puncher's answer "cannot" is not asked for twice. */
    private volatile boolean canPunch;
    private volatile boolean canZero;

    FileBackend(String name, FileAccess file, long size, boolean readOnly, @Nullable HolePuncher puncher) {
        this.name = name;
        this.file = file;
        this.size = size;
        this.readOnly = readOnly;
        this.puncher = puncher;
        this.canPunch = puncher != null && !readOnly;
        this.canZero = canPunch;
    }

    /** Opens an existing file for reading and writing. */
    public static FileBackend open(Path path) throws IOException {
        return open(path, true, null);
    }

    /** Opens an existing file that is not to be written. */
    public static FileBackend openReadOnly(Path path) throws IOException {
        return open(path, false, null);
    }

    /**
     * Opens an existing file for reading and writing, with a way to give storage back.
     *
     * @param puncher works on the same file; closed with the backend
     */
    public static FileBackend open(Path path, HolePuncher puncher) throws IOException {
        return open(path, true, puncher);
    }

    private static FileBackend open(Path path, boolean writable, @Nullable HolePuncher puncher)
            throws IOException {
        if (!Files.exists(path)) {
            throw new IOException("no such file: use FileBackend.create to make one: path=" + path);
        }
        SteadyFile file = new SteadyFile(path, writable);
        try {
            return new FileBackend(path.toString(), file, file.size(), !writable, puncher);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Creates a sparse file of zeroes that survives a crash of the host from now on, and opens it.
     *
     * @param size bytes
     * @throws FileAlreadyExistsException if there is one
     */
    public static FileBackend create(Path path, long size) throws IOException {
        Files.createFile(path);
        SteadyFile file = new SteadyFile(path, true);
        try {
            file.setSize(size);
            file.force();
            forceDirectory(path);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
        return new FileBackend(path.toString(), file, size, false, null);
    }

    /** The name of a new file is durable when its directory is. */
    static void forceDirectory(Path path) throws IOException {
        Path directory = path.toAbsolutePath().getParent();
        if (directory != null && directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    /** The size of the file when it was opened. */
    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isReadOnly() {
        return readOnly;
    }

    @Override
    public boolean canDeallocate() {
        return canPunch;
    }

    @Override
    public void read(long offset, ByteBuf target) throws IOException {
        while (target.isWritable()) {
            int count = file.read(bytes(target, target.writerIndex(), target.writableBytes()), offset);
            if (count < 0) {
                throw new EOFException("file ends before the disk does: file=" + name + " offset=" + offset
                        + " missing=" + target.writableBytes());
            }
            target.writerIndex(target.writerIndex() + count);
            offset += count;
        }
    }

    @Override
    public void write(long offset, ByteBuf source) throws IOException {
        if (readOnly) {
            throw new IOException("file is not open for writing: file=" + name);
        }
        while (source.isReadable()) {
            int count = file.write(bytes(source, source.readerIndex(), source.readableBytes()), offset);
            source.skipBytes(count);
            offset += count;
        }
    }

    /** The bytes as the JDK wants them; of a buffer in parts, the first. */
    private static ByteBuffer bytes(ByteBuf buffer, int index, int length) {
        if (buffer.nioBufferCount() == 1) {
            return buffer.internalNioBuffer(index, length);
        }
        for (ByteBuffer part : buffer.nioBuffers(index, length)) {
            if (part.hasRemaining()) {
                return part;
            }
        }
        throw new IllegalArgumentException("buffer has no memory that can be written to a file: " + buffer);
    }

    @Override
    public void force() throws IOException {
        if (!readOnly) {
            file.force();
        }
    }

    @Override
    public long discard(long offset, long length) throws IOException {
        long slice = Math.min(length, PUNCH);
        return punch(offset, slice) ? slice : length;
    }

    @Override
    public long zero(long offset, long length, boolean mayUnmap) throws IOException {
        long slice = Math.min(length, PUNCH);
        if (mayUnmap && punch(offset, slice) || zeroInPlace(offset, slice)) {
            return slice;
        }
        return Zeroes.write(this, offset, length);
    }

    private boolean punch(long offset, long length) throws IOException {
        if (puncher == null || !canPunch || !endsInFile(offset, length)) {
            return false;
        }
        canPunch = puncher.punch(offset, length);
        return canPunch;
    }

    /** Beyond the end nothing is changed, and nothing can be read: there, zeroes have to be written. */
    private boolean endsInFile(long offset, long length) throws IOException {
        return offset + length <= file.size();
    }

    private boolean zeroInPlace(long offset, long length) throws IOException {
        if (puncher == null || !canZero || !endsInFile(offset, length)) {
            return false;
        }
        canZero = puncher.zero(offset, length);
        return canZero;
    }

    @Override
    public void close() throws IOException {
        try {
            file.close();
        } finally {
            if (puncher != null) {
                puncher.close();
            }
        }
    }

    @Override
    public String toString() {
        return "FileBackend[" + name + " " + size + (readOnly ? " read-only]" : "]");
    }
}
