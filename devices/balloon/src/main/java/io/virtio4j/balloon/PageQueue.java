// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.Le32;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The inflateq or the deflateq: buffers of page numbers, {@code le32}. A buffer of any length is served, in turns that
 * have an end. [Memory Balloon Device / Device Operation]
 */
final class PageQueue implements QueueHandler {

    /** As many as Linux sends at once. */
    private static final int BATCH = 256;
    private static final int PAGES_A_TURN = 4 * BATCH;
    private static final int NUMBER_SIZE = Integer.BYTES;

    private static final Le32 NUMBER = new Le32(0);

    private final BalloonCounter counter;
    private final CounterTable<BalloonCounter> counters;
    /** What happens to the pages; nothing if they leave the balloon. */
    private final @Nullable GuestPages pages;

    private final MemorySegment bytes = MemorySegment.ofArray(new byte[BATCH * NUMBER_SIZE]);

    // Of the owner.
    private int budget;
    private @Nullable DescriptorChain unfinished;
    private long done;

    PageQueue(BalloonCounter counter, CounterTable<BalloonCounter> counters, @Nullable GuestPages pages) {
        this.counter = counter;
        this.counters = counters;
        this.pages = pages;
    }

    @Override
    public void service(VirtQueue queue) {
        budget = PAGES_A_TURN;
        DescriptorChain begun = unfinished;
        if (begun != null) {
            unfinished = null;
            begun.unpark();
            goOn(begun);
        }
        queue.drain(this);
    }

    private void goOn(DescriptorChain chain) {
        try {
            chain.reader().seek(done);
            work(chain);
        } catch (ChainFault memoryGone) {
            chain.complete(0);
        }
    }

    @Override
    public void handle(DescriptorChain chain) {
        if (unfinished != null || budget <= 0) {
            chain.putBack();
            chain.queue().wake();
            return;
        }
        work(chain);
    }

    /** A tail that is no whole number is ignored. */
    private void work(DescriptorChain chain) {
        ChainReader reader = chain.reader();
        while (reader.remaining() >= NUMBER_SIZE) {
            if (budget <= 0) {
                done = reader.position();
                chain.park();
                unfinished = chain;
                chain.queue().wake();
                return;
            }
            int count = (int) Math.min(BATCH, reader.remaining() / NUMBER_SIZE);
            reader.read(bytes, 0, (long) count * NUMBER_SIZE);
            budget -= count;
            counters.count(counter, count);
            if (pages != null) {
                giveBack(pages, count);
            }
        }
        // A buffer without any number has its price too.
        budget--;
        chain.complete(0);
    }

    /**
     * > before acknowledging the inflate request [Device Operation]
     *
     * <p>Neighbors that follow each other, upwards or downwards as Linux sends them, go back in one piece.
     */
    private void giveBack(GuestPages to, int count) {
        for (int i = 0; i < count; ) {
            long first = number(i++);
            long last = first;
            long step = i < count ? number(i) - first : 0;
            if (step == 1 || step == -1) {
                while (i < count && number(i) == last + step) {
                    last += step;
                    i++;
                }
            }
            to.giveBack(Math.min(first, last) * BalloonDevice.PAGE_SIZE,
                    (Math.abs(last - first) + 1) * BalloonDevice.PAGE_SIZE);
        }
    }

    private long number(int index) {
        return NUMBER.get(bytes, (long) index * NUMBER_SIZE);
    }
}
