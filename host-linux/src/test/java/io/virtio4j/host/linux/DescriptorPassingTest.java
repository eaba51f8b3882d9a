// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Descriptors that are sent with messages. After each test, none may be left open. */
class DescriptorPassingTest {
    private static final int O_CLOEXEC = 02000000;

    private final Arena arena = Arena.ofAuto();
    private int before;
    private UnixSocket near;
    private UnixSocket far;

    @BeforeEach
    void connect() throws IOException {
        before = OpenDescriptors.count();
        UnixSocket[] pair = UnixSocket.pair();
        near = pair[0];
        far = pair[1];
    }

    @AfterEach
    void nothing_is_left_open() throws IOException {
        near.close();
        far.close();
        assertEquals(before, OpenDescriptors.count(), () -> "left open");
    }

    @Test
    void a_received_descriptor_is_the_same_file() throws IOException {
        try (LinuxFile file = LinuxFile.memory("sent", 4096);
                ReceivedDescriptors received = new ReceivedDescriptors(1)) {
            near.send(arena.allocate(1), -1, file.descriptor());
            assertTrue(far.receiveFully(arena.allocate(1), received, -1));

            assertEquals(1, received.size());
            try (LinuxFile same = LinuxFile.of(received.take(0));
                    Mapping one = Mapping.shared(file.descriptor(), 0, 4096,
                            Mapping.Access.READ_WRITE);
                    Mapping other = Mapping.shared(same.descriptor(), 0, 4096,
                            Mapping.Access.READ_WRITE)) {
                one.segment().set(JAVA_LONG, 8, 42);

                assertEquals(42, other.segment().get(JAVA_LONG, 8));
                assertEquals(file.descriptor().status().identity(),
                        same.descriptor().status().identity());
                assertEquals(O_CLOEXEC, OpenDescriptors.flags(same.descriptor()) & O_CLOEXEC);
            }
        }
    }

