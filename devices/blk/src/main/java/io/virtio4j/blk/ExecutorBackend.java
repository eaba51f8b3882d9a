// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** A blocking backend on the threads of an executor. */
final class ExecutorBackend implements AsyncBlockBackend {

    private final BlockBackend backend;
    private final Executor executor;

    ExecutorBackend(BlockBackend backend, Executor executor) {
        this.backend = backend;
        this.executor = executor;
    }

    /** Something that may fail. */
    private interface Work {
        void run() throws IOException;
    }

    /** A part of a range that is dealt with at once. */
    private interface Part {
        long run(long offset, long length) throws IOException;
    }

    private void execute(BlockCompletion done, Work work) {
        try {
            executor.execute(() -> run(done, work));
        } catch (RejectedExecutionException e) {
            done.failed(e);
        }
    }

    private static void run(BlockCompletion done, Work work) {
        if (done.isCancelled()) {
            done.failed(new CancellationException("queue was reset"));
            return;
        }
        try {
            work.run();
        } catch (IOException | RuntimeException | Error e) {
            done.failed(e);
            return;
        }
        done.succeeded();
    }

    private void executeParts(long offset, long length, BlockCompletion done, Part part) {
        execute(done, () -> {
            for (long did = 0; did < length && !done.isCancelled(); ) {
                long count = part.run(offset + did, length - did);
                if (count <= 0 || count > length - did) {
                    throw new IOException("backend dealt with a strange length: length=" + (length - did)
                            + " dealt=" + count);
                }
                did += count;
            }
        });
    }

    @Override
    public void read(long offset, ByteBuf target, BlockCompletion done) {
        execute(done, () -> backend.read(offset, target));
    }

    @Override
    public void write(long offset, ByteBuf source, BlockCompletion done) {
        execute(done, () -> backend.write(offset, source));
    }

    @Override
    public void force(BlockCompletion done) {
        execute(done, backend::force);
    }

    @Override
    public void zero(long offset, long length, boolean mayUnmap, BlockCompletion done) {
        executeParts(offset, length, done, (at, left) -> backend.zero(at, left, mayUnmap));
    }

    @Override
    public void discard(long offset, long length, BlockCompletion done) {
        executeParts(offset, length, done, backend::discard);
    }

    @Override
    public void erase(long offset, long length, BlockCompletion done) {
        executeParts(offset, length, done, backend::erase);
    }

    @Override
    public long size() {
        return backend.size();
    }

    @Override
    public boolean isDurable() {
        return backend.isDurable();
    }

    @Override
    public boolean isReadOnly() {
        return backend.isReadOnly();
    }

    @Override
    public boolean canDeallocate() {
        return backend.canDeallocate();
    }

    @Override
    public void close() throws IOException {
        backend.close();
    }
}
