// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Copy on write: reads come from a base until they are written, writes go elsewhere, and the base is never
 * touched. Many overlays may share a base.
 *
 * <p>In memory, writes end with the process. In a file, they are durable after a force; the file belongs to
 * one base, and the base must not change as long as it does. The file is sparse, and starts with a header:
 *
 * <pre>
 *   header, 4096 bytes: magic le64 | version le32 | cluster le32 | size le64
 *   map, whole blocks of 4096 bytes: a bit for each cluster that was written
 *   data: the clusters, each where it is on the disk
 * </pre>
 */
public final class OverlayBackend implements BlockBackend {

    /** Bytes that are copied from the base at once. */
    private static final int CLUSTER = 4096;

    private static final long MAGIC = 0x766f_7a34_7472_6976L; // "virt4zov"
    private static final int VERSION = 1;

    /** The map has to fit into an array. */
    private static final long MOST = 1L << 46;

    private final BlockBackend base;
    private final BlockBackend layer;

    /** Where the data starts in the layer; 0 in memory. */
    private final long dataStart;

    private final long size;
    private final ClusterMap map;
    private final Object allocation = new Object();
    private final ByteBuf cluster = block(); // guarded by allocation

    private OverlayBackend(BlockBackend base, BlockBackend layer, long dataStart) {
        this.base = base;
        this.layer = layer;
        this.dataStart = dataStart;
        this.size = base.size();
        this.map = new ClusterMap(clusters(size));
    }

    /** An empty buffer with room for a cluster, and for a block of the map. */
    private static ByteBuf block() {
        return Unpooled.wrappedBuffer(new byte[CLUSTER]).clear();
    }

    private static long clusters(long size) {
        return (size + CLUSTER - 1) / CLUSTER;
    }

    /**
     * Keeps writes in memory.
     *
     * @param base closed with the overlay
     */
    public static OverlayBackend inMemory(BlockBackend base) {
        return inMemory(base, Long.MAX_VALUE);
    }

    /**
     * Keeps writes in memory, up to a limit beyond which they fail: a driver may write the whole disk.
     *
     * @param base closed with the overlay
     * @param most bytes
     */
    public static OverlayBackend inMemory(BlockBackend base, long most) {
        return new OverlayBackend(base, new MemoryBackend(base.size(), most), 0);
    }

    /**
     * Keeps writes in a file, which is created if there is none.
     *
     * @param base closed with the overlay
     */
    public static OverlayBackend inFile(BlockBackend base, Path file) throws IOException {
        long fileSize = layerSize(base.size());
        boolean created = !Files.exists(file);
        FileBackend layer = created ? FileBackend.create(file, fileSize) : FileBackend.open(file);
        try {
            return inLayer(base, layer, created, file.toString());
        } catch (IOException | RuntimeException e) {
            layer.close();
            throw e;
        }
    }

    private static long dataStart(long size) {
        return CLUSTER + ClusterMap.blocks(clusters(size)) * ClusterMap.BLOCK;
    }

    static long layerSize(long size) {
        if (size > MOST) {
            throw new IllegalArgumentException("base is too large for an overlay: size=" + size + " most="
                    + MOST);
        }
        return dataStart(size) + size;
    }

    /** Keeps writes in a layer with the layout of a file. */
    static OverlayBackend inLayer(BlockBackend base, BlockBackend layer, boolean created, String name)
            throws IOException {
        OverlayBackend overlay = new OverlayBackend(base, layer, dataStart(base.size()));
        if (created) {
            overlay.writeHeader();
        } else {
            overlay.readHeader(name);
        }
        return overlay;
    }

    // ── The file ───────────────────────────────────────────────────────────

    private void writeHeader() throws IOException {
        ByteBuf header = block();
        header.writeLongLE(MAGIC).writeIntLE(VERSION).writeIntLE(CLUSTER).writeLongLE(size);
        header.writeZero(header.writableBytes());
        layer.write(0, header);
        layer.force();
    }

