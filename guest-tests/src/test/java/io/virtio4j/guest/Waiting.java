// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** For what a guest does by itself, sooner or later. */
final class Waiting {

    private static final long PAUSE_NANOS = 50_000_000;

    private Waiting() {}

    /**
     * Looks until something is so.
     *
     * @throws AssertionError if it is not in time
     */
    static void until(String what, Duration limit, BooleanSupplier condition) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not so after " + limit.toSeconds() + " s: " + what);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
