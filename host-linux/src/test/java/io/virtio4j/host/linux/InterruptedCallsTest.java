// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Calls that a signal interrupts are made again, and their timeouts are not begun anew. */
class InterruptedCallsTest {
    private static final int SIGNALS = 50;

    @Test
    void a_wait_for_an_eventfd_goes_on() throws Exception {
        try (EventFd event = EventFd.create()) {
            Signalled<Long> reading = new Signalled<>(() -> event.read(-1));
            reading.interruptOften();

            event.signal();

            assertEquals(1, reading.result());
        }
    }

    @Test
    void a_poll_goes_on() throws Exception {
        try (Poller poller = Poller.open(); EventFd event = EventFd.create()) {
            poller.register(event.descriptor(), Poller.READ, events -> { });
            Signalled<Integer> polling = new Signalled<>(() -> poller.poll(-1));
            polling.interruptOften();

            event.signal();

            assertEquals(1, polling.result());
        }
    }

    @Test
    void a_receive_goes_on() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket near = pair[0]; UnixSocket far = pair[1]) {
            Signalled<Boolean> receiving =
                    new Signalled<>(() -> far.receiveFully(Arena.ofAuto().allocate(1), -1));
            receiving.interruptOften();

            near.send(Arena.ofAuto().allocate(1), -1);

            assertTrue(receiving.result());
        }
    }

    @Test
    void a_timeout_is_kept_under_signals() throws Exception {
        try (EventFd event = EventFd.create(); Poller poller = Poller.open()) {
            Signalled<Long> waiting = new Signalled<>(() -> {
                long start = System.nanoTime();
                assertEquals(0, event.read(40));
                assertEquals(0, poller.poll(40));
                return System.nanoTime() - start;
            });
            while (!waiting.isDone()) {
                waiting.interruptOften();
            }

            long elapsed = waiting.result();
            assertTrue(elapsed >= 80_000_000 && elapsed < 5_000_000_000L, "elapsed=" + elapsed);
        }
    }

    /** A thread at work, to which signals can be sent. */
    private static final class Signalled<T> {
        private final CompletableFuture<Long> thread = new CompletableFuture<>();
        private final Background<T> work;

        Signalled(Callable<T> work) {
            this.work = Background.start(() -> {
                thread.complete(ThreadSignal.self());
                return work.call();
            });
        }

        /** Sends many, a little apart, so that some of them meet the call. */
        void interruptOften() throws Exception {
            try (EventFd never = EventFd.create()) {
                for (int i = 0; i < SIGNALS && !isDone(); i++) {
                    ThreadSignal.send(thread.get());
                    never.read(1);
                }
            }
        }

        boolean isDone() {
            return !work.thread().isAlive();
        }

        T result() throws Exception {
            return work.result();
        }
    }

    @Test
    void the_signal_of_these_tests_really_interrupts() throws Exception {
        Signalled<Integer> waiting = new Signalled<>(ThreadSignal::errnoOfPause);
        while (!waiting.isDone()) {
            waiting.interruptOften();
        }

        assertEquals(Errno.EINTR.number(), waiting.result());
    }
}
