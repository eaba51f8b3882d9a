// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A packet costs no object, compiled or not. */
class PacketAllocationTest {

    private static final int TURNS = 101;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Segmenter segmenter = new Segmenter();
    private final PacketHeaders headers = new PacketHeaders();
    private final PacketHash hash = new PacketHash();
    private final Toeplitz key = new Toeplitz(ToeplitzTest.KEY);
    private final List<ByteBuf> buffers = new ArrayList<>();

    @AfterEach
    void release_buffers() {
        for (ByteBuf buffer : buffers) {
            buffer.release();
        }
    }

    @Test
    void segmentation_between_direct_buffers() {
        assertSegmentsWithoutAllocation(UnpooledByteBufAllocator.DEFAULT, true);
    }

    @Test
    void segmentation_between_pooled_direct_buffers() {
        assertSegmentsWithoutAllocation(new PooledByteBufAllocator(true), true);
    }

    @Test
    void segmentation_between_heap_buffers() {
        assertSegmentsWithoutAllocation(UnpooledByteBufAllocator.DEFAULT, false);
    }

    private void assertSegmentsWithoutAllocation(ByteBufAllocator allocator, boolean direct) {
        Frame frame = new Frames(new Random(12)).any(true, 6, true, 20_000).complete();
        NetHeader header = frame.header(NetHeader.GSO_TCPV6 | NetHeader.GSO_UDP_TUNNEL_IPV6, 1400)
                .tunnel(frame.outerUdp(), frame.lastLevel().offset());
        ByteBuf packet = buffer(allocator, direct, 30_000).writeBytes(frame.bytes());
        ByteBuf target = buffer(allocator, direct, 4000);
        Runnable work = () -> {
            segmenter.prepare(packet, header);
            for (int i = 0; i < segmenter.count(); i++) {
                target.clear();
                segmenter.write(i, target);
            }
        };
        assertAllocatesNothing(work);
        assertEquals(15, segmenter.count());
    }

    private ByteBuf buffer(ByteBufAllocator allocator, boolean direct, int bytes) {
        return withoutLeakDetection(
                direct ? allocator.directBuffer(bytes, bytes) : allocator.heapBuffer(bytes, bytes));
    }

    /** Which would note every access to a buffer. */
    private ByteBuf withoutLeakDetection(ByteBuf buffer) {
        buffers.add(buffer);
        return buffer.unwrap() == null ? buffer : buffer.unwrap();
    }

    @Test
    void checksums_and_hashes() {
        Frame frame = new Frames(new Random(13)).any(true, 4, false, 1000).complete();
        ByteBuf packet = withoutLeakDetection(frame.directBuffer());
        NetHeader header = new NetHeader();
        assertAllocatesNothing(() -> {
            headers.parse(packet);
            TransportChecksum.verify(packet, headers);
            TransportChecksum.makePartial(packet, headers, header.clear());
            TransportChecksum.complete(packet, header);
            hash.calculate(packet, key, PacketHash.ALL, Tunnel.ALL);
        });
    }

    @Test
    void refusals() {
        Frame frame = new Frames(new Random(14)).any(false, 4, true, 1000).complete();
        ByteBuf packet = withoutLeakDetection(frame.directBuffer());
        NetHeader header = frame.header(NetHeader.GSO_TCPV6, 100);
        assertAllocatesNothing(() -> segmenter.prepare(packet, header));
    }

    /** The median: what the JVM itself allocates now and then is not ours. */
    private static void assertAllocatesNothing(Runnable work) {
        long thread = Thread.currentThread().threadId();
        work.run();
        long[] allocated = new long[TURNS];
        for (int i = 0; i < TURNS; i++) {
            long before = THREADS.getThreadAllocatedBytes(thread);
            work.run();
            allocated[i] = THREADS.getThreadAllocatedBytes(thread) - before;
        }
        Arrays.sort(allocated);
        assertEquals(0, allocated[TURNS / 2]);
    }
}
