// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import static io.virtio4j.transport.mmio.MmioRegister.CONFIG_GENERATION;
import static io.virtio4j.transport.mmio.MmioRegister.DEVICE_FEATURES;
import static io.virtio4j.transport.mmio.MmioRegister.DEVICE_FEATURES_SEL;
import static io.virtio4j.transport.mmio.MmioRegister.DEVICE_ID;
import static io.virtio4j.transport.mmio.MmioRegister.DRIVER_FEATURES;
import static io.virtio4j.transport.mmio.MmioRegister.DRIVER_FEATURES_SEL;
import static io.virtio4j.transport.mmio.MmioRegister.INTERRUPT_ACK;
import static io.virtio4j.transport.mmio.MmioRegister.INTERRUPT_STATUS;
import static io.virtio4j.transport.mmio.MmioRegister.MAGIC_VALUE;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_DESC_HIGH;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_DESC_LOW;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_DEVICE_HIGH;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_DEVICE_LOW;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_DRIVER_HIGH;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_DRIVER_LOW;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_NOTIFY;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_READY;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_RESET;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_SEL;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_SIZE;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_SIZE_MAX;
import static io.virtio4j.transport.mmio.MmioRegister.SHM_SEL;
import static io.virtio4j.transport.mmio.MmioRegister.STATUS;
import static io.virtio4j.transport.mmio.MmioRegister.VENDOR_ID;
import static io.virtio4j.transport.mmio.MmioRegister.VERSION;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.QueueConfig;
import io.virtio4j.testkit.conformance.Normative;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MmioDeviceRegisterLayoutTest {

    @Test
    void the_registers_are_where_the_table_says() {
        // "Name offset direction", as printed
        String table = """
                MagicValue 000 R, Version 004 R, DeviceID 008 R, VendorID 00c R, DeviceFeatures 010 R,
                DeviceFeaturesSel 014 W, DriverFeatures 020 W, DriverFeaturesSel 024 W, QueueSel 030 W,
                QueueSizeMax 034 R, QueueSize 038 W, QueueReady 044 RW, QueueNotify 050 W,
                InterruptStatus 060 R, InterruptACK 064 W, Status 070 RW, QueueDescLow 080 W,
                QueueDescHigh 084 W, QueueDriverLow 090 W, QueueDriverHigh 094 W, QueueDeviceLow 0a0 W,
                QueueDeviceHigh 0a4 W, SHMSel 0ac W, SHMLenLow 0b0 R, SHMLenHigh 0b4 R, SHMBaseLow 0b8 R,
                SHMBaseHigh 0bc R, QueueReset 0c0 RW, ConfigGeneration 0fc R, Config 100 RW""";

        List<String> rows = List.of(table.replace("\n", " ").split(", +"));

        for (int i = 0; i < rows.size(); i++) {
            MmioRegister register = MmioRegister.values()[i];
            String name = register.name().replace("_", "");
            String row = "%s %03x %s".formatted(name, register.offset(), register.access());
            assertEquals(rows.get(i).toUpperCase(), row.toUpperCase());
            assertEquals(register, MmioRegister.at(register.offset()));
        }
        assertEquals(MmioRegister.UNKNOWN, MmioRegister.values()[rows.size()]);
        assertEquals(rows.size() + 1, MmioRegister.values().length);
    }

    @Test
    @Normative("MMIO-1")
    void magic_value_is_virt() {
        try (Machine machine = new Machine()) {
            assertEquals(0x74726976, machine.read(MAGIC_VALUE));
        }
    }

    @Test
    @Normative("MMIO-2")
    void version_is_2() {
        try (Machine machine = new Machine()) {
            assertEquals(2, machine.read(VERSION));
        }
    }

    @Test
    void ids_are_those_of_device_and_vendor() {
        try (Machine machine = new Machine()) {
            MmioTransport other =
                    new MmioTransport(machine.device, MmioInterrupt.edge(() -> {}), 0xFEDC_BA98, Map.of());

            assertEquals(LoopDevice.TYPE.id(), machine.read(DEVICE_ID));
            assertEquals(0x1AF4, machine.read(VENDOR_ID));
            assertEquals(0xFEDC_BA98L, other.read(VENDOR_ID.offset(), 4));
        }
    }

    @Test
    void a_window_without_a_device_has_device_id_0() {
        for (MmioRegister register : MmioRegister.values()) {
            long expected = switch (register) {
                case MAGIC_VALUE -> 0x74726976;
                case VERSION -> 2;
                default -> 0;
            };
            assertEquals(expected, MmioPlaceholder.read(register.offset(), 4), register.name());
            assertEquals(0, MmioPlaceholder.read(register.offset(), 8), register.name());
        }
    }

    // ── Features ───────────────────────────────────────────────────────────

    @Test
    void each_word_of_offered_features_can_be_selected() {
        try (Machine machine = new Machine()) {
            FeatureSet offered = machine.device.offered();
            for (int word = 0; word < 4; word++) {
                machine.write(DEVICE_FEATURES_SEL, word);
                assertEquals(Integer.toUnsignedLong(offered.word(word)), machine.read(DEVICE_FEATURES));
                assertNotEquals(0, machine.read(DEVICE_FEATURES), "word " + word);
            }
        }
    }

    @Test
    void accepted_features_are_those_that_were_written_word_by_word() {
        try (Machine machine = new Machine()) {
            FeatureSet chosen = LoopDevice.FEATURES
                    .with(CoreFeature.VERSION_1).with(CoreFeature.RING_RESET);
            machine.write(STATUS, Machine.BEGUN);

            machine.accept(chosen);

            assertEquals(chosen, machine.device.accepted());
            machine.write(STATUS, Machine.AGREED);
            assertEquals(Machine.AGREED, machine.read(STATUS));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NOTIF_CONFIG_DATA", "ADMIN_VQ", "SR_IOV"})
    void features_without_a_register_are_not_offered(CoreFeature feature) {
        try (Machine machine = new Machine()) {
            machine.write(DEVICE_FEATURES_SEL, feature.bit() / 32);

            assertEquals(0, machine.read(DEVICE_FEATURES) >>> feature.bit() % 32 & 1);
        }
    }

    // ── Queues ─────────────────────────────────────────────────────────────

    @Test
    void queue_size_max_is_that_of_the_selected_queue_and_ring_format() {
        try (Machine machine = new Machine()) {
            assertEquals(8, machine.read(QUEUE_SIZE_MAX));
            machine.select(1);
            assertEquals(64, machine.read(QUEUE_SIZE_MAX));

            machine.negotiate(CoreFeature.RING_PACKED);

            assertEquals(100, machine.read(QUEUE_SIZE_MAX));
        }
    }

    @Test
    void queue_addresses_are_written_in_halves_of_any_order() {
        try (Machine machine = new Machine()) {
            machine.select(1);

            machine.write(QUEUE_DESC_LOW, 0x8000_0010L);
            machine.write(QUEUE_DESC_HIGH, 0x8000_0011L);
            machine.write(QUEUE_DRIVER_HIGH, 0xFFFF_FFFFL);
            machine.write(QUEUE_DRIVER_LOW, 0x20);
            machine.write(QUEUE_DEVICE_LOW, 0xFFFF_FFF0L);
            machine.write(QUEUE_DEVICE_HIGH, 0);
            machine.write(QUEUE_SIZE, 16);

            QueueConfig queue = machine.device.queueConfig(1);
            assertEquals(0x8000_0011_8000_0010L, queue.descriptorArea());
            assertEquals(0xFFFF_FFFF_0000_0020L, queue.driverArea());
            assertEquals(0xFFFF_FFF0L, queue.deviceArea());
            assertEquals(16, queue.size());
            assertEquals(0, machine.device.queueConfig(0).descriptorArea());
        }
    }

    @Test
    void a_queue_serves_what_queue_notify_names() {
        try (Machine machine = new Machine()) {
            machine.negotiate();
            HandRing first = machine.ready(0);
            HandRing second = machine.ready(1);
            machine.write(STATUS, Machine.RUNNING);
            first.add(1);
            second.add(2);

            machine.write(QUEUE_NOTIFY, 1);

            assertEquals(0, first.used());
            assertEquals(1, second.used());
            assertEquals(2, second.answer());
            machine.write(QUEUE_NOTIFY, 0x1_0000);
            assertEquals(0, first.used(), "not an index");
        }
    }

    @Test
    void queue_notify_takes_notification_data_once_negotiated() {
        try (Machine machine = new Machine()) {
            machine.negotiate(CoreFeature.NOTIFICATION_DATA);
            HandRing first = machine.ready(0);
            HandRing second = machine.ready(1);
            machine.write(STATUS, Machine.RUNNING);
            first.add(1);
            second.add(2);

            machine.write(QUEUE_NOTIFY, 0x8001_0001L);

            assertEquals(0, first.used());
            assertEquals(1, second.used());
            machine.write(STATUS, 0);
            machine.negotiate();
            first = machine.ready(0);
            machine.write(STATUS, Machine.RUNNING);
            first.add(3);
            machine.write(QUEUE_NOTIFY, 0x1_0000);
            assertEquals(0, first.used(), "not negotiated any more");
        }
    }

    @Test
    @Normative("MMIO-7")
    void a_queue_that_is_not_ready_is_not_touched() {
        try (Machine machine = new Machine()) {
            machine.negotiate();
            HandRing ring = machine.program(0);
            ring.add(1);
            machine.write(STATUS, Machine.RUNNING);

            machine.write(QUEUE_NOTIFY, 0);

            assertEquals(0, ring.used());
            assertEquals(0, machine.loop.served);
        }
    }

    @Test
    @Normative("MMIO-7")
    void a_queue_that_is_not_ready_any_more_is_not_touched() {
        try (Machine machine = Machine.running()) {
            HandRing ring = machine.ring(0);
            machine.exchange(0, ring, 7);
            machine.select(0);

            machine.write(QUEUE_READY, 0);

            assertEquals(0, machine.read(QUEUE_READY));
            ring.add(8);
            machine.write(QUEUE_NOTIFY, 0);
            assertEquals(1, ring.used());
            assertEquals(1, machine.loop.served);
        }
    }

    @Test
    @Normative("MMIO-7")
    void queue_ready_reads_1_as_long_as_the_host_works_on_buffers() {
        try (Machine machine = Machine.running()) {
            machine.loop.keeps = true;
            HandRing ring = machine.ring(0);
            ring.add(5);
            machine.write(QUEUE_NOTIFY, 0);
            machine.select(0);

            machine.write(QUEUE_READY, 0);

            assertEquals(1, machine.read(QUEUE_READY));
            assertEquals(0, machine.read(QUEUE_RESET));
            machine.loop.release();
            assertEquals(0, machine.read(QUEUE_READY));
            assertEquals(0, ring.used());
        }
    }

    @Test
    void queue_ready_reads_what_was_written_last() {
        try (Machine machine = new Machine()) {
            machine.negotiate();
            machine.program(1);
            assertEquals(0, machine.read(QUEUE_READY));
            machine.write(QUEUE_READY, 1);
            assertEquals(1, machine.read(QUEUE_READY));
            machine.select(0);
            assertEquals(0, machine.read(QUEUE_READY));
            machine.select(1);
            machine.write(QUEUE_READY, 0);
            assertEquals(0, machine.read(QUEUE_READY));
        }
    }

    // ── Queue reset ────────────────────────────────────────────────────────

    @Test
    @Normative({"MMIO-9", "MMIO-10", "MMIO-12"})
    void a_queue_can_be_reset_and_used_again() {
        try (Machine machine = Machine.running(CoreFeature.RING_RESET)) {
            machine.exchange(0, machine.ring(0), 1);
            HandRing other = machine.ring(1);
            machine.exchange(1, other, 2);
            machine.select(0);

            machine.write(QUEUE_RESET, 1);

            assertEquals(0, machine.read(QUEUE_RESET));
            assertEquals(0, machine.read(QUEUE_READY));
            assertEquals(0, machine.device.queueConfig(0).descriptorArea());
            machine.exchange(1, other, 3);
            HandRing again = machine.ready(0);
            assertEquals(1, machine.read(QUEUE_READY));
            assertEquals(0, machine.read(QUEUE_RESET));
            machine.exchange(0, again, 4);
        }
    }

    @Test
    @Normative({"MMIO-9", "MMIO-10", "MMIO-11", "MMIO-12"})
    void queue_reset_reads_1_as_long_as_the_host_works_on_buffers() {
        try (Machine machine = Machine.running(CoreFeature.RING_RESET)) {
            machine.loop.keeps = true;
            HandRing ring = machine.ring(1);
            ring.add(5);
            machine.write(QUEUE_NOTIFY, 1);
            machine.select(1);

            machine.write(QUEUE_RESET, 1);

            for (int i = 0; i < 3; i++) {
                assertEquals(1, machine.read(QUEUE_RESET));
            }
            machine.write(QUEUE_READY, 1);
            assertEquals(1, machine.read(QUEUE_RESET), "cannot be ready before");
            machine.loop.release();
            assertEquals(0, machine.read(QUEUE_RESET));
            assertEquals(0, machine.read(QUEUE_READY));
            assertEquals(0, ring.used(), "what came late is not published");
            machine.loop.keeps = false;
            HandRing again = machine.ready(1);
            assertEquals(0, machine.read(QUEUE_RESET));
            machine.exchange(1, again, 6);
        }
    }

    @Test
    @Normative("MMIO-8")
    void queue_reset_reads_0_after_reset() {
        try (Machine machine = Machine.running(CoreFeature.RING_RESET)) {
            machine.loop.keeps = true;
            HandRing ring = machine.ring(0);
            ring.add(5);
            machine.write(QUEUE_NOTIFY, 0);
            machine.select(0);
            machine.write(QUEUE_RESET, 1);
            assertEquals(1, machine.read(QUEUE_RESET));

            machine.write(STATUS, 0);
            machine.loop.release();

            assertEquals(0, machine.read(STATUS));
            machine.select(0);
            assertEquals(0, machine.read(QUEUE_RESET));
            machine.negotiate(CoreFeature.RING_RESET);
            assertEquals(0, machine.read(QUEUE_RESET));
        }
    }

    @Test
    void queue_reset_is_ignored_without_the_feature_and_for_other_values() {
        try (Machine without = Machine.running();
                Machine with = Machine.running(CoreFeature.RING_RESET)) {
            without.select(0);
            with.select(0);

            without.write(QUEUE_RESET, 1);
            for (long value : new long[] {0, 2, 3, 0x100, 0xFFFF_FFFFL}) {
                with.write(QUEUE_RESET, value);
            }

            assertEquals(1, without.read(QUEUE_READY));
            assertEquals(1, with.read(QUEUE_READY));
            without.exchange(0, without.ring(0), 1);
            with.exchange(0, with.ring(0), 1);
        }
    }

    // ── InterruptStatus ────────────────────────────────────────────────────

    @Test
    @Normative({"MMIO-3", "MMIO-4"})
    void each_event_sets_its_bit_until_it_is_acknowledged() {
        try (Machine machine = Machine.running()) {
            HandRing ring = machine.ring(0);
            assertEquals(0, machine.read(INTERRUPT_STATUS));

            machine.exchange(0, ring, 1);
            assertEquals(1, machine.read(INTERRUPT_STATUS));
            machine.changeConfiguration(1);
            assertEquals(3, machine.read(INTERRUPT_STATUS));
            assertEquals(3, machine.read(INTERRUPT_STATUS), "reading clears nothing");

            machine.write(INTERRUPT_ACK, 1);
            assertEquals(2, machine.read(INTERRUPT_STATUS));
            machine.exchange(0, ring, 2);
            assertEquals(3, machine.read(INTERRUPT_STATUS));
            machine.write(INTERRUPT_ACK, 2);
            assertEquals(1, machine.read(INTERRUPT_STATUS));
            machine.write(INTERRUPT_ACK, 1);
            assertEquals(0, machine.read(INTERRUPT_STATUS));
        }
    }

    @Test
    @Normative("MMIO-4")
    void an_event_before_driver_ok_is_none() {
        try (Machine machine = new Machine()) {
            machine.changeConfiguration(1);
            machine.negotiate();
            machine.changeConfiguration(2);

            machine.write(STATUS, Machine.RUNNING);

            assertEquals(0, machine.read(INTERRUPT_STATUS));
            assertEquals(List.of(), machine.line);
        }
    }

    @Test
    @Normative("MMIO-3")
    void an_event_within_the_write_of_driver_ok_is_not_lost() {
        try (Machine machine = new Machine()) {
            machine.negotiate();
            machine.ready(0).add(1);

            machine.write(STATUS, Machine.RUNNING);

            assertEquals(1, machine.read(INTERRUPT_STATUS));
        }
    }

    // ── Reset ──────────────────────────────────────────────────────────────

    @Test
    @Normative("MMIO-5")
    void reset_clears_interrupt_status_and_queue_ready() {
        try (Machine machine = Machine.running()) {
            machine.exchange(0, machine.ring(0), 1);
            machine.changeConfiguration(1);
            assertEquals(3, machine.read(INTERRUPT_STATUS));

            machine.write(STATUS, 0);

            assertEquals(0, machine.read(STATUS));
            assertEquals(0, machine.read(INTERRUPT_STATUS));
            for (int queue = 0; queue < 2; queue++) {
                machine.select(queue);
                assertEquals(0, machine.read(QUEUE_READY));
            }
            assertEquals(List.of(true, false), machine.line);
        }
    }

    @Test
    @Normative("MMIO-5")
    void nothing_of_the_last_life_is_left_when_a_slow_reset_ends() {
        try (Machine machine = Machine.running()) {
            machine.loop.keeps = true;
            machine.ring(0).add(5);
            machine.write(QUEUE_NOTIFY, 0);

            machine.write(STATUS, 0);

            assertEquals(Machine.RUNNING, machine.read(STATUS), "the host's I/O goes on");
            machine.changeConfiguration(1);
            machine.write(STATUS, Machine.RUNNING);
            machine.changeConfiguration(2);
            assertEquals(0, machine.read(INTERRUPT_STATUS));
            machine.loop.release();
            assertEquals(0, machine.read(STATUS));
            assertEquals(0, machine.read(INTERRUPT_STATUS));
            assertEquals(List.of(), machine.line);
            machine.loop.keeps = false;
            machine.negotiate();
            HandRing ring = machine.ready(0);
            machine.write(STATUS, Machine.RUNNING);
            machine.exchange(0, ring, 6);
            assertEquals(1, machine.read(INTERRUPT_STATUS));
        }
    }

    @Test
    void reset_sets_all_selectors_to_0() {
        try (Machine machine = new Machine()) {
            List<Object> fresh = machine.snapshot();
            for (MmioRegister selector : List.of(
                    DEVICE_FEATURES_SEL, DRIVER_FEATURES_SEL, QUEUE_SEL, SHM_SEL)) {
                machine.write(selector, 1);
                assertNotEquals(fresh, machine.snapshot());

                machine.mmio.reset();

                assertEquals(fresh, machine.snapshot());
            }
        }
    }

    // ── Configuration ──────────────────────────────────────────────────────

    @Test
    @Normative("MMIO-6")
    void config_generation_changes_with_the_configuration() {
        try (Machine machine = Machine.running()) {
            Set<Long> seen = new HashSet<>();
            for (int i = 0; i < 100; i++) {
                long before = machine.read(CONFIG_GENERATION);
                assertEquals(before, machine.read(CONFIG_GENERATION));
                assertTrue(seen.add(before));

                machine.changeConfiguration(i);
            }
        }
    }

    @Test
    @Normative("MMIO-6")
    void a_torn_read_of_the_configuration_can_be_told_from_a_good_one() throws Exception {
        try (Machine machine = Machine.running()) {
            machine.changeConfiguration(0);
            Thread device = Thread.ofPlatform().start(() -> {
                for (int i = 1; i < 20_000; i++) {
                    machine.changeConfiguration((i & 0xFF) * 0x0101_0101);
                }
            });
            int good = 0;
            while (device.isAlive() || good == 0) {
                long before = machine.read(CONFIG_GENERATION);
                long[] bytes = new long[4];
                for (int i = 0; i < 4; i++) {
                    bytes[i] = machine.mmio.read(0x100 + i, 1);
                }
                if (machine.read(CONFIG_GENERATION) == before) {
                    good++;
                    for (int i = 1; i < 4; i++) {
                        assertEquals(bytes[0], bytes[i]);
                    }
                }
            }
            device.join();
        }
    }

    @Test
    void the_window_holds_registers_and_configuration() {
        try (Machine machine = new Machine()) {
            assertEquals(0x200, machine.mmio.size());
            assertFalse(machine.mmio.isInterruptPending());
        }
    }
}