    @Test
    void a_received_eventfd_wakes_the_sender() throws IOException {
        try (EventFd event = EventFd.create(); ReceivedDescriptors received =
                new ReceivedDescriptors(1)) {
            near.send(arena.allocate(1), -1, event.descriptor());
            far.receiveFully(arena.allocate(1), received, -1);
            try (EventFd other = EventFd.of(received.take(0))) {
                other.signal();
            }

            assertEquals(1, event.read(-1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 16, 252, 253})
    void several_descriptors_keep_their_order(int count) throws IOException {
        LinuxFile[] files = new LinuxFile[count];
        FileDescriptor[] descriptors = new FileDescriptor[count];
        for (int i = 0; i < count; i++) {
            files[i] = LinuxFile.memory("file", i);
            descriptors[i] = files[i].descriptor();
        }
        try (ReceivedDescriptors received = new ReceivedDescriptors(count)) {
            near.send(arena.allocate(1), -1, descriptors);
            far.receiveFully(arena.allocate(1), received, -1);

            assertEquals(count, received.size());
            for (int i = 0; i < count; i++) {
                try (FileDescriptor taken = received.take(i)) {
                    assertEquals(i, taken.status().size());
                }
            }
        } finally {
            for (LinuxFile file : files) {
                file.close();
            }
        }
    }

    @Test
    void ten_thousand_messages_both_ways_leave_nothing_open() throws IOException {
        MemorySegment bytes = arena.allocate(16);
        try (EventFd one = EventFd.create(); LinuxFile two = LinuxFile.memory("two", 1);
                ReceivedDescriptors received = new ReceivedDescriptors(3)) {
            int during = OpenDescriptors.count();
            for (int round = 0; round < 10_000; round++) {
                UnixSocket from = (round & 1) == 0 ? near : far;
                UnixSocket to = (round & 1) == 0 ? far : near;
                from.send(bytes, -1, one.descriptor(), two.descriptor());
                assertTrue(to.receiveFully(bytes, received, -1));
                assertEquals(2, received.size());
                received.take(round % 2).close();
                received.clear(); // the other one
                assertEquals(0, received.size());
            }
            assertEquals(during, OpenDescriptors.count());
        }
    }

    @ParameterizedTest(name = "{1} accepted, {0} sent")
    @CsvSource({"1, 0", "2, 1", "3, 2", "4, 3", "5, 1", "253, 252", "253, 0"})
    void more_than_accepted_is_an_error_and_all_are_closed(int sent, int accepted)
            throws IOException {
        try (LinuxFile file = LinuxFile.memory("many", 0);
                ReceivedDescriptors received = new ReceivedDescriptors(accepted)) {
            FileDescriptor[] same = new FileDescriptor[sent];
            Arrays.fill(same, file.descriptor());
            int during = OpenDescriptors.count();
            near.send(arena.allocate(8), -1, same);

            ProtocolException refused = assertThrows(ProtocolException.class,
                    () -> far.receiveFully(arena.allocate(8), received, -1));

            assertTrue(refused.getMessage().endsWith("accepted=" + accepted + " received="
                    + accepted),
                    refused::getMessage);
            assertEquals(0, received.size());
            assertEquals(during, OpenDescriptors.count());
        }
    }

    @Test
    void one_that_no_message_takes_is_an_error_in_every_kind_of_receive() throws IOException {
        try (EventFd event = EventFd.create(); ReceivedDescriptors none =
                new ReceivedDescriptors(0)) {
            for (int i = 0; i < 3; i++) {
                near.send(arena.allocate(4), -1, event.descriptor());
            }
            assertThrows(ProtocolException.class, () -> far.receiveFully(arena.allocate(4), -1));
            assertThrows(ProtocolException.class, () -> far.receive(arena.allocate(4), none, -1));
            assertThrows(ProtocolException.class, () -> far.receiveFully(arena.allocate(4), none,
                    -1));
        }
    }

    @Test
    void one_in_the_middle_of_a_message_is_an_error_and_closes_those_before() throws IOException {
        try (EventFd event = EventFd.create(); ReceivedDescriptors received =
                new ReceivedDescriptors(4)) {
            int during = OpenDescriptors.count();
            near.send(arena.allocate(4), -1, event.descriptor());
            near.send(arena.allocate(4), -1, event.descriptor());

            assertThrows(ProtocolException.class,
                    () -> far.receiveFully(arena.allocate(8), received, -1));

            assertEquals(0, received.size());
            assertEquals(during, OpenDescriptors.count());
        }
    }

    @Test
    void they_come_with_the_first_byte_however_little_is_received() throws IOException {
        try (EventFd event = EventFd.create(); ReceivedDescriptors received =
                new ReceivedDescriptors(4)) {
            MemorySegment one = arena.allocate(1);
            MemorySegment three = arena.allocate(3);
            near.send(arena.allocateFrom("abc"), -1, event.descriptor(), event.descriptor());

            assertTrue(far.receiveFully(one, received, -1));
            assertEquals('a', one.get(JAVA_BYTE, 0));
            assertEquals(2, received.size());
            assertTrue(far.receiveFully(three, -1));
            assertEquals('c', three.get(JAVA_BYTE, 1));
        }
    }

    @Test
    void a_receive_stops_behind_the_bytes_that_brought_them() throws IOException {
        try (EventFd event = EventFd.create(); ReceivedDescriptors received =
                new ReceivedDescriptors(4)) {
            near.send(arena.allocate(4), -1, event.descriptor());
            near.send(arena.allocate(4), -1, event.descriptor());

            assertEquals(4, far.receive(arena.allocate(64), received, -1));
            assertEquals(1, received.size());
            received.clear();
            assertEquals(4, far.receive(arena.allocate(64), received, -1));
            assertEquals(1, received.size());
        }
    }

    @Test
    void a_large_message_carries_them_once() throws Exception {
        int size = 4 << 20;
        try (EventFd event = EventFd.create(); ReceivedDescriptors received =
                new ReceivedDescriptors(2)) {
            Background<Boolean> sender = Background.start(() -> {
                near.send(arena.allocate(size), 10_000, event.descriptor());
                return true;
            });

            assertTrue(far.receiveFully(arena.allocate(size), received, 10_000));

            assertTrue(sender.result());
            assertEquals(1, received.size());
        }
    }

    @Test
    void a_message_that_does_not_arrive_whole_leaves_none_open() throws IOException {
        try (EventFd event = EventFd.create(); ReceivedDescriptors received =
                new ReceivedDescriptors(2)) {
            int during = OpenDescriptors.count();
            near.send(arena.allocate(4), -1, event.descriptor());
            assertThrows(SocketTimeoutException.class,
                    () -> far.receiveFully(arena.allocate(8), received, 1));
            assertEquals(during, OpenDescriptors.count());

            near.send(arena.allocate(4), -1, event.descriptor());
            near.close();
            assertThrows(EOFException.class, () -> far.receiveFully(arena.allocate(8), received,
                    -1));

            assertEquals(during - 1, OpenDescriptors.count());
            assertEquals(0, received.size());
        }
    }

    @Test
    void sending_leaves_them_the_senders() throws IOException {
        try (EventFd event = EventFd.create()) {
            near.send(arena.allocate(1), -1, event.descriptor(), event.descriptor());

            assertTrue(event.descriptor().isOpen());
            event.signal();
            assertEquals(1, event.tryRead());
        }
        assertTrue(far.awaitReadable(0), "never received, and closed with the socket");
    }

    @Test
    void a_closed_one_is_not_sent() throws IOException {
        EventFd closed = EventFd.create();
        closed.close();
        try (EventFd open = EventFd.create()) {
            LinuxException refused = assertThrows(LinuxException.class, () ->
                    near.send(arena.allocate(1), -1, open.descriptor(), closed.descriptor()));

            assertEquals(Errno.EBADF, refused.error());
            assertFalse(far.awaitReadable(0));
            near.send(arena.allocate(1), -1, open.descriptor());
        }
        try (ReceivedDescriptors received = new ReceivedDescriptors(1)) {
            assertTrue(far.receiveFully(arena.allocate(1), received, 0));
        }
    }

    @Test
    void a_message_without_a_byte_cannot_carry_one() throws IOException {
        try (EventFd event = EventFd.create()) {
            assertThrows(IllegalArgumentException.class,
                    () -> near.send(arena.allocate(0), -1, event.descriptor()));
            assertThrows(IllegalArgumentException.class,
                    () -> near.send(arena.allocate(1), -1, new FileDescriptor[254]));
            assertThrows(IllegalArgumentException.class, () -> new ReceivedDescriptors(254));
            assertThrows(IllegalArgumentException.class, () -> new ReceivedDescriptors(-1));
        }
    }

    @Test
    void taking_twice_and_receiving_on_top_are_refused() throws IOException {
        try (EventFd event = EventFd.create(); ReceivedDescriptors received =
                new ReceivedDescriptors(2)) {
            near.send(arena.allocate(1), -1, event.descriptor());
            far.receiveFully(arena.allocate(1), received, -1);
            received.take(0).close();

            assertThrows(IllegalStateException.class, () -> received.take(0));
            assertThrows(IndexOutOfBoundsException.class, () -> received.take(1));
            assertThrows(IllegalStateException.class,
                    () -> far.receiveFully(arena.allocate(1), received, 0));
            received.clear();
            near.send(arena.allocate(1), -1);
            assertTrue(far.receiveFully(arena.allocate(1), received, 0));
            assertEquals(0, received.size());
        }
    }
}
