// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** A blocking backend on the threads of an executor. */
final class ExecutorBackend implements AsyncBlockBackend {

    private final BlockBackend backend;
    private final Executor executor;

    ExecutorBackend(BlockBackend backend, Executor executor) {
        this.backend = backend;
        this.executor = executor;
    }

    /** What is asked of the backend. */
    private enum Work { READ, WRITE, FORCE, ZERO, UNMAP, DISCARD, ERASE }

    /** One operation on its way through the executor. Used again by the next one of the same request. */
    static final class Task implements Runnable {

        private @Nullable BlockBackend backend;
        private Work work = Work.FORCE;
        private long offset;
        private long length;
        private @Nullable ByteBuf data;
        private @Nullable BlockCompletion done;

        private Task set(BlockBackend newBackend, Work newWork, long newOffset, long newLength,
                @Nullable ByteBuf newData, BlockCompletion newDone) {
            backend = newBackend;
            work = newWork;
            offset = newOffset;
            length = newLength;
            data = newData;
            done = newDone;
            return this;
        }

        /** Whoever is told that it is done may use this again at once: nothing of it is read after that. */
        @Override
        public void run() {
            BlockCompletion told = Objects.requireNonNull(done);
            if (told.isCancelled()) {
                told.failed(new CancellationException("queue was reset"));
                return;
            }
            try {
                work(Objects.requireNonNull(backend), told);
            } catch (IOException | RuntimeException | Error e) {
                told.failed(e);
                return;
            }
            told.succeeded();
        }

        private void work(BlockBackend to, BlockCompletion told) throws IOException {
            switch (work) {
                case READ -> to.read(offset, Objects.requireNonNull(data));
                case WRITE -> to.write(offset, Objects.requireNonNull(data));
                case FORCE -> to.force();
                default -> parts(to, told);
            }
        }

        private void parts(BlockBackend to, BlockCompletion told) throws IOException {
            for (long did = 0; did < length && !told.isCancelled(); ) {
                long count = part(to, offset + did, length - did);
                if (count <= 0 || count > length - did) {
                    throw new IOException("backend dealt with a strange length: length=" + (length - did)
                            + " dealt=" + count);
                }
                did += count;
            }
        }

        private long part(BlockBackend to, long at, long left) throws IOException {
            return switch (work) {
                case ZERO -> to.zero(at, left, false);
                case UNMAP -> to.zero(at, left, true);
                case DISCARD -> to.discard(at, left);
                default -> to.erase(at, left);
            };
        }
    }

    private void execute(Work work, long offset, long length, @Nullable ByteBuf data, BlockCompletion done) {
        Task task = done instanceof Operation operation ? operation.task() : new Task();
        try {
            executor.execute(task.set(backend, work, offset, length, data, done));
        } catch (RejectedExecutionException e) {
            done.failed(e);
        }
    }

    @Override
    public void read(long offset, ByteBuf target, BlockCompletion done) {
        execute(Work.READ, offset, 0, target, done);
    }

    @Override
    public void write(long offset, ByteBuf source, BlockCompletion done) {
        execute(Work.WRITE, offset, 0, source, done);
    }

    @Override
    public void force(BlockCompletion done) {
        execute(Work.FORCE, 0, 0, null, done);
    }

    @Override
    public void zero(long offset, long length, boolean mayUnmap, BlockCompletion done) {
        execute(mayUnmap ? Work.UNMAP : Work.ZERO, offset, length, null, done);
    }

    @Override
    public void discard(long offset, long length, BlockCompletion done) {
        execute(Work.DISCARD, offset, length, null, done);
    }

    @Override
    public void erase(long offset, long length, BlockCompletion done) {
        execute(Work.ERASE, offset, length, null, done);
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
