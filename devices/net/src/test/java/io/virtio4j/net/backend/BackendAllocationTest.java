// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.virtio4j.net.packet.NetHeader;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** A packet that goes through costs no object. */
class BackendAllocationTest {

    private static final int TURNS = 101;
    private static final long A = 0x0200_0000_000AL;
    private static final long B = 0x0200_0000_000BL;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final NetHeader header = new NetHeader();
    private final ByteBuf frame = new UnpooledByteBufAllocator(true, true).directBuffer(128, 128);

    /** Counts what it gets; the buffer is the test's. */
    private static final class Counter implements NetPort {

        private int count;

        @Override
        public boolean receive(int pair, ByteBuf packet, NetHeader left) {
            return offer(pair, packet, left);
        }

        @Override
        public boolean offer(int pair, ByteBuf packet, NetHeader left) {
            count++;
            return true;
        }

        @Override
        public void writable(int pair) {}

        @Override
        public void linkUp(boolean up) {}
    }

    private ByteBuf frame(long destination, long source, int vlan) {
        return frame.clear().writeZero(4).skipBytes(4)
                .writeBytes(Station.frame(destination, source, vlan, 60));
    }

    @Test
    void in_a_switch_with_and_without_tags() {
        PacketSwitch network = new PacketSwitch();
        SwitchPort access = network.port("access", PortVlans.access(10));
        Counter atAccess = new Counter();
        access.attach(atAccess);
        SwitchPort trunk = network.port("trunk", PortVlans.trunk(10));
        Counter atTrunk = new Counter();
        trunk.attach(atTrunk);
        access.transmit(0, frame(B, A, 0), header);
        trunk.transmit(0, frame(A, B, 10), header);

        byte[] toTrunk = Station.frame(B, A, 0, 60);
        byte[] toAccess = Station.frame(A, B, 10, 60);
        assertAllocatesNothing(() -> {
            frame.setIndex(4, 4).writeBytes(toTrunk);
            access.transmit(0, frame, header);
            frame.setIndex(4, 4).writeBytes(toAccess);
            trunk.transmit(0, frame, header);
        });
        assertEquals(TURNS + 2, atTrunk.count);
        assertEquals(TURNS + 2, atAccess.count);
    }

    @Test
    void in_a_loop() {
        LoopbackBackend loop = LoopbackBackend.answering();
        Counter counter = new Counter();
        loop.attach(counter);
        frame(A, B, 0);
        assertAllocatesNothing(() -> loop.transmit(0, frame, header));
        assertEquals(TURNS + 1, counter.count);
    }

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
