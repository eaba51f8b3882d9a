// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** [Header], [Commands], [Command Concurrency] */
class HeaderTest {

    private static final int GUARD_ID = 0x600D;

    @Test
    void id_and_command_come_back_in_the_reply() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            for (int id : new int[] {0, 1, 0x7FFF, 0x8000, 0xFFFF, 0xFFFF}) {
                client.send(Wire.message(id, Wire.DEVICE_GET_INFO, 0, Wire.deviceInfo()));

                Client.Reply reply = client.receive();

                assertEquals(id, reply.id());
                assertEquals(Wire.DEVICE_GET_INFO, reply.command());
                assertFalse(reply.failed());
            }
        }
    }

    @Test
    void messages_that_come_together_are_served_in_their_order() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            Wire together = Wire.payload();
            for (int i = 0; i < 100; i++) {
                together.raw(Wire.message(i, Wire.REGION_WRITE, i % 3 == 0 ? Wire.NO_REPLY : 0,
                        Wire.access(0, i, 1, (byte) i)));
            }
            client.send(together.bytes());

            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                if (i % 3 != 0) {
                    assertEquals(i, client.receive().id());
                }
                expected.add("bar0 " + i + " 1 = " + Integer.toHexString(i));
            }
            client.assertServed();
            assertEquals(expected, served.function.takeAccesses());
        }
    }

    @Test
    void a_message_may_come_byte_by_byte() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            for (byte each : Wire.message(7, Wire.DEVICE_GET_INFO, 0, Wire.deviceInfo())) {
                client.send(new byte[] {each});
            }

            assertEquals(7, client.receive().id());
        }
    }

    @Test
    void no_reply_is_sent_where_none_is_wanted() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            client.post(Wire.REGION_WRITE, Wire.access(0, 0, 4, new byte[4]));
            client.post(Wire.REGION_READ, Wire.access(0, 8, 4));
            client.post(Wire.DEVICE_RESET, new byte[0]);

            client.assertServed();

            assertEquals(List.of("bar0 0 4 = 0", "bar0 8 4"), served.function.takeAccesses());
            assertEquals(1, served.function.resets.get());
        }
    }

    // ── What must not come ─────────────────────────────────────────────────

    @Test
    @HostileCase("VF-1")
    void a_size_that_cannot_be_is_answered_and_ends_the_connection() {
        long[] sizes = {0, 1, 15, Wire.MOST_MESSAGE + 1, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL};
        for (long size : sizes) {
            try (Served served = new Served(); Client client = served.negotiated()) {
                client.send(Wire.header(GUARD_ID, Wire.REGION_WRITE, size, 0, 0).bytes());

                Client.Reply reply = client.receive();

                assertEquals(GUARD_ID, reply.id());
                assertTrue(reply.failed());
                assertEquals(Wire.EINVAL, reply.error());
                client.assertClosed();
                assertServesTheNext(served);
            }
        }
        HostileCases.count("VF-1", sizes.length);
    }

    @Test
    @HostileCase("VF-1")
    void a_reply_that_nobody_asked_for_ends_the_connection_without_one() {
        int[] types = {1, 2, 7, 15};
        for (int type : types) {
            try (Served served = new Served(); Client client = served.negotiated()) {
                client.send(Wire.message(GUARD_ID, Wire.DMA_READ, type, new byte[32]));

                client.assertClosed();
                assertServesTheNext(served);
            }
        }
        HostileCases.count("VF-1", types.length);
    }

    @Test
    @HostileCase("VF-1")
    void commands_that_are_not_known_are_refused() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            int[] commands = {0, 14, 19, 20, 255, 256, 0x7FFF, 0x8000, 0xFFFF};
            for (int command : commands) {
                client.refused(Wire.ENOSYS, command, new byte[24]);
            }
            client.assertServed();
            HostileCases.count("VF-1", commands.length);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Wire.DMA_READ, Wire.DMA_WRITE})
    @HostileCase("VF-1")
    void commands_of_servers_are_refused(int command) {
        try (Served served = new Served(); Client client = served.negotiated()) {
            client.refused(Wire.EINVAL, command, new byte[24]);
            client.assertServed();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Wire.DEVICE_GET_REGION_IO_FDS, Wire.MIG_DATA_READ, Wire.MIG_DATA_WRITE})
    void what_is_not_offered_is_refused(int command) {
        try (Served served = new Served(); Client client = served.negotiated()) {
            client.refused(Wire.EOPNOTSUPP, command, Wire.payload().u32(16).u32(0).u32(0).u32(0).bytes());
            client.assertServed();
        }
    }

    @Test
    @HostileCase("VF-1")
    void reserved_bits_and_an_error_in_a_command_mean_nothing() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            int[] flags = {Wire.ERROR, 1 << 6, 1 << 31, 0xFFFF_FFC0};
            for (int reserved : flags) {
                client.send(Wire.header(GUARD_ID, Wire.DEVICE_GET_INFO, 32, reserved, -1)
                        .raw(Wire.deviceInfo()).bytes());

                Client.Reply reply = client.receive();

                assertNotNull(reply);
                assertFalse(reply.failed());
                assertEquals(0, reply.error());
            }
            HostileCases.count("VF-1", flags.length);
        }
    }

    /** The smallest payload of every command is one byte more than the largest that is refused. */
    @Test
    @HostileCase("VF-1")
    void payloads_that_are_too_short_are_refused() {
        Map<Integer, byte[]> requests = Map.of(
                Wire.DMA_MAP, Wire.map(3, 0, 0x1000, 0x1000),
                Wire.DMA_UNMAP, Wire.unmap(0, 0x1000, 0x1000),
                Wire.DEVICE_GET_INFO, Wire.deviceInfo(),
                Wire.DEVICE_GET_REGION_INFO, Wire.regionInfo(0),
                Wire.DEVICE_GET_IRQ_INFO, Wire.irqInfo(0),
                Wire.DEVICE_SET_IRQS, Wire.interrupts(Wire.NONE | Wire.TRIGGER, Wire.MSIX, 0, 0),
                Wire.REGION_READ, Wire.access(0, 0, 4),
                Wire.REGION_WRITE, Wire.access(0, 0, 4, new byte[4]),
                Wire.REGION_WRITE_MULTI, Wire.payload().u64(1).u64(0).u32(0).u32(4).u64(0).bytes(),
                Wire.DEVICE_FEATURE, Wire.payload().u32(8).u32(1 << 16 | 1).bytes());
        try (Served served = new Served(); Client client = served.negotiated()) {
            long played = 0;
            for (Map.Entry<Integer, byte[]> request : requests.entrySet()) {
                for (int length = 0; length < request.getValue().length; length++) {
                    client.refused(Wire.EINVAL, request.getKey(), Arrays.copyOf(request.getValue(), length));
                    played++;
                }
            }
            assertEquals(List.of(), served.function.takeAccesses());
            for (int length = 1; length < 64; length++) {
                client.refused(Wire.EINVAL, Wire.DEVICE_RESET, new byte[length]);
            }
            assertEquals(0, served.function.resets.get());
            client.assertServed();
            HostileCases.count("VF-1", played + 63);
        }
    }

    @Test
    @HostileCase("VF-1")
    void room_for_the_reply_that_is_too_small_is_refused() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            long[] rooms = {0, 1, 7};
            for (long argsz : rooms) {
                client.refused(Wire.EINVAL, Wire.DEVICE_GET_INFO, withArgsz(Wire.deviceInfo(), argsz));
                client.refused(Wire.EINVAL, Wire.DEVICE_GET_REGION_INFO, withArgsz(Wire.regionInfo(0), argsz));
                client.refused(Wire.EINVAL, Wire.DEVICE_GET_IRQ_INFO, withArgsz(Wire.irqInfo(0), argsz));
                client.refused(Wire.EINVAL, Wire.DMA_UNMAP, withArgsz(Wire.unmap(0, 0, 4096), argsz));
                client.refused(Wire.EINVAL, Wire.DMA_MAP, withArgsz(Wire.map(3, 0, 0, 4096), argsz));
                client.refused(Wire.EINVAL, Wire.DEVICE_FEATURE,
                        Wire.payload().u32(argsz).u32(1 << 16 | 1).bytes());
            }
            client.assertServed();
            HostileCases.count("VF-1", 6 * rooms.length);
        }
    }

    /** As clients do that know of more fields, or leave room for capabilities. */
    @Test
    void more_room_than_needed_is_fine() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            for (long argsz : new long[] {33, 64, 4096, 0xFFFF_FFFFL}) {
                byte[] longer = Arrays.copyOf(withArgsz(Wire.regionInfo(0), argsz), 40);

                var info = client.call(Wire.DEVICE_GET_REGION_INFO, longer);

                assertEquals(32, info.remaining());
                assertEquals(32, info.getInt(0));
            }
        }
    }

    private static byte[] withArgsz(byte[] payload, long argsz) {
        Wire.read(payload).putInt(0, (int) argsz);
        return payload;
    }

    // ── Before the version ─────────────────────────────────────────────────

    @Test
    @HostileCase("VF-1")
    void nothing_is_served_before_the_version_is_agreed() {
        int[] commands = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 0, 99};
        for (int command : commands) {
            try (Served served = new Served(); Client client = served.connect()) {
                client.refused(Wire.EINVAL, command, Wire.access(0, 0, 0));
                client.assertClosed();
                served.awaitEnd();
                assertEquals(List.of(), served.function.takeAccesses());
            }
        }
        HostileCases.count("VF-1", commands.length);
    }

    // ── When no reply is due ───────────────────────────────────────────────

    @Test
    @HostileCase("VF-1")
    void a_refusal_ends_the_connection_if_no_reply_is_due() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            client.post(Wire.REGION_READ, Wire.access(0, -1, 1));

            client.assertClosed();
            assertServesTheNext(served);
        }
    }

    // ── Descriptors ────────────────────────────────────────────────────────

    @Test
    @HostileCase("VF-1")
    void descriptors_of_a_refused_message_are_closed() throws IOException {
        try (Served served = new Served(); Client client = served.negotiated(); EventFd event = EventFd.create()) {
            Map<String, Integer> before = OpenFiles.now();
            FileDescriptor[] some = new FileDescriptor[16];
            Arrays.fill(some, event.descriptor());
            int[] without = {Wire.DEVICE_GET_INFO, Wire.DEVICE_GET_REGION_INFO, Wire.DEVICE_GET_IRQ_INFO,
                Wire.DEVICE_RESET, Wire.REGION_READ, Wire.REGION_WRITE, Wire.REGION_WRITE_MULTI,
                Wire.DMA_UNMAP, Wire.DEVICE_FEATURE, Wire.VERSION};
            for (int command : without) {
                client.refused(Wire.EINVAL, command, Wire.payload().u64(16).u64(0).u64(0).u64(0).bytes(), some);
            }
            client.refused(Wire.ENOSYS, 99, new byte[0], some);
            client.refused(Wire.EINVAL, Wire.DMA_MAP, new byte[3], some);
            client.refused(Wire.EINVAL, Wire.DMA_MAP, Wire.map(3, 0, 0, 4096), some);
            client.refused(Wire.EINVAL, Wire.DMA_MAP, Wire.map(3, 0, 0, 4096), event.descriptor());
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS,
                    Wire.interrupts(Wire.BOOL | Wire.TRIGGER, Wire.MSIX, 0, 1, (byte) 1), some);
            client.assertServed();

            assertEquals(before, OpenFiles.now());
            HostileCases.count("VF-1", without.length + 5);
        }
    }

    @Test
    @HostileCase("VF-1")
    void more_descriptors_than_agreed_end_the_connection() throws IOException {
        try (Served served = new Served(); Client client = served.negotiated(); EventFd event = EventFd.create()) {
            Map<String, Integer> before = OpenFiles.now();
            FileDescriptor[] many = new FileDescriptor[17];
            Arrays.fill(many, event.descriptor());

            client.send(Wire.message(GUARD_ID, Wire.DEVICE_GET_INFO, 0, Wire.deviceInfo()), many);

            client.assertClosed();
            served.awaitEnd();
            assertEquals(OpenFiles.without(before, "socket", 1), OpenFiles.now()); // the server's end
        }
    }

    @Test
    @HostileCase("VF-1")
    void descriptors_in_the_middle_of_a_message_end_the_connection() throws IOException {
        try (Served served = new Served(); Client client = served.negotiated(); EventFd event = EventFd.create()) {
            Map<String, Integer> before = OpenFiles.now();
            byte[] whole = Wire.message(GUARD_ID, Wire.DEVICE_GET_INFO, 0, Wire.deviceInfo());

            client.send(Arrays.copyOf(whole, 20));
            client.send(Arrays.copyOfRange(whole, 20, 32), event.descriptor());

            client.assertClosed();
            served.awaitEnd();
            assertEquals(OpenFiles.without(before, "socket", 1), OpenFiles.now());
        }
    }

    private static void assertServesTheNext(Served served) {
        served.awaitEnd();
        try (Client next = served.negotiated()) {
            next.assertServed();
        }
    }
}
