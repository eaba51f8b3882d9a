// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.VirtQueue;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The receive buffers of one queue: finds as many as a packet needs, and fills them; all of them or none.
 * Used by the queue's owner, within one turn. [Setting Up Receive Buffers]
 */
final class ReceiveBuffers {

    /** What {@link #find} found. */
    enum Fit {
        /** Buffers for the packet; {@link #fill} is next. */
        ENOUGH,
        /** None. */
        WAIT,
        /** Some, which are too few; there may be more later. */
        SOME,
        /** All that there can be, and they do not suffice. */
        NEVER
    }

    private final VirtQueue queue;
    private final int headerSize;
    private final boolean mergeable;
    private final int regular;

    /** Taken and not filled. Without MRG_RXBUF, at most one. */
    private final @Nullable DescriptorChain[] taken;
    private int count;

    /** How many of them the packet needs that buffers were found for. */
    private int needs;

    /**
     * Begins without buffers.
     *
     * @param regular the longest packet that every buffer should have room for without MRG_RXBUF
     */
    ReceiveBuffers(VirtQueue queue, int headerSize, boolean mergeable, int regular) {
        this.queue = queue;
        this.headerSize = headerSize;
        this.mergeable = mergeable;
        this.regular = regular;
        this.taken = new DescriptorChain[mergeable ? queue.size() : 1];
    }

    /** Looks for buffers that hold a header and so many bytes. */
    Fit find(int length) {
        long needed = (long) headerSize + length;
        long found = 0;
        needs = 0;
        while (found < needed && needs < taken.length) {
            if (needs == count && !takeOne()) {
                return count == 0 ? Fit.WAIT : Fit.SOME;
            }
            long room = get(needs).writer().length();
            if (!mergeable && room < needed && length <= regular) {
                // > SHOULD populate the receive queue(s) with buffers of at least 1526 bytes [Setting Up
                // > Receive Buffers]. This one would only be in the way.
                giveBack();
            } else {
                needs++;
                found += room;
            }
        }
        return found >= needed ? Fit.ENOUGH : Fit.NEVER;
    }

    private void giveBack() {
        get(--count).complete(0);
        taken[count] = null;
    }

    private boolean takeOne() {
        while (true) {
            DescriptorChain chain = queue.take();
            if (chain == null) {
                return false;
            }
            if (!chain.hasUnmapped() && chain.writer().length() >= headerSize) {
                taken[count++] = chain;
                return true;
            }
            // > each buffer MUST be at least size of struct virtio_net_hdr [Setting Up Receive Buffers].
            // Nothing can be put in: the driver has it back, empty.
            chain.complete(0);
        }
    }

    private DescriptorChain get(int index) {
        DescriptorChain chain = taken[index];
        if (chain == null) {
            throw new IllegalStateException("no such buffer: index=" + index + " count=" + count);
        }
        return chain;
    }

    /** Fills the buffers that were found, and uses them. */
    void fill(IncomingPacket packet) {
        int used = needs;
        ChainWriter first = get(0).writer();
        // > MUST set num_buffers to the number of descriptors used [Setting Up Receive Buffers]
        packet.writeHeader(first, used);
        if (used == 1) {
            if (!packet.writeDirectly(first)) {
                write(first, packet.payload());
            }
            get(0).complete();
        } else {
            fillAll(used, packet.payload());
        }
        count -= used;
        System.arraycopy(taken, used, taken, 0, count);
        Arrays.fill(taken, count, count + used, null);
    }

    /** > use all buffers used by a single receive packet together [Processing of Incoming Packets] */
    private void fillAll(int used, ByteBuf payload) {
        queue.gather(true);
        for (int i = 0; i < used; i++) {
            DescriptorChain chain = get(i);
            write(chain.writer(), payload);
            chain.complete();
        }
        queue.gather(false);
    }

    /** > use all buffers but the last [...] completely up to the full length of each buffer */
    private static void write(ChainWriter writer, ByteBuf payload) {
        writer.write(payload, (int) Math.min(writer.remaining(), payload.readableBytes()));
    }

    /** Leaves buffers that were not needed with the driver, at the end of a turn. */
    void putBackSpare() {
        while (count > 0) {
            DescriptorChain chain = get(--count);
            taken[count] = null;
            chain.putBack();
        }
    }
}
