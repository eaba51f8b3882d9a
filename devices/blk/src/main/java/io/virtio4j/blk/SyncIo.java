// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Calls a blocking backend on the queue's thread. Long runs of guest memory go to the backend as they are;
 * short ones are gathered first, so that a page each does not cost a system call each.
 */
final class SyncIo implements BlockIo {

    /** The most that is moved at once. */
    private static final int SLICE = 1 << 20;

    private static final int SCRATCH = 64 << 10;

    private static final int SECTOR = BlockDevice.SECTOR;

    private final BlockQueue queue;
    private final BlockDevice device;
    private final ByteBuf scratch = Unpooled.wrappedBuffer(ByteBuffer.allocateDirect(SCRATCH));

    SyncIo(BlockQueue queue) {
        this.queue = queue;
        this.device = queue.device();
    }

    // ── Data ───────────────────────────────────────────────────────────────

    @Override
    public Progress read(BlockRequest request, long until) {
        BlockBackend backend = device.syncBackend();
        int gatherBelow = Math.min(backend.gatherBelow(), SCRATCH);
        ChainWriter target = request.writer();
        while (request.done < until) {
            if (queue.isSpent()) {
                return Progress.SPENT;
            }
            long left = until - request.done;
            int run = run(target.contiguous(Math.min(left, SLICE)));
            if (run > 0 && (run >= gatherBelow || run == left)) {
                if (!read(backend, request.position(), target.view(run))) {
                    return Progress.FAILED;
                }
                target.advance(run);
            } else {
                run = (int) Math.min(left, SCRATCH);
                scratch.setIndex(SCRATCH - run, SCRATCH - run);
                if (!read(backend, request.position(), scratch)) {
                    return Progress.FAILED;
                }
                target.write(scratch, run);
            }
            request.done += run;
            queue.spend(run);
        }
        return Progress.DONE;
    }

    private boolean read(BlockBackend backend, long offset, ByteBuf target) {
        int wanted = target.writableBytes();
        try {
            backend.read(offset, target);
            if (target.isWritable()) {
                throw new IOException("backend read too little: missing=" + target.writableBytes());
            }
            return true;
        } catch (IOException | RuntimeException e) {
            queue.backendFailed(new BlockFault(BlockFault.Kind.READ, offset, wanted, e));
            return false;
        }
    }

    @Override
    public Progress write(BlockRequest request) {
        BlockBackend backend = device.syncBackend();
        int gatherBelow = Math.min(backend.gatherBelow(), SCRATCH);
        ChainReader source = request.reader();
        while (request.done < request.length) {
            if (queue.isSpent()) {
                return Progress.SPENT;
            }
            long left = request.length - request.done;
            int run = run(source.contiguous(Math.min(left, SLICE)));
            ByteBuf bytes;
            if (run > 0 && (run >= gatherBelow || run == left)) {
                bytes = source.view(run);
            } else {
                run = (int) Math.min(left, SCRATCH);
                source.read(scratch.setIndex(0, 0), run);
                bytes = scratch;
            }
            if (!write(backend, request.position(), bytes)) {
                return Progress.FAILED;
            }
            request.done += run;
            queue.spend(run);
        }
        return Progress.DONE;
    }

    private boolean write(BlockBackend backend, long offset, ByteBuf source) {
        int wanted = source.readableBytes();
        try {
            backend.write(offset, source);
            if (source.isReadable()) {
                throw new IOException("backend wrote too little: missing=" + source.readableBytes());
            }
            return true;
        } catch (IOException | RuntimeException e) {
            queue.backendFailed(new BlockFault(BlockFault.Kind.WRITE, offset, wanted, e));
            return false;
        }
    }

    /** Whole sectors of what is contiguous. */
    private static int run(long contiguous) {
        return (int) contiguous & -SECTOR;
    }

    // ── Ranges ─────────────────────────────────────────────────────────────

    @Override
    public Progress range(BlockRequest request) {
        BlockBackend backend = device.syncBackend();
        while (request.done < request.length) {
            if (queue.isSpent()) {
                return Progress.SPENT;
            }
            long offset = request.position();
            long left = request.length - request.done;
            long count;
            try {
                count = switch (request.rangeWork()) {
                    case DISCARD -> backend.discard(offset, left);
                    case ERASE -> backend.erase(offset, left);
                    case ZERO -> backend.zero(offset, left, false);
                    case UNMAP -> backend.zero(offset, left, true);
                };
                if (count <= 0 || count > left || count % SECTOR != 0) {
                    throw new IOException("backend dealt with a strange length: length=" + left + " dealt="
                            + count);
                }
            } catch (IOException | RuntimeException e) {
                queue.backendFailed(new BlockFault(BlockFault.Kind.WRITE, offset, left, e));
                return Progress.FAILED;
            }
            request.done += count;
            queue.spend((int) Math.min(count, Zeroes.SIZE));
        }
        return Progress.DONE;
    }
}
