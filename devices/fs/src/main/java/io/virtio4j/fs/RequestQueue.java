// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.fault.DriverFault;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** A request queue. [File System Device / Device Operation / Device Operation: Request Queues] */
final class RequestQueue implements QueueHandler {

    private final FsDevice device;
    private final VirtQueue virtQueue;
    private final @Nullable Executor executor;

    /** The request of the thread that owns the queue. */
    private final Request own;

    /** All requests that are served here, in use or not. */
    private final List<Request> requests = new CopyOnWriteArrayList<>();

    /** Of an executor's threads: not in use now. */
    private final Queue<Work> idle = new ConcurrentLinkedQueue<>();

    private final Queue<LockWait> parked = new ConcurrentLinkedQueue<>();
    private boolean retrying;

    RequestQueue(FsDevice device, VirtQueue virtQueue, @Nullable Executor executor) {
        this.device = device;
        this.virtQueue = virtQueue;
        this.executor = executor;
        own = newRequest();
    }

    private Request newRequest() {
        Request request = new Request(device);
        requests.add(request);
        return request;
    }

    void wake() {
        virtQueue.wake();
    }

    boolean isOf(VirtQueue queue) {
        return virtQueue == queue;
    }

    @Override
    public void service(VirtQueue queue) {
        if (!parked.isEmpty()) {
            retry();
        }
        queue.drain(this);
    }

    @Override
    public void handle(DescriptorChain chain) {
        if (executor == null) {
            own.begin(chain);
            serve(own);
            return;
        }
        Work work = idle.poll();
        if (work == null) {
            work = new Work();
        }
        try {
            work.request.begin(chain);
        } catch (DriverFault e) {
            idle.add(work);
            throw e;
        }
        if (mayBlock(work.request.opcode())) {
            chain.defer();
            try {
                executor.execute(work);
            } catch (RejectedExecutionException e) {
                work.run();
            }
        } else {
            serve(work.request);
            idle.add(work);
        }
    }

    /** What begins and ends a session, and what may be put aside, belongs to the thread that owns the queue. */
    private static boolean mayBlock(@Nullable FuseOpcode opcode) {
        return opcode != null && opcode != FuseOpcode.INIT && opcode != FuseOpcode.DESTROY
                && opcode != FuseOpcode.SETLKW;
    }

    /** A request on a thread of the executor. */
    private final class Work implements Runnable {

        final Request request = newRequest();

        @Override
        public void run() {
            DescriptorChain chain = request.chain();
            try {
                serve(request);
            } catch (DriverFault e) {
                // The queue was reset meanwhile, or there is no room for any reply.
                chain.complete(0);
            }
            idle.add(this);
        }
    }

    // ── Locks ──────────────────────────────────────────────────────────────

    void parked(LockWait wait) {
        parked.add(wait);
    }

    private void retry() {
        for (Iterator<LockWait> all = parked.iterator(); all.hasNext(); ) {
            LockWait wait = all.next();
            if (wait.isReady()) {
                all.remove();
                wait.cancel();
                wait.chain.unpark();
                retry(wait);
            }
        }
    }

    /** Whether a request is served that waited for a lock already; for the thread that owns the queue. */
    boolean isRetrying() {
        return retrying;
    }

    private void retry(LockWait wait) {
        retrying = true;
        try {
            own.begin(wait.chain);
            if (wait.isInterrupted()) {
                own.interrupt(own.unique());
            }
            serve(own);
        } catch (DriverFault e) {
            wait.chain.complete(0);
        } finally {
            retrying = false;
        }
    }

    boolean interrupt(long unique) {
        boolean found = false;
        for (Request request : requests) {
            found |= request.interrupt(unique);
        }
        for (LockWait wait : parked) {
            found |= wait.interrupt(unique);
        }
        return found;
    }

    /** The queue takes no more turns. */
    void stop() {
        parked.forEach(LockWait::cancel);
        parked.clear();
    }

    // ── One request ────────────────────────────────────────────────────────

    /** Serves a request that was begun: afterwards it is answered or put aside, or its chain cannot be. */
    private void serve(Request request) {
        device.counts().count(FsCounter.REQUESTS);
        try {
            serve(request, request.opcode());
        } catch (DriverFault e) {
            request.undo();
            refuse(request, FsErrno.EIO.number(), e);
        } catch (FsException e) {
            request.undo();
            refuse(request, e.number(), null);
        } catch (IOException | RuntimeException e) {
            device.backendFailed(e);
            request.undo();
            refuse(request, FsErrno.EIO.number(), null);
        } finally {
            request.finish();
            if (request.hasSession()) {
                request.session().served();
            }
        }
    }

    private void serve(Request request, @Nullable FuseOpcode opcode) throws IOException {
        if (request.chain().hasUnmapped()) {
            // Nothing is done whose result cannot be told.
            throw FsException.of(FsErrno.EIO);
        }
        if (opcode == FuseOpcode.INIT) {
            device.initialize(request);
        } else if (!request.hasSession()) {
            throw FsException.of(FsErrno.EIO);
        } else if (opcode == null) {
            throw FsException.of(FsErrno.ENOSYS);
        } else if (opcode == FuseOpcode.DESTROY) {
            device.destroy(request);
        } else if (opcode == FuseOpcode.SETLKW && request.isInterrupted()) {
            throw FsException.of(FsErrno.EINTR);
        } else {
            request.session().serve(request, opcode, this);
        }
    }

    private static void refuse(Request request, int number, @Nullable DriverFault fault) {
        if (!request.isAnswered()) {
            request.error(number);
        } else if (fault != null) {
            throw fault;
        }
    }
}
