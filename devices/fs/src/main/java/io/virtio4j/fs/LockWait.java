// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.fs.backend.FsLocks.Wait;
import org.jspecify.annotations.Nullable;

/** A request that waits for a lock, without its chain's memory. Run when it is worth trying again, by any thread. */
final class LockWait implements Runnable {

    final DescriptorChain chain;
    private final long unique;
    private final RequestQueue queue;
    private @Nullable Wait wait;
    private volatile boolean ready;
    private volatile boolean interrupted;

    LockWait(DescriptorChain chain, long unique, RequestQueue queue) {
        this.chain = chain;
        this.unique = unique;
        this.queue = queue;
    }

    void waitsFor(Wait newWait) {
        wait = newWait;
    }

    @Override
    public void run() {
        ready = true;
        queue.wake();
    }

    boolean isReady() {
        return ready || interrupted;
    }

    boolean isInterrupted() {
        return interrupted;
    }

    boolean interrupt(long which) {
        if (unique != which) {
            return false;
        }
        interrupted = true;
        queue.wake();
        return true;
    }

    void cancel() {
        Wait now = wait;
        if (now != null) {
            now.cancel();
        }
    }
}
