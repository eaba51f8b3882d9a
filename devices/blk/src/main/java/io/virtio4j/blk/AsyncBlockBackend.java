// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.Executor;

/**
 * Storage that is told what to do, and says later that it is done: many operations in flight, in any order,
 * without a thread for each.
 *
 * <p>No method blocks. Each operation ends with exactly one call of its completion, by any thread, during
 * the method or later. A buffer is the backend's from the call until then, with the bytes that are writable or
 * readable; it is used again, so no view of it may be kept. It is never guest memory, so an operation that
 * hangs keeps no driver from resetting the device. Offsets and lengths are multiples of 512, lengths positive,
 * and ranges lie inside of the device's capacity.
 *
 * <p>A write that overlaps one in flight is the driver's mistake, but for a queue that was reset: then the
 * device keeps new requests away from what the old writes may still change.
 */
public non-sealed interface AsyncBlockBackend extends BlockStorage {

    /** Fills all writable bytes of a buffer. */
    void read(long offset, ByteBuf target, BlockCompletion done);

    /** Writes all readable bytes of a buffer. */
    void write(long offset, ByteBuf source, BlockCompletion done);

    /** Makes durable whatever was written, zeroed and discarded by operations that ended before this call. */
    void force(BlockCompletion done);

    /**
     * Zeroes a range.
     *
     * @param mayUnmap whether storage may be given back, provided that zeroes are read
     */
    default void zero(long offset, long length, boolean mayUnmap, BlockCompletion done) {
        new ZeroSeries(this, offset, length, done).run();
    }

    /** Gives the storage of a range back; what is read from it afterwards does not matter. */
    default void discard(long offset, long length, BlockCompletion done) {
        done.succeeded();
    }

    /** Destroys the content of a range. Only asked for if the embedder offers SECURE_ERASE. */
    default void erase(long offset, long length, BlockCompletion done) {
        zero(offset, length, false, done);
    }

    /**
     * Does the work of a blocking backend on other threads.
     *
     * @param executor runs one operation per task, as many at the same time as it likes; an operation that it
     *     refuses fails
     */
    static AsyncBlockBackend of(BlockBackend backend, Executor executor) {
        return new ExecutorBackend(backend, executor);
    }
}
