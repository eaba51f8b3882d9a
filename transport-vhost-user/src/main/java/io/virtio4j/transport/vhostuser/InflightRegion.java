// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.LinuxFile;
import io.virtio4j.host.linux.Mapping;
import io.virtio4j.host.linux.Seal;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The memory in which the chains in work of every ring are tracked. It belongs to the front-end, which gives it
 * to the next back-end: what it says is checked. For the thread of the connection. [Inflight I/O tracking]
 */
final class InflightRegion implements AutoCloseable {

    private static final StructLayout LAYOUT = StructLayout.of("inflight description");
    private static final Le64 LENGTH = LAYOUT.le64("mmap size");
    private static final Le64 OFFSET = LAYOUT.le64("mmap offset");
    private static final Le16 QUEUES = LAYOUT.le16("num queues");
    private static final Le16 SIZE = LAYOUT.le16("queue size");
    private static final Le32 PADDING = LAYOUT.le32("padding of the C structure");
    private static final int DESCRIPTION = LAYOUT.size(24);

    private static final long REGION_ALIGNMENT = 64;

    private final Mapping mapping;
    private final int queues;
    private final int queueSize;

    private InflightRegion(Mapping mapping, int queues, int queueSize) {
        this.mapping = mapping;
        this.queues = queues;
        this.queueSize = queueSize;
    }

    /** The bytes of a ring's part. */
    private static long part(RingFormat format, int queueSize) {
        long bytes = format == RingFormat.SPLIT
                ? SplitJournal.bytes(queueSize) : PackedJournal.bytes(queueSize);
        return (bytes + REGION_ALIGNMENT - 1) & -REGION_ALIGNMENT;
    }

    /** Makes a region of zeroes and sends it along with the reply. [VHOST_USER_GET_INFLIGHT_FD] */
    static int create(Message message, RingFormat format, int mostQueues) throws Refusal {
        checkDescription(message);
        int queues = QUEUES.get(message.bytes(), Message.HEADER);
        int size = SIZE.get(message.bytes(), Message.HEADER);
        checkCounts(queues, size, mostQueues);
        long bytes = queues * part(format, size);
        try {
            LinuxFile file = LinuxFile.memory("vhost-user-inflight", bytes);
            message.attach(file.descriptor());
            file.seal(Seal.SHRINK, Seal.GROW, Seal.SEAL);
        } catch (IOException e) {
            throw Refusal.of(e);
        }
        LENGTH.set(message.bytes(), Message.HEADER, bytes);
        OFFSET.set(message.bytes(), Message.HEADER, 0);
        return message.payloadLength();
    }

    /** Maps the region that the front-end sends. [VHOST_USER_SET_INFLIGHT_FD] */
    static InflightRegion map(Message message, int mostQueues, boolean trusted) throws Refusal {
        checkDescription(message);
        long length = LENGTH.get(message.bytes(), Message.HEADER);
        long offset = OFFSET.get(message.bytes(), Message.HEADER);
        int queues = QUEUES.get(message.bytes(), Message.HEADER);
        int size = SIZE.get(message.bytes(), Message.HEADER);
        checkCounts(queues, size, mostQueues);
        // Split is the smaller one; which format it is may not be known yet.
        if (length < queues * part(RingFormat.SPLIT, size) || offset < 0 || offset % Long.BYTES != 0
                || offset > Long.MAX_VALUE - length
                || length > queues * part(RingFormat.PACKED, size) + (1 << 20)) {
            throw new Refusal("inflight region: size=" + length + " offset=" + offset + " queues=" + queues
                    + " queue size=" + size);
        }
        try (FileDescriptor descriptor = message.takeDescriptor()) {
            Mapping mapping =
                    Mapping.ofPeer(descriptor, offset, length, Mapping.Access.READ_WRITE, trusted);
            return new InflightRegion(mapping, queues, size);
        } catch (IOException e) {
            throw Refusal.of(e);
        }
    }

    /** As the C structure, with the padding at its end or without. */
    private static void checkDescription(Message message) throws Refusal {
        if (message.payloadLength() != PADDING.offset()) {
            message.requirePayload(DESCRIPTION);
        }
    }

    private static void checkCounts(int queues, int size, int mostQueues) throws Refusal {
        if (queues < 1 || queues > mostQueues || size < 1 || size > PackedJournal.LARGEST) {
            throw new Refusal("inflight region: queues=" + queues + " most=" + mostQueues + " queue size="
                    + size);
        }
    }

    /** Whether the ring's chains are tracked here. */
    boolean covers(int ring) {
        return ring < queues;
    }

    /** The ring's part; the journals check that it is large enough for the ring. */
    Part part(Vring ring, RingFormat format) throws Refusal {
        long bytes = part(format, queueSize);
        if (ring.size > queueSize || (ring.index + 1) * bytes > mapping.length()) {
            throw new Refusal("inflight region is too small: ring=" + ring.index + " size=" + ring.size
                    + " queue size=" + queueSize + " bytes=" + mapping.length());
        }
        return new Part(mapping.segment().asSlice(ring.index * bytes, bytes), queueSize);
    }

    /**
     * A ring's part.
     *
     * @param segment its bytes
     * @param count how many entries it has
     */
    record Part(MemorySegment segment, int count) {}

    @Override
    public void close() {
        if (!mapping.tryClose()) {
            mapping.closeAsync();
        }
    }
}
