// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.nio;

import io.netty.buffer.ByteBuf;
import io.virtio4j.fs.backend.DataSource;
import io.virtio4j.fs.backend.DataTarget;
import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsCaller;
import io.virtio4j.fs.backend.FsChange;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.OpenFlags;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/** An open file of a file system of Java. */
final class ChannelFile implements FsFile, AutoCloseable {

    private static final int SCRATCH = 64 << 10;
    /** Shorter pieces of guest memory are gathered, so that a page each does not cost a call each. */
    private static final int GATHER_BELOW = 16 << 10;

    private static final ThreadLocal<ByteBuffer> BUFFERS = ThreadLocal.withInitial(
            () -> ByteBuffer.allocateDirect(SCRATCH));

    private final PathNode node;
    private final Positions channel;
    private final OpenFlags flags;

    private ChannelFile(PathNode node, Positions channel, OpenFlags flags) {
        this.node = node;
        this.channel = channel;
        this.flags = flags;
    }

    static ChannelFile open(PathNode node, Path path, OpenFlags flags) throws IOException {
        Set<OpenOption> options = new HashSet<>();
        if (flags.read() || !flags.write()) {
            options.add(StandardOpenOption.READ);
        }
        if (flags.write() || flags.truncate()) {
            options.add(StandardOpenOption.WRITE);
        }
        if (flags.truncate()) {
            options.add(StandardOpenOption.TRUNCATE_EXISTING);
        }
        if (flags.synchronizedData()) {
            options.add(flags.synchronizedAll() ? StandardOpenOption.SYNC : StandardOpenOption.DSYNC);
        }
        if (node.backend().attributes().isHost()) {
            options.add(LinkOption.NOFOLLOW_LINKS);
        }
        return new ChannelFile(node, Positions.open(path, options), flags);
    }

    static void forceDirectory(Path path) throws IOException {
        try (FileChannel directory = FileChannel.open(path, StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    /** Reads and writes at positions, by several threads. */
    interface Positions extends AutoCloseable {

        int read(ByteBuffer target, long position) throws IOException;

        int write(ByteBuffer source, long position) throws IOException;

        long size() throws IOException;

        void truncate(long size) throws IOException;

        void force(boolean metadata) throws IOException;

        @Override
        void close() throws IOException;

        static Positions open(Path path, Set<OpenOption> options) throws IOException {
            try {
                return new OfFile(FileChannel.open(path, options));
            } catch (UnsupportedOperationException e) {
                SeekableByteChannel channel = Files.newByteChannel(path, options);
                return seeks(channel) ? new OfChannel(channel) : new OneWayPositions(path, channel);
            }
        }
    }

    private static boolean seeks(SeekableByteChannel channel) throws IOException {
        try {
            channel.position(0);
            return true;
        } catch (UnsupportedOperationException e) {
            return false;
        }
    }

    private record OfFile(FileChannel channel) implements Positions {

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return channel.read(target, position);
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            return channel.write(source, position);
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public void truncate(long size) throws IOException {
            channel.truncate(size);
        }

        @Override
        public void force(boolean metadata) throws IOException {
            channel.force(metadata);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** A channel with a position, which belongs to one thread at a time. */
    private record OfChannel(SeekableByteChannel channel) implements Positions {

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            synchronized (channel) {
                return channel.position(position).read(target);
            }
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            synchronized (channel) {
                return channel.position(position).write(source);
            }
        }

        @Override
        public long size() throws IOException {
            synchronized (channel) {
                return channel.size();
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            synchronized (channel) {
                channel.truncate(size);
            }
        }

        @Override
        public void force(boolean metadata) {}

        @Override
        public void close() throws IOException {
            synchronized (channel) {
                channel.close();
            }
        }
    }

    @Override
    public Caching caching() {
        return node.backend().isReadOnly() ? Caching.ALWAYS : Caching.WHILE_OPEN;
    }

    // ── Data ───────────────────────────────────────────────────────────────

    @Override
    public void read(long offset, DataTarget target) throws IOException {
        long at = offset;
        while (target.remaining() > 0) {
            ByteBuf view = target.view((int) Math.min(target.remaining(), Integer.MAX_VALUE));
            int run = view.writableBytes();
            int count;
            if (run >= GATHER_BELOW || run == target.remaining()) {
                count = channel.read(view.internalNioBuffer(view.writerIndex(), run), at);
                if (count > 0) {
                    target.advance(count);
                }
            } else {
                ByteBuffer scratch = BUFFERS.get().clear().limit((int) Math.min(SCRATCH, target.remaining()));
                count = channel.read(scratch, at);
                if (count > 0) {
                    target.put(SEGMENTS.get(), 0, count);
                }
            }
            if (count <= 0) {
                return;
            }
            at += count;
        }
    }

    /** The same memory as {@link #BUFFERS}. */
    private static final ThreadLocal<MemorySegment> SEGMENTS = ThreadLocal.withInitial(
            () -> MemorySegment.ofBuffer(BUFFERS.get().duplicate().clear()));

    @Override
    public void write(long offset, DataSource source, boolean dropPrivileges) throws IOException {
        if (source.remaining() == 0) {
            return;
        }
        if (flags.append()) {
            synchronized (this) { // who looks for the end is who moves it
                writeAll(channel.size(), source);
            }
        } else {
            writeAll(offset, source);
        }
        if (dropPrivileges) {
            node.dropPrivileges();
        }
    }

    private void writeAll(long offset, DataSource source) throws IOException {
        long at = offset;
        while (source.remaining() > 0) {
            ByteBuf view = source.view((int) Math.min(source.remaining(), Integer.MAX_VALUE));
            int run = view.readableBytes();
            if (run >= GATHER_BELOW || run == source.remaining()) {
                int count = channel.write(view.internalNioBuffer(view.readerIndex(), run), at);
                source.advance(count);
                at += count;
            } else {
                ByteBuffer scratch = BUFFERS.get().clear().limit((int) Math.min(SCRATCH, source.remaining()));
                source.get(SEGMENTS.get(), 0, scratch.limit());
                while (scratch.hasRemaining()) {
                    at += channel.write(scratch, at);
                }
            }
        }
    }

    long size() throws IOException {
        return channel.size();
    }

    /** Cuts the file, or appends zeroes. */
    void resize(long size) throws IOException {
        long now = channel.size();
        if (size < now) {
            channel.truncate(size);
        } else if (size > now) {
            channel.write(ByteBuffer.allocate(1), size - 1);
        }
    }

    @Override
    public void sync(boolean dataOnly) throws IOException {
        PathErrors.call(() -> {
            channel.force(!dataOnly);
            return true;
        });
    }

    // ── Attributes ─────────────────────────────────────────────────────────

    /** A file whose names are gone goes on to have a length. */
    @Override
    public boolean attributes(FsAttributes out) throws IOException {
        if (!node.isGone()) {
            return false;
        }
        node.lastSeen(out);
        out.links = 0;
        out.size = channel.size();
        return true;
    }

    @Override
    public boolean change(FsCaller caller, FsChange change, FsAttributes out) throws IOException {
        if (!node.isGone()) {
            return false;
        }
        if (change.has(FsChange.SIZE)) {
            resize(change.size);
        }
        return attributes(out);
    }

    @Override
    public void release() {
        node.closed(this);
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
