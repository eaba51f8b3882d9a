// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PollerTest {

    @Test
    void calls_the_handlers_of_those_that_are_ready() throws IOException {
        try (Poller poller = Poller.open(); EventFd one = EventFd.create();
                EventFd other = EventFd.create()) {
            List<String> called = new ArrayList<>();
            poller.register(one.descriptor(), Poller.READ, events -> called.add("one " + events));
            poller.register(other.descriptor(), Poller.READ, events ->
                    called.add("other " + events));
            assertEquals(0, poller.poll(0));

            other.signal();

            assertEquals(1, poller.poll(-1));
            assertEquals(List.of("other " + Poller.READ), called);
            assertEquals(1, poller.poll(-1), "ready until it is read");
            other.tryRead();
            assertEquals(0, poller.poll(0));
        }
    }

    @Test
    void watches_more_descriptors_than_one_batch() throws IOException {
        List<EventFd> many = new ArrayList<>();
        try (Poller poller = Poller.open()) {
            AtomicInteger called = new AtomicInteger();
            for (int i = 0; i < 200; i++) {
                EventFd event = EventFd.create();
                many.add(event);
                poller.register(event.descriptor(), Poller.READ, events -> {
                    called.incrementAndGet();
                    assertEquals(1, event.tryRead());
                });
                event.signal();
            }
            int n = 0;
            while (n < 200) {
                int now = poller.poll(0);
                assertTrue(now > 0);
                n += now;
            }

            assertEquals(200, called.get());
            assertEquals(0, poller.poll(0));
        } finally {
            many.forEach(EventFd::close);
        }
    }

    @Test
    void the_timeout_is_kept() throws IOException {
        try (Poller poller = Poller.open()) {
            long start = System.nanoTime();

            assertEquals(0, poller.poll(30));

            assertTrue(System.nanoTime() - start >= 30_000_000);
        }
    }

    @Test
    void an_edge_is_reported_once_and_need_not_be_read() throws IOException {
        try (Poller poller = Poller.open(); EventFd event = EventFd.create()) {
            poller.register(event.descriptor(), Poller.READ | Poller.EDGE, events -> { });
            event.signal();
            assertEquals(1, poller.poll(0));
            assertEquals(0, poller.poll(0));

            event.signal();

            assertEquals(1, poller.poll(0));
            assertEquals(2, event.tryRead());
        }
    }

    @Test
    void a_wake_up_ends_the_poll_that_waits() throws Exception {
        try (Poller poller = Poller.open()) {
            CountDownLatch done = new CountDownLatch(1);
            Background<Integer> polling = Background.start(() -> {
                int called = 0;
                for (int i = 0; i < 1_000; i++) {
                    called += poller.poll(-1);
                }
                done.countDown();
                return called;
            });
            long end = System.nanoTime() + 10_000_000_000L;
            while (done.getCount() > 0 && System.nanoTime() < end) {
                poller.wakeUp(); // some fall together, but the last is never lost
                Thread.onSpinWait();
            }
            assertEquals(0, polling.result());
        }
    }

    @Test
    void a_wake_up_before_the_poll_ends_it_and_many_are_one() throws IOException {
        try (Poller poller = Poller.open()) {
            poller.wakeUp();
            poller.wakeUp();
            assertTrue(millisOfPoll(poller, 10_000) < 5_000);
            assertTrue(millisOfPoll(poller, 20) >= 20, "nothing left of the two");
            poller.wakeUp();
            assertTrue(millisOfPoll(poller, 10_000) < 5_000);
        }
    }

    private static long millisOfPoll(Poller poller, long timeoutMillis) throws IOException {
        long start = System.nanoTime();
        assertEquals(0, poller.poll(timeoutMillis));
        return (System.nanoTime() - start) / 1_000_000;
    }

    @Test
    void interest_can_be_changed_paused_and_taken_up_again() throws IOException {
        UnixSocket[] pair = UnixSocket.pair();
        try (Poller poller = Poller.open()) {
            List<Integer> seen = new ArrayList<>();
            Poller.Registration registration =
                    poller.register(pair[0].descriptor(), 0, seen::add);
            pair[1].send(Arena.ofAuto().allocate(1), -1);
            assertEquals(0, poller.poll(0));

            registration.interest(Poller.READ);
            assertEquals(1, poller.poll(0));
            registration.interest(Poller.READ | Poller.WRITE);
            assertEquals(1, poller.poll(0));
            registration.interest(0);
            pair[1].close();
            assertEquals(0, poller.poll(0), "no hang-up either");
            registration.interest(Poller.READ | Poller.PEER_CLOSED);
            assertEquals(1, poller.poll(0));

            assertEquals(List.of(Poller.READ, Poller.READ | Poller.WRITE,
                    Poller.READ | Poller.PEER_CLOSED | Poller.HANG_UP), seen);
        } finally {
            pair[0].close();
            pair[1].close();
        }
    }

    @Test
    void a_handler_may_remove_itself_and_others_of_the_same_batch() throws IOException {
        try (Poller poller = Poller.open(); EventFd one = EventFd.create();
                EventFd other = EventFd.create()) {
            List<Poller.Registration> both = new ArrayList<>();
            AtomicInteger called = new AtomicInteger();
            Poller.Handler removeBoth = events -> {
                called.incrementAndGet();
                both.forEach(Poller.Registration::close);
            };
            both.add(poller.register(one.descriptor(), Poller.READ, removeBoth));
            both.add(poller.register(other.descriptor(), Poller.READ, removeBoth));
            one.signal();
            other.signal();

            assertEquals(1, poller.poll(-1));

            assertEquals(1, called.get());
            assertEquals(0, poller.poll(0));
            both.getFirst().close();
            assertEquals(Errno.EBADF, assertThrows(LinuxException.class,
                    () -> both.getFirst().interest(Poller.READ)).error());
        }
    }

    @Test
    void an_event_of_a_removed_descriptor_does_not_reach_its_successor() throws IOException {
        try (Poller poller = Poller.open(); EventFd first = EventFd.create();
                EventFd second = EventFd.create(); EventFd successor = EventFd.create()) {
            List<String> called = new ArrayList<>();
            List<Poller.Registration> both = new ArrayList<>();
            Poller.Handler replaceTheOther = events -> {
                called.add("handler");
                both.forEach(Poller.Registration::close);
                poller.register(successor.descriptor(), Poller.READ, e ->
                        called.add("successor 1"));
                poller.register(first.descriptor(), 0, e -> called.add("successor 2"));
            };
            both.add(poller.register(first.descriptor(), Poller.READ, replaceTheOther));
            both.add(poller.register(second.descriptor(), Poller.READ, replaceTheOther));
            first.signal();
            second.signal();

            poller.poll(-1);

            assertEquals(List.of("handler"), called);
        }
    }

    @Test
    void a_handler_that_throws_keeps_no_other_from_being_called() throws IOException {
        try (Poller poller = Poller.open(); EventFd one = EventFd.create();
                EventFd other = EventFd.create()) {
            AtomicInteger called = new AtomicInteger();
            Poller.Handler fails = events -> {
                called.incrementAndGet();
                throw new IOException("handler");
            };
            poller.register(one.descriptor(), Poller.READ | Poller.EDGE, fails);
            poller.register(other.descriptor(), Poller.READ | Poller.EDGE, fails);
            one.signal();
            other.signal();

            assertThrows(IOException.class, () -> poller.poll(0));
            assertThrows(IOException.class, () -> poller.poll(0));
            assertEquals(0, poller.poll(0));

            assertEquals(2, called.get());
        }
    }

    @Test
    void only_one_polls_at_a_time() throws IOException {
        try (Poller poller = Poller.open(); EventFd event = EventFd.create()) {
            poller.register(event.descriptor(), Poller.READ, events ->
                    assertThrows(IllegalStateException.class, () -> poller.poll(0)));
            event.signal();

            assertEquals(1, poller.poll(0));
            assertEquals(1, poller.poll(0));
        }
    }

    @Test
    void what_cannot_be_watched_is_refused_and_leaves_nothing_behind() throws IOException {
        LinuxFile file = LinuxFile.memory("not pollable", 1);
        try (Poller poller = Poller.open(); EventFd event = EventFd.create()) {
            poller.register(event.descriptor(), Poller.READ, events -> { });

            assertEquals(Errno.EPERM, assertThrows(LinuxException.class, () ->
                    poller.register(file.descriptor(), Poller.READ, events -> { })).error());
            assertEquals(Errno.EEXIST, assertThrows(LinuxException.class, () ->
                    poller.register(event.descriptor(), Poller.READ, events -> { })).error());
            assertThrows(IllegalArgumentException.class, () ->
                    poller.register(event.descriptor(), Poller.ERROR, events -> { }));
        } finally {
            file.close();
            assertEquals("", OpenDescriptors.target(file.descriptor().number()));
        }
    }

    @Test
    void a_registration_keeps_the_descriptor_until_it_is_removed() throws IOException {
        try (Poller poller = Poller.open(); EventFd peer = EventFd.create()) {
            EventFd shared = EventFd.of(peer.descriptor().dup());
            Poller.Registration registration =
                    poller.register(shared.descriptor(), Poller.READ, events -> { });
            shared.close();
            assertEquals("anon_inode:[eventfd]",
                    OpenDescriptors.target(shared.descriptor().number()));

            registration.close();

            assertEquals("", OpenDescriptors.target(shared.descriptor().number()));
            peer.signal();
            assertEquals(0, poller.poll(0), "the open file is still there, but not watched");
        }
    }

    @Test
    void a_close_gives_every_descriptor_back() throws IOException {
        int before = OpenDescriptors.count();
        Poller poller = Poller.open();
        for (int i = 0; i < 20; i++) {
            try (EventFd event = EventFd.create()) {
                poller.register(event.descriptor(), Poller.READ, events -> { });
            }
        }

        poller.close();
        poller.close();
        poller.wakeUp();

        assertEquals(before, OpenDescriptors.count());
        assertTrue(poller.isClosed());
        assertEquals(Errno.EBADF, assertThrows(LinuxException.class, () -> poller.poll(0)).error());
    }

    @Test
    void a_close_ends_the_poll_that_waits() throws Exception {
        int before = OpenDescriptors.count();
        for (int round = 0; round < 200; round++) {
            Poller poller = Poller.open();
            Background<Integer> polling = Background.start(() -> {
                for (;;) {
                    poller.poll(-1);
                }
            });

            poller.close();

            assertEquals(Errno.EBADF, polling.failure(LinuxException.class).error());
        }

        assertEquals(before, OpenDescriptors.count());
    }

    @Test
    void a_handler_may_close_the_poller() throws IOException {
        int before = OpenDescriptors.count();
        try (EventFd one = EventFd.create(); EventFd other = EventFd.create()) {
            Poller poller = Poller.open();
            AtomicInteger called = new AtomicInteger();
            Poller.Handler closes = events -> {
                called.incrementAndGet();
                poller.close();
            };
            poller.register(one.descriptor(), Poller.READ, closes);
            poller.register(other.descriptor(), Poller.READ, closes);
            one.signal();
            other.signal();

            assertEquals(1, poller.poll(-1));

            assertEquals(1, called.get());
            assertEquals(Errno.EBADF, assertThrows(LinuxException.class, () ->
                    poller.register(one.descriptor(), Poller.READ, closes)).error());
        }
        assertEquals(before, OpenDescriptors.count());
    }

    @Test
    void an_interrupt_does_not_end_the_poll() throws Exception {
        try (Poller poller = Poller.open()) {
            Thread.currentThread().interrupt();
            long start = System.nanoTime();

            int called = poller.poll(20);

            assertTrue(Thread.interrupted());
            assertEquals(0, called);
            assertTrue(System.nanoTime() - start >= 20_000_000);
            assertFalse(poller.isClosed());
        }
    }
}
