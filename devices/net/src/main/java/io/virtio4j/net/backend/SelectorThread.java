// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import java.io.IOException;
import java.nio.channels.Selector;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread that waits for the sockets of a backend and for wake-ups, and then works. */
final class SelectorThread {

    private static final Logger LOG = LoggerFactory.getLogger(SelectorThread.class);

    /** What is done each time. */
    interface Work {
        /**
         * Something is ready, or the time is over, or the thread was woken.
         *
         * @return how long to wait at most, in milliseconds; 0 waits without limit
         */
        long work() throws IOException;

        /** The thread ends: gives everything back. */
        void end();
    }

    private final Selector selector;
    private final Work work;
    private final Thread thread;
    private final AtomicBoolean woken = new AtomicBoolean();
    private volatile boolean closed;

    SelectorThread(String name, Selector selector, Work work) {
        this.selector = selector;
        this.work = work;
        thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (!closed) {
                woken.set(false);
                long most = work.work();
                if (!closed) {
                    selector.select(key -> { }, most);
                }
            }
        } catch (IOException | RuntimeException failed) {
            LOG.error("backend stopped: thread={}", thread.getName(), failed);
        }
        work.end();
        try {
            selector.close();
        } catch (IOException failed) {
            LOG.debug("selector not closed: thread={}", thread.getName(), failed);
        }
    }

    /** Makes it work, now or once more. */
    void wakeUp() {
        if (!woken.get() && woken.compareAndSet(false, true)) {
            selector.wakeup();
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** Ends the thread and waits for its end, unless it is itself the caller. */
    void close() {
        closed = true;
        selector.wakeup();
        OwnThread.awaitEnd(thread);
    }
}
