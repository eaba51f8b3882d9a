// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a device has in flight at an {@link AsyncBlockBackend}: how many bytes of buffers, so that a driver
 * cannot make it take more; and the writes of queues that were reset, which may land at any time.
 */
final class InFlight {

    /** The most bytes of one operation. */
    static final int SLICE = 1 << 20;

    /** The most bytes of all. */
    static final long MOST = 16L << 20;

    private record Late(Operation operation, long offset, long length) {}

    private final SliceBuffers[] buffers;
    private final AtomicLong bytes = new AtomicLong();
    private final List<Late> late = new CopyOnWriteArrayList<>();

    InFlight(int queues) {
        buffers = new SliceBuffers[queues];
        Arrays.setAll(buffers, queue -> new SliceBuffers());
    }

    /** The buffers of a queue, of whose owner they are. */
    SliceBuffers buffersOf(int queue) {
        return buffers[queue];
    }

    /** Whether so much more may be in flight; if so, it is until it is {@linkplain #leave released}. */
    boolean enter(int size) {
        if (bytes.addAndGet(size) > MOST) {
            bytes.addAndGet(-size);
            return false;
        }
        return true;
    }

    void leave(int size) {
        bytes.addAndGet(-size);
    }

    /** An operation of a queue that was reset goes on still. */
    void addLate(Operation operation, long offset) {
        late.add(new Late(operation, offset, operation.changes()));
        // It may have ended meanwhile, and have been looked for here too early.
        if (!operation.isStarted()) {
            removeLate(operation);
        }
    }

    void removeLate(Operation operation) {
        if (!late.isEmpty()) {
            late.removeIf(entry -> entry.operation == operation);
        }
    }

    /** Whether a range is changed by an operation of a queue that was reset. */
    boolean isLate(long offset, long length) {
        if (late.isEmpty()) {
            return false;
        }
        return late.stream().anyMatch(
                entry -> offset < entry.offset + entry.length && entry.offset < offset + length);
    }
}
