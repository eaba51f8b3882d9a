// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

/** The time of a platform. Tests replace it. */
public interface PlatformClock extends AutoCloseable {

    /** Real time. Its thread is a daemon, and is there while something is to be done later. */
    static PlatformClock system() {
        return new SystemPlatformClock();
    }

    /** Nanoseconds since some moment. */
    long nanoTime();

    /** Has something done later, once, by any thread. It does not throw. */
    void schedule(long delayNanos, Runnable task);

    /** Does nothing any more. */
    @Override
    void close();
}
