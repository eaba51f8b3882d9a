// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventFdTest {
    private static final int O_NONBLOCK = 04000;
    private static final long FULL = -2; // 2^64 - 2

    @Test
    void a_read_takes_all_signals() throws IOException {
        try (EventFd event = EventFd.create()) {
            assertEquals(0, event.tryRead());
            event.signal();
            event.signal();
            event.signal();

            assertEquals(3, event.tryRead());
            assertEquals(0, event.tryRead());
        }
    }

    @Test
    void a_created_one_does_not_block_its_peer_either() throws IOException {
        try (EventFd event = EventFd.create()) {
            assertEquals(O_NONBLOCK, OpenDescriptors.flags(event.descriptor()) & O_NONBLOCK);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_received_one_works_whatever_its_flags(boolean nonBlocking) throws Throwable {
        try (EventFd event = EventFd.of(foreign(nonBlocking, 0))) {
            assertEquals(0, event.tryRead());
            assertEquals(0, event.read(1));
            event.signal();

            assertEquals(1, event.read(-1));
            assertEquals(0, event.tryRead());
            assertEquals(nonBlocking,
                    (OpenDescriptors.flags(event.descriptor()) & O_NONBLOCK) != 0);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_full_counter_counts_as_signalled(boolean nonBlocking) throws Throwable {
        try (EventFd event = EventFd.of(foreign(nonBlocking, FULL))) {
            event.signal();

            assertEquals(FULL, event.tryRead());
            event.signal();
            assertEquals(1, event.tryRead());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_read_waits_for_the_signal(boolean nonBlocking) throws Throwable {
        try (EventFd event = EventFd.of(foreign(nonBlocking, 0));
                EventFd answer = EventFd.create()) {
            Background<Integer> echo = Background.start(() -> {
                int signals = 0;
                while (signals < 100) {
                    signals += (int) event.read(-1);
                    answer.signal();
                }
                return signals;
            });
            for (int i = 0; i < 100; i++) {
                event.signal();
                assertEquals(1, answer.read(10_000));
            }
            assertEquals(100, echo.result());
        }
    }

    @Test
    void a_read_gives_up_when_the_time_is_over_and_not_before() throws IOException {
        try (EventFd event = EventFd.create()) {
            long start = System.nanoTime();

            assertEquals(0, event.read(30));

            assertTrue(System.nanoTime() - start >= 30_000_000);
        }
    }

    @Test
    void an_interrupt_neither_ends_the_wait_nor_closes_anything() throws Exception {
        try (EventFd event = EventFd.create()) {
            CountDownLatch begun = new CountDownLatch(1);
            Background<String> waiting = Background.start(() -> {
                begun.countDown();
                return "read=" + event.read(-1) + " interrupted=" + Thread.interrupted();
            });
            begun.await();
            waiting.thread().interrupt();
            assertTrue(waiting.stillRunningAfter(20));

            event.signal();

            assertEquals("read=1 interrupted=true", waiting.result());
            assertTrue(event.descriptor().isOpen());
        }
    }

    @Test
    void another_kind_of_file_is_refused_and_stays_its_owners() throws IOException {
        try (LinuxFile file = LinuxFile.memory("not an eventfd", 8)) {
            IOException refused =
                    assertThrows(IOException.class, () -> EventFd.of(file.descriptor()));

            assertEquals("not an eventfd: fd=" + file.descriptor().number()
                    + " kind=/memfd:not an eventfd (deleted)", refused.getMessage());
            assertTrue(file.descriptor().isOpen());
        }
    }

    @Test
    void use_after_close_is_ebadf() throws IOException {
        EventFd event = EventFd.create();
        event.close();
        event.close();

        assertEquals(Errno.EBADF, assertThrows(LinuxException.class, event::signal).error());
        assertEquals(Errno.EBADF, assertThrows(LinuxException.class, event::tryRead).error());
        assertEquals(Errno.EBADF, assertThrows(LinuxException.class, () -> event.read(-1)).error());
    }

    /** An eventfd as another process may have made it. */
    @SuppressWarnings("restricted")
    private static FileDescriptor foreign(boolean nonBlocking, long counter) throws Throwable {
        Linker linker = Linker.nativeLinker();
        int fd = (int) linker.downcallHandle(linker.defaultLookup().findOrThrow("eventfd"),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT))
                .invokeExact(0, nonBlocking ? O_NONBLOCK : 0);
        if (counter != 0) {
            long written = (long) linker.downcallHandle(linker.defaultLookup().findOrThrow("write"),
                    FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ValueLayout.ADDRESS, JAVA_LONG))
                    .invokeExact(fd, Arena.ofAuto().allocateFrom(JAVA_LONG, counter), 8L);
            assertEquals(8, written);
        }
        return FileDescriptor.adopt(fd);
    }
}
