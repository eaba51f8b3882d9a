// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import java.util.EnumMap;
import org.jspecify.annotations.Nullable;

/**
 * The statsq, on which the device asks: it holds a buffer of statistics, and uses it to get another one. [Memory
 * Balloon Device / Memory Statistics]
 */
final class StatsQueue implements QueueHandler {

    /** {@code struct virtio_balloon_stat}: the tag, {@code le16}, and the value, {@code le64}. */
    private static final int ENTRY = 10;
    /** More than there are tags, in any order, with some of the future. */
    private static final int MOST_ENTRIES = 256;

    private final BalloonDevice device;
    private final VirtQueue virtQueue;
    private volatile boolean wanted;

    /** Of the owner. */
    private @Nullable DescriptorChain held;

    StatsQueue(BalloonDevice device, VirtQueue virtQueue) {
        this.device = device;
        this.virtQueue = virtQueue;
    }

    /** Asks for statistics. If the driver has been asked already and has not answered, it is not asked again. */
    void ask() {
        wanted = true;
        virtQueue.wake();
    }

    @Override
    public void service(VirtQueue queue) {
        if (wanted) {
            wanted = false;
            giveBack();
        }
        queue.drain(this);
    }

    @Override
    public void handle(DescriptorChain chain) {
        if (chain.reader().length() == 0) {
            chain.complete(0);
            return;
        }
        device.received(read(chain.reader()));
        // A driver has one buffer here; of another's, the last is held.
        giveBack();
        chain.park();
        held = chain;
    }

    private void giveBack() {
        DescriptorChain chain = held;
        if (chain != null) {
            held = null;
            chain.unpark();
            chain.complete(0);
        }
    }

    /**
     * > the device MUST ignore entries with tag values that it does not recognize [Memory Statistics]
     *
     * <p>A tail that is no whole entry is ignored.
     */
    private static EnumMap<BalloonStatistic, Long> read(ChainReader reader) {
        EnumMap<BalloonStatistic, Long> values = new EnumMap<>(BalloonStatistic.class);
        for (int i = 0; i < MOST_ENTRIES && reader.remaining() >= ENTRY; i++) {
            BalloonStatistic statistic = BalloonStatistic.ofTag(reader.readLe16());
            long value = reader.readLe64();
            if (statistic != null) {
                values.put(statistic, value);
            }
        }
        return values;
    }
}
