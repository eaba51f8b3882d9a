// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Time, for statistics at an interval. Safe for use by any thread. */
public interface BalloonClock {

    /** Nanoseconds, in place of {@link System#nanoTime()}. */
    long nanoTime();

    /** Runs something short after so many nanoseconds, once, on a thread that it must not block. */
    void after(long nanos, Runnable task);

    /** The system's time, and the JDK's own timer thread. */
    static BalloonClock system() {
        return new BalloonClock() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public void after(long nanos, Runnable task) {
                CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, Runnable::run).execute(task);
            }
        };
    }
}
