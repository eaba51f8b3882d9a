// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A thread whose result, or failure, the test waits for. */
final class Background<T> {
    private final FutureTask<T> task;
    private final Thread thread;

    private Background(Callable<T> work) {
        task = new FutureTask<>(work);
        thread = Thread.ofPlatform().daemon().start(task);
    }

    static <T> Background<T> start(Callable<T> work) {
        return new Background<>(work);
    }

    Thread thread() {
        return thread;
    }

    T result() throws Exception {
        try {
            return task.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw new AssertionError(failed.getCause());
        }
    }

    /** What the work threw, which must be of this type. */
    <E extends Throwable> E failure(Class<E> type) throws Exception {
        try {
            throw new AssertionError("no failure: result=" + task.get(20, TimeUnit.SECONDS));
        } catch (ExecutionException failed) {
            if (type.isInstance(failed.getCause())) {
                return type.cast(failed.getCause());
            }
            throw new AssertionError(failed.getCause());
        }
    }

    /** Whether the work is still not done after a while. */
    boolean stillRunningAfter(long millis) throws Exception {
        try {
            task.get(millis, TimeUnit.MILLISECONDS);
            return false;
        } catch (TimeoutException running) {
            return true;
        }
    }
}
