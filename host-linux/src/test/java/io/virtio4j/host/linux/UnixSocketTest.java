// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bytes, timeouts and ends of connections. Descriptors have a test of their own. */
class UnixSocketTest {
    private final Arena arena = Arena.ofAuto();
    private final ReceivedDescriptors none = new ReceivedDescriptors(0);
    private UnixSocket near;
    private UnixSocket far;

    @BeforeEach
    void connect() throws IOException {
        UnixSocket[] pair = UnixSocket.pair();
        near = pair[0];
        far = pair[1];
    }

    @AfterEach
    void close() {
        near.close();
        far.close();
    }

    @Test
    void bytes_arrive_in_order() throws IOException {
        near.send(text("hello "), -1);
        near.send(text("world"), -1);
        MemorySegment to = arena.allocate(64);

        int n = far.receive(to, none, -1);

        assertEquals("hello world", text(to.asSlice(0, n)));
    }

    @Test
    void a_message_is_received_whole_and_not_beyond() throws IOException {
        near.send(text("headbodyhead"), -1);
        MemorySegment four = arena.allocate(4);

        assertTrue(far.receiveFully(four, none, -1));
        assertEquals("head", text(four));
        assertTrue(far.receiveFully(four, -1));
        assertEquals("body", text(four));
        assertTrue(far.receiveFully(four, none, -1));
        assertEquals("head", text(four));
        assertTrue(far.receiveFully(arena.allocate(0), 0));
    }

    @Test
    void a_message_larger_than_the_buffers_goes_through() throws Exception {
        int size = 8 << 20;
        byte[] random = new byte[size];
        new Random(1).nextBytes(random);
        MemorySegment from = arena.allocateFrom(JAVA_BYTE, random);
        Background<Boolean> sender = Background.start(() -> {
            near.send(from, 10_000);
            return true;
        });
        MemorySegment to = arena.allocate(size);

        assertTrue(far.receiveFully(to, none, 10_000));

        assertTrue(sender.result());
        assertEquals(-1, from.mismatch(to));
    }

    @Test
    void nothing_in_time_is_no_bytes() throws IOException {
        long start = System.nanoTime();

        assertEquals(0, far.receive(arena.allocate(1), none, 0));
        assertEquals(0, far.receive(arena.allocate(1), none, 20));
        assertFalse(far.awaitReadable(0));

        assertTrue(System.nanoTime() - start >= 20_000_000);
        near.send(text("x"), 0);
        assertTrue(far.awaitReadable(-1));
        assertEquals(1, far.receive(arena.allocate(1), none, 0));
    }

    @Test
    void half_a_message_is_a_timeout_for_the_whole_of_it() throws Exception {
        near.send(text("x"), -1);
        Background<Integer> slow = Background.start(() -> {
            int sent = 1;
            try (EventFd never = EventFd.create()) {
                while (sent < 1_000 && !Thread.interrupted()) { // a byte each 5 ms
                    near.send(text("x"), -1);
                    sent++;
                    never.read(5);
                }
            }
            return sent;
        });
        long start = System.nanoTime();

        SocketTimeoutException timedOut = assertThrows(SocketTimeoutException.class,
                () -> far.receiveFully(arena.allocate(1_000_000), none, 50));

        long elapsed = System.nanoTime() - start;
        slow.thread().interrupt();
        assertTrue(elapsed >= 50_000_000 && elapsed < 4_000_000_000L, "elapsed=" + elapsed);
        assertTrue(timedOut.bytesTransferred > 0 && timedOut.bytesTransferred <= slow.result());
        assertEquals("recvmsg: timed out: length=1000000 done=" + timedOut.bytesTransferred,
                timedOut.getMessage());
    }

    @Test
    void a_peer_that_reads_nothing_holds_the_sender_no_longer_than_told() {
        long start = System.nanoTime();

        SocketTimeoutException timedOut = assertThrows(SocketTimeoutException.class,
                () -> near.send(arena.allocate(32 << 20), 50));

        assertTrue(System.nanoTime() - start >= 50_000_000);
        assertTrue(timedOut.bytesTransferred > 0);
        assertThrows(SocketTimeoutException.class, () -> near.send(text("x"), 0));
    }

    @Test
    void the_end_of_the_connection_is_told_from_no_bytes() throws IOException {
        near.send(text("last"), -1);
        near.close();
        MemorySegment to = arena.allocate(8);

        assertEquals(4, far.receive(to, none, -1));
        assertEquals(-1, far.receive(to, none, -1));
        assertTrue(far.awaitReadable(0));
        assertFalse(far.receiveFully(to, none, -1));
        assertFalse(far.receiveFully(to, -1));
        assertEquals(Errno.EPIPE,
                assertThrows(LinuxException.class, () -> far.send(text("x"), -1)).error());
    }