    private void readHeader(String name) throws IOException {
        ByteBuf block = block();
        layer.read(0, block);
        long magic = block.readLongLE();
        int version = block.readIntLE();
        int clusterSize = block.readIntLE();
        long baseSize = block.readLongLE();
        if (magic != MAGIC || version != VERSION || clusterSize != CLUSTER || baseSize != size) {
            throw new IOException("file is not an overlay of this base: file=" + name + " version=" + version
                    + " cluster=" + clusterSize + " size=" + baseSize + " expected=" + size);
        }
        for (int i = 0; i < ClusterMap.blocks(clusters(size)); i++) {
            layer.read(CLUSTER + (long) i * ClusterMap.BLOCK, block.clear());
            long[] words = new long[ClusterMap.BLOCK / Long.BYTES];
            for (int word = 0; word < words.length; word++) {
                words[word] = block.readLongLE();
            }
            map.load(i, words);
        }
    }

    /** Data first, so that the map never tells of clusters that are not there after a crash. */
    @Override
    public void force() throws IOException {
        if (!layer.isDurable()) {
            return;
        }
        List<ClusterMap.Block> changes = map.takeChanges();
        try {
            layer.force();
            if (changes.isEmpty()) {
                return;
            }
            for (ClusterMap.Block change : changes) {
                ByteBuf block = block();
                for (long word : change.words()) {
                    block.writeLongLE(word);
                }
                layer.write(CLUSTER + (long) change.index() * ClusterMap.BLOCK, block);
            }
            layer.force();
        } catch (IOException | RuntimeException | Error e) {
            map.changesLost(changes);
            throw e;
        }
    }

    // ── Data ───────────────────────────────────────────────────────────────

    @Override
    public void read(long offset, ByteBuf target) throws IOException {
        check(offset, target.writableBytes());
        for (long at = offset; target.isWritable(); ) {
            long last = clusters(at + target.writableBytes());
            long first = at / CLUSTER;
            long run = map.run(first, last);
            int count = (int) Math.min(target.writableBytes(), (first + run) * CLUSTER - at);
            ByteBuf part = count == target.writableBytes()
                    ? target
                    : target.slice(target.writerIndex(), count).writerIndex(0);
            if (map.has(first)) {
                layer.read(dataStart + at, part);
            } else {
                base.read(at, part);
            }
            if (part != target) {
                target.writerIndex(target.writerIndex() + part.writerIndex());
                if (part.isWritable()) {
                    throw new IOException("base read too little: offset=" + at + " missing="
                            + part.writableBytes());
                }
            }
            at += count;
        }
    }

    @Override
    public void write(long offset, ByteBuf source) throws IOException {
        int length = source.readableBytes();
        check(offset, length);
        long first = offset / CLUSTER;
        long end = clusters(offset + length);
        if (map.has(first) && map.run(first, end) == end - first) {
            layer.write(dataStart + offset, source);
            return;
        }
        synchronized (allocation) {
            // Only the clusters at the ends can be written in part.
            if (offset % CLUSTER != 0) {
                copyUp(first);
            }
            long last = end - 1;
            if ((offset + length) % CLUSTER != 0 && (last != first || offset % CLUSTER == 0)) {
                copyUp(last);
            }
            layer.write(dataStart + offset, source);
            if (!source.isReadable()) {
                map.add(first, end);
            }
        }
    }

    /** Copies a cluster that is to be written in part. The map tells of it when it was written. */
    private void copyUp(long index) throws IOException {
        if (map.has(index)) {
            return;
        }
        int count = (int) Math.min(CLUSTER, size - index * CLUSTER);
        ByteBuf content = cluster.setIndex(CLUSTER - count, CLUSTER - count);
        base.read(index * CLUSTER, content);
        if (content.isWritable()) {
            throw new IOException("base read too little: offset=" + index * CLUSTER + " missing="
                    + content.writableBytes());
        }
        layer.write(dataStart + index * CLUSTER, content);
    }

    private void check(long offset, long length) throws IOException {
        if (offset < 0 || offset > size - length) {
            throw new IOException("range passes the end: offset=" + offset + " length=" + length + " size="
                    + size);
        }
    }

    // ── What it is ─────────────────────────────────────────────────────────

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isDurable() {
        return layer.isDurable();
    }

    /** How many bytes were written, in whole clusters. */
    public long writtenBytes() {
        return map.count() * CLUSTER;
    }

    @Override
    public void close() throws IOException {
        try {
            layer.close();
        } finally {
            base.close();
        }
    }
}
