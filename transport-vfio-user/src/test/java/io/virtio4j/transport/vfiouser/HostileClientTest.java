// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.host.linux.UnixSocket;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients that send anything, to a server of a real device. After each message a good request is answered, if
 * need be on the next connection; from time to time a good driver uses the device; at the end nothing is left.
 */
class HostileClientTest {

    private static final int MESSAGES = 3_000;
    private static final int LONG = 30_000;

    private static final int SENTINEL = 0xBEEF;

    @TempDir
    private Path directory;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2})
    @HostileCase({"VF-1", "VF-2", "VF-3", "VF-4", "VF-5", "VF-6"})
    void server_survives_any_client(long seed) throws Exception {
        attack(seed, MESSAGES);
    }

    @Tag("slow")
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @HostileCase({"VF-1", "VF-2", "VF-3", "VF-4", "VF-5", "VF-6"})
    void server_survives_any_client_for_long(long seed) throws Exception {
        attack(seed, LONG);
    }

    static LongStream seeds() {
        return LongStream.range(100, 110);
    }

    private void attack(long seed, int messages) throws Exception {
        Map<String, Integer> before = OpenFiles.now();
        Attacker attacker = new Attacker(seed, directory.resolve("s" + seed));
        try {
            attacker.run(messages);
        } finally {
            attacker.close();
        }
        assertEquals(before, OpenFiles.now());
        while (SharedFile.mappings() != 0) {
            Thread.onSpinWait(); // unmapped by another thread at worst
        }
        attacker.played.forEach(HostileCases::count);
    }

    private static final class Attacker {

        /** Pages before and after those that are ever mapped. */
        private static final int GUARD = 4;
        private static final int PAGES = 32;
        private static final int PAGE = SharedFile.PAGE;

        private final SplittableRandom random;
        final Map<String, Integer> played = new TreeMap<>();

        private final EchoDevice device = new EchoDevice();
        private final List<Throwable> errors = new CopyOnWriteArrayList<>();
        private final DeviceInstance instance = DeviceInstance.of(device)
                .runner(Runner.workerPerDevice(Thread.ofPlatform().daemon().factory()))
                .resetGrace(Duration.ZERO)
                .onDeviceError(errors::add)
                .build();
        private final UnixAddress address;
        private final VfioUserServer server;

        private final SharedFile file = SharedFile.sealed((long) PAGES * PAGE);
        private final SharedFile unsealed = SharedFile.unsealed(PAGE);
        private final EventFd event = EventFd.create();
        private Client client;

        Attacker(long seed, Path socket) throws IOException {
            random = new SplittableRandom(seed);
            address = UnixAddress.of(socket);
            server = VfioUserServer.of(instance).unmapGrace(Duration.ofSeconds(10)).listen(address);
            connect();
        }

        private void connect() throws IOException {
            client = new Client(UnixSocket.connect(address)).negotiate();
        }

        void run(int messages) throws IOException {
            for (int i = 0; i < messages; i++) {
                if (i % 1000 == 500) {
                    useWell(i % 2000 == 500 ? RingFormat.SPLIT : RingFormat.PACKED);
                }
                switch (random.nextInt(12)) {
                    case 0 -> stream();
                    case 1 -> header();
                    case 2, 3, 4 -> accesses();
                    case 5, 6 -> map();
                    case 7, 8 -> unmap();
                    case 9, 10 -> interrupts();
                    default -> capabilities();
                }
            }
            useWell(RingFormat.SPLIT);
            useWell(RingFormat.PACKED);
            for (int page = 0; page < PAGES; page++) {
                if (page < GUARD || page >= PAGES - GUARD) {
                    assertArrayEquals(new byte[PAGE],
                            file.segment().asSlice((long) page * PAGE, PAGE).toArray(JAVA_BYTE), "page " + page);
                }
            }
            assertEquals(List.of(), errors);
        }

        private void play(String id) {
            played.merge(id, 1, Integer::sum);
        }

        // ── Oracle ─────────────────────────────────────────────────────────

        /** A good request after whatever was sent; replies to that may come before. */
        private void assertServed(boolean inStep) throws IOException {
            if (inStep && answered()) {
                return;
            }
            client.close();
            connect();
            client.assertServed();
        }

        private boolean answered() {
            try {
                client.send(Wire.message(SENTINEL, Wire.DEVICE_GET_INFO, 0, Wire.deviceInfo()));
            } catch (AssertionError closed) {
                return false;
            }
            while (true) {
                Client.Reply reply;
                try {
                    reply = client.receive();
                } catch (AssertionError reset) {
                    assertTrue(String.valueOf(reset.getMessage()).contains("ECONNRESET"), reset::getMessage);
                    return false;
                }
                if (reply == null || reply.id() == SENTINEL) {
                    return reply != null && !reply.failed();
                }
            }
        }

        private void useWell(RingFormat format) throws IOException {
            client.close();
            device.keeps = false;
            try (GuestSide.Ram ram = new GuestSide.Ram();
                    GuestSide guest = new GuestSide(new Client(UnixSocket.connect(address)), ram, () -> {})) {
                TestDriver driver = TestDriver.over(
                        guest.port(PciPort.Interrupts.MSIX, PciPort.Window.BARS), ram.ram);
                driver.start(DriverOptions.of(format));
                for (int i = 0; i < 20; i++) {
                    Submitted echo = driver.queue(0).exchange(new byte[] {1, (byte) i, 3}, 3);
                    assertArrayEquals(echo.readable(), echo.written());
                }
            }
            connect();
            errors.clear(); // what rings in nonsense led to
        }

        // ── Choices ────────────────────────────────────────────────────────

        private int id() {
            return random.nextInt(0x8000);
        }

        private int flags() {
            return random.nextInt(8) == 0 ? Wire.NO_REPLY : 0;
        }

        private long number() {
            return switch (random.nextInt(7)) {
                case 0 -> random.nextLong();
                case 1 -> -random.nextInt(64);
                case 2 -> 1L << random.nextInt(64);
                case 3 -> (1L << random.nextInt(64)) - 1;
                case 4 -> (long) PAGE * random.nextInt(-4, 64);
                default -> random.nextInt(40);
            };
        }

        private byte[] bytes(int most) {
            byte[] data = new byte[random.nextInt(most)];
            random.nextBytes(data);
            return data;
        }

        private FileDescriptor[] descriptors() {
            int count = switch (random.nextInt(6)) {
                case 0, 1, 2 -> 0;
                case 3 -> 1;
                case 4 -> random.nextInt(5);
                default -> random.nextInt(20);
            };
            FileDescriptor[] chosen = new FileDescriptor[count];
            for (int i = 0; i < count; i++) {
                chosen[i] = switch (random.nextInt(8)) {
                    case 0 -> unsealed.descriptor();
                    case 1 -> file.descriptor();
                    default -> event.descriptor();
                };
            }
            return chosen;
        }

        /** Sends a whole message; now and then with its end cut off or more after it. */
        private void send(int command, byte[] payload, FileDescriptor... with) throws IOException {
            byte[] sent = random.nextInt(16) == 0
                    ? Arrays.copyOf(payload, random.nextInt(payload.length + 32))
                    : payload;
            client.send(Wire.message(id(), command, flags(), sent), with);
            assertServed(true);
        }

        // ── Messages ───────────────────────────────────────────────────────

        /** Bytes that are no messages at all, or a good message with damage. */
        private void stream() throws IOException {
            play("VF-1");
            byte[] data = bytes(200);
            if (random.nextBoolean()) {
                data = Wire.message(id(), random.nextInt(20), flags(), data);
                data[random.nextInt(data.length)] = (byte) random.nextInt(256);
            }
            try {
                client.send(data, data.length == 0 ? new FileDescriptor[0] : descriptors());
            } catch (AssertionError closedMeanwhile) {
                // it was enough
            }
            assertServed(false);
        }

        private void header() throws IOException {
            play("VF-1");
            byte[] payload = bytes(100);
            int type = random.nextInt(3) == 0 ? random.nextInt(16) : 0;
            client.send(Wire.header(id(), random.nextInt(3) == 0 ? random.nextInt(0x1_0000) : random.nextInt(20),
                    Wire.HEADER + payload.length, type | flags() | random.nextInt(4) << 5, random.nextInt())
                    .raw(payload).bytes(), descriptors());
            assertServed(true);
        }

        private int region() {
            return random.nextInt(8) == 0 ? (int) number() : random.nextBoolean() ? 4 : random.nextInt(9);
        }

        private void accesses() throws IOException {
            play("VF-2");
            long offset = random.nextBoolean() ? random.nextInt(0x4000) : number();
            long count = random.nextBoolean() ? 1L << random.nextInt(4) : number();
            switch (random.nextInt(3)) {
                case 0 -> send(Wire.REGION_READ, Wire.access(region(), offset, count));
                case 1 -> send(Wire.REGION_WRITE, Wire.access(region(), offset, count,
                        random.nextInt(8) == 0 ? bytes(64) : new byte[Math.clamp(count, 0, 4096)]));
                default -> {
                    int writes = random.nextInt(5);
                    Wire all = Wire.payload().u64(random.nextInt(4) == 0 ? number() : writes);
                    for (int i = 0; i < writes; i++) {
                        all.u64(random.nextBoolean() ? random.nextInt(0x4000) : number()).u32(region())
                                .u32(1 << random.nextInt(4)).u64(number());
                    }
                    send(Wire.REGION_WRITE_MULTI, all.bytes());
                }
            }
        }

        private void map() throws IOException {
            play("VF-3");
            long pages = 1 + random.nextInt(PAGES - 2 * GUARD);
            long offset = switch (random.nextInt(8)) {
                case 0 -> (long) PAGE * PAGES + Math.abs(number() >> 1); // past the end
                case 1 -> Long.MIN_VALUE | number();
                default -> (GUARD + random.nextLong(PAGES - 2 * GUARD - pages + 1)) * PAGE;
            };
            long size = random.nextInt(8) == 0 ? -Math.abs(number() | 1) : pages * PAGE;
            byte[] map = Wire.map(random.nextInt(8) == 0 ? (int) number() : 3, offset,
                    random.nextInt(4) == 0 ? number() : (long) PAGE * random.nextInt(64), size);
            send(Wire.DMA_MAP, map, random.nextBoolean()
                    ? new FileDescriptor[] {file.descriptor()} : descriptors());
        }

        private void unmap() throws IOException {
            play("VF-4");
            byte[] unmap = switch (random.nextInt(8)) {
                case 0 -> Wire.unmap(2, 0, 0);
                case 1 -> Wire.payload().u32(number()).u32(1).u64(number()).u64(number()).u64(PAGE).u64(number())
                        .bytes();
                case 2 -> Wire.unmap((int) number(), number(), number());
                default -> Wire.unmap(0, (long) PAGE * random.nextInt(64), (long) PAGE * random.nextInt(PAGES));
            };
            send(Wire.DMA_UNMAP, unmap, random.nextInt(8) == 0 ? descriptors() : new FileDescriptor[0]);
        }

        private void interrupts() throws IOException {
            play("VF-5");
            int flags = random.nextInt(4) == 0 ? random.nextInt(256)
                    : 1 << random.nextInt(3) | 8 << random.nextInt(3);
            FileDescriptor[] with = descriptors();
            long count = random.nextBoolean() ? with.length : number();
            byte[] data = (flags & Wire.BOOL) != 0 ? new byte[Math.clamp(count, 0, 64)] : new byte[0];
            random.nextBytes(data);
            send(Wire.DEVICE_SET_IRQS, Wire.interrupts(flags, random.nextInt(6),
                    random.nextBoolean() ? 0 : number(), count, data), with);
        }

        private void capabilities() throws IOException {
            play("VF-6");
            switch (random.nextInt(4)) {
                case 0 -> send(Wire.DEVICE_FEATURE, Wire.payload().u32(number()).u32(number()).raw(bytes(64)).bytes());
                case 1 -> send(random.nextBoolean() ? Wire.MIG_DATA_READ : Wire.MIG_DATA_WRITE, bytes(300));
                default -> version();
            }
        }

        /** A connection that begins with a damaged proposal. */
        private void version() throws IOException {
            client.close();
            byte[] json = Client.QEMU.getBytes(StandardCharsets.UTF_8);
            for (int damage = random.nextInt(4); damage > 0; damage--) {
                json[random.nextInt(json.length)] = (byte) (random.nextBoolean()
                        ? "{}[]\":,\\0-e. nul".charAt(random.nextInt(16)) : random.nextInt(256));
            }
            byte[] payload = Wire.payload().u16(random.nextInt(8) == 0 ? 1 : 0).u16(random.nextInt(3))
                    .raw(json).u8(random.nextInt(16) == 0 ? 1 : 0).bytes();
            client = new Client(UnixSocket.connect(address));
            client.send(Wire.message(id(), Wire.VERSION, flags(), payload));
            assertServed(true);
        }

        void close() {
            client.close();
            server.close();
            instance.close();
            file.close();
            unsealed.close();
            event.close();
        }
    }
}
