// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Messages as bytes, without a socket: what is not a message is refused, and what is refused changes nothing. */
class ParserTest {

    private static final int REQUESTS = 50;
    private static final int[] RING_STATES = {
        FrontEnd.SET_VRING_NUM, FrontEnd.SET_VRING_BASE, FrontEnd.GET_VRING_BASE, FrontEnd.SET_VRING_ENABLE,
    };
    private static final int[] RING_EVENTS = {
        FrontEnd.SET_VRING_KICK, FrontEnd.SET_VRING_CALL, FrontEnd.SET_VRING_ERR,
    };

    private final TestDevice device = new TestDevice();
    private final DeviceInstance instance = DeviceInstance.of(device).runner(Runner.manual()).build();
    private final Session session;
    private final Message message = new Message();

    ParserTest() {
        VhostUserServerBuilder choices = VhostUserServer.of(instance);
        session = new Session(choices, new Notifications(TestDevice.QUEUES));
        answer(FrontEnd.SET_PROTOCOL_FEATURES, FrontEnd.u64(ProtocolFeature.mask(choices.offered())));
    }

    @AfterEach
    void close() {
        session.close();
        message.close();
        instance.close();
    }

    /** The reply; {@code null} if there is none to a message that was served. */
    private byte @Nullable [] exchange(byte[] bytes) throws Refusal {
        message.load(bytes);
        int reply = session.handle(message);
        return reply == Session.NO_REPLY ? null : message.replyBytes(reply);
    }

    private byte @Nullable [] answer(int request, byte[] payload) {
        try {
            return exchange(FrontEnd.message(request, FrontEnd.VERSION, payload));
        } catch (Refusal e) {
            throw new AssertionError(e);
        }
    }

    private void refused(int request, int flags, byte[] payload) {
        assertThrows(Refusal.class, () -> exchange(FrontEnd.message(request, flags, payload)),
                () -> "request=" + request + " flags=" + flags + " payload=" + payload.length);
    }

    private void alive() {
        byte[] reply = answer(FrontEnd.GET_QUEUE_NUM, new byte[0]);
        assertNotNull(reply);
        assertEquals(TestDevice.QUEUES, ByteBuffer.wrap(reply).order(ByteOrder.LITTLE_ENDIAN).getLong(12));
    }

    @Test
    void a_message_is_served_from_bytes() {
        byte[] reply = answer(FrontEnd.GET_FEATURES, new byte[0]);

        assertNotNull(reply);
        ByteBuffer fields = ByteBuffer.wrap(reply).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(FrontEnd.GET_FEATURES, fields.getInt());
        assertEquals(FrontEnd.VERSION | FrontEnd.REPLY, fields.getInt());
        assertEquals(8, fields.getInt());
        assertEquals(instance.offered().low() | FrontEnd.F_PROTOCOL_FEATURES | FrontEnd.F_LOG_ALL,
                fields.getLong());
        assertNull(answer(FrontEnd.SET_OWNER, new byte[0]));
    }

    @Test
    @HostileCase("VU-1")
    void a_header_of_another_version_or_with_flags_of_a_reply_is_refused() {
        int cases = 0;
        for (int flags = 0; flags < 64; flags++) {
            if (flags != FrontEnd.VERSION && flags != (FrontEnd.VERSION | FrontEnd.NEED_REPLY)) {
                refused(FrontEnd.GET_QUEUE_NUM, flags, new byte[0]);
                cases++;
            }
        }
        alive();
        HostileCases.count("VU-1", cases - 1);
    }

    @Test
    @HostileCase("VU-1")
    void a_payload_of_another_length_is_refused_whatever_the_request() {
        int cases = 0;
        for (int request = 0; request < REQUESTS; request++) {
            Request known = Request.of(request);
            for (int length = 0; length <= 72; length++) {
                if (known == null || known.payload != Request.VARIABLE && known.payload != length) {
                    int number = request;
                    byte[] payload = new byte[length];
                    if (known == Request.CHECK_DEVICE_STATE || known == Request.SET_DEVICE_STATE_FD) {
                        assertNotNull(answer(number, payload)); // these say no by their reply
                    } else {
                        refused(number, FrontEnd.VERSION, payload);
                    }
                    cases++;
                }
            }
        }
        alive();
        HostileCases.count("VU-1", cases - 1);
    }

