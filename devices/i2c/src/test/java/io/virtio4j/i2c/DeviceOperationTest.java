// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import static io.virtio4j.i2c.I2cRig.ERR;
import static io.virtio4j.i2c.I2cRig.FAIL_NEXT;
import static io.virtio4j.i2c.I2cRig.M_RD;
import static io.virtio4j.i2c.I2cRig.OK;
import static io.virtio4j.i2c.I2cRig.addr;
import static io.virtio4j.i2c.I2cRig.addr10;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.i2c.I2cRig.Sent;
import io.virtio4j.i2c.simulated.SimulatedBus;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.Normative;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Device Operation: requests, addresses, groups and their status, in both ring formats. */
@ParameterizedClass(name = "{0}")
@MethodSource("drivers")
class DeviceOperationTest {

    private static final int TARGET = 0x21;
    private static final int OTHER = 0x22;
    private static final int NOBODY = 0x23;

    @Parameter
    private DriverOptions options;

    private final SimulatedBus bus = new SimulatedBus();
    private final RecordingTarget target = bus.attach(TARGET, new RecordingTarget());
    private final RecordingTarget other = bus.attach(OTHER, new RecordingTarget());
    private I2cRig rig;

    static List<DriverOptions> drivers() {
        return List.of(DriverOptions.split(), DriverOptions.packed());
    }

    @BeforeEach
    void start() {
        rig = I2cRig.of(new I2cDevice(bus), options);
    }

    @AfterEach
    void end() {
        rig.close();
    }

    // ── Feature bits ───────────────────────────────────────────────────────

    @Test
    @Normative("I2C-1")
    void a_driver_that_does_not_accept_zero_length_requests_is_rejected() {
        try (TestDriver driver = TestDriver.attach(new I2cDevice(bus))) {
            FeatureSet offered = driver.offered();

            assertTrue(offered.has(I2cFeature.ZERO_LENGTH_REQUEST));
            assertEquals(0, I2cFeature.ZERO_LENGTH_REQUEST.bit());
            assertFalse(driver.reset().tryNegotiate(options.without(I2cFeature.ZERO_LENGTH_REQUEST)));
            assertTrue(driver.reset().tryNegotiate(options));
        }
    }

    @Test
    void there_is_one_queue_and_no_configuration() {
        assertEquals(1, rig.device().queues().size());
        assertEquals("requestq", rig.device().queues().getFirst().name());
        assertEquals(34, rig.device().type().id());
        assertEquals(0, rig.driver().instance().configSize());
    }

    // ── Request Queue ──────────────────────────────────────────────────────

    @Test
    @Normative("I2C-2")
    void a_write_puts_its_bytes_on_the_bus() {
        Sent write = rig.sendWrite(addr(TARGET), 0, 1, 2, 0xFF);

        assertEquals(OK, write.status());
        assertEquals(1, write.submitted().usedLength());
        assertEquals("SW 01 02 ff P", target.seen());
        assertEquals(1, rig.count(I2cCounter.WRITES));
        assertEquals(3, rig.count(I2cCounter.WRITTEN_BYTES));
    }

    @Test
    @Normative({"I2C-2", "I2C-5"})
    void a_read_is_one_segment_of_the_length_of_the_buffer() {
        Sent read = rig.sendRead(addr(TARGET), 0, 5);

        assertArrayEquals(new byte[] {0, 1, 2, 3, 4}, read.data());
        assertEquals(6, read.submitted().usedLength());
        assertEquals("SR ? ? ? ? ? P", target.seen());
        assertEquals(5, rig.count(I2cCounter.READ_BYTES));
    }

    @Test
    @Normative("I2C-2")
    void requests_of_length_0_are_only_addressed() {
        assertEquals(OK, rig.write(TARGET));
        assertEquals("SW P", target.seen());
        assertEquals(0, rig.read(TARGET, 0).length);
        assertEquals("SR P", target.seen());
    }

    @Test
    @Normative("I2C-2")
    void what_nobody_acknowledges_fails() {
        assertEquals(ERR, rig.write(NOBODY, 1));
        Sent read = rig.sendRead(addr(NOBODY), 0, 4);

        assertEquals(ERR, read.status());
        assertEquals(1, read.submitted().usedLength());
        assertEquals(2, rig.count(I2cCounter.ADDRESS_NACKS));
        assertEquals(2, rig.count(I2cCounter.ERRORS));
    }

    /** The test kit compares device-readable bytes with what was sent, for each request of every test. */
    @Test
    @Normative({"I2C-3", "I2C-4"})
    void header_and_data_of_a_write_stay_as_they_are() {
        Sent good = rig.sendWrite(addr(TARGET), FAIL_NEXT, 1, 2, 3);
        Sent reserved = rig.sendWrite(addr(TARGET), 0xFFFF_FFF0, 1, 2, 3);
        Sent wrong = rig.sendWrite(0x0101, 0, 1, 2, 3);

        assertEquals(List.of(OK, ERR, ERR), List.of(good.status(), reserved.status(), wrong.status()));
        for (Sent sent : List.of(good, reserved, wrong)) {
            sent.submitted().assertNothingBeyond();
        }
    }

    // ── Addresses ──────────────────────────────────────────────────────────

    @Test
    @Normative("I2C-2")
    void every_address_of_7_bits_reaches_its_target_alone() {
        SimulatedBus full = new SimulatedBus();
        List<RecordingTarget> targets = new ArrayList<>();
        for (int address = 0; address < 0x78; address++) {
            targets.add(full.attach(address, new RecordingTarget()));
        }
        try (I2cRig all = I2cRig.of(new I2cDevice(full), options)) {
            for (int address = 0; address < 0x78; address++) {
                assertEquals(OK, all.write(address, address));
                assertEquals("SW %02x P".formatted(address), targets.get(address).seen());
            }
            targets.forEach(each -> assertEquals("", each.seen()));
        }
    }

