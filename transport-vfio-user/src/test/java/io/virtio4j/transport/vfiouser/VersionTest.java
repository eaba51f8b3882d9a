// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [VFIO_USER_VERSION] */
class VersionTest {

    private static String agreed(String proposal) {
        try (Served served = new Served(); Client client = served.connect()) {
            ByteBuffer reply = client.call(Wire.VERSION, Wire.version(0, 0, proposal));
            assertEquals(0, reply.getInt());
            byte[] json = new byte[reply.remaining() - 1];
            reply.get(json);
            assertEquals(0, reply.get(), "ends in NUL");
            client.assertServed();
            return new String(json, StandardCharsets.UTF_8);
        }
    }

    /** The version is refused, the connection closed, and the next client served. */
    private static void assertRefused(byte[] payload) {
        try (Served served = new Served(); Client client = served.connect()) {
            client.refused(Wire.EINVAL, Wire.VERSION, payload);
            client.assertClosed();
            served.awaitEnd();
            try (Client next = served.negotiated()) {
                next.assertServed();
            }
        }
    }

    private static void assertRefused(String json) {
        assertRefused(Wire.version(0, 0, json));
    }

    // ── Agreement ──────────────────────────────────────────────────────────

    @Test
    void qemu_gets_what_it_proposes_within_our_limits() {
        assertEquals("{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":1048576,"
                + "\"max_dma_maps\":4096,\"write_multiple\":true}}", agreed(Client.QEMU));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 0x7FFF, 0x8000, 0xFFFF})
    void every_minor_version_is_answered_with_ours(int minor) {
        try (Served served = new Served(); Client client = served.connect()) {
            ByteBuffer reply = client.call(Wire.VERSION, Wire.version(0, minor, "{}"));

            assertEquals(0, reply.getShort(0));
            assertEquals(0, reply.getShort(2));
            client.assertServed();
        }
    }

    @Test
    void without_version_data_there_is_none_in_the_reply() {
        try (Served served = new Served(); Client client = served.connect()) {
            assertEquals(4, client.call(Wire.VERSION, new byte[4]).remaining());
            client.assertServed();
        }
        try (Served served = new Served(); Client client = served.connect()) {
            assertEquals(4, client.call(Wire.VERSION, Wire.version(0, 0, "")).remaining());
            client.assertServed();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', value = {
        "{} ; {}",
        "{\"capabilities\":{}} ; {\"capabilities\":{}}",
        "{\"other\":[1,2,{\"a\":null}]} ; {}",
        "{\"capabilities\":{\"max_dma_maps\":7}} ; {\"capabilities\":{\"max_dma_maps\":7}}",
        "{\"capabilities\":{\"max_dma_maps\":4294967295}} ; {\"capabilities\":{\"max_dma_maps\":4096}}",
        "{\"capabilities\":{\"max_msg_fds\":0}} ; {\"capabilities\":{\"max_msg_fds\":16}}",
        "{\"capabilities\":{\"write_multiple\":false}} ; {\"capabilities\":{\"write_multiple\":false}}",
        "{\"capabilities\":{\"twin_socket\":{\"supported\":true}}} ; {\"capabilities\":{}}",
        "{\"capabilities\":{\"pgsizes\":4096,\"unknown\":\"x\"}} ; {\"capabilities\":{}}",
        "{\"\\u0063apabilities\":{\"max\\u005fdma_maps\":1}} ; {\"capabilities\":{\"max_dma_maps\":1}}",
    })
    void nothing_is_answered_that_was_not_proposed(String proposal, String reply) {
        assertEquals(reply, agreed(proposal));
    }

    @Test
    void several_writes_in_a_message_need_the_capability() {
        for (String without : List.of("{}", "{\"capabilities\":{\"write_multiple\":false}}")) {
            try (Served served = new Served(); Client client = served.connect()) {
                client.call(Wire.VERSION, Wire.version(0, 0, without));

                client.refused(Wire.EINVAL, Wire.REGION_WRITE_MULTI, Wire.payload().u64(0).bytes());
            }
        }
    }

    @Test
    void what_one_client_negotiated_does_not_hold_for_the_next() {
        try (Served served = new Served()) {
            try (Client first = served.negotiated()) {
                first.call(Wire.REGION_WRITE_MULTI, Wire.payload().u64(0).bytes());
            }
            served.awaitEnd();
            try (Client second = served.connect()) {
                second.call(Wire.VERSION, Wire.version(0, 0, "{}"));

                second.refused(Wire.EINVAL, Wire.REGION_WRITE_MULTI, Wire.payload().u64(0).bytes());
            }
        }
    }

    // ── Refusal ────────────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 0x8000, 0xFFFF})
    void another_major_version_is_refused(int major) {
        assertRefused(Wire.version(major, 0, Client.QEMU));
    }

    @Test
    @HostileCase("VF-1")
    void a_second_version_is_refused_and_the_connection_goes_on() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            client.refused(Wire.EINVAL, Wire.VERSION, Wire.version(0, 0, Client.QEMU));
            client.assertServed();
        }
    }

    @Test
    @HostileCase("VF-1")
    void a_version_that_is_too_short_is_refused() {
        for (int length = 0; length < 4; length++) {
            assertRefused(new byte[length]);
        }
        HostileCases.count("VF-1", 4);
    }

    @Test
    void a_version_without_reply_is_taken_and_a_bad_one_ends_the_connection() {
        try (Served served = new Served(); Client client = served.connect()) {
            client.post(Wire.VERSION, Wire.version(0, 0, Client.QEMU));
            client.assertServed();
        }
        try (Served served = new Served(); Client client = served.connect()) {
            client.post(Wire.VERSION, Wire.version(1, 0, Client.QEMU));
            client.assertClosed();
        }
    }

    @Test
    @HostileCase("VF-6")
    void version_data_that_is_no_object_in_json_is_refused() {
        List<String> bad = List.of(
                " ", "{", "}", "\"", "[", "]", "{]", "[}", "null", "true", "0", "\"capabilities\"", "[]",
                "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "{1:2}", "{a:1}", "{'a':1}",
                "{\"a\":1}{}", "{} x", "{\"a\":01}", "{\"a\":+1}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}",
                "{\"a\":-}", "{\"a\":0x10}", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":tru}", "{\"a\":True}",
                "{\"a\":nul}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12G4\"}", "{\"a\":\"\n\"}",
                "{\"a\":\"", "{\"a\":\"\\", "{\"a\":1/*x*/}", "// x\n{}", "{\"a\":[1,]}", "{\"a\":[,1]}",
                "{\"a\":1,\"a\":2}", "{\"capabilities\":{},\"capabilities\":{}}", "\u0000{}", "{}\u0000");
        bad.forEach(VersionTest::assertRefused);
        HostileCases.count("VF-6", bad.size());
    }

    @Test
    @HostileCase("VF-6")
    void capabilities_of_the_wrong_type_are_refused() {
        List<String> bad = List.of(
                "{\"capabilities\":23}", "{\"capabilities\":\"23\"}", "{\"capabilities\":null}",
                "{\"capabilities\":[]}", "{\"capabilities\":true}");
        bad.forEach(VersionTest::assertRefused);
        List<String> values = List.of("\"foo\"", "-1", "4294967296", "9223372036854775807",
                "9223372036854775808", "1e3", "1.5", "-0.0", "null", "true", "{}", "[1]",
                "123456789012345678901234567890", "1e999999999");
        long played = bad.size();
        for (String name : List.of("max_msg_fds", "max_data_xfer_size", "max_dma_maps")) {
            for (String value : values) {
                assertRefused("{\"capabilities\":{\"" + name + "\":" + value + "}}");
                played++;
            }
        }
        for (String value : List.of("0", "1", "null", "\"true\"", "{}", "[true]")) {
            assertRefused("{\"capabilities\":{\"write_multiple\":" + value + "}}");
            played++;
        }
        HostileCases.count("VF-6", played);
    }

    @Test
    @HostileCase("VF-6")
    void version_data_has_to_end_in_nul() {
        assertRefused(Wire.payload().u32(0).raw("{}".getBytes(StandardCharsets.UTF_8)).bytes());
        assertRefused(Wire.payload().u32(0).u8(' ').bytes());
        HostileCases.count("VF-6", 2);
    }

    @Test
    @HostileCase("VF-6")
    void version_data_in_another_encoding_is_refused() {
        List<byte[]> bad = List.of(
                Wire.payload().raw((byte) 0xFF).bytes(),
                Wire.payload().raw((byte) 0xC0, (byte) 0x80).bytes(), // NUL, too long
                Wire.payload().raw((byte) 0xED, (byte) 0xA0, (byte) 0x80).bytes(), // half a surrogate pair
                Wire.payload().raw((byte) 0xE2, (byte) 0x82).bytes(), // cut short
                "{}".getBytes(StandardCharsets.UTF_16LE),
                "{}".getBytes(StandardCharsets.UTF_16BE));
        for (byte[] bytes : bad) {
            assertRefused(Wire.payload().u32(0).raw("{\"a\":\"".getBytes(StandardCharsets.UTF_8)).raw(bytes)
                    .raw("\"}".getBytes(StandardCharsets.UTF_8)).u8(0).bytes());
            assertRefused(Wire.payload().u32(0).raw(bytes).u8(0).bytes());
        }
        HostileCases.count("VF-6", 2 * bad.size());
    }

    @Test
    @HostileCase("VF-6")
    void huge_and_deep_version_data_is_refused() {
        List<String> bad = List.of(
                "{\"a\":" + "[".repeat(9) + "]".repeat(9) + "}",
                "{\"a\":".repeat(9) + "1" + "}".repeat(9),
                "[".repeat(4000),
                "{\"a\":".repeat(800),
                "{\"a\":\"" + "x".repeat(4096) + "\"}",
                "{\"a\":" + "9".repeat(4080) + "}",
                "{" + " ".repeat(4096) + "}",
                " ".repeat(1 << 20));
        bad.forEach(VersionTest::assertRefused);
        HostileCases.count("VF-6", bad.size());
    }

    @Test
    void version_data_may_be_as_deep_and_as_long_as_the_limits() {
        assertEquals("{}", agreed("{\"a\":" + "[".repeat(7) + "]".repeat(7) + "}"));
        assertEquals("{}", agreed("{\"a\":\"" + "x".repeat(4088) + "\"}"));
    }

    /** Every prefix, and random damage, of a good proposal: answered, or refused and closed. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    @HostileCase("VF-6")
    void damaged_version_data_is_answered_or_refused(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] good = Client.QEMU.getBytes(StandardCharsets.UTF_8);
        int played = 400;
        for (int i = 0; i < played; i++) {
            byte[] data = good.clone();
            int length = random.nextBoolean() ? data.length : random.nextInt(data.length);
            for (int damage = random.nextInt(3); damage > 0; damage--) {
                data[random.nextInt(data.length)] = (byte) random.nextInt(256);
            }
            try (Served served = new Served(); Client client = served.connect()) {
                Client.Reply reply = client.ask(Wire.VERSION,
                        Wire.payload().u32(0).raw(Arrays.copyOf(data, length)).u8(0).bytes());
                if (reply.failed()) {
                    assertEquals(Wire.EINVAL, reply.error());
                    client.assertClosed();
                } else {
                    assertFalse(reply.payload().length == 0);
                    client.assertServed();
                }
            }
        }
        HostileCases.count("VF-6", played);
    }
}
