// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixServerSocketTest {
    @TempDir
    Path directory;

    @Test
    void accepts_what_connects_at_a_path() throws IOException {
        UnixAddress address = UnixAddress.of(directory.resolve("socket"));
        try (UnixServerSocket server = UnixServerSocket.listen(address)) {
            exchange(server, address);
            exchange(server, address);

            assertEquals(address, server.address());
            assertEquals(directory.resolve("socket").toString(), address.toString());
        }
        assertFalse(Files.exists(directory.resolve("socket")));
        assertEquals(Errno.ENOENT,
                assertThrows(LinuxException.class, () -> UnixSocket.connect(address)).error());
    }

    @Test
    void accepts_what_connects_at_an_abstract_name() throws IOException {
        UnixAddress address = UnixAddress.abstractName("virtio4j-" + ProcessHandle.current().pid());
        try (UnixServerSocket server = UnixServerSocket.listen(address)) {
            exchange(server, address);

            assertEquals(Errno.EADDRINUSE,
                    assertThrows(LinuxException.class, () ->
                    UnixServerSocket.listen(address)).error());
            assertNull(address.path());
            assertEquals("@virtio4j-" + ProcessHandle.current().pid(), address.toString());
        }
        assertEquals(Errno.ECONNREFUSED,
                assertThrows(LinuxException.class, () -> UnixSocket.connect(address)).error());
    }

    @Test
    void a_socket_file_left_behind_is_replaced() throws Exception {
        Path path = directory.resolve("left");
        UnixAddress address = UnixAddress.of(path);
        UnixServerSocket killed = UnixServerSocket.listen(address);
        killed.descriptor().close(); // as if the process had ended
        assertTrue(Files.exists(path));

        try (UnixServerSocket server = UnixServerSocket.listen(address)) {
            exchange(server, address);
        }
    }

    @Test
    void a_server_that_listens_is_not_replaced_even_if_it_is_busy() throws IOException {
        UnixAddress address = UnixAddress.of(directory.resolve("busy"));
        try (UnixServerSocket server = UnixServerSocket.listen(address)) {
            for (int i = 0; i < 20; i++) { // more than it lets wait
                assertEquals(Errno.EADDRINUSE,
                        assertThrows(LinuxException.class, () ->
                        UnixServerSocket.listen(address)).error());
            }
            UnixSocket probe = server.accept(0);
            assertNotNull(probe);
            probe.close();
        }
    }

    @Test
    void a_file_that_is_not_a_socket_is_not_replaced() throws IOException {
        Path path = Files.writeString(directory.resolve("precious"), "content");

        LinuxException refused = assertThrows(LinuxException.class,
                () -> UnixServerSocket.listen(UnixAddress.of(path)));

        assertEquals("bind: errno=EADDRINUSE(98) address=" + path, refused.getMessage());
        assertEquals("content", Files.readString(path));
    }

    @Test
    void a_close_removes_no_other_servers_file() throws IOException {
        Path path = directory.resolve("taken over");
        UnixServerSocket first = UnixServerSocket.listen(UnixAddress.of(path));
        Files.move(path, directory.resolve("moved"));
        try (UnixServerSocket second = UnixServerSocket.listen(UnixAddress.of(path))) {
            first.close();

            exchange(second, second.address());
        }
    }

    @Test
    void no_connection_in_time_is_none() throws IOException {
        try (UnixServerSocket server =
                UnixServerSocket.listen(UnixAddress.of(directory.resolve("idle")))) {
            long start = System.nanoTime();

            assertNull(server.accept(0));
            assertNull(server.accept(20));

            assertTrue(System.nanoTime() - start >= 20_000_000);
        }
    }

    @Test
    void a_close_ends_the_accept_of_another_thread() throws Exception {
        UnixServerSocket server =
                UnixServerSocket.listen(UnixAddress.of(directory.resolve("closed")));
        CountDownLatch begun = new CountDownLatch(1);
        Background<UnixSocket> accepting = Background.start(() -> {
            begun.countDown();
            return server.accept(-1);
        });
        begun.await();
        assertTrue(accepting.stillRunningAfter(10));

        server.close();
        server.close();

        assertEquals(Errno.EBADF, accepting.failure(LinuxException.class).error());
        assertEquals("", OpenDescriptors.target(server.descriptor().number()));
        assertEquals(Errno.EBADF,
                assertThrows(LinuxException.class, () -> server.accept(0)).error());
    }

    @Test
    void a_poller_tells_when_to_accept() throws IOException {
        UnixAddress address = UnixAddress.of(directory.resolve("polled"));
        try (UnixServerSocket server = UnixServerSocket.listen(address);
                Poller poller = Poller.open()) {
            UnixSocket[] accepted = new UnixSocket[1];
            poller.register(server.descriptor(), Poller.READ, events -> accepted[0] =
                    server.accept(0));
            assertEquals(0, poller.poll(0));
            try (UnixSocket client = UnixSocket.connect(address)) {
                assertEquals(1, poller.poll(-1));
                accepted[0].close();
                assertFalse(client.receiveFully(Arena.ofAuto().allocate(1), -1));
            }
        }
    }

    @Test
    void failures_leave_nothing_open() throws IOException {
        int before = OpenDescriptors.count();
        UnixAddress missing = UnixAddress.of(directory.resolve("no").resolve("such"));

        assertEquals(Errno.ENOENT,
                assertThrows(LinuxException.class, () -> UnixServerSocket.listen(missing)).error());
        assertEquals(Errno.ENOENT,
                assertThrows(LinuxException.class, () -> UnixSocket.connect(missing)).error());

        assertEquals(before, OpenDescriptors.count());
    }

    @Test
    void addresses_have_a_limit() {
        String longest = "x".repeat(107);

        assertEquals(longest, UnixAddress.of(Path.of(longest)).toString());
        assertEquals("@" + longest, UnixAddress.abstractName(longest).toString());
        assertThrows(IllegalArgumentException.class, () -> UnixAddress.of(Path.of(longest + "x")));
        assertThrows(IllegalArgumentException.class, () -> UnixAddress.abstractName(longest + "x"));
        assertThrows(IllegalArgumentException.class, () -> UnixAddress.abstractName(""));
        assertThrows(IllegalArgumentException.class, () -> UnixAddress.of(Path.of("")));
        assertNotEquals(UnixAddress.of(Path.of("name")), UnixAddress.abstractName("name"));
    }

    private static void exchange(UnixServerSocket server, UnixAddress address) throws IOException {
        MemorySegment bytes = Arena.ofAuto().allocate(1);
        try (UnixSocket client = UnixSocket.connect(address);
                UnixSocket accepted = server.accept(-1)) {
            client.send(bytes.fill((byte) 42), -1);
            assertTrue(accepted.receiveFully(bytes.fill((byte) 0), -1));
            assertEquals(42, bytes.get(JAVA_BYTE, 0));
            accepted.send(bytes.fill((byte) 43), -1);
            assertTrue(client.receiveFully(bytes.fill((byte) 0), -1));
            assertEquals(43, bytes.get(JAVA_BYTE, 0));
        }
    }
}
