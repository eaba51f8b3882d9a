// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Peers that are served one after the other. */
class PeerServerTest {
    private static final int TIMEOUT = 20_000;

    private final List<String> trouble = new CopyOnWriteArrayList<>();
    private final Arena arena = Arena.ofAuto();

    /** Sends back a byte for each that comes, and fails when it gets a 0. */
    private void echo(UnixSocket peer) {
        MemorySegment one = Arena.ofAuto().allocate(1);
        try {
            while (peer.receiveFully(one, -1)) {
                if (one.get(JAVA_BYTE, 0) == 0) {
                    throw new IllegalStateException("zero");
                }
                peer.send(one, -1);
            }
        } catch (IOException ended) {
            // the next one
        }
    }

    private PeerServer server() {
        return new PeerServer("test", this::echo, (what, cause) -> trouble.add(what + " " + cause));
    }

    private void exchange(UnixSocket peer) throws IOException {
        MemorySegment one = arena.allocate(1);
        one.set(JAVA_BYTE, 0, (byte) 7);
        peer.send(one, TIMEOUT);
        assertTrue(peer.receiveFully(one, TIMEOUT));
    }

    @Test
    void peers_are_served_one_after_the_other(@TempDir Path directory) throws IOException {
        int before = OpenDescriptors.count();
        UnixAddress address = UnixAddress.of(directory.resolve("s"));
        try (PeerServer server = server()) {
            server.listen(address);
            for (int i = 0; i < 20; i++) {
                try (UnixSocket peer = UnixSocket.connect(address)) {
                    exchange(peer);
                    assertTrue(server.isConnected());
                }
            }
            assertThrows(IllegalStateException.class, () -> server.connect(address));
        }
        assertEquals(List.of(), trouble);
        assertEquals(before, OpenDescriptors.count());
    }

    @Test
    void a_second_peer_waits_until_the_first_has_left(@TempDir Path directory) throws IOException {
        UnixAddress address = UnixAddress.of(directory.resolve("s"));
        try (PeerServer server = server()) {
            server.listen(address);
            try (UnixSocket first = UnixSocket.connect(address);
                    UnixSocket second = UnixSocket.connect(address)) {
                second.send(arena.allocateFrom("x"), TIMEOUT);
                exchange(first);
                assertFalse(second.awaitReadable(0));
                first.descriptor().close();
                assertTrue(second.awaitReadable(TIMEOUT));
            }
        }
    }

    @Test
    void what_serving_throws_is_told_and_the_next_peer_is_served(@TempDir Path directory)
            throws IOException {
        UnixAddress address = UnixAddress.of(directory.resolve("s"));
        try (PeerServer server = server()) {
            server.listen(address);
            try (UnixSocket bad = UnixSocket.connect(address)) {
                bad.send(arena.allocate(1), TIMEOUT);
                assertTrue(bad.awaitReadable(TIMEOUT));
            }
            try (UnixSocket good = UnixSocket.connect(address)) {
                exchange(good);
            }
        }
        assertEquals(1, trouble.size());
        assertTrue(trouble.getFirst().contains("zero"), trouble::getFirst);
    }

    @Test
    void it_connects_to_a_peer_that_listens_later_and_again(@TempDir Path directory)
            throws IOException {
        UnixAddress address = UnixAddress.of(directory.resolve("s"));
        try (PeerServer server = server()) {
            server.connect(address);
            for (int i = 0; i < 3; i++) {
                try (UnixServerSocket listening = UnixServerSocket.listen(address);
                        UnixSocket peer = listening.accept(TIMEOUT)) {
                    exchange(peer);
                }
            }
        }
        assertEquals(List.of(), trouble);
    }

    @Test
    void a_closed_server_serves_nobody_and_close_ends_whom_it_serves() throws Exception {
        PeerServer server = server();
        UnixSocket[] pair = UnixSocket.pair();
        Background<Boolean> serving = Background.start(() -> {
            server.serve(pair[1]);
            return true;
        });
        exchange(pair[0]);

        server.close();
        server.close();

        assertTrue(serving.result());
        assertFalse(server.isConnected());
        pair[0].close();
        UnixSocket[] late = UnixSocket.pair();
        server.serve(late[1]);
        assertFalse(late[1].descriptor().isOpen());
        late[0].close();
    }
}
