// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.UnixSocket;
import io.virtio4j.transport.pci.BarMemory;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;

/** A server of a {@link RecordingFunction}, and clients that are connected to it, one after the other. */
final class Served implements AutoCloseable {

    final RecordingFunction function = new RecordingFunction();
    final VfioUserServer server;
    private FutureTask<Void> serving;

    Served() {
        this(builder -> builder);
    }

    Served(UnaryOperator<VfioUserServerBuilder> choices) {
        server = choices.apply(VfioUserServer.of(function::serve)).build();
    }

    Served(List<BarMemory> memory, UnaryOperator<VfioUserServerBuilder> choices) {
        function.barMemory = memory;
        server = choices.apply(VfioUserServer.of(function::serve)).build();
    }

    Served(boolean hasIntx, int vectors) {
        server = VfioUserServer.of(to -> function.serve(to, hasIntx, vectors)).build();
    }

    /** A client that has said nothing yet. */
    Client connect() {
        Served.Connected connected = connect(server);
        serving = connected.serving;
        return connected.client;
    }

    Client negotiated() {
        return connect().negotiate();
    }

    record Connected(Client client, FutureTask<Void> serving) {}

    static Connected connect(VfioUserServer server) {
        try {
            UnixSocket[] pair = UnixSocket.pair();
            FutureTask<Void> task = new FutureTask<>(() -> server.serve(pair[1]), null);
            Thread.ofPlatform().daemon().name("serving").start(task);
            return new Connected(new Client(pair[0]), task);
        } catch (LinuxException e) {
            throw new AssertionError(e);
        }
    }

    /** Waits until the last connection has been served to its end; fails if that threw. */
    void awaitEnd() {
        awaitEnd(serving);
        assertFalse(server.isConnected());
    }

    static void awaitEnd(FutureTask<Void> serving) {
        try {
            serving.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("serving threw: " + e.getCause(), e.getCause());
        } catch (TimeoutException | InterruptedException e) {
            throw new AssertionError("connection did not end", e);
        }
        assertTrue(serving.isDone());
    }

    @Override
    public void close() {
        server.close();
        if (serving != null) {
            awaitEnd();
        }
        assertTrue(function.memory.current().regions().isEmpty(), "memory of a client was left");
    }
}
