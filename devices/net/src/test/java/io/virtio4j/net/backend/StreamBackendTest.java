// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.jspecify.annotations.Nullable;

/** The peer writes and reads the bytes that QEMU does: a length in four bytes, and the frame. */
@Timeout(60)
class StreamBackendTest {

    @TempDir
    private Path directory;

    private @Nullable StreamBackend backend;

    @AfterEach
    void close() {
        if (backend != null) {
            backend.close();
        }
    }

    private Station station(StreamBackend made) {
        backend = made;
        return new Station(made);
    }

    private UnixDomainSocketAddress unix() {
        return UnixDomainSocketAddress.of(directory.resolve("socket"));
    }

    /** The other end of the socket. */
    private record Peer(SocketChannel channel, DataInputStream in, DataOutputStream out) implements AutoCloseable {

        static Peer of(SocketChannel channel) {
            return new Peer(channel, new DataInputStream(Channels.newInputStream(channel)),
                    new DataOutputStream(Channels.newOutputStream(channel)));
        }

        static Peer connect(SocketAddress address) throws IOException {
            return of(SocketChannel.open(address));
        }

        void write(byte[] frame) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(4 + frame.length).putInt(frame.length).put(frame).flip();
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }

        byte[] read() throws IOException {
            byte[] frame = new byte[in.readInt()];
            in.readFully(frame);
            return frame;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private static byte[] frame(int size) {
        return Station.frame(0x0200_0000_0001L, 0x0200_0000_0002L, 0, size);
    }

    @Test
    void a_peer_that_connects_to_a_unix_socket_exchanges_packets() throws Exception {
        Station station = station(StreamBackend.listen(unix()));
        try (Peer peer = Peer.connect(unix())) {
            station.awaitLink(true);
            peer.write(frame(60));
            peer.write(frame(1514));
            List<byte[]> got = station.await(2);
            assertArrayEquals(frame(60), got.get(0));
            assertArrayEquals(frame(1514), got.get(1));

            station.send(frame(77));
            station.send(frame(9000));
            assertArrayEquals(frame(77), peer.read());
            assertArrayEquals(frame(9000), peer.read());
        }
        station.awaitLink(false);
    }

    @Test
    void peers_come_one_after_the_other() throws Exception {
        Station station = station(StreamBackend.listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        SocketAddress address = backend.address();
        for (int i = 0; i < 5; i++) {
            try (Peer peer = Peer.connect(address)) {
                station.awaitLink(true);
                peer.write(frame(60 + i));
                assertEquals(60 + i, station.await(1).getFirst().length);
                station.send(frame(80 + i));
                assertEquals(80 + i, peer.read().length);
            }
            station.awaitLink(false);
        }
    }

    @Test
    void it_connects_to_a_peer_that_comes_late_and_again_when_that_was_gone() throws Exception {
        Station station = station(StreamBackend.connect(unix()));
        station.awaitLink(false);
        station.send(frame(60));
        assertEquals(1, backend.dropped());
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(unix());
            for (int i = 0; i < 3; i++) {
                try (Peer peer = Peer.of(server.accept())) {
                    station.awaitLink(true);
                    peer.write(frame(100 + i));
                    assertEquals(100 + i, station.await(1).getFirst().length);
                    station.send(frame(60));
                    assertEquals(60, peer.read().length);
                }
                station.awaitLink(false);
            }
        }
    }

    @Test
    void a_stream_may_be_cut_anywhere() throws Exception {
        Station station = station(StreamBackend.listen(unix()));
        try (Peer peer = Peer.connect(unix())) {
            peer.out.writeInt(61);
            for (byte value : frame(61)) {
                peer.out.write(value);
                peer.out.flush();
            }
            peer.out.writeInt(0);
            peer.write(frame(62));

            List<byte[]> got = station.await(2);
            assertArrayEquals(frame(61), got.get(0));
            assertArrayEquals(frame(62), got.get(1));
        }
    }

    @Test
    void a_length_that_no_packet_has_ends_the_connection_and_the_next_peer_is_served() throws Exception {
        Station station = station(StreamBackend.listen(unix()));
        for (int length : new int[] {StreamBackend.MOST_BYTES + 1, -1, Integer.MIN_VALUE}) {
            try (Peer peer = Peer.connect(unix())) {
                station.awaitLink(true);
                peer.out.writeInt(length);
                assertEquals(-1, peer.in.read());
            }
            station.awaitLink(false);
        }
        try (Peer peer = Peer.connect(unix())) {
            peer.write(new byte[StreamBackend.MOST_BYTES]);
            assertEquals(StreamBackend.MOST_BYTES, station.await(1).getFirst().length);
        }
    }

    @Test
    void a_device_without_room_makes_the_peer_wait_and_nothing_is_lost() throws Exception {
        Station station = station(StreamBackend.listen(unix()));
        try (Peer peer = Peer.connect(unix())) {
            station.awaitLink(true);
            station.room(1);
            Thread writer = Thread.ofPlatform().start(() -> {
                try {
                    for (int i = 0; i < 2000; i++) {
                        peer.write(frame(60 + i % 1000));
                    }
                } catch (IOException failed) {
                    throw new AssertionError(failed);
                }
            });
            assertEquals(60, station.await(1).getFirst().length);
            for (int i = 1; i < 2000; ) {
                station.room(100);
                station.ready();
                List<byte[]> got = station.await(Math.min(100, 2000 - i));
                for (byte[] frame : got) {
                    assertEquals(60 + i++ % 1000, frame.length);
                }
            }
            writer.join();
        }
    }

    @Test
    void a_peer_that_does_not_read_makes_it_unwritable_until_it_does() throws Exception {
        Station station = station(StreamBackend.listen(unix()));
        try (Peer peer = Peer.connect(unix())) {
            station.awaitLink(true);
            int sent = 0;
            long end = System.nanoTime() + 30_000_000_000L;
            while (System.nanoTime() < end && (backend.isWritable(0) || sent < 100)) {
                if (backend.isWritable(0)) {
                    station.send(frame(60_000));
                    sent++;
                }
            }
            assertFalse(backend.isWritable(0));
            for (int i = 0; i < sent; i++) {
                assertEquals(60_000, peer.read().length);
            }
            while (station.writables() == 0) {
                Thread.onSpinWait();
            }
            assertTrue(backend.isWritable(0));
            assertEquals(0, backend.dropped());
        }
    }

    @Test
    void a_closed_backend_leaves_no_socket_and_no_thread_behind() throws Exception {
        StreamBackend attached = StreamBackend.listen(unix());
        Station station = new Station(attached);
        try (Peer peer = Peer.connect(unix())) {
            station.awaitLink(true);
            attached.close();
            attached.close();
            assertEquals(-1, peer.in.read());
        }
        assertFalse(Files.exists(unix().getPath()));
        StreamBackend never = StreamBackend.listen(unix());
        never.close();
        assertFalse(Files.exists(unix().getPath()));
    }

    @Test
    void an_address_that_is_taken_is_refused() throws Exception {
        station(StreamBackend.listen(unix()));

        assertThrows(IOException.class, () -> StreamBackend.listen(unix()));
    }
}
