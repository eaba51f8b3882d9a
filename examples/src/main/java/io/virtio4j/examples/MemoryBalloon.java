// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.balloon.BalloonDevice;
import io.virtio4j.balloon.BalloonStatistic;
import io.virtio4j.balloon.HintingRound;
import io.virtio4j.balloon.linux.LinuxPageRelease;
import java.time.Duration;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;

/** A balloon in a guest's memory. */
final class MemoryBalloon {

    private MemoryBalloon() {}

    // tag::balloon[]
    static BalloonDevice balloon() {
        BalloonDevice balloon = BalloonDevice.of(new LinuxPageRelease())
                .statisticsEvery(Duration.ofSeconds(1)).build();
        balloon.onStatistics(now -> now.get(BalloonStatistic.AVAIL).ifPresent(available -> {
            if (available > 512L << 20) {
                balloon.target(balloon.actual() + 16_384); // 64 MiB more
            }
        }));
        return balloon;
    }
    // end::balloon[]

    // tag::hints[]
    /** Copies a guest's memory but for what is free; the caller logs which pages the guest writes meanwhile. */
    static void copy(BalloonDevice balloon, long pages, LongPredicate isWritten, LongConsumer copy)
            throws InterruptedException {
        try (HintingRound round = balloon.hint()) {
            round.await(Duration.ofSeconds(10));
            for (long page = 0; page < pages; page++) {
                long address = page * BalloonDevice.PAGE_SIZE;
                if (!round.isFree(address) || isWritten.test(address)) {
                    copy.accept(address);
                }
            }
        }
    }
    // end::hints[]
}
