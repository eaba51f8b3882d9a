// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.blk.BlockBackend;
import io.virtio4j.blk.MemoryBackend;
import java.io.IOException;
import java.util.BitSet;

/**
 * A disk with a cache that needs power: what was written is in the backend below only after a force. Loses
 * more than any real disk, so whatever survives had to.
 */
final class VolatileCacheBackend implements BlockBackend {

    private static final int SECTOR = 512;

    private final BlockBackend stable;
    private final MemoryBackend cache;
    private final BitSet cached = new BitSet();

    VolatileCacheBackend(BlockBackend stable) {
        this.stable = stable;
        this.cache = new MemoryBackend(stable.size());
    }

    /** The power fails: the cache is empty. Returns how many sectors were lost. */
    synchronized int losePower() {
        int lost = cached.cardinality();
        cached.clear();
        return lost;
    }

    @Override
    public long size() {
        return stable.size();
    }

    @Override
    public synchronized void read(long offset, ByteBuf target) throws IOException {
        int first = sector(offset);
        int end = first + target.writableBytes() / SECTOR;
        for (int at = first; at < end; ) {
            boolean inCache = cached.get(at);
            int next = Math.min(end, inCache ? cached.nextClearBit(at) : nextCached(at, end));
            target.writeBytes(load(inCache ? cache : stable, at, next));
            at = next;
        }
    }

    private int nextCached(int from, int end) {
        int next = cached.nextSetBit(from);
        return next < 0 ? end : next;
    }

    private static ByteBuf load(BlockBackend from, int sector, int end) throws IOException {
        ByteBuf bytes = Unpooled.buffer((end - sector) * SECTOR, (end - sector) * SECTOR);
        from.read((long) sector * SECTOR, bytes);
        return bytes;
    }

    @Override
    public synchronized void write(long offset, ByteBuf source) throws IOException {
        int first = sector(offset);
        cached.set(first, first + source.readableBytes() / SECTOR);
        cache.write(offset, source);
    }

    @Override
    public synchronized void force() throws IOException {
        for (int at = cached.nextSetBit(0); at >= 0; at = cached.nextSetBit(at)) {
            int end = cached.nextClearBit(at);
            stable.write((long) at * SECTOR, load(cache, at, end));
            cached.clear(at, end);
        }
        stable.force();
    }

    private static int sector(long offset) {
        return Math.toIntExact(offset / SECTOR);
    }

    @Override
    public void close() throws IOException {
        stable.close();
    }
}
