// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.blk.SliceBuffers.Slice;
import java.io.IOException;

/**
 * Gives operations to a backend that says later that they are done. Data goes through buffers of the
 * device's own, one for each request and at most {@link InFlight#SLICE} at once; guest memory is touched by
 * the queue's thread alone.
 */
final class AsyncIo implements BlockIo {

    /** What is asked of the backend. */
    private enum Call { READ, WRITE, RANGE }

    private final BlockQueue queue;
    private final BlockDevice device;
    private final InFlight inFlight;

    AsyncIo(BlockQueue queue) {
        this.queue = queue;
        this.device = queue.device();
        this.inFlight = device.inFlight();
    }

    @Override
    public Progress read(BlockRequest request, long until) {
        if (request.operation().hasEnded()) {
            Slice slice = request.operation().slice();
            boolean success = ended(request, BlockFault.Kind.READ, slice.buffer().writableBytes(), "read");
            int count = request.operation().sliceSize();
            if (success) {
                slice.empty(request.writer(), count);
            }
            request.operation().releaseSlice();
            if (!success) {
                return Progress.FAILED;
            }
            request.done += count;
            queue.spend(count);
        }
        if (request.done >= until) {
            return Progress.DONE;
        }
        if (queue.isSpent()) {
            return Progress.SPENT;
        }
        int size = (int) Math.min(until - request.done, InFlight.SLICE);
        return takeSlice(request, size) ? start(request, Call.READ, size) : Progress.BLOCKED;
    }

    @Override
    public Progress write(BlockRequest request) {
        if (request.operation().hasEnded()) {
            int missing = request.operation().slice().buffer().readableBytes();
            boolean success = ended(request, BlockFault.Kind.WRITE, missing, "wrote");
            int count = request.operation().sliceSize();
            request.operation().releaseSlice();
            if (!success) {
                return Progress.FAILED;
            }
            request.done += count;
        }
        if (request.done >= request.length) {
            return Progress.DONE;
        }
        if (queue.isSpent()) {
            return Progress.SPENT;
        }
        int size = (int) Math.min(request.length - request.done, InFlight.SLICE);
        if (!takeSlice(request, size)) {
            return Progress.BLOCKED;
        }
        request.operation().slice().fill(request.reader(), size);
        queue.spend(size);
        return start(request, Call.WRITE, size);
    }

    @Override
    public Progress range(BlockRequest request) {
        if (request.operation().hasEnded()) {
            if (!ended(request, BlockFault.Kind.WRITE, 0, "")) {
                return Progress.FAILED;
            }
            request.done = request.length;
        }
        if (request.done >= request.length) {
            return Progress.DONE;
        }
        if (inFlight.isLate(request.position(), request.length)) {
            return Progress.BLOCKED;
        }
        return start(request, Call.RANGE, request.length);
    }

    private boolean takeSlice(BlockRequest request, int size) {
        return !inFlight.isLate(request.position(), size) && request.operation().takeSlice(size);
    }

    private Progress start(BlockRequest request, Call call, long length) {
        Operation operation = request.operation();
        operation.starting(call == Call.READ ? 0 : length);
        try {
            call(request, call, length);
        } catch (RuntimeException e) {
            operation.failed(e);
        }
        return Progress.STARTED;
    }

    private void call(BlockRequest request, Call call, long length) {
        AsyncBlockBackend backend = device.asyncBackend();
        Operation operation = request.operation();
        long offset = request.position();
        switch (call) {
            case READ -> backend.read(offset, operation.slice().buffer(), operation);
            case WRITE -> backend.write(offset, operation.slice().buffer(), operation);
            case RANGE -> {
                switch (request.rangeWork()) {
                    case DISCARD -> backend.discard(offset, length, operation);
                    case ERASE -> backend.erase(offset, length, operation);
                    case ZERO -> backend.zero(offset, length, false, operation);
                    case UNMAP -> backend.zero(offset, length, true, operation);
                }
            }
        }
    }

    /** Takes the outcome of an operation, and reports it if it was none. */
    private boolean ended(BlockRequest request, BlockFault.Kind kind, int missing, String did) {
        Throwable failure = request.operation().takeOutcome();
        if (failure == null && missing != 0) {
            failure = new IOException("backend " + did + " too little: missing=" + missing);
        }
        if (failure == null) {
            return true;
        }
        queue.backendFailed(
                new BlockFault(kind, request.position(), request.length - request.done, failure));
        return false;
    }
}
