// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.queue;

import io.virtio4j.core.queue.RingFormat;
import java.util.Arrays;
import java.util.Locale;

/**
 * Times each burst of {@link PopPushBenchmark} by itself and prints the time that a tenth of them stay below, in
 * nanoseconds a chain. Interruptions by other programs lengthen some bursts and leave others alone, so that this
 * figure is steady on a machine where means and medians are not. The programs in {@code benchmarks/peers} do the same
 * for other implementations.
 */
public final class BurstTimes {

    private static final int WARM_UP = 100_000;
    private static final int BURSTS = 100_000;

    private BurstTimes() {}

    /** Times the ring format and the shape that are named; a JVM of its own for each keeps their code apart. */
    public static void main(String[] args) {
        PopPushBenchmark benchmark = new PopPushBenchmark();
        benchmark.format = RingFormat.valueOf(args[0]);
        benchmark.shape = Shape.valueOf(args[1]);
        benchmark.start();
        for (int burst = 0; burst < WARM_UP; burst++) {
            benchmark.popPush();
        }
        long[] times = new long[BURSTS];
        for (int burst = 0; burst < BURSTS; burst++) {
            long begin = System.nanoTime();
            benchmark.popPush();
            times[burst] = System.nanoTime() - begin;
        }
        benchmark.stop();
        Arrays.sort(times);
        System.out.printf(Locale.ROOT, "virtio4j-%s %s tenth %.1f ns/chain%n", args[0].toLowerCase(Locale.ROOT),
                benchmark.shape.label(), (double) times[BURSTS / 10] / PreparedRing.BURST);
    }
}
