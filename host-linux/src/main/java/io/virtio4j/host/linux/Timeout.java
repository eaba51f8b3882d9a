// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

/**
 * Timeouts as {@code poll(2)} has them: milliseconds, 0 does not wait, negative waits without
 * limit.
 */
final class Timeout {
    static final long FOREVER = -1;

    private static final long NANOS = 1_000_000;

    private Timeout() {}

    /**
     * What is left of a timeout, as an argument for the kernel: rounded up, so that nobody wakes
     * early and spins.
     *
     * @param start of {@link System#nanoTime()}; ignored unless the timeout is positive
     */
    static int left(long start, long timeoutMillis) {
        if (timeoutMillis <= 0) {
            return timeoutMillis < 0 ? -1 : 0;
        }
        long elapsed = System.nanoTime() - start;
        if (timeoutMillis > Long.MAX_VALUE / NANOS) {
            return Integer.MAX_VALUE;
        }
        long left = timeoutMillis * NANOS - elapsed;
        return left <= 0 ? 0 : (int) Math.min(Integer.MAX_VALUE, (left + NANOS - 1) / NANOS);
    }
}
