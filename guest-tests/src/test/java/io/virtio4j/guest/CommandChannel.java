// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The host's end of the guest's second serial port; {@code guest-tests/init} is the other end and
 * describes the protocol. Listens on a Unix socket, to which QEMU connects. One command at a time.
 */
final class CommandChannel implements AutoCloseable {

    private static final String GREETING = "virtio4j-guest ready ";

    private final Path socket;
    private final ServerSocketChannel listener;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable SocketChannel peer;
    private byte[] received = new byte[8192];
    private int length;
    private boolean ended;

    private CommandChannel(Path socket, ServerSocketChannel listener) {
        this.socket = socket;
        this.listener = listener;
    }

    /** Listens on a socket that must not exist yet. It exists until the guest has connected. */
    static CommandChannel listen(Path socket) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(socket));
        CommandChannel channel = new CommandChannel(socket, listener);
        Thread.ofPlatform().daemon().name("guest-commands").start(channel::receive);
        return channel;
    }

    private void receive() {
        try (SocketChannel accepted = listener.accept()) {
            Files.deleteIfExists(socket);
            lock.lock();
            try {
                peer = accepted;
            } finally {
                lock.unlock();
            }
            ByteBuffer buffer = ByteBuffer.allocate(8192);
            while (accepted.read(buffer.clear()) >= 0) {
                append(buffer.flip());
            }
        } catch (IOException closed) {
            // The end of the guest or of the test; whoever waits is told so below.
        } finally {
            end();
        }
    }

    private void append(ByteBuffer bytes) {
        lock.lock();
        try {
            int more = bytes.remaining();
            if (length + more > received.length) {
                received = Arrays.copyOf(received, Math.max(length + more, 2 * received.length));
            }
            bytes.get(received, length, more);
            length += more;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nothing will be received any more: whoever waits fails now. */
    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the guest's greeting and returns its kernel's release. */
    String greeting(Duration timeout) throws IOException, TimeoutException {
        String greeting = await(GREETING, timeout).line();
        discard();
        return greeting;
    }

    /**
     * Runs a shell script in the guest.
     *
     * @throws TimeoutException if it did not end in time; the message is the output so far, and the
     *     channel cannot be used any more
     * @throws EOFException if the guest went away
     */
    CommandResult run(String script, Duration timeout) throws IOException, TimeoutException {
        return run(script, timeout, () -> {});
    }

    /** The same, with something that happens when half of the command is sent. */
    CommandResult run(String script, Duration timeout, Runnable halfway) throws IOException, TimeoutException {
        String token = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        byte[] bytes = script.getBytes(StandardCharsets.UTF_8);
        String line = token + " " + Base64.getEncoder().encodeToString(bytes) + "\n";
        send(line.substring(0, line.length() / 2));
        halfway.run();
        send(line.substring(line.length() / 2));
        Marked end = await("\n" + token + " ", timeout);
        discard();
        String output = end.before().stripTrailing();
        return new CommandResult(script, output, Integer.parseInt(end.line()));
    }

    private void send(String line) throws IOException {
        SocketChannel connected;
        lock.lock();
        try {
            connected = peer;
            if (connected == null || ended) {
                throw new EOFException("the guest is gone");
            }
        } finally {
            lock.unlock();
        }
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(line);
        while (bytes.hasRemaining()) {
            connected.write(bytes);
        }
    }

    /** What was received before a mark, and the rest of the mark's line. */
    private record Marked(String before, String line) {}

    private Marked await(String text, Duration timeout) throws IOException, TimeoutException {
        byte[] mark = text.getBytes(StandardCharsets.UTF_8);
        long nanos = timeout.toNanos();
        int from = 0;
        lock.lock();
        try {
            while (true) {
                int at = indexOf(mark, from);
                int lineEnd = at < 0 ? -1 : indexOf(new byte[] {'\n'}, at + mark.length);
                if (lineEnd >= 0) {
                    int lineStart = at + mark.length;
                    return new Marked(text(0, at), text(lineStart, lineEnd).strip());
                }
                if (ended) {
                    throw new EOFException(text(0, length));
                }
                if (nanos <= 0) {
                    throw new TimeoutException(text(0, length));
                }
                from = at >= 0 ? at : Math.max(0, length - mark.length);
                nanos = changed.awaitNanos(nanos);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the guest worked", interrupted);
        } finally {
            lock.unlock();
        }
    }

    private String text(int from, int to) {
        return new String(received, from, to - from, StandardCharsets.UTF_8);
    }

    private int indexOf(byte[] mark, int from) {
        for (int at = from; at + mark.length <= length; at++) {
            if (Arrays.equals(received, at, at + mark.length, mark, 0, mark.length)) {
                return at;
            }
        }
        return -1;
    }

    private void discard() {
        lock.lock();
        try {
            length = 0;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        Files.deleteIfExists(socket);
        SocketChannel connected;
        lock.lock();
        try {
            connected = peer;
        } finally {
            lock.unlock();
        }
        if (connected != null) {
            connected.close();
        }
        end();
    }
}