    @Test
    void the_end_in_the_middle_of_a_message_is_an_error() throws IOException {
        near.send(text("half"), -1);
        near.close();

        EOFException ended = assertThrows(EOFException.class,
                () -> far.receiveFully(arena.allocate(8), none, -1));

        assertEquals("recvmsg: peer closed: length=8 done=4", ended.getMessage());
    }

    @Test
    void a_peer_that_closes_without_reading_resets_the_connection() throws IOException {
        near.send(text("unread"), -1);
        far.close();

        LinuxException reset = assertThrows(LinuxException.class,
                () -> near.receive(arena.allocate(8), none, -1));

        assertEquals(Errno.ECONNRESET, reset.error());
    }

    @Test
    void a_close_ends_the_receive_of_another_thread() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        Background<Integer> receiver = Background.start(() -> {
            begun.countDown();
            return near.receive(arena.allocate(1), none, -1);
        });
        begun.await();
        receiver.stillRunningAfter(10); // long enough to wait; if not, the result is the same

        near.close();

        assertEquals(Errno.EBADF, receiver.failure(LinuxException.class).error());
        assertEquals(-1, far.receive(arena.allocate(1), none, -1));
        assertEquals("", OpenDescriptors.target(near.descriptor().number()));
    }

    @Test
    void a_close_ends_the_send_of_another_thread() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        Background<Boolean> sender = Background.start(() -> {
            begun.countDown();
            near.send(arena.allocate(32 << 20), -1);
            return true;
        });
        begun.await();
        sender.stillRunningAfter(10);

        near.close();

        Errno error = sender.failure(LinuxException.class).error();
        assertTrue(error == Errno.EPIPE || error == Errno.EBADF, error::toString);
    }

    @Test
    void an_interrupt_does_not_end_a_receive() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        Background<String> receiver = Background.start(() -> {
            begun.countDown();
            int n = far.receive(arena.allocate(1), none, -1);
            return "n=" + n + " interrupted=" + Thread.interrupted();
        });
        begun.await();
        receiver.thread().interrupt();
        assertTrue(receiver.stillRunningAfter(20));

        near.send(text("x"), -1);

        assertEquals("n=1 interrupted=true", receiver.result());
    }

    @Test
    void senders_take_turns_with_whole_messages() throws Exception {
        int messages = 200;
        int size = 50_000; // more than one call sends
        Background<?>[] senders = new Background<?>[3];
        for (int i = 0; i < senders.length; i++) {
            MemorySegment from = arena.allocate(size).fill((byte) ('a' + i));
            senders[i] = Background.start(() -> {
                for (int m = 0; m < messages; m++) {
                    near.send(from, 10_000);
                }
                return null;
            });
        }
        MemorySegment to = arena.allocate(size);
        MemorySegment expected = arena.allocate(size);
        for (int m = 0; m < senders.length * messages; m++) {
            assertTrue(far.receiveFully(to, 10_000));
            assertEquals(-1, expected.fill(to.get(JAVA_BYTE, 0)).mismatch(to));
        }
        for (Background<?> sender : senders) {
            sender.result();
        }
    }

    @Test
    void heap_memory_and_closed_memory_are_refused() throws IOException {
        MemorySegment heap = MemorySegment.ofArray(new byte[4]);
        Arena closed = Arena.ofShared();
        MemorySegment gone = closed.allocate(4096);
        closed.close();

        assertThrows(IllegalArgumentException.class, () -> near.send(heap, -1));
        assertThrows(IllegalArgumentException.class, () -> near.receive(heap, none, 0));
        assertThrows(IllegalArgumentException.class, () ->
                near.receive(arena.allocate(0), none, 0));
        assertThrows(IllegalStateException.class, () -> near.send(gone, -1));
        far.send(text("kept"), -1);
        assertThrows(IllegalStateException.class, () -> near.receive(gone, none, -1));
        assertTrue(near.receiveFully(arena.allocate(4), 0));
    }

    @Test
    void use_after_close_is_ebadf() {
        near.close();
        near.close();

        assertEquals(Errno.EBADF,
                assertThrows(LinuxException.class, () -> near.send(text("x"), -1)).error());
        assertEquals(Errno.EBADF, assertThrows(LinuxException.class,
                () -> near.receive(arena.allocate(1), none, -1)).error());
    }

    @Test
    void an_inherited_socket_can_be_taken_over() throws IOException {
        UnixSocket taken = UnixSocket.of(FileDescriptor.adopt(near.descriptor().dup().number()));
        try (taken; LinuxFile file = LinuxFile.memory("not a socket", 0)) {
            taken.send(text("x"), -1);

            assertTrue(far.receiveFully(arena.allocate(1), -1));
            assertThrows(IOException.class, () -> UnixSocket.of(file.descriptor()));
        }
    }

    private MemorySegment text(String text) {
        return arena.allocateFrom(JAVA_BYTE, text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String text(MemorySegment segment) {
        return new String(segment.toArray(JAVA_BYTE), StandardCharsets.US_ASCII);
    }
}
