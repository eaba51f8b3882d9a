// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DatagramBackendTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private DatagramSocket peer;
    private DatagramBackend backend;
    private Station station;

    @BeforeEach
    void open() throws Exception {
        peer = new DatagramSocket(ANY);
        peer.setSoTimeout(10_000);
        backend = new DatagramBackend(ANY, (InetSocketAddress) peer.getLocalSocketAddress());
        station = new Station(backend);
    }

    @AfterEach
    void close() {
        backend.close();
        peer.close();
    }

    private static byte[] frame(int size) {
        return Station.frame(0x0200_0000_0001L, 0x0200_0000_0002L, 0, size);
    }

    private void write(byte[] frame) throws Exception {
        peer.send(new DatagramPacket(frame, frame.length, backend.local()));
    }

    @Test
    void a_packet_is_a_datagram_both_ways() throws Exception {
        write(frame(60));
        write(frame(9000));
        List<byte[]> got = station.await(2);
        assertArrayEquals(frame(60), got.get(0));
        assertArrayEquals(frame(9000), got.get(1));

        station.send(frame(1514));
        DatagramPacket packet = new DatagramPacket(new byte[10_000], 10_000);
        peer.receive(packet);
        assertEquals(1514, packet.getLength());
    }

    @Test
    void others_than_the_peer_are_not_heard() throws Exception {
        try (DatagramSocket other = new DatagramSocket(ANY)) {
            other.send(new DatagramPacket(frame(70), 70, backend.local()));
        }
        write(frame(60));

        assertEquals(60, station.await(1).getFirst().length);
    }

    @Test
    void a_device_without_room_gets_them_later() throws Exception {
        station.room(1);
        for (int i = 0; i < 20; i++) {
            write(frame(60 + i));
        }
        assertEquals(60, station.await(1).getFirst().length);

        station.room(100);
        station.ready();

        List<byte[]> got = station.await(19);
        assertEquals(61, got.getFirst().length);
        assertEquals(79, got.getLast().length);
    }

    @Test
    void a_peer_that_is_gone_and_comes_back_hears_again() throws Exception {
        InetSocketAddress address = (InetSocketAddress) peer.getLocalSocketAddress();
        peer.close();
        for (int i = 0; i < 10; i++) {
            station.send(frame(60));
        }
        peer = new DatagramSocket(address);
        peer.setSoTimeout(10_000);
        station.send(frame(61)); // may meet the error of those before
        station.send(frame(61));

        DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        peer.receive(packet);
        assertEquals(61, packet.getLength());
        write(frame(62));
        assertEquals(62, station.await(1).getFirst().length);
    }

    @Test
    void a_packet_too_long_for_a_datagram_is_dropped_and_counted() {
        station.send(frame(65_508));

        assertEquals(1, backend.dropped());
    }
}
