// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.Test;

/** Pipes, and what takes them for other things. */
class ByteStreamTest {
    private static final int TIMEOUT = 20_000;

    private final Arena arena = Arena.ofAuto();

    @Test
    void bytes_come_in_order_up_to_the_end() throws Exception {
        FileDescriptor[] pipe = ByteStream.pipe();
        MemorySegment sent = arena.allocate(1 << 20);
        for (long i = 0; i < sent.byteSize(); i++) {
            sent.set(JAVA_BYTE, i, (byte) (i * 31 >>> 3));
        }
        Background<Boolean> writing = Background.start(() -> {
            try (ByteStream out = ByteStream.of(pipe[1])) {
                out.write(sent, TIMEOUT);
            }
            return true;
        });

        MemorySegment received = arena.allocate(sent.byteSize());
        try (ByteStream in = ByteStream.of(pipe[0])) {
            long done = 0;
            for (int n = in.read(received, TIMEOUT); n >= 0; n = in.read(received.asSlice(done), TIMEOUT)) {
                done += n;
                if (done == sent.byteSize()) {
                    assertEquals(-1, in.read(arena.allocate(1), TIMEOUT));
                    break;
                }
            }
        }
        assertTrue(writing.result());
        assertEquals(-1, sent.mismatch(received));
    }

    @Test
    void waits_end_in_time_and_without_a_reader() throws IOException {
        FileDescriptor[] pipe = ByteStream.pipe();
        try (ByteStream in = ByteStream.of(pipe[0]); ByteStream out = ByteStream.of(pipe[1])) {
            assertThrows(SocketTimeoutException.class, () -> in.read(arena.allocate(1), 0));
            assertThrows(SocketTimeoutException.class, () -> out.write(arena.allocate(1 << 20), 0));
            pipe[0].close();
            assertEquals(Errno.EPIPE, assertThrows(LinuxException.class,
                    () -> out.write(arena.allocate(1), TIMEOUT)).error());
        }
    }

    @Test
    void only_pipes_and_sockets_are_streams() throws IOException {
        try (LinuxFile file = LinuxFile.memory("no stream", 1); EventFd event = EventFd.create()) {
            assertThrows(IOException.class, () -> ByteStream.of(file.descriptor()));
            assertThrows(IOException.class, () -> ByteStream.of(event.descriptor()));
            assertTrue(file.descriptor().isOpen());
        }
    }

    @Test
    void a_pipe_carries_signals_where_that_is_allowed() throws IOException {
        FileDescriptor[] pipe = ByteStream.pipe();
        assertThrows(IOException.class, () -> EventFd.of(pipe[0]));
        try (EventFd from = EventFd.ofPeer(pipe[0]); EventFd to = EventFd.ofPeer(pipe[1])) {
            assertEquals(0, from.tryRead());
            to.signal();
            to.signal();
            assertEquals(1, from.read(TIMEOUT));
            assertEquals(1, from.tryRead());
            assertEquals(0, from.tryRead());
            for (int i = 0; i < 1 << 14; i++) {
                to.signal(); // more than a pipe holds: it is signalled already
            }
            assertEquals(1, from.tryRead());
        }
        try (LinuxFile file = LinuxFile.memory("no pipe", 1)) {
            assertThrows(IOException.class, () -> EventFd.ofPeer(file.descriptor()));
        }
    }

    @Test
    void a_peers_file_is_mapped_only_if_it_is_sealed_or_the_peer_trusted() throws IOException {
        try (LinuxFile file = LinuxFile.memory("peer", 4096)) {
            assertEquals(Errno.EPERM, assertThrows(LinuxException.class, () -> Mapping.ofPeer(
                    file.descriptor(), 0, 4096, Mapping.Access.READ_WRITE, false)).error());
            Mapping.ofPeer(file.descriptor(), 0, 4096, Mapping.Access.READ_WRITE, true).close();
            try (EventFd event = EventFd.create()) {
                assertThrows(IOException.class, () -> Mapping.ofPeer(
                        event.descriptor(), 0, 1, Mapping.Access.READ_WRITE, true));
            }
            file.seal(Seal.SHRINK);
            try (Mapping mapping = Mapping.ofPeer(
                    file.descriptor(), 0, 4096, Mapping.Access.READ_ONLY, false)) {
                assertTrue(mapping.segment().isReadOnly());
                assertTrue(mapping.tryClose(System.nanoTime()));
            }
        }
    }
}