    @Test
    @Normative("I2C-2")
    void every_address_of_10_bits_reaches_its_target_alone() {
        SimulatedBus full = new SimulatedBus();
        List<RecordingTarget> targets = new ArrayList<>();
        for (int address = 0; address < 1024; address++) {
            targets.add(new RecordingTarget());
            full.attach(I2cAddress.tenBit(address), targets.get(address));
        }
        try (I2cRig all = I2cRig.of(new I2cDevice(full), options)) {
            for (int address = 0; address < 1024; address++) {
                assertEquals(OK, all.sendWrite(addr10(address), 0, 7).status());
                assertEquals("SW 07 P", targets.get(address).seen());
            }
            targets.forEach(each -> assertEquals("", each.seen()));
        }
    }

    @Test
    void an_address_of_10_bits_is_written_as_the_table_has_it() {
        bus.attach(I2cAddress.tenBit(0b10_0101_1010), target);

        assertEquals(OK, rig.sendWrite(0b0101_1010_1111_0100, 0, 9).status());
        assertEquals("SW 09 P", target.seen());
    }

    // ── Groups ─────────────────────────────────────────────────────────────

    @Test
    @Normative("I2C-2")
    void a_group_is_one_transaction_with_repeated_starts() {
        Sent pointer = rig.addWrite(addr(TARGET), FAIL_NEXT, 0x10);
        Sent content = rig.addRead(addr(TARGET), 0, 2);
        rig.publish();

        assertEquals(OK, pointer.status());
        assertArrayEquals(new byte[] {0, 1}, content.data());
        assertEquals("SW 10 SR ? ? P", target.seen());
        assertEquals(1, rig.count(I2cCounter.TRANSACTIONS));
    }

    /** Linux makes requests of a group available one by one: the device may see the first ones alone. */
    @Test
    @Normative("I2C-2")
    void a_group_that_comes_in_parts_is_one_transaction_still() {
        assertEquals(OK, rig.sendWrite(addr(TARGET), FAIL_NEXT, 0x10).status());
        assertEquals("SW 10", target.seen());
        assertEquals(OK, rig.sendWrite(addr(OTHER), FAIL_NEXT, 0x11).status());
        assertEquals(1, rig.sendRead(addr(TARGET), 0, 1).data().length);

        assertEquals("SR ? P", target.seen());
        assertEquals("SW 11", other.seen());
    }

    @Test
    @Normative("I2C-6")
    void requests_are_processed_in_order() {
        List<Sent> sent = new ArrayList<>();
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            sent.add(rig.addWrite(addr(TARGET), i % 3 == 0 ? FAIL_NEXT : 0, i));
            expected.append(" SW %02x".formatted(i)).append(i % 3 == 0 ? "" : " P");
        }
        rig.publish();

        sent.forEach(each -> assertEquals(OK, each.status()));
        assertEquals(expected.substring(1), target.seen());
    }

    @Test
    @Normative("I2C-7")
    void after_a_failure_the_rest_of_the_group_fails_without_being_attempted() {
        List<Sent> sent = List.of(
                rig.addWrite(addr(TARGET), FAIL_NEXT, 1),
                rig.addRead(addr(NOBODY), FAIL_NEXT, 3),
                rig.addWrite(addr(TARGET), FAIL_NEXT, 2),
                rig.addRead(addr(OTHER), 0, 1),
                rig.addWrite(addr(TARGET), 0, 3));
        rig.publish();

        assertEquals(List.of(OK, ERR, ERR, ERR, OK), sent.stream().map(Sent::status).toList());
        assertEquals("SW 01 SW 03 P", target.seen());
        assertEquals("", other.seen());
        assertEquals(2, rig.count(I2cCounter.NOT_ATTEMPTED));
    }

    @Test
    @Normative("I2C-7")
    void the_rest_of_a_failed_group_fails_whenever_it_comes() {
        assertEquals(ERR, rig.sendWrite(addr(NOBODY), FAIL_NEXT, 1).status());
        assertEquals(ERR, rig.sendWrite(addr(TARGET), FAIL_NEXT, 2).status());
        assertEquals(ERR, rig.sendRead(addr(TARGET), 0, 1).status());
        assertEquals(OK, rig.sendWrite(addr(TARGET), 0, 3).status());

        assertEquals("SW 03 P", target.seen());
    }

    @Test
    void failures_of_one_request_leave_others_alone() {
        List<Sent> sent = List.of(rig.addWrite(addr(NOBODY), 0, 1), rig.addWrite(addr(TARGET), 0, 2),
                rig.addRead(addr(NOBODY), 0, 1), rig.addRead(addr(TARGET), M_RD, 1));
        rig.publish();

        assertEquals(List.of(ERR, OK, ERR, OK), sent.stream().map(Sent::status).toList());
    }

    @Test
    void resetting_the_queue_ends_group_and_transaction() {
        assertEquals(OK, rig.sendWrite(addr(TARGET), FAIL_NEXT, 1).status());
        rig.driver().resetQueue(0);
        assertEquals("SW 01 P", target.seen());
        rig.driver().setUpQueue(0);
        assertEquals(ERR, rig.sendWrite(addr(NOBODY), FAIL_NEXT, 1).status());
        rig.driver().resetQueue(0);
        rig.driver().setUpQueue(0);

        assertEquals(OK, rig.write(TARGET, 2));
    }
}
