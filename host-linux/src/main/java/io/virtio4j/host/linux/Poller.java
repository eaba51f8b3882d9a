// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Watches descriptors and calls a handler for each that is ready: {@code epoll(7)}. Polling
 * allocates nothing and takes no lock.
 *
 * <p>One thread at a time polls, and the handlers run on it. Any thread may register, change or
 * remove descriptors, wake the polling thread and close the poller. {@link Thread#interrupt} does
 * nothing; {@link #wakeUp} is there for it.
 *
 * <pre>{@code
 * try (Poller poller = Poller.open()) {
 *     poller.register(notify.descriptor(), Poller.READ, events -> {
 *         notify.tryRead();
 *         queueNotified();
 *     });
 *     while (running) {
 *         poller.poll(-1);
 *     }
 * }
 * }</pre>
 */
public final class Poller implements AutoCloseable {
    /** Bytes, a connection, a signal or the end of the stream can be read. */
    public static final int READ = PollCalls.EPOLLIN;
    /** Something can be written without waiting. */
    public static final int WRITE = PollCalls.EPOLLOUT;
    /** The peer of a stream socket has closed it, or its sending half. */
    public static final int PEER_CLOSED = PollCalls.EPOLLRDHUP;
    /** An error; always reported, never asked for. */
    public static final int ERROR = PollCalls.EPOLLERR;
    /** Both directions are closed; always reported, never asked for. */
    public static final int HANG_UP = PollCalls.EPOLLHUP;
    /**
     * Asked for with others: reports each change once, instead of as long as the descriptor is
     * ready. An eventfd then need not be read: every signal is a change.
     */
    public static final int EDGE = PollCalls.EPOLLET;

    private static final int INTEREST = READ | WRITE | PEER_CLOSED | EDGE;
    private static final int BATCH = 64;
    private static final int FIRST_SLOTS = 8;
    private static final long WAKE_UP = -1;

    /** What to do when a descriptor is ready. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Called by the polling thread.
         *
         * @param events the bits {@link #READ} to {@link #HANG_UP} that apply
         * @throws IOException passed on to the caller of {@link Poller#poll}
         */
        void ready(int events) throws IOException;
    }

    private enum State { IDLE, POLLING, CLOSING, CLOSED }

    private final FileDescriptor epoll;
    private final EventFd wakeUp;
    private final AtomicBoolean woken = new AtomicBoolean();
    private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);

    private final Object lock = new Object();
    private final MemorySegment change = Arena.ofAuto().allocate(EpollEvent.LAYOUT);
    /** Replaced, never changed, so that the polling thread needs no lock. */
    private volatile @Nullable Registration[] slots = new @Nullable Registration[FIRST_SLOTS];
    private int generation;

    // Of the polling thread: what the kernel reported, and how far the handlers have got.
    private final MemorySegment events = Arena.ofAuto().allocate(EpollEvent.LAYOUT, BATCH);
    private int reported;
    private int delivered;

    private Poller(FileDescriptor epoll, EventFd wakeUp) {
        this.epoll = epoll;
        this.wakeUp = wakeUp;
    }

    /**
     * Opens a poller that watches nothing yet.
     *
     * @return an open one
     * @throws LinuxException {@code EMFILE} when the process has too many descriptors
     */
    public static Poller open() throws LinuxException {
        Linux.requireSupported();
        FileDescriptor epoll = FileDescriptor.opened(PollCalls.epollCreate(), "epoll_create1", "");
        EventFd wakeUp = null;
        try {
            wakeUp = EventFd.create();
            Poller poller = new Poller(epoll, wakeUp);
            poller.control(PollCalls.EPOLL_CTL_ADD, wakeUp.descriptor().number(), READ, WAKE_UP);
            return poller;
        } catch (LinuxException failed) {
            if (wakeUp != null) {
                wakeUp.close();
            }
            epoll.close();
            throw failed;
        }
    }

    /** A descriptor that is watched. */
    public final class Registration implements AutoCloseable {
        private final FileDescriptor descriptor;
        private final Handler handler;
        private final int slot;
        private final long key;
        private int interest; // guarded by lock; 0 if the kernel does not watch it
        private volatile boolean removed;

        private Registration(FileDescriptor descriptor, Handler handler, int slot, int generation) {
            this.descriptor = descriptor;
            this.handler = handler;
            this.slot = slot;
            this.key = (long) generation << 32 | slot;
        }

        /**
         * Watches for other events from now on. With 0 it is not watched at all, and reports no
         * {@link #HANG_UP} either.
         *
         * @param interest of {@link #READ}, {@link #WRITE}, {@link #PEER_CLOSED} and {@link #EDGE}
         * @throws LinuxException {@code EBADF} if it was removed
         */
        public void interest(int interest) throws LinuxException {
            requireInterest(interest);
            synchronized (lock) {
                if (removed) {
                    throw new LinuxException("epoll_ctl", Libc.EBADF, descriptor + " removed");
                }
                watch(interest);
            }
        }

        private void watch(int wanted) throws LinuxException {
            if (wanted == interest) {
                return;
            }
            int operation = interest == 0 ? PollCalls.EPOLL_CTL_ADD
                    : wanted == 0 ? PollCalls.EPOLL_CTL_DEL : PollCalls.EPOLL_CTL_MOD;
            control(operation, descriptor.number(), wanted, key);
            interest = wanted;
        }

        /**
         * Stops watching; again, it does nothing. Called by the polling thread, the handler is not
         * called again; by another, it may be under way still.
         */
        @Override
        public void close() {
            synchronized (lock) {
                if (!removed) {
                    unregister(this);
                }
            }
        }
    }

    /**
     * Watches a descriptor. It stays open for the kernel until the registration is closed, even if
     * it is closed before; close the registration first.
     *
     * @param descriptor stays the caller's
     * @param interest of {@link #READ}, {@link #WRITE}, {@link #PEER_CLOSED} and {@link #EDGE}; 0
     *         to begin later
     * @param handler called by the polling thread
     * @return for changing and ending it
     * @throws LinuxException {@code EPERM} if it is of a regular file, {@code EEXIST} if it is
     *         watched already, {@code EBADF} after its close or that of the poller
     */
    public Registration register(FileDescriptor descriptor, int interest, Handler handler)
            throws LinuxException {
        requireInterest(interest);
        synchronized (lock) {
            if (isClosed()) {
                throw new LinuxException("epoll_ctl", Libc.EBADF, "poller closed");
            }
            int slot = freeSlot();
            Registration registration = new Registration(descriptor, handler, slot,
                    generation++ & 0x7fffffff);
            descriptor.acquire("epoll_ctl");
            try {
                replace(slot, registration);
                registration.watch(interest);
                return registration;
            } catch (LinuxException failed) {
                replace(slot, null);
                descriptor.release();
                throw failed;
            }
        }
    }

    private static void requireInterest(int interest) {
        if ((interest & ~INTEREST) != 0) {
            throw new IllegalArgumentException("poller: interest=0x" + Integer.toHexString(interest)
                    + ": only READ, WRITE, PEER_CLOSED and EDGE can be asked for");
        }
    }

    private int freeSlot() {
        @Nullable Registration[] present = slots;
        for (int i = 0; i < present.length; i++) {
            if (present[i] == null) {
                return i;
            }
        }
        return present.length;
    }

    private void replace(int slot, @Nullable Registration registration) {
        @Nullable Registration[] present = slots;
        @Nullable Registration[] next =
                Arrays.copyOf(present, slot < present.length ? present.length : 2 * present.length);
        next[slot] = registration;
        slots = next;
    }

    private void unregister(Registration registration) {
        registration.removed = true;
        replace(registration.slot, null);
        try {
            registration.watch(0);
        } catch (LinuxException impossible) {
            throw new IllegalStateException("poller: cannot stop watching: "
                    + impossible.getMessage(), impossible);
        } finally {
            registration.descriptor.release();
        }
    }

    private void control(int operation, int fd, int interest, long key) throws LinuxException {
        EpollEvent.set(change, interest, key);
        int result = PollCalls.epollControl(epoll.number(), operation, fd, change);
        if (result < 0) {
            throw new LinuxException("epoll_ctl", -result, "fd=" + fd + " operation=" + operation
                    + " interest=0x" + Integer.toHexString(interest));
        }
    }

    /**
     * Waits until a descriptor is ready, the time is over or {@link #wakeUp} is called, and calls
     * the handlers of those that are ready. If a handler throws, the handlers that had not been
     * called are called by the next poll.
     *
     * @param timeoutMillis 0 does not wait, negative waits without limit
     * @return how many handlers were called
     * @throws LinuxException {@code EBADF} after the close
     * @throws IOException what a handler threw
     * @throws IllegalStateException if another thread polls, or a handler does
     */
    public int poll(long timeoutMillis) throws IOException {
        if (!state.compareAndSet(State.IDLE, State.POLLING)) {
            if (isClosed()) {
                throw new LinuxException("epoll_wait", Libc.EBADF, "poller closed");
            }
            throw new IllegalStateException("poller: polled by two at once");
        }
        try {
            if (delivered == reported) {
                await(timeoutMillis);
            }
            return deliver();
        } finally {
            if (!state.compareAndSet(State.POLLING, State.IDLE)) {
                release();
            }
        }
    }

    private void await(long timeoutMillis) throws LinuxException {
        delivered = 0;
        reported = 0;
        int n = PollCalls.epollWait(epoll.number(), events, BATCH, timeoutMillis);
        if (n < 0) {
            throw new LinuxException("epoll_wait", -n, epoll.toString());
        }
        reported = n;
    }

    private int deliver() throws IOException {
        int called = 0;
        while (delivered < reported && state.get() == State.POLLING) {
            int index = delivered++;
            long key = EpollEvent.data(events, index);
            if (key == WAKE_UP) {
                // In this order: a wake-up between the two is absorbed, and poll returns anyway.
                wakeUp.tryRead();
                woken.getAndSet(false);
                continue;
            }
            @Nullable Registration[] present = slots;
            int slot = (int) key;
            Registration registration = slot < present.length ? present[slot] : null;
            if (registration != null && registration.key == key) {
                called++;
                registration.handler.ready(EpollEvent.events(events, index));
            }
        }
        return called;
    }

    /**
     * Makes the poll that is under way return, or the next one if there is none. Cheap when called
     * often. After the close it does nothing.
     */
    public void wakeUp() {
        if (!woken.getAndSet(true)) {
            try {
                wakeUp.signal();
            } catch (LinuxException closed) {
                if (!isClosed()) {
                    throw new IllegalStateException("poller: cannot wake up: "
                            + closed.getMessage(), closed);
                }
            }
        }
    }

    /** {@return whether {@link #close} was called} */
    public boolean isClosed() {
        State now = state.get();
        return now == State.CLOSING || now == State.CLOSED;
    }

    /**
     * Removes every registration; again, it does nothing. A poll that is under way calls no more
     * handlers, returns and gives the descriptors back.
     */
    @Override
    public void close() {
        for (;;) {
            if (state.compareAndSet(State.IDLE, State.CLOSED)) {
                giveBack();
                return;
            }
            if (state.compareAndSet(State.POLLING, State.CLOSING)) {
                wakeUp();
                return;
            }
            if (isClosed()) {
                return;
            }
        }
    }

    private void release() {
        state.set(State.CLOSED);
        giveBack();
    }

    private void giveBack() {
        synchronized (lock) {
            for (Registration registration : slots) {
                if (registration != null) {
                    unregister(registration);
                }
            }
        }
        epoll.close();
        wakeUp.close();
    }
}
