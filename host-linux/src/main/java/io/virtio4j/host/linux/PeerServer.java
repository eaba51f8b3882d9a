// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Serves peers one after the other, however each of them ends: those that connect to it, those that
 * it connects to, or those it is given. While one is served, the next one waits.
 *
 * <p>Any thread may call any method. What listens or connects has a daemon thread, and peers are
 * served on it.
 */
public final class PeerServer implements AutoCloseable {
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Learns of what nobody could be told as an exception. */
    @FunctionalInterface
    public interface Trouble {
        /**
         * Something failed, and the server goes on.
         *
         * @param what a sentence for a log, {@code what: key=value}
         * @param cause why
         */
        void report(String what, Throwable cause);
    }

    private final String name;
    private final Consumer<UnixSocket> serving;
    private final Trouble trouble;

    /** Held while a peer is served. */
    private final ReentrantLock busy = new ReentrantLock();

    private final Object lock = new Object();
    private boolean closed;
    private @Nullable UnixServerSocket listener;
    private @Nullable UnixSocket connection;
    private @Nullable Thread thread;

    /**
     * Creates a server that nobody can reach yet.
     *
     * @param name of the protocol, for the thread
     * @param serving serves a peer until it leaves or its socket is closed; the socket is closed after
     * @param trouble is told of peers that could not be accepted, and of what serving threw; once for
     *        each time that it begins
     */
    public PeerServer(String name, Consumer<UnixSocket> serving, Trouble trouble) {
        this.name = name;
        this.serving = serving;
        this.trouble = trouble;
    }

    // ── Where peers come from ──────────────────────────────────────────────

    /**
     * Begins to listen. Peers can connect when this returns.
     *
     * @param address where; a socket file that a server left behind is replaced
     * @throws IOException if the address is in use, or cannot be used
     * @throws IllegalStateException if it listens or connects already, or was closed
     */
    public void listen(UnixAddress address) throws IOException {
        UnixServerSocket socket = UnixServerSocket.listen(address);
        try {
            start(address, socket, () -> socket.accept(-1));
        } catch (IllegalStateException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Begins to connect to a peer that listens, again and again: when it is not there, which is no
     * trouble, and when it has left.
     *
     * @param address where the peer listens
     * @throws IllegalStateException if it listens or connects already, or was closed
     */
    public void connect(UnixAddress address) {
        start(address, null, () -> UnixSocket.connect(address));
    }

    private interface Source {
        @Nullable UnixSocket next() throws LinuxException;
    }

    private void start(UnixAddress address, @Nullable UnixServerSocket socket, Source source) {
        Thread starting = new Thread(() -> serveAll(address, source), name + " " + address);
        starting.setDaemon(true);
        synchronized (lock) {
            if (closed || thread != null) {
                throw new IllegalStateException(name + " server "
                        + (closed ? "was closed" : "has an address already") + ": address="
                        + address);
            }
            listener = socket;
            thread = starting;
            starting.start();
        }
    }

    private void serveAll(UnixAddress address, Source source) {
        boolean complained = false;
        while (!isClosed()) {
            try {
                UnixSocket peer = source.next();
                if (peer != null) {
                    complained = false;
                    serve(peer);
                }
            } catch (LinuxException e) {
                // Too many descriptors in this process, for example: the peer waits until there are fewer.
                boolean absent = e.error() == Errno.ECONNREFUSED || e.error() == Errno.ENOENT;
                if (!absent && !complained && !isClosed()) {
                    trouble.report("cannot reach a peer, trying on: address=" + address, e);
                    complained = true;
                }
                pause();
            } catch (RuntimeException | Error e) {
                trouble.report("connection failed: address=" + address, e);
            }
        }
    }

    private void pause() {
        long end = System.nanoTime() + RETRY_NANOS;
        while (!isClosed() && System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
    }

    // ── Serving ────────────────────────────────────────────────────────────

    /**
     * Serves a peer on the calling thread, until it leaves or the server is closed. If another one is
     * being served, waits for its end.
     *
     * @param peer connected, such as one inherited from the parent process; closed before this returns
     */
    public void serve(UnixSocket peer) {
        busy.lock();
        try (peer) {
            synchronized (lock) {
                if (closed) {
                    return;
                }
                connection = peer;
            }
            serving.accept(peer);
        } finally {
            synchronized (lock) {
                connection = null;
            }
            busy.unlock();
        }
    }

    /** {@return whether a peer is being served} */
    public boolean isConnected() {
        synchronized (lock) {
            return connection != null;
        }
    }

    private boolean isClosed() {
        synchronized (lock) {
            return closed;
        }
    }

    /**
     * Stops listening or connecting, ends the connection, and returns when nobody is served any more.
     * Again, it does nothing. Not to be called by what serves.
     */
    @Override
    public void close() {
        UnixServerSocket socket;
        UnixSocket peer;
        Thread ending;
        synchronized (lock) {
            closed = true;
            socket = listener;
            peer = connection;
            ending = thread;
        }
        if (socket != null) {
            socket.close();
        }
        if (peer != null) {
            peer.close();
        }
        if (ending != null) {
            LockSupport.unpark(ending);
            join(ending);
        }
        // Who still serves is another thread of the caller's.
        busy.lock();
        busy.unlock();
    }

    private static void join(Thread ending) {
        boolean interrupted = false;
        while (ending.isAlive()) {
            try {
                ending.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
