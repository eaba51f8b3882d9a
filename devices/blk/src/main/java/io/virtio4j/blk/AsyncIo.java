// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

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
            ByteBuf buffer = request.operation().buffer();
            boolean success = ended(request, BlockFault.Kind.READ, buffer.writableBytes(), "read");
            int count = buffer.readableBytes();
            if (success) {
                request.writer().write(buffer, count);
            }
            request.operation().buffer(null);
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
        int slice = (int) Math.min(until - request.done, InFlight.SLICE);
        return buffer(request, slice) == null ? Progress.BLOCKED : start(request, Call.READ, slice);
    }

    @Override
    public Progress write(BlockRequest request) {
        if (request.operation().hasEnded()) {
            ByteBuf buffer = request.operation().buffer();
            boolean success = ended(request, BlockFault.Kind.WRITE, buffer.readableBytes(), "wrote");
            int count = buffer.capacity();
            request.operation().buffer(null);
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
        int slice = (int) Math.min(request.length - request.done, InFlight.SLICE);
        ByteBuf buffer = buffer(request, slice);
        if (buffer == null) {
            return Progress.BLOCKED;
        }
        request.reader().read(buffer, slice);
        queue.spend(slice);
        return start(request, Call.WRITE, slice);
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

    private @Nullable ByteBuf buffer(BlockRequest request, int slice) {
        if (inFlight.isLate(request.position(), slice)) {
            return null;
        }
        ByteBuf buffer = inFlight.acquire(slice);
        if (buffer != null) {
            request.operation().buffer(buffer);
        }
        return buffer;
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
            case READ -> backend.read(offset, operation.buffer(), operation);
            case WRITE -> backend.write(offset, operation.buffer(), operation);
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
