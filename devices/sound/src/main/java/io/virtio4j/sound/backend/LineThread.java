// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.sound.pcm.PcmLine;
import io.virtio4j.sound.pcm.PcmParameters;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread of a line that may block, and the ring between it and the device. Nothing waits for the thread: once
 * the stream has ended it is on its own, and goes when the host lets it.
 */
abstract class LineThread implements PcmLine {

    private static final Logger LOG = LoggerFactory.getLogger(LineThread.class);

    /** Threads of ended streams that the host keeps: with more of them, its audio hangs for good. */
    static final int MOST_THREADS = 8;

    private static final int CHUNKS_PER_SECOND = 100;
    private static final long NAP = 2_000_000;

    private final BlockingLines lines;
    private final PcmParameters parameters;
    private final boolean plays;
    private final AtomicInteger alive;
    final int frameBytes;
    final ByteRing ring;
    /** Bytes that had no room. */
    final AtomicLong lost;

    private final Thread thread;
    private volatile boolean ended;
    private volatile boolean running;
    private volatile @Nullable BlockingLine open;

    /**
     * Starts the thread.
     *
     * @param alive counts the backend's threads
     * @throws IOException if there are too many
     */
    LineThread(BlockingLines lines, PcmParameters parameters, boolean plays, AtomicInteger alive, AtomicLong lost)
            throws IOException {
        this.lines = lines;
        this.parameters = parameters;
        this.plays = plays;
        this.alive = alive;
        this.lost = lost;
        if (alive.incrementAndGet() > MOST_THREADS) {
            alive.decrementAndGet();
            throw new IOException("the host's audio hangs: threads=" + MOST_THREADS);
        }
        frameBytes = parameters.frameBytes();
        int quarter = parameters.rate().hertz() / 4 * parameters.frameBytes();
        ring = new ByteRing(parameters.bufferBytes() + quarter);
        thread = Thread.ofPlatform().daemon().name("virtio4j-sound").unstarted(this::run);
        thread.start();
    }

    // ── The device's side ──────────────────────────────────────────────────

    @Override
    public final void start() {
        running = true;
        wake();
    }

    @Override
    public final void stop() {
        running = false;
        wake();
    }

    final void wake() {
        LockSupport.unpark(thread);
    }

    /** Bytes in the ring and in the host's buffers. */
    @Override
    public final long delay() {
        BlockingLine line = open;
        return ring.available() + (line == null ? 0 : line.delay());
    }

    @Override
    public final void close() {
        ended = true;
        thread.interrupt();
    }

    // ── The thread ─────────────────────────────────────────────────────────

    private void run() {
        try (BlockingLine line = lines.open(parameters)) {
            open = line;
            serve(line);
        } catch (InterruptedException e) {
            // The stream has ended.
        } catch (IOException | RuntimeException e) {
            if (!ended) {
                LOG.warn("host audio failed: parameters={}", parameters, e);
            }
        } finally {
            open = null;
            alive.decrementAndGet();
        }
    }

    private void serve(BlockingLine line) throws IOException, InterruptedException {
        int most = Math.max(1, parameters.rate().hertz() / CHUNKS_PER_SECOND) * parameters.frameBytes();
        byte[] chunk = new byte[most];
        ByteBuf bytes = Unpooled.wrappedBuffer(chunk);
        boolean ran = false;
        while (!ended) {
            boolean runs = running;
            if (runs != ran) {
                line.pause(!runs);
                ran = runs;
            }
            if (!runs || !(plays ? play(line, chunk, bytes) : record(line, chunk, bytes))) {
                LockSupport.parkNanos(this, runs ? NAP : Long.MAX_VALUE);
            }
        }
    }

    private boolean play(BlockingLine line, byte[] chunk, ByteBuf bytes) throws IOException, InterruptedException {
        int count = Math.min(ring.available(), chunk.length);
        if (count == 0) {
            return false;
        }
        ring.read(bytes.clear(), count);
        line.transfer(chunk, count);
        return true;
    }

    /** What has no room is lost: the driver does not record, or more slowly than the host. */
    private boolean record(BlockingLine line, byte[] chunk, ByteBuf bytes)
            throws IOException, InterruptedException {
        line.transfer(chunk, chunk.length);
        if (ring.free() >= chunk.length) {
            ring.write(bytes.setIndex(0, chunk.length), chunk.length);
        } else {
            lost.addAndGet(chunk.length);
        }
        return true;
    }
}
