// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.host.linux.UnixSocket;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [Connection Initiation], [Client Disconnection]: who is served, for how long, and what is left. */
class ConnectionTest {

    private static final long ADDRESS = 0x40_0000_0000L;

    // ── One after the other ────────────────────────────────────────────────

    @Test
    void when_a_client_leaves_the_function_is_reset_and_the_next_one_is_served() throws LinuxException {
        Map<String, Integer> before = OpenFiles.now();
        try (Served served = new Served(); SharedFile file = SharedFile.sealed(SharedFile.PAGE);
                EventFd event = EventFd.create()) {
            for (int round = 1; round <= 20; round++) {
                try (Client client = served.negotiated()) {
                    client.map(3, 0, ADDRESS, SharedFile.PAGE, file.descriptor());
                    client.setInterrupts(Wire.EVENTFD | Wire.TRIGGER, Wire.MSIX, 0, 1, event.descriptor());
                    served.function.interrupts.message(0, 0, 0);
                    assertEquals(1, event.tryRead());
                    assertTrue(served.server.isConnected());
                }
                served.awaitEnd();
                assertEquals(round, served.function.resets.get());
                assertEquals(List.of(), served.function.memory.current().regions());
                served.function.interrupts.message(0, 0, 0);
                assertEquals(0, event.tryRead());
            }
        }
        assertEquals(before, OpenFiles.now());
        assertEquals(0, SharedFile.mappings());
    }

