// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Storage that records what is done to it, and tells what may be left of it after a power cut.
 *
 * <p>What was written before a force that ended before the cut began is there. Of everything else, each sector
 * may be there or not, on its own.
 */
final class RecordedStorage {

    static final int SECTOR = 512;

    private static final long NEVER = Long.MAX_VALUE;

    /** A write, of whole sectors or of parts of them. */
    private static final class Write {
        final long begin;
        final long offset;
        final byte[] data;

        boolean ended;

        /** When a force ended that had begun after the write. */
        long durable = NEVER;

        Write(long begin, long offset, byte[] data) {
            this.begin = begin;
            this.offset = offset;
            this.data = data;
        }
    }

    private final AtomicLong clock;
    private final byte[] content;
    private final List<Write> writes = new ArrayList<>();

    RecordedStorage(long size, AtomicLong clock) {
        this.content = new byte[(int) size];
        this.clock = clock;
    }

    long now() {
        return clock.incrementAndGet();
    }

    /** A write begins; its end follows. */
    private Write beginWrite(long offset, byte[] data) {
        Write write = new Write(now(), offset, data);
        writes.add(write);
        System.arraycopy(data, 0, content, (int) offset, data.length);
        return write;
    }

    private void endWrite(Write write) {
        now();
        write.ended = true;
    }

    void write(long offset, byte[] data) {
        endWrite(beginWrite(offset, data));
    }

    /** A force begins, which covers the writes that have ended. */
    private List<Write> beginForce() {
        now();
        return writes.stream().filter(write -> write.ended && write.durable == NEVER).toList();
    }

    private void endForce(List<Write> covered) {
        long end = now();
        covered.forEach(write -> write.durable = Math.min(write.durable, end));
    }

    void force() {
        endForce(beginForce());
    }

    /** What is left of a cut at this time: one of the possibilities. */
    byte[] survivor(long cut, SplittableRandom random) {
        byte[] image = new byte[content.length];
        // In the order in which they began, so that later ones come out on top.
        for (Write write : writes) {
            if (write.begin > cut) {
                continue;
            }
            boolean durable = write.durable <= cut;
            int at = 0;
            while (at < write.data.length) {
                int inSector = (int) ((write.offset + at) % SECTOR);
                int count = Math.min(SECTOR - inSector, write.data.length - at);
                if (durable || random.nextBoolean()) {
                    System.arraycopy(write.data, at, image, (int) write.offset + at, count);
                }
                at += count;
            }
        }
        return image;
    }

    private void read(long offset, ByteBuf target) {
        int count = target.writableBytes();
        target.writeBytes(content, (int) offset, count);
    }

    /** As the storage of a device. */
    BlockBackend backend() {
        return new TestBackend(content.length) {
            @Override
            public void read(long offset, ByteBuf target) {
                RecordedStorage.this.read(offset, target);
            }

            @Override
            public void write(long offset, ByteBuf source) {
                byte[] data = new byte[source.readableBytes()];
                source.readBytes(data);
                RecordedStorage.this.write(offset, data);
            }

            @Override
            public void force() {
                RecordedStorage.this.force();
            }
        };
    }

    /** As storage that begins at once and ends when the executor comes to it. */
    AsyncBlockBackend async(Executor executor) {
        return new AsyncBlockBackend() {
            @Override
            public void read(long offset, ByteBuf target, BlockCompletion done) {
                RecordedStorage.this.read(offset, target);
                executor.execute(done::succeeded);
            }

            @Override
            public void write(long offset, ByteBuf source, BlockCompletion done) {
                byte[] data = new byte[source.readableBytes()];
                source.readBytes(data);
                Write write = beginWrite(offset, data);
                executor.execute(() -> {
                    endWrite(write);
                    done.succeeded();
                });
            }

            @Override
            public void force(BlockCompletion done) {
                List<Write> covered = beginForce();
                executor.execute(() -> {
                    endForce(covered);
                    done.succeeded();
                });
            }

            @Override
            public long size() {
                return content.length;
            }

            @Override
            public void close() {}
        };
    }

    /** As the file of a file backend, of which each transfer may be short. */
    FileAccess file(SplittableRandom random) {
        return new FileAccess() {
            @Override
            public int read(ByteBuffer target, long offset) {
                int count = 1 + random.nextInt(target.remaining());
                target.put(content, (int) offset, count);
                return count;
            }

            @Override
            public int write(ByteBuffer source, long offset) {
                byte[] data = new byte[1 + random.nextInt(source.remaining())];
                source.get(data);
                RecordedStorage.this.write(offset, data);
                return data.length;
            }

            @Override
            public long size() {
                return content.length;
            }

            @Override
            public void force() {
                RecordedStorage.this.force();
            }

            @Override
            public void close() {}
        };
    }

    /** Storage with a content, to look at a survivor. */
    static BlockBackend of(byte[] image) throws IOException {
        MemoryBackend memory = new MemoryBackend(image.length);
        memory.write(0, Unpooled.wrappedBuffer(image));
        return memory;
    }

    /** A durable backend without anything special. */
    abstract static class TestBackend implements BlockBackend {
        private final long size;

        TestBackend(long size) {
            this.size = size;
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public void close() {}
    }
}
