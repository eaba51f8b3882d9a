// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.mem.MemoryBlocks.Run;
import org.jspecify.annotations.Nullable;

/**
 * The guest-request queue: requests are served one after the other. One that changes blocks is answered when no
 * queue of any device works with memory as it was before; those behind it wait. [Memory Device / Device Operation]
 */
final class GuestRequestQueue implements QueueHandler {

    private static final int REQ_PLUG = 0;
    private static final int REQ_UNPLUG = 1;
    private static final int REQ_UNPLUG_ALL = 2;
    private static final int REQ_STATE = 3;

    static final int RESP_ACK = 0;
    static final int RESP_NACK = 1;
    static final int RESP_BUSY = 2;
    static final int RESP_ERROR = 3;

    static final int STATE_PLUGGED = 0;
    static final int STATE_UNPLUGGED = 1;
    static final int STATE_MIXED = 2;

    private static final int PADDING = 6;

    /** {@code struct virtio_mem_resp}: type, padding and state. */
    private static final int RESPONSE = 10;

    private final MemDevice device;
    private final VirtQueue virtQueue;

    /** The request that waits, and for what. */
    private @Nullable DescriptorChain waiting;
    private @Nullable BlockChange change;

    GuestRequestQueue(MemDevice device, VirtQueue virtQueue) {
        this.device = device;
        this.virtQueue = virtQueue;
    }

    @Override
    public void service(VirtQueue queue) {
        DescriptorChain chain = waiting;
        BlockChange begun = change;
        if (chain != null && begun != null) {
            if (!begun.isReady()) {
                return;
            }
            waiting = null;
            change = null;
            device.make(begun);
            chain.unpark();
            if (chain.hasUnmapped()) {
                chain.complete(0); // the response was to go into memory that is unplugged now
            } else {
                answer(chain, RESP_ACK, 0);
            }
        }
        queue.drain(this);
    }

    @Override
    public void handle(DescriptorChain chain) {
        if (waiting != null) {
            chain.putBack();
            return;
        }
        // Nothing is done whose result cannot be told.
        if (chain.writer().length() < RESPONSE || chain.hasUnmapped()) {
            throw new ChainFault("request without room for a response: queue=" + virtQueue.name());
        }
        ChainReader reader = chain.reader();
        int type = reader.readLe16();
        switch (type) {
            case REQ_PLUG, REQ_UNPLUG, REQ_STATE -> serve(chain, type, reader);
            // > The device MUST ignore any data in a request except the request type.
            case REQ_UNPLUG_ALL -> begin(chain, device.beginUnplugAll(this::wake));
            default -> answer(chain, RESP_ERROR, 0);
        }
    }

    /** A request with the structure that all but UNPLUG ALL have: addr and nb_blocks. */
    private void serve(DescriptorChain chain, int type, ChainReader reader) {
        reader.skip(PADDING);
        long address = reader.readLe64();
        Run blocks = device.blocks(address, reader.readLe16());
        // > The device MUST reject requests with VIRTIO_MEM_RESP_ERROR if addr is not aligned to the block_size in
        // > the device configuration, if nb_blocks is not greater than 0, or if any memory block outside of the
        // > usable device-managed memory region is covered by the request.
        if (blocks == null) {
            answer(chain, RESP_ERROR, 0);
            return;
        }
        if (type == REQ_STATE) {
            answer(chain, RESP_ACK, device.state(blocks));
            return;
        }
        int refusal = type == REQ_PLUG ? device.refusalToPlug(blocks) : device.refusalToUnplug(blocks);
        if (refusal != RESP_ACK) {
            answer(chain, refusal, 0);
        } else if (type == REQ_PLUG) {
            begin(chain, device.beginPlug(blocks, this::wake));
        } else {
            begin(chain, device.beginUnplug(blocks, this::wake));
        }
    }

    private void begin(DescriptorChain chain, BlockChange begun) {
        chain.park();
        waiting = chain;
        change = begun;
        if (begun.isReady()) {
            wake();
        }
    }

    private void wake() {
        virtQueue.wake();
    }

    private void answer(DescriptorChain chain, int type, int state) {
        device.countAnswer(type);
        ChainWriter writer = chain.writer();
        writer.writeLe16(type);
        writer.fill(0, PADDING);
        writer.writeLe16(state);
        chain.complete();
    }

    /** The queue takes no more turns: what was begun and not answered is undone. */
    void stop() {
        BlockChange begun = change;
        waiting = null;
        change = null;
        if (begun != null) {
            device.undo(begun);
        }
    }
}
