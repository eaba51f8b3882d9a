// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.util.concurrent.atomic.AtomicInteger;

/** Zeroes a range by writes, one after the other. */
final class ZeroSeries implements BlockCompletion {

    private final AsyncBlockBackend backend;
    private final BlockCompletion done;
    private final long end;
    private long offset;

    /** Writes that ended and were not gone on from: one that ends at once must not nest the next one. */
    private final AtomicInteger ended = new AtomicInteger();

    ZeroSeries(AsyncBlockBackend backend, long offset, long length, BlockCompletion done) {
        this.backend = backend;
        this.offset = offset;
        this.end = offset + length;
        this.done = done;
    }

    void run() {
        if (ended.getAndIncrement() > 0) {
            return; // the loop below is running, and goes on
        }
        do {
            if (offset == end || done.isCancelled()) {
                done.succeeded();
                return;
            }
            long at = offset;
            int slice = (int) Math.min(end - at, Zeroes.SIZE);
            offset += slice;
            backend.write(at, Zeroes.of(slice), this);
        } while (ended.decrementAndGet() > 0);
    }

    @Override
    public void succeeded() {
        run();
    }

    @Override
    public void failed(Throwable cause) {
        done.failed(cause);
    }

    @Override
    public boolean isCancelled() {
        return done.isCancelled();
    }
}
