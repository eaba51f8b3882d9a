// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.packet.NetHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LaneTest {

    private static ByteBuf packet(int value) {
        return Unpooled.buffer(4).writeInt(value);
    }

    @Test
    void packets_come_out_in_order_with_their_headers_and_a_full_lane_takes_no_more() {
        List<String> taken = new ArrayList<>();
        Lane lane = new Lane(4, (pair, packet, header) ->
                taken.add(pair + ":" + packet.getInt(0) + ":" + header.hdrLen()));
        NetHeader header = new NetHeader();
        for (int i = 0; i < 4; i++) {
            assertFalse(lane.isFull());
            assertTrue(lane.put(i, packet(i), header.hdrLen(10 + i)));
        }
        assertTrue(lane.isFull());
        assertFalse(lane.put(0, packet(4), header));

        lane.deliver();

        assertEquals(List.of("0:0:10", "1:1:11", "2:2:12", "3:3:13"), taken);
        assertFalse(lane.isFull());
        assertThrows(IllegalArgumentException.class, () -> new Lane(3, (pair, packet, head) -> true));
    }

    @Test
    void what_is_refused_stays_the_first() {
        AtomicInteger room = new AtomicInteger();
        List<Integer> taken = new ArrayList<>();
        Lane lane = new Lane(4, (pair, packet, header) ->
                room.getAndUpdate(left -> Math.max(0, left - 1)) > 0 && taken.add(packet.getInt(0)));
        lane.put(0, packet(1), new NetHeader());
        lane.put(0, packet(2), new NetHeader());
        lane.deliver();
        assertEquals(List.of(), taken);

        room.set(1);
        lane.deliver();
        assertEquals(List.of(1), taken);

        room.set(1);
        lane.deliver();
        assertEquals(List.of(1, 2), taken);
    }

    @Test
    void a_receiver_that_sends_again_is_not_called_inside_of_itself() {
        AtomicInteger depth = new AtomicInteger();
        AtomicInteger taken = new AtomicInteger();
        Lane[] lane = new Lane[1];
        lane[0] = new Lane(4, (pair, packet, header) -> {
            assertEquals(1, depth.incrementAndGet());
            if (taken.incrementAndGet() < 1000) {
                assertTrue(lane[0].put(0, packet(0), new NetHeader()));
                lane[0].deliver();
            }
            depth.decrementAndGet();
            return true;
        });
        lane[0].put(0, packet(0), new NetHeader());
        lane[0].deliver();

        assertEquals(1000, taken.get());
    }

    @Test
    void a_receiver_that_has_room_again_while_it_refuses_is_asked_again() {
        AtomicInteger asked = new AtomicInteger();
        Lane[] lane = new Lane[1];
        lane[0] = new Lane(4, (pair, packet, header) -> {
            lane[0].deliver(); // as another thread might, before this one has returned
            return asked.incrementAndGet() == 2;
        });
        lane[0].put(0, packet(1), new NetHeader());
        lane[0].deliver();

        assertEquals(2, asked.get());
    }

    @Test
    void a_receiver_that_throws_loses_its_packet_and_no_other() {
        List<Integer> taken = new ArrayList<>();
        Lane lane = new Lane(4, (pair, packet, header) -> {
            if (packet.getInt(0) == 2) {
                throw new IllegalStateException("broken");
            }
            return taken.add(packet.getInt(0));
        });
        for (int i = 1; i <= 3; i++) {
            lane.put(0, packet(i), new NetHeader());
        }
        lane.deliver();
        lane.put(0, packet(4), new NetHeader());
        lane.deliver();

        assertEquals(List.of(1, 3, 4), taken);
    }

    @Test
    void a_closed_lane_releases_what_it_has_and_gets() {
        Lane lane = new Lane(4, (pair, packet, header) -> false);
        ByteBuf before = packet(1);
        ByteBuf after = packet(2);
        lane.put(0, before, new NetHeader());
        lane.close();
        assertEquals(0, before.refCnt());

        lane.put(0, after, new NetHeader());
        lane.deliver();

        assertEquals(0, after.refCnt());
    }

    @Test
    @Timeout(60)
    void many_threads_lose_nothing_and_each_keeps_its_order() throws InterruptedException {
        int threads = 4;
        int each = 50_000;
        int[] last = new int[threads];
        AtomicLong sum = new AtomicLong();
        AtomicInteger inside = new AtomicInteger();
        Lane lane = new Lane(64, (pair, packet, header) -> {
            assertEquals(1, inside.incrementAndGet());
            assertEquals(last[pair] + 1, packet.getInt(0));
            last[pair] = packet.getInt(0);
            sum.addAndGet(packet.getInt(0));
            inside.decrementAndGet();
            return true;
        });
        List<Thread> senders = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int pair = i;
            senders.add(Thread.ofPlatform().start(() -> {
                NetHeader header = new NetHeader();
                for (int value = 1; value <= each; value++) {
                    ByteBuf packet = packet(value);
                    while (!lane.put(pair, packet, header)) {
                        lane.deliver();
                        Thread.onSpinWait();
                    }
                    lane.deliver();
                }
            }));
        }
        for (Thread sender : senders) {
            sender.join();
        }

        assertEquals((long) threads * each * (each + 1) / 2, sum.get());
    }
}
