// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.net.packet.NetHeader;
import org.junit.jupiter.api.Test;

class LoopbackBackendTest {

    private static final long A = 0x0200_0000_000AL;
    private static final long B = 0x0200_0000_000BL;

    @Test
    void a_packet_comes_back_as_it_was_with_what_is_left_to_do() {
        Station station = new Station(LoopbackBackend.plain());
        NetHeader header = new NetHeader().partialCsum(34, 16).gso(NetHeader.GSO_TCPV4, 1000);

        station.send(3, Station.frame(A, B, 0, 100), header);

        assertEquals(header.toString(), station.header(0).toString());
        assertEquals(3, station.pair(0));
        assertArrayEquals(Station.frame(A, B, 0, 100), station.take().getFirst());
    }

    @Test
    void an_answer_has_its_addresses_exchanged() {
        Station station = new Station(LoopbackBackend.answering());

        station.send(Station.frame(A, B, 5, 100));
        station.send(new byte[11]);

        assertArrayEquals(Station.frame(B, A, 5, 100), station.take().getFirst());
    }

    @Test
    void a_driver_without_buffers_makes_it_unwritable_until_it_has_some() {
        LoopbackBackend backend = LoopbackBackend.plain();
        Station station = new Station(backend);
        station.room(0);
        int sent = 0;
        while (backend.isWritable(0)) {
            station.send(Station.frame(A, B, 0, 60));
            sent++;
        }
        station.send(Station.frame(A, B, 0, 60));
        assertEquals(1, backend.dropped());
        assertEquals(0, station.writables());

        station.room(1000);
        station.ready();

        assertEquals(sent, station.take().size());
        assertEquals(1, station.writables());
        assertTrue(backend.isWritable(0));
        station.close();
        assertFalse(station.take().size() > 0);
    }
}
