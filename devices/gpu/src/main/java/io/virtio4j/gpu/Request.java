// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import org.jspecify.annotations.Nullable;

/** A command and its {@code struct virtio_gpu_ctrl_hdr}; used again for the next. [Request header] */
final class Request {

    /** Bytes of a header. */
    static final int HEADER = 24;

    /** {@code VIRTIO_GPU_FLAG_FENCE} */
    static final int FENCE = 1;
    /** {@code VIRTIO_GPU_FLAG_INFO_RING_IDX} */
    static final int INFO_RING_IDX = 2;

    private ChainReader in;
    private ChainWriter out;

    private int type;
    private int flags;
    private long fenceId;
    private int contextId;
    private int ringIndex;

    private Request(DescriptorChain chain) {
        in = chain.reader();
        out = chain.writer();
    }

    /** The same object again, once there is one. */
    static Request of(@Nullable Request last, DescriptorChain chain) {
        return last == null ? new Request(chain) : last;
    }

    /** Takes a chain; says whether there is a header, and nothing that is not in memory. */
    boolean begin(DescriptorChain chain) {
        in = chain.reader();
        out = chain.writer();
        type = 0;
        flags = 0;
        fenceId = 0;
        contextId = 0;
        ringIndex = 0;
        if (in.length() < HEADER || chain.hasUnmapped()) {
            return false;
        }
        type = (int) in.readLe32();
        flags = (int) in.readLe32();
        fenceId = in.readLe64();
        contextId = (int) in.readLe32();
        ringIndex = in.readU8();
        skip(3);
        return true;
    }

    /** Reads and forgets. */
    void skip(int bytes) {
        for (int i = 0; i < bytes; i++) {
            in.readU8();
        }
    }

    int type() {
        return type;
    }

    boolean hasFence() {
        return (flags & FENCE) != 0;
    }

    /** Which context a 3D command is for. */
    int contextId() {
        return contextId;
    }

    ChainReader in() {
        return in;
    }

    ChainWriter out() {
        return out;
    }

    /** Whether there are as many bytes of a request as its structure has, header included. */
    boolean has(int size) {
        return in.length() >= size;
    }

    /** Whether there is room for a response of a size, header included. */
    boolean hasRoom(int size) {
        return out.length() >= size;
    }

    /**
     * Writes a response's header.
     *
     * <p>> If the driver sets the VIRTIO_GPU_FLAG_FENCE bit in the request flags field the device MUST: set
     * VIRTIO_GPU_FLAG_FENCE bit in the response, copy the content of the fence_id field from the request to the
     * response, and send the response only after command processing is complete.
     */
    void answer(int response) {
        boolean fence = hasFence();
        boolean ring = fence && (flags & INFO_RING_IDX) != 0;
        out.writeLe32(response);
        out.writeLe32(fence ? FENCE | (ring ? INFO_RING_IDX : 0) : 0);
        out.writeLe64(fence ? fenceId : 0);
        out.writeLe32(fence ? contextId : 0);
        out.writeLe32(ring ? ringIndex : 0); // and padding
    }
}