    @Test
    @HostileCase("VU-1")
    void a_size_that_lies_is_refused() {
        int cases = 0;
        for (long size : new long[] {1, 7, 9, 4096, 4097, 0xFFFF, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL}) {
            byte[] bytes = FrontEnd.message(FrontEnd.SET_FEATURES, FrontEnd.VERSION, new byte[8]);
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(8, (int) size);
            assertThrows(Refusal.class, () -> exchange(bytes));
            cases++;
        }
        alive();
        HostileCases.count("VU-1", cases - 1);
    }

    @Test
    @HostileCase("VU-1")
    void bytes_at_random_break_nothing() {
        long seed = 0xB17E5L;
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int cases = 20_000;
        for (int i = 0; i < cases; i++) {
            byte[] payload = new byte[random.nextInt(60)];
            random.nextBytes(payload);
            if (random.nextBoolean() && payload.length > 8) {
                payload[0] = (byte) random.nextInt(3);
                payload[1] = 0;
                payload[2] = 0;
                payload[3] = 0;
            }
            int request = random.nextInt(REQUESTS);
            if (request == FrontEnd.SET_PROTOCOL_FEATURES) {
                continue; // the others are to be reached
            }
            try {
                exchange(FrontEnd.message(request, FrontEnd.VERSION | random.nextInt(2) * FrontEnd.NEED_REPLY,
                        payload));
            } catch (Refusal refusal) {
                assertTrue(String.valueOf(refusal.getMessage()).length() > 5);
            }
        }
        alive();
        HostileCases.count("VU-1", cases - 1);
    }

    @Test
    @HostileCase("VU-4")
    void a_ring_that_is_not_there_is_refused_by_every_message() {
        int cases = 0;
        long[] indices = {
            2, 3, 127, 128, 255, 256, 257, 0x1_0000, 0x1_0001, 0x7FFF_FFFFL, 0x8000_0000L, 0x8000_0001L, 0xFFFF_FFFFL,
        };
        for (long index : indices) {
            for (int request : RING_STATES) {
                refused(request, FrontEnd.VERSION, FrontEnd.u32s(index, 1));
                cases++;
            }
            refused(FrontEnd.SET_VRING_ADDR, FrontEnd.VERSION, FrontEnd.addresses(index, 0, 0, 0, 0, 0));
            cases++;
        }
        for (long index = 2; index <= 0xFF; index++) {
            for (int request : RING_EVENTS) {
                refused(request, FrontEnd.VERSION, FrontEnd.u64(index | FrontEnd.NO_FD));
                cases++;
            }
        }
        for (int bit = 9; bit < 64; bit++) {
            for (int request : RING_EVENTS) {
                refused(request, FrontEnd.VERSION, FrontEnd.u64(1L << bit | FrontEnd.NO_FD));
                refused(request, FrontEnd.VERSION, FrontEnd.u64(1L << bit | 1 | FrontEnd.NO_FD));
                cases += 2;
            }
        }
        alive();
        HostileCases.count("VU-4", cases - 1);
    }

    @Test
    @HostileCase("VU-4")
    void more_queues_than_there_are_cannot_be_tracked() {
        int cases = 0;
        for (int queues : new int[] {0, TestDevice.QUEUES + 1, 255, 256, 0xFFFF}) {
            refused(FrontEnd.GET_INFLIGHT_FD, FrontEnd.VERSION,
                    FrontEnd.inflight(0, 0, queues, TestDevice.SIZE));
            cases++;
        }
        alive();
        HostileCases.count("VU-4", cases - 1);
    }

