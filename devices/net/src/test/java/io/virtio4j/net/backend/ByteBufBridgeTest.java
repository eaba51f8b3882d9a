// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ByteBufBridgeTest {

    private final List<ByteBuf> written = new ArrayList<>();
    private final AtomicInteger flushes = new AtomicInteger();
    private final AtomicInteger readable = new AtomicInteger();
    private final ByteBufBridge bridge = new ByteBufBridge(written::add, flushes::incrementAndGet);
    private final Station station = new Station(bridge);

    private static byte[] frame(int size) {
        return Station.frame(0x0200_0000_0001L, 0x0200_0000_0002L, 0, size);
    }

    private static ByteBuf packet(int size) {
        return Unpooled.buffer(size).writeBytes(frame(size));
    }

    @Test
    void what_the_driver_sends_is_written_and_flushed() {
        station.send(frame(60));

        assertEquals(packet(60), written.getFirst());
        assertEquals(1, flushes.get());
    }

    @Test
    void what_is_received_goes_to_the_driver() {
        ByteBuf packet = packet(61);
        assertTrue(bridge.receive(packet));

        assertArrayEquals(frame(61), station.take().getFirst());
        assertEquals(0, packet.refCnt());
    }

    @Test
    void a_driver_without_buffers_stops_the_reader_and_starts_it_again() {
        bridge.onReadable(readable::incrementAndGet);
        station.room(0);
        List<ByteBuf> packets = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            packets.add(packet(60 + i));
            assertFalse(bridge.receive(packets.getLast()));
        }
        assertEquals(36, packets.stream().filter(packet -> packet.refCnt() == 0).count());

        station.room(1000);
        station.ready();

        List<byte[]> got = station.take();
        assertEquals(64, got.size());
        assertEquals(60, got.getFirst().length);
        assertEquals(1, readable.get());
        assertTrue(bridge.receive(packet(60)));
    }

    @Test
    void a_writer_without_room_makes_the_driver_wait() {
        bridge.queuePairs(3);
        bridge.writable(false);
        assertFalse(bridge.isWritable(0));
        assertEquals(0, station.writables());

        bridge.writable(true);

        assertTrue(bridge.isWritable(2));
        assertEquals(3, station.writables());
    }

    @Test
    void the_link_is_passed_on_and_after_the_close_packets_are_released() {
        bridge.linkUp(false);
        assertEquals(Boolean.FALSE, station.link());

        bridge.close();
        ByteBuf packet = packet(60);
        bridge.receive(packet);
        station.send(frame(60));

        assertEquals(0, packet.refCnt());
        assertEquals(0, written.size());
        assertEquals(0, station.take().size());
    }
}