    /** What one client's device wanted to tell is not told to the next. */
    @Test
    void interrupts_that_wait_are_forgotten_with_the_client() throws LinuxException {
        try (Served served = new Served(); EventFd event = EventFd.create()) {
            try (Client client = served.negotiated()) {
                served.function.interrupts.message(1, 0, 0);
                client.setInterrupts(Wire.NONE | Wire.MASK, Wire.INTX, 0, 1);
            }
            served.awaitEnd();

            try (Client next = served.negotiated()) {
                next.setInterrupts(Wire.EVENTFD | Wire.TRIGGER, Wire.MSIX, 1, 1, event.descriptor());
                assertEquals(0, event.tryRead());
                next.setInterrupts(Wire.EVENTFD | Wire.TRIGGER, Wire.INTX, 0, 1, event.descriptor());
                served.function.interrupts.intx(true);
                assertEquals(1, event.tryRead()); // not masked any more
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 16, 17, 31})
    @HostileCase("VF-1")
    void a_client_may_leave_in_the_middle_of_a_message(int sent) {
        try (Served served = new Served()) {
            try (Client client = served.negotiated()) {
                client.send(Arrays.copyOf(
                        Wire.message(1, Wire.DEVICE_GET_INFO, 0, Wire.deviceInfo()), sent));
            }
            served.awaitEnd();
            assertEquals(1, served.function.resets.get());
            try (Client next = served.negotiated()) {
                next.assertServed();
            }
        }
    }

    @Test
    void a_client_may_leave_without_taking_its_replies() {
        try (Served served = new Served()) {
            try (Client client = served.negotiated()) {
                for (int i = 0; i < 100; i++) {
                    client.send(Wire.message(i, Wire.DEVICE_GET_INFO, 0, Wire.deviceInfo()));
                }
            }
            served.awaitEnd();
            try (Client next = served.negotiated()) {
                next.assertServed();
            }
        }
    }

    // ── Listening ──────────────────────────────────────────────────────────

    /** A server of a {@link RecordingFunction} that listens. */
    private static final class Listening implements AutoCloseable {

        final RecordingFunction function = new RecordingFunction();
        final UnixAddress address;
        final VfioUserServer server;

        Listening(Path directory) throws IOException {
            address = UnixAddress.of(directory.resolve("device.sock"));
            server = VfioUserServer.of(function::serve).listen(address);
        }

        Client connect() throws IOException {
            return new Client(UnixSocket.connect(address));
        }

        @Override
        public void close() {
            server.close();
        }
    }

    @Test
    void a_server_that_listens_serves_one_client_at_a_time(@TempDir Path directory) throws IOException {
        Map<String, Integer> before = OpenFiles.now();
        try (Listening listening = new Listening(directory)) {
            Client first = listening.connect().negotiate();
            Client second = listening.connect();
            second.send(Wire.message(77, Wire.VERSION, 0, Wire.version(0, 0, "{}")));
            for (int i = 0; i < 100; i++) {
                first.assertServed();
            }
            assertEquals(0, listening.function.resets.get());

            first.close();

            assertEquals(77, second.receive().id());
            assertEquals(1, listening.function.resets.get());
            second.assertServed();
            second.close();
            for (int round = 0; round < 50; round++) {
                try (Client each = listening.connect().negotiate()) {
                    each.assertServed();
                }
            }
            listening.server.close();
            assertEquals(52, listening.function.resets.get());
        }
        assertEquals(before, OpenFiles.now());
        assertFalse(Files.exists(directory.resolve("device.sock")));
    }

    @Test
    @HostileCase("VF-1")
    void clients_that_break_the_protocol_do_not_end_the_listener(@TempDir Path directory) throws IOException {
        try (Listening listening = new Listening(directory)) {
            int rounds = 20;
            for (int round = 0; round < rounds; round++) {
                try (Client client = listening.connect()) {
                    client.send(Wire.header(0, round, round, round, round).bytes());
                }
            }
            try (Client good = listening.connect().negotiate()) {
                good.assertServed();
            }
            HostileCases.count("VF-1", rounds);
        }
    }

    @Test
    void a_server_listens_where_another_one_left_its_file_and_not_where_it_listens(@TempDir Path directory)
            throws IOException {
        try (Listening listening = new Listening(directory)) {
            IOException refused = assertThrows(IOException.class, () -> new Listening(directory));
            assertTrue(refused.getMessage().contains("EADDRINUSE"), refused::getMessage);
            try (Client client = listening.connect().negotiate()) {
                client.assertServed();
            }
        }
        new Listening(directory).close();
    }

    /** A function that fails at its reset costs the connection, and nothing else. */
    @Test
    void a_function_that_cannot_be_reset_does_not_end_the_listener(@TempDir Path directory) throws IOException {
        try (Listening listening = new Listening(directory);
                SharedFile file = SharedFile.sealed(SharedFile.PAGE)) {
            try (Client client = listening.connect().negotiate()) {
                client.map(3, 0, ADDRESS, SharedFile.PAGE, file.descriptor());
                listening.function.resetFailure = new IllegalStateException("test");
            }
            try (Client next = listening.connect().negotiate()) {
                next.assertServed();
                assertEquals(List.of(), listening.function.memory.current().regions());
                listening.function.resetFailure = new IllegalStateException("test");
                next.refused(Wire.EIO, Wire.DEVICE_RESET, new byte[0]);
                next.reset();
            }
        }
    }

    // ── Closing ────────────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(strings = {
        "a message", "the rest of a message", "an eventfd", "the client to take a reply"})
    void closing_the_server_ends_the_connection_while_it_waits_for(String what, @TempDir Path directory)
            throws IOException {
        try (Listening listening = new Listening(directory); EventFd event = EventFd.create();
                Client client = listening.connect().negotiate()) {
            switch (what) {
                case "the rest of a message" -> client.send(new byte[] {1});
                case "an eventfd" -> client.setInterrupts(
                        Wire.EVENTFD | Wire.UNMASK, Wire.INTX, 0, 1, event.descriptor());
                case "the client to take a reply" -> {
                    for (int i = 0; i < 4; i++) {
                        client.send(Wire.message(i, Wire.REGION_READ, 0, Wire.access(0, 0, Wire.MOST_DATA)));
                    }
                }
                default -> client.assertServed();
            }

            listening.server.close();

            assertFalse(listening.server.isConnected());
            assertEquals(1, listening.function.resets.get());
        }
    }

    @Test
    void closing_by_a_thread_that_is_interrupted_is_complete_and_leaves_it_interrupted(@TempDir Path directory)
            throws IOException {
        try (Listening listening = new Listening(directory); Client client = listening.connect().negotiate()) {
            client.assertServed();
            Thread.currentThread().interrupt();

            listening.server.close();

            assertTrue(Thread.interrupted());
            assertEquals(1, listening.function.resets.get());
        }
    }

    @Test
    void a_closed_server_serves_nobody() {
        try (Served served = new Served()) {
            served.server.close();
            try (Client client = served.connect()) {
                client.assertClosed();
            }
        }
    }

    @Test
    void a_thread_that_is_interrupted_serves_on_and_stays_interrupted() throws Exception {
        RecordingFunction function = new RecordingFunction();
        VfioUserServer server = VfioUserServer.of(function::serve).build();
        UnixSocket[] pair = UnixSocket.pair();
        FutureTask<Boolean> serving = new FutureTask<>(() -> {
            Thread.currentThread().interrupt();
            server.serve(pair[1]);
            return Thread.currentThread().isInterrupted();
        });
        Thread.ofPlatform().daemon().start(serving);
        try (SharedFile file = SharedFile.sealed(SharedFile.PAGE);
                Client client = new Client(pair[0]).negotiate()) {
            client.map(3, 0, ADDRESS, SharedFile.PAGE, file.descriptor());
            client.unmap(ADDRESS, SharedFile.PAGE);
            client.assertServed();
        }
        assertTrue(serving.get());
        server.close();
    }

    // ── Configuration ──────────────────────────────────────────────────────

    @Test
    void a_function_that_cannot_be_served_is_refused_with_what_to_do() {
        IllegalArgumentException regions = assertThrows(IllegalArgumentException.class, () ->
                VfioUserServer.of(DeviceInstance.of(new EchoDevice()).memory(GuestMemory.allocate(4096)).build())
                        .build());
        assertTrue(regions.getMessage().contains("give the device a GuestMemory of its own"), regions::getMessage);
        for (int vectors : new int[] {-1, 2049}) {
            assertThrows(IllegalArgumentException.class, () ->
                    VfioUserServer.of(to -> new RecordingFunction().serve(to, true, vectors)).build());
        }
        VfioUserServer.of(to -> new RecordingFunction().serve(to, true, 2048)).build().close();
    }

    // ── A device in work ───────────────────────────────────────────────────

    private static final class Running implements AutoCloseable {

        final EchoDevice device = new EchoDevice();
        final DeviceInstance instance;
        final VfioUserServer server;
        final Served.Connected connected;
        final GuestSide.Ram ram = new GuestSide.Ram();
        final GuestSide guest;
        final TestDriver driver;

        Running(RingFormat format, Runner runner, Duration grace) {
            instance = DeviceInstance.of(device).runner(runner).resetGrace(Duration.ZERO).build();
            server = VfioUserServer.of(instance).unmapGrace(grace).build();
            connected = Served.connect(server);
            guest = new GuestSide(connected.client(), ram, () -> { });
            driver = TestDriver.over(guest.port(PciPort.Interrupts.MSIX, PciPort.Window.BARS), ram.ram)
                    .start(DriverOptions.of(format));
        }

        void assertEchoes() {
            Submitted echo = driver.queue(0).exchange(new byte[] {1, 2, 3}, 3);
            assertArrayEquals(echo.readable(), echo.written());
        }

        void disconnect() {
            guest.client.close();
            Served.awaitEnd(connected.serving());
        }

        @Override
        public void close() {
            device.release();
            guest.close();
            server.close();
            instance.close();
            ram.close();
        }
    }

    private static Runner worker() {
        return Runner.workerPerDevice(Thread.ofPlatform().daemon().factory());
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase({"LM-1", "VF-4"})
    void an_unmap_is_answered_when_the_requests_in_flight_are_done(RingFormat format) throws Exception {
        try (Running running = new Running(format, worker(), Duration.ofSeconds(20))) {
            running.assertEchoes();
            running.device.keeps = true;
            running.driver.queue(0).submit(new byte[] {7}, 1);
            running.device.awaitKept(1);
            long size = running.ram.file.segment().byteSize();
            Client client = running.guest.client;
            client.send(Wire.message(5, Wire.DMA_UNMAP, 0, Wire.unmap(0, GuestRam.BASE, size)));
            while (!running.instance.memory().current().regions().isEmpty()) {
                Thread.onSpinWait(); // the server waits for the request
            }
            assertEquals(2, SharedFile.mappings());

            running.device.release();

            assertFalse(client.receive().failed());
            assertEquals(1, SharedFile.mappings());
            client.assertServed();
        }
    }

    /** Rings and all: the queue fails, the server and the device go on after a reset. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase({"LM-1", "VF-4"})
    void memory_that_a_running_queue_lies_in_is_taken_away_and_given_back(RingFormat format) {
        try (Running running = new Running(format, worker(), Duration.ofSeconds(20))) {
            long base = GuestRam.BASE;
            long size = running.ram.file.segment().byteSize();
            int rounds = 20;
            for (int round = 0; round < rounds; round++) {
                running.assertEchoes();
                running.guest.client.unmap(base, size);
                assertEquals(1, SharedFile.mappings());
                running.driver.port().notifyQueue(0);
                running.driver.waitFor("device to need a reset", running.driver::needsReset);
                running.guest.client.map(3, 0, base, size, running.ram.file.descriptor());
                running.driver.start(DriverOptions.of(format));
            }
            running.assertEchoes();
            HostileCases.count("LM-1", rounds);
            HostileCases.count("VF-4", rounds);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_client_that_leaves_in_the_middle_of_requests_leaves_nothing(RingFormat format) throws Exception {
        Map<String, Integer> before = OpenFiles.now();
        try (Running running = new Running(format, worker(), Duration.ofMillis(1))) {
            running.device.keeps = true;
            for (int i = 0; i < 5; i++) {
                running.driver.queue(0).submit(new byte[] {(byte) i}, 1);
            }
            running.device.awaitKept(5);

            running.disconnect();

            // The requests are in flight still, and so is their memory; the driver is not.
            assertEquals(List.of(), running.instance.memory().current().regions());
            assertEquals(2, SharedFile.mappings());
            running.device.keeps = false;
            running.device.release();
            while (SharedFile.mappings() > 1) {
                Thread.onSpinWait(); // unmapped by another thread
            }
            assertEquals(0, running.instance.status());

            Served.Connected next = Served.connect(running.server);
            next.client().negotiate().assertServed();
            assertNotEquals(0, next.client().regionSize(4));
            next.client().close();
            Served.awaitEnd(next.serving());
        }
        assertEquals(before, OpenFiles.now());
        assertEquals(0, SharedFile.mappings());
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_device_works_over_the_socket_on_the_thread_of_the_connection(RingFormat format) {
        try (Running running = new Running(format, Runner.onCaller(), Duration.ofSeconds(3))) {
            for (int i = 0; i < 200; i++) {
                running.assertEchoes();
            }
            running.guest.client.reset();
            assertEquals(0, running.instance.status());
        }
    }
}