    @Test
    @HostileCase("VU-8")
    void configuration_past_the_end_is_answered_without_payload_and_not_written() {
        int cases = 0;
        int size = TestDevice.CONFIG_SIZE;
        for (long offset : new long[] {0, 1, size - 1, size, size + 1, 0x7FFF_FFFFL, 0xFFFF_FFFFL}) {
            for (long length : new long[] {0, 1, size, size + 1, 100}) {
                if (offset + length > size) {
                    byte[] data = new byte[(int) length];
                    byte[] reply = answer(FrontEnd.GET_CONFIG, FrontEnd.config(offset, length, 0, data));
                    assertNotNull(reply);
                    assertEquals(FrontEnd.HEADER, reply.length);
                    refused(FrontEnd.SET_CONFIG, FrontEnd.VERSION, FrontEnd.config(offset, length, 0, data));
                    cases += 2;
                }
            }
        }
        // A size that is not that of the payload.
        for (long length : new long[] {0, 3, 5, 0xFFFF_FFFFL}) {
            byte[] reply = answer(FrontEnd.GET_CONFIG, FrontEnd.config(0, length, 0, new byte[4]));
            assertNotNull(reply);
            assertEquals(FrontEnd.HEADER, reply.length);
            refused(FrontEnd.SET_CONFIG, FrontEnd.VERSION, FrontEnd.config(0, length, 0, new byte[4]));
            cases += 2;
        }
        refused(FrontEnd.SET_CONFIG, FrontEnd.VERSION, FrontEnd.config(0, 4, 2, new byte[4]));
        assertEquals(1, instance.readConfig(0, 1));
        HostileCases.count("VU-8", cases);
    }

    @Test
    @HostileCase("VU-8")
    void an_acknowledgment_that_was_not_negotiated_is_refused() {
        answer(FrontEnd.SET_PROTOCOL_FEATURES, FrontEnd.u64(1L << ProtocolFeature.CONFIG.bit()));

        for (int request = 0; request < REQUESTS; request++) {
            Request known = Request.of(request);
            byte[] payload = new byte[known == null ? 0 : Math.max(0, known.payload)];
            if (known != Request.GET_CONFIG) { // says no by its reply
                refused(request, FrontEnd.VERSION | FrontEnd.NEED_REPLY, payload);
            }
        }
        HostileCases.count("VU-8", REQUESTS - 2);
    }

    @Test
    void the_message_that_negotiates_acknowledgments_is_acknowledged() throws Refusal {
        answer(FrontEnd.SET_PROTOCOL_FEATURES, FrontEnd.u64(0));

        byte[] reply = exchange(FrontEnd.message(FrontEnd.SET_PROTOCOL_FEATURES,
                FrontEnd.VERSION | FrontEnd.NEED_REPLY, FrontEnd.u64(1L << ProtocolFeature.REPLY_ACK.bit())));

        assertNotNull(reply);
        assertEquals(0, ByteBuffer.wrap(reply).order(ByteOrder.LITTLE_ENDIAN).getLong(12));
    }

    @Test
    @HostileCase("VU-8")
    void what_was_not_negotiated_is_refused() {
        answer(FrontEnd.SET_PROTOCOL_FEATURES, FrontEnd.u64(0));
        int cases = 0;
        for (Request request : Request.values()) {
            if (request.requires != null) {
                refused(request.number, FrontEnd.VERSION, new byte[Math.max(0, request.payload)]);
                cases++;
            }
        }
        alive();
        HostileCases.count("VU-8", cases - 1);
    }

    @Test
    void features_that_are_not_offered_are_refused() {
        refused(FrontEnd.SET_PROTOCOL_FEATURES, FrontEnd.VERSION, FrontEnd.u64(1L << 8));
        refused(FrontEnd.SET_PROTOCOL_FEATURES, FrontEnd.VERSION,
                FrontEnd.u64(1L << ProtocolFeature.RARP.bit()));
        refused(FrontEnd.SET_PROTOCOL_FEATURES, FrontEnd.VERSION, FrontEnd.u64(-1));
        answer(FrontEnd.SET_PROTOCOL_FEATURES, FrontEnd.u64(0));
        refused(FrontEnd.SET_FEATURES, FrontEnd.VERSION, FrontEnd.u64(FrontEnd.F_VERSION_1 | 1));
        refused(FrontEnd.SET_FEATURES, FrontEnd.VERSION, FrontEnd.u64(0));
        assertEquals(0, instance.status());
    }
}
