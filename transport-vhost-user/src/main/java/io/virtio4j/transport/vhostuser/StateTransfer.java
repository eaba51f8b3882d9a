// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.virtio4j.host.linux.ByteStream;
import io.virtio4j.host.linux.FileDescriptor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The device's state on its way through the front-end's channel, on a thread of its own: the front-end need not
 * read or write before it has the reply. [Migrating back-end state]
 */
final class StateTransfer implements AutoCloseable {

    /** No device has more. */
    private static final int MOST_BYTES = 256 << 20;

    private static final int CHUNK = 64 << 10;

    /** A migration may be slow, but not stand still. */
    private static final int PATIENCE_MILLIS = 30_000;

    private final ByteStream channel;
    private final CompletableFuture<byte[]> done = new CompletableFuture<>();

    /** Whether the state comes from the front-end. */
    final boolean loading;

    private StateTransfer(ByteStream channel, byte @Nullable [] state) {
        this.channel = channel;
        this.loading = state == null;
        Thread thread = new Thread(() -> run(state), "vhost-user device state");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Begins.
     *
     * @param descriptor closed by this, whatever happens
     * @param state what to send; {@code null} to receive
     */
    static StateTransfer begin(FileDescriptor descriptor, byte @Nullable [] state) throws Refusal {
        try {
            return new StateTransfer(ByteStream.of(descriptor), state);
        } catch (IOException e) {
            descriptor.close();
            throw Refusal.of(e);
        }
    }

    private void run(byte @Nullable [] state) {
        try (channel; Arena arena = Arena.ofConfined()) {
            MemorySegment chunk = arena.allocate(CHUNK);
            byte[] moved = state == null ? receive(chunk) : send(chunk, state);
            // The end of the channel is the front-end's sign that this was all.
            channel.close();
            done.complete(moved);
        } catch (IOException | RuntimeException | Error e) {
            done.completeExceptionally(e);
        }
    }

    private byte[] send(MemorySegment chunk, byte[] state) throws IOException {
        for (int at = 0; at < state.length; at += CHUNK) {
            int bytes = Math.min(CHUNK, state.length - at);
            MemorySegment.copy(state, at, chunk, JAVA_BYTE, 0, bytes);
            channel.write(chunk.asSlice(0, bytes), PATIENCE_MILLIS);
        }
        return state;
    }

    private byte[] receive(MemorySegment chunk) throws IOException {
        ByteArrayOutputStream state = new ByteArrayOutputStream();
        for (int bytes = next(chunk); bytes >= 0; bytes = next(chunk)) {
            if (state.size() + bytes > MOST_BYTES) {
                throw new IOException("device state is too long: most=" + MOST_BYTES);
            }
            state.write(chunk.asSlice(0, bytes).toArray(JAVA_BYTE), 0, bytes);
        }
        return state.toByteArray();
    }

    private int next(MemorySegment chunk) throws IOException {
        return channel.read(chunk, PATIENCE_MILLIS);
    }

    /** The state, when all of it was sent or received. */
    byte[] await() throws Refusal {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return done.get(2L * PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new Refusal("device state: " + e.getCause());
                } catch (TimeoutException e) {
                    throw new Refusal("device state: the channel does not end");
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Gives up what is under way. */
    @Override
    public void close() {
        channel.close();
    }
}
