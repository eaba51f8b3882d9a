// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Assertions;

/**
 * Shows that a device allocates nothing for a request, compiled or not: a turn of the caller's thread that serves
 * many costs as many bytes as one that serves few.
 *
 * <pre>{@code
 * AllocationCheck.assertAllocatesNothing(count -> {
 *     for (int i = 0; i < count; i++) {
 *         queue.add(request);
 *     }
 *     queue.publish();
 *     queue.kickAlways();
 *     long bytes = AllocationCheck.bytesOf(() -> driver.instance().poll(100));
 *     assertEquals(count, queue.collect());
 *     return bytes;
 * });
 * }</pre>
 */
public final class AllocationCheck {

    /** How many requests the larger turn has; a queue with room for so many is needed. */
    public static final int MANY = 8;

    private static final int TURNS = 101;
    private static final int WARM_UP = 200;
    private static final long LEAST_OBJECT = 16; // bytes
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** A turn of a device on the caller's thread. */
    @FunctionalInterface
    public interface Turn {

        /**
         * Serves requests.
         *
         * @param count how many
         * @return what that allocated, in bytes, without what the driver's side allocated
         */
        long run(int count);
    }

    private AllocationCheck() {}

    /** {@return the bytes that the calling thread allocates in it} */
    public static long bytesOf(Runnable work) {
        long thread = Thread.currentThread().threadId();
        long before = THREADS.getThreadAllocatedBytes(thread);
        work.run();
        return THREADS.getThreadAllocatedBytes(thread) - before;
    }

    /**
     * Fails if each request made but one object. An object or two of the turn itself are no matter: the compiler
     * removes them sometimes. The median of many turns counts: what the JVM itself allocates now and then is not the
     * device's.
     */
    public static void assertAllocatesNothing(Turn turn) {
        long[] differences = new long[TURNS];
        for (int i = -WARM_UP; i < TURNS; i++) {
            long many = turn.run(MANY);
            differences[Math.max(i, 0)] = many - turn.run(1);
        }
        Arrays.sort(differences);
        long median = differences[TURNS / 2];
        Assertions.assertTrue(median < LEAST_OBJECT * (MANY - 1),
                () -> "bytes allocated for " + (MANY - 1) + " requests: " + median);
    }
}
