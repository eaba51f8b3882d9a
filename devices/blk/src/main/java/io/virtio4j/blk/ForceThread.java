// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The thread on which a blocking backend is forced, so that a queue goes on meanwhile. It comes when there
 * is something to do, and ends after some idle seconds.
 *
 * <p>It cannot be interrupted: an interrupt would close the channel that it forces, and hide whether the
 * force failed.
 */
final class ForceThread extends Thread {

    private static final int IDLE_SECONDS = 10;

    private ForceThread(Runnable work) {
        super(work, "virtio4j-blk-force");
        setDaemon(true);
    }

    static Executor executor() {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(1, 1, IDLE_SECONDS, TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(), ForceThread::new);
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /** Does nothing. */
    @Override
    public void interrupt() {}
}
