// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import static io.virtio4j.i2c.I2cRig.ERR;
import static io.virtio4j.i2c.I2cRig.FAIL_NEXT;
import static io.virtio4j.i2c.I2cRig.M_RD;
import static io.virtio4j.i2c.I2cRig.OK;
import static io.virtio4j.i2c.I2cRig.addr;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.i2c.I2cRig.Sent;
import io.virtio4j.i2c.simulated.SimulatedBus;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that no honest driver sends, with both rings, direct and indirect. */
@ParameterizedClass(name = "{0}")
@MethodSource("drivers")
class HostileI2cTest {

    private static final int TARGET = 0x21;
    private static final int MOST = 8192;
    private static final long NOWHERE = 0xDEAD_0000L;

    @Parameter
    private DriverOptions options;

    private final SimulatedBus bus = new SimulatedBus();
    private final RecordingTarget target = bus.attach(TARGET, new RecordingTarget());
    private I2cRig rig;

    static Stream<DriverOptions> drivers() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed()).flatMap(options ->
                Stream.of(options.layout(Layout.AS_LINUX), options.layout(Layout.INDIRECT)));
    }

    @BeforeEach
    void start() {
        rig = I2cRig.of(new I2cDevice(bus), options);
    }

    /** Whatever came before: the target saw nothing of it, and the queue serves. */
    @AfterEach
    void the_queue_serves() {
        assertEquals("", target.seen());
        assertEquals(OK, rig.write(TARGET, 7));
        assertEquals("SW 07 P", target.seen());
        rig.close();
    }

    private void assertRefused(Sent sent) {
        assertEquals(ERR, sent.status());
        // On errors only the status byte counts, and only it was written.
        assertEquals(1, sent.submitted().usedLength());
        byte[] writable = sent.submitted().writable();
        for (int i = 0; i < writable.length - 1; i++) {
            assertEquals(Submitted.UNTOUCHED, writable[i]);
        }
    }

    private Submitted exchange(Descriptor... descriptors) {
        Submitted submitted = rig.queue().add(List.of(descriptors),
                options.layout() == Layout.INDIRECT ? 0 : descriptors.length);
        rig.publish();
        return rig.queue().await(submitted);
    }

    private GuestBuffer header(int addr, int flags) {
        GuestBuffer header = rig.driver().ram().allocate(16);
        header.write(0, I2cRig.bytes(addr, flags));
        return header;
    }

    private GuestBuffer buffer(int bytes) {
        GuestBuffer buffer = rig.driver().ram().allocate(bytes);
        buffer.fill(0x77);
        return buffer;
    }

    // ── Lengths ────────────────────────────────────────────────────────────

    @Test
    @HostileCase("IC-1")
    void messages_up_to_the_limit_are_served_and_longer_ones_refused() {
        try (I2cRig large = I2cRig.of(I2cDevice.of(bus).maxMessageBytes(100).build(), options)) {
            assertEquals(100, large.sendRead(addr(TARGET), 0, 100).data().length);
            assertEquals(OK, large.sendWrite(addr(TARGET), 0, new int[100]).status());
            target.seen();
            assertRefused(large.sendRead(addr(TARGET), 0, 101));
            assertRefused(large.sendWrite(addr(TARGET), 0, new int[101]));
            assertEquals(2, large.count(I2cCounter.INVALID));
        }
        assertRefused(rig.sendRead(addr(TARGET), 0, MOST + 1));
        assertRefused(rig.sendWrite(addr(TARGET), 0, new int[MOST + 1]));
    }

    /** The same page of memory again and again: 4 GiB is cheap for a driver to claim. */
    @ParameterizedTest
    @ValueSource(longs = {MOST + 1, 1L << 20, 1L << 31, 0xFFFF_FF00L})
    @HostileCase("IC-1")
    void nothing_is_allocated_or_moved_for_a_length_that_is_too_much(long claimed) {
        GuestBuffer data = buffer(1 << 20);
        GuestBuffer status = buffer(1);
        for (boolean read : new boolean[] {true, false}) {
            List<Descriptor> descriptors = new ArrayList<>();
            descriptors.add(new Descriptor(header(addr(TARGET), read ? M_RD : 0).address(), 8, false));
            long left = claimed;
            int pieces = 0;
            for (; left > 0 && pieces < 40; pieces++) {
                long piece = pieces == 39 ? left : Math.min(left, 1 << 20);
                // The last piece passes the end of memory.
                descriptors.add(new Descriptor(data.address(), piece, read));
                left -= piece;
            }
            descriptors.add(new Descriptor(status.address(), 1, true));
            status.fill(0x77);

            Submitted submitted = exchange(descriptors.toArray(Descriptor[]::new));

            assertEquals(1, submitted.usedLength());
            assertTrue(status.isFilledWith(ERR));
            assertTrue(data.isFilledWith(0x77));
        }
    }

    // ── Groups ─────────────────────────────────────────────────────────────

    @Test
    @HostileCase("IC-2")
    @Normative("I2C-6")
    void a_group_without_end_is_served_as_it_comes() {
        StringBuilder expected = new StringBuilder();
        for (int round = 0; round < 40; round++) {
            List<Sent> sent = new ArrayList<>();
            for (int i = 0; i < 15; i++) {
                sent.add(rig.addWrite(addr(TARGET), FAIL_NEXT, i));
                expected.append(" SW %02x".formatted(i));
            }
            rig.publish();
            sent.forEach(each -> assertEquals(OK, each.status()));
        }
        assertEquals(OK, rig.write(TARGET));

        assertEquals(expected.substring(1) + " SW P", target.seen());
    }

    @Test
    @HostileCase("IC-2")
    @Normative("I2C-7")
    void a_group_without_end_that_failed_fails_until_it_ends() {
        assertRefused(rig.sendWrite(addr(0x55), FAIL_NEXT, 0));
        for (int i = 0; i < 300; i++) {
            assertRefused(rig.sendWrite(addr(TARGET), FAIL_NEXT, i));
        }
        assertRefused(rig.sendWrite(addr(TARGET), 0, 1));
        assertEquals(301, rig.count(I2cCounter.NOT_ATTEMPTED));
    }

    @Test
    @HostileCase({"IC-2", "IC-3"})
    void an_invalid_request_fails_the_rest_of_its_group_and_what_was_before_it_is_done() {
        List<Sent> sent = List.of(
                rig.addWrite(addr(TARGET), FAIL_NEXT, 1),
                rig.addWrite(addr(TARGET) | 1, FAIL_NEXT, 2),
                rig.addWrite(addr(TARGET), 0, 3),
                rig.addWrite(addr(TARGET), 0, 4));
        rig.publish();

        assertEquals(List.of(OK, ERR, ERR, OK), sent.stream().map(Sent::status).toList());
        assertEquals("SW 01 P SW 04 P", target.seen());
    }

    @Test
    @HostileCase({"IC-2", "IC-3"})
    void an_invalid_request_ends_a_transaction_that_was_held() {
        assertEquals(OK, rig.sendWrite(addr(TARGET), FAIL_NEXT, 1).status());
        assertEquals("SW 01", target.seen());

        assertRefused(rig.sendWrite(addr(TARGET) | 1, 0, 2));

        assertEquals("P", target.seen());
    }

    // ── Addresses and flags ────────────────────────────────────────────────

    @Test
    @HostileCase("IC-3")
    void every_value_of_addr_that_is_no_address_is_refused() {
        int refused = 0;
        for (int addr = 0; addr <= 0xFFFF; addr += addr < 0x400 ? 1 : 77) {
            boolean tenBit = (addr & 0xF9) == 0xF0;
            boolean sevenBit = (addr & 0xFF01) == 0;
            if (!tenBit && !sevenBit) {
                assertRefused(rig.sendWrite(addr, 0, 1));
                refused++;
            } else if (addr != addr(TARGET)) {
                assertEquals(ERR, rig.sendWrite(addr, 0, 1).status());
            }
        }
        HostileCases.count("IC-3", refused);
        assertEquals(refused, rig.count(I2cCounter.INVALID));
    }

    @Test
    @HostileCase("IC-3")
    void reserved_flags_are_refused() {
        for (int bit = 2; bit < 32; bit++) {
            assertRefused(rig.sendWrite(addr(TARGET), 1 << bit, 1));
            assertRefused(rig.sendRead(addr(TARGET), 1 << bit, 1));
        }
    }

    // ── Shapes ─────────────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(ints = {0, FAIL_NEXT})
    @HostileCase("IC-3")
    void data_against_the_direction_is_refused(int flags) {
        GuestBuffer data = buffer(4);
        GuestBuffer status = buffer(1);
        Descriptor end = new Descriptor(status.address(), 1, true);
        Descriptor readable = new Descriptor(data.address(), 4, false);
        Descriptor writable = new Descriptor(data.address(), 4, true);
        Descriptor read = new Descriptor(header(addr(TARGET), M_RD | flags).address(), 8, false);
        Descriptor write = new Descriptor(header(addr(TARGET), flags).address(), 8, false);

        for (List<Descriptor> chain : List.of(List.of(read, readable, end), List.of(write, writable, end),
                List.of(read, readable, writable, end), List.of(write, readable, writable, end))) {
            status.fill(0x77);
            Submitted submitted = exchange(chain.toArray(Descriptor[]::new));

            assertEquals(1, submitted.usedLength());
            assertTrue(status.isFilledWith(ERR));
            assertTrue(data.isFilledWith(0x77));
        }
        // Ends the group.
        assertEquals(flags == 0 ? OK : ERR, rig.write(TARGET));
        target.seen();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7})
    @HostileCase("IC-3")
    void a_short_header_is_refused(int bytes) {
        GuestBuffer status = buffer(1);

        Submitted submitted = exchange(new Descriptor(header(addr(TARGET), FAIL_NEXT).address(), bytes, false),
                new Descriptor(status.address(), 1, true));

        assertEquals(1, submitted.usedLength());
        assertTrue(status.isFilledWith(ERR));
    }

    @Test
    @HostileCase("IC-3")
    void what_follows_the_header_in_its_buffer_is_data() {
        GuestBuffer header = rig.driver().ram().allocate(100);
        header.write(0, I2cRig.bytes(addr(TARGET), 0));
        GuestBuffer status = buffer(1);

        Submitted submitted = exchange(new Descriptor(header.address(), 100, false),
                new Descriptor(status.address(), 1, true));

        assertEquals(1, submitted.usedLength());
        assertTrue(status.isFilledWith(OK));
        assertEquals("SW" + " 00".repeat(92) + " P", target.seen());
    }

    @Test
    @HostileCase("IC-3")
    void without_room_for_a_status_a_request_is_returned_with_length_0() {
        GuestBuffer data = buffer(8);
        Descriptor header = new Descriptor(header(addr(TARGET), 0).address(), 8, false);
        Descriptor readHeader = new Descriptor(header(addr(TARGET), M_RD).address(), 8, false);

        List<Submitted> all = List.of(
                exchange(header),
                exchange(readHeader),
                exchange(header, new Descriptor(data.address(), 8, false)),
                exchange(header, new Descriptor(data.address(), 0, true)),
                exchange(header, new Descriptor(NOWHERE, 1, true)),
                exchange(readHeader, new Descriptor(data.address(), 8, true), new Descriptor(NOWHERE, 1, true)));

        for (Submitted submitted : all) {
            assertEquals(0, submitted.usedLength());
        }
        assertTrue(data.isFilledWith(0x77));
    }

    @Test
    @HostileCase("IC-3")
    void without_a_status_a_request_fails_the_rest_of_its_group_too() {
        Submitted bad = exchange(new Descriptor(header(addr(TARGET), FAIL_NEXT).address(), 8, false));

        assertEquals(0, bad.usedLength());
        assertRefused(rig.sendWrite(addr(TARGET), 0, 1));
    }

    @Test
    @HostileCase("IC-3")
    void data_that_is_not_in_guest_memory_is_refused_and_nothing_moved() {
        GuestBuffer status = buffer(1);
        GuestBuffer data = buffer(8);
        for (boolean read : new boolean[] {true, false}) {
            Submitted submitted = exchange(
                    new Descriptor(header(addr(TARGET), read ? M_RD : 0).address(), 8, false),
                    new Descriptor(data.address(), 8, read), new Descriptor(NOWHERE, 8, read),
                    new Descriptor(status.address(), 1, true));

            assertEquals(1, submitted.usedLength());
            assertTrue(status.isFilledWith(ERR));
            assertTrue(data.isFilledWith(0x77));
        }
        Submitted header = exchange(new Descriptor(NOWHERE, 8, false), new Descriptor(status.address(), 1, true));
        assertEquals(1, header.usedLength());
    }

    @Test
    @HostileCase("IC-3")
    void status_and_data_may_share_a_buffer() {
        GuestBuffer writable = buffer(4);

        Submitted submitted = exchange(new Descriptor(header(addr(TARGET), M_RD).address(), 8, false),
                new Descriptor(writable.address(), 4, true));

        assertEquals(4, submitted.usedLength());
        assertArrayEquals(new byte[] {0, 1, 2, OK}, writable.bytes());
        assertEquals("SR ? ? ? P", target.seen());
    }

    // ── The bus ────────────────────────────────────────────────────────────

    @Test
    @HostileCase("IC-4")
    void a_bus_that_refuses_or_sticks_fails_requests_and_nothing_else() {
        bus.faults().nackAddress(I2cAddress.of(TARGET), 2);
        assertRefused(rig.sendWrite(addr(TARGET), 0, 1));
        assertRefused(rig.sendRead(addr(TARGET), 0, 1));
        bus.faults().stick();
        assertRefused(rig.sendWrite(addr(TARGET), 0, 1));
        bus.faults().free();
        bus.faults().loseArbitration(1);
        assertRefused(rig.sendWrite(addr(TARGET), 0, 1));

        assertEquals(2, rig.count(I2cCounter.ADDRESS_NACKS));
        assertEquals(1, rig.count(I2cCounter.BUS_STUCK));
        assertEquals(1, rig.count(I2cCounter.ARBITRATION_LOST));
        assertEquals("", target.seen());
    }
}
