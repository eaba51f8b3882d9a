// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Free pages that the driver hints at, once: what a copy of the guest's memory may leave out, unless the guest writes
 * it after the round began. So log what the guest writes meanwhile. [Memory Balloon Device / Free Page Hinting]
 *
 * <pre>{@code
 * try (HintingRound round = balloon.hint()) {
 *     round.await(Duration.ofSeconds(10));
 *     save(page -> !round.isFree(page) || isDirty(page));
 * }
 * }</pre>
 *
 * <p>The driver keeps the pages for the device until {@link #close()}. Any thread.
 */
public final class HintingRound implements AutoCloseable {

    private final BalloonDevice device;
    private final long id;
    private final PageSet free;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicLong pages = new AtomicLong();
    private volatile boolean complete;
    private volatile boolean aborted;

    HintingRound(BalloonDevice device, long id, PageSet free) {
        this.device = device;
        this.id = id;
        this.free = free;
    }

    /** The command ID, 2 to 2<sup>32</sup> - 1. */
    long id() {
        return id;
    }

    /** The owner of the queue adds. */
    long add(MemorySegment segment, long offset, long length) {
        long added = free.add(segment, offset, length);
        pages.getAndAdd(added);
        return added;
    }

    /** The driver has no more. */
    void complete() {
        complete = true;
        ended.countDown();
    }

    /** The device was reset: what was said of pages does not hold any more. */
    void abort() {
        aborted = true;
        ended.countDown();
    }

    /** How many different pages of {@value BalloonDevice#PAGE_SIZE} bytes were hinted at so far. */
    public long pages() {
        return pages.get();
    }

    /** Whether the page of a guest-physical address was hinted at. False for all once the device was reset. */
    public boolean isFree(long guestAddress) {
        return !aborted && free.contains(guestAddress);
    }

    /** Whether the driver has said that it has no more. */
    public boolean isComplete() {
        return complete;
    }

    /** Whether the device was reset, or another round begun, before the driver had said so. */
    public boolean isAborted() {
        return aborted;
    }

    /** Waits until the driver has no more, or the round is aborted; says whether it is complete. */
    public boolean await(Duration patience) throws InterruptedException {
        return ended.await(patience.toNanos(), TimeUnit.NANOSECONDS) && complete;
    }

    /** Wants no more hints; those that came are good until {@link #close()}. */
    public void stop() {
        device.stopHinting(this);
    }

    /** Has no need for the hinted pages any more: the driver takes them back. Again, does nothing. */
    @Override
    public void close() {
        device.endHinting(this);
    }

    @Override
    public String toString() {
        return "HintingRound[id=" + id + " pages=" + pages() + (complete ? " complete]" : "]");
    }
}
