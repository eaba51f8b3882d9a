// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceStatus;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [Common configuration structure layout], [PCI Device Layout] */
class CommonConfigurationTest {

    private static final List<CommonField> ADDRESSES =
            List.of(CommonField.QUEUE_DESC, CommonField.QUEUE_DRIVER, CommonField.QUEUE_DEVICE);

    @Test
    void fields_are_where_the_specification_has_them() {
        int[] offsets = {0, 4, 8, 12, 16, 18, 20, 21, 22, 24, 26, 28, 30, 32, 40, 48, 56, 58, 60, 62};
        for (CommonField field : CommonField.values()) {
            assertEquals(offsets[field.ordinal()], field.offset(), field.name());
        }
    }

    @Nested
    class Features {

        @Test
        @Normative("PCI-14")
        void device_feature_shows_the_word_that_is_selected() {
            try (Machine machine = Machine.enabled()) {
                FeatureSet offered = machine.device.offered();
                assertNotEquals(0, offered.word(2));
                assertNotEquals(0, offered.word(3));
                for (int word = 0; word < 8; word++) {
                    machine.common(CommonField.DEVICE_FEATURE_SELECT, word);
                    assertEquals(Integer.toUnsignedLong(offered.word(word)),
                            machine.common(CommonField.DEVICE_FEATURE));
                    assertEquals(word, machine.common(CommonField.DEVICE_FEATURE_SELECT));
                }
                for (long select : new long[] {0x100, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL}) {
                    machine.common(CommonField.DEVICE_FEATURE_SELECT, select);
                    assertEquals(0, machine.common(CommonField.DEVICE_FEATURE));
                    assertEquals(select, machine.common(CommonField.DEVICE_FEATURE_SELECT));
                }
            }
        }

        @Test
        @Normative({"PCI-15", "PCI-16"})
        void driver_feature_shows_what_was_written() {
            try (Machine machine = Machine.enabled()) {
                for (int word = 0; word < 4; word++) {
                    machine.common(CommonField.DRIVER_FEATURE_SELECT, word);
                    machine.common(CommonField.DRIVER_FEATURE, 0x8765_4321L + word);
                }
                for (int word = 3; word >= 0; word--) {
                    machine.common(CommonField.DRIVER_FEATURE_SELECT, word);
                    assertEquals(0x8765_4321L + word, machine.common(CommonField.DRIVER_FEATURE));
                }
                machine.common(CommonField.DRIVER_FEATURE_SELECT, 4);
                assertEquals(0, machine.common(CommonField.DRIVER_FEATURE));
            }
        }

        @Test
        @Normative("COR-30")
        void what_the_function_has_no_structure_for_is_not_offered() {
            LoopDevice loop = new LoopDevice();
            loop.offered = FeatureSet.of(CoreFeature.SR_IOV, CoreFeature.ADMIN_VQ);
            try (Machine machine = new Machine(loop).enable()) {
                machine.common(CommonField.DEVICE_FEATURE_SELECT, 1);
                long word = machine.common(CommonField.DEVICE_FEATURE);
                assertEquals(0, word & (1 << 37 - 32 | 1 << 41 - 32));
                assertEquals(0, machine.config(0x100, 4), "no SR-IOV capability");
            }
        }

        @Test
        void bits_beyond_the_last_word_are_refused_with_features_ok() {
            try (Machine machine = Machine.enabled()) {
                machine.status(Machine.BEGUN);
                machine.accept(FeatureSet.of(CoreFeature.VERSION_1));
                machine.common(CommonField.DRIVER_FEATURE_SELECT, 0xFFFF_FFFFL);
                machine.common(CommonField.DRIVER_FEATURE, 1);

                machine.status(Machine.AGREED);

                assertEquals(Machine.BEGUN, machine.status());
            }
        }
    }

    @Nested
    class Status {

        @Test
        @Normative({"PCI-18", "PCI-19", "PCI-60"})
        void writing_0_resets() {
            try (Machine machine = Machine.running()) {
                machine.common(CommonField.DEVICE_FEATURE_SELECT, 1);
                machine.common(CommonField.DRIVER_FEATURE_SELECT, 1);

                machine.status(0);

                assertEquals(0, machine.status());
                assertEquals(0, machine.common(CommonField.DEVICE_FEATURE_SELECT));
                assertEquals(0, machine.common(CommonField.DRIVER_FEATURE_SELECT));
                assertEquals(0, machine.common(CommonField.QUEUE_SELECT));
                assertEquals(Machine.NO_VECTOR, machine.common(CommonField.CONFIG_MSIX_VECTOR));
                for (int queue = 0; queue < 2; queue++) {
                    assertEquals(0, machine.common(queue, CommonField.QUEUE_ENABLE));
                    assertEquals(Machine.NO_VECTOR, machine.common(CommonField.QUEUE_MSIX_VECTOR));
                    ADDRESSES.forEach(field -> assertEquals(0, machine.common(field)));
                }
                assertEquals(8, machine.common(0, CommonField.QUEUE_SIZE));
                assertEquals(64, machine.common(1, CommonField.QUEUE_SIZE));
                machine.start();
                machine.exchange(0, 5);
            }
        }

        @Test
        @Normative("PCI-18")
        void status_reads_0_only_once_the_host_is_done() {
            try (Machine machine = Machine.running()) {
                machine.loop.keeps = true;
                machine.ring(0).add(1);
                machine.notifyQueue(0);

                machine.status(0);
                assertEquals(Machine.RUNNING, machine.status());

                machine.loop.release();
                assertEquals(0, machine.status());
            }
        }

        @Test
        void everything_can_be_written_at_once() {
            try (Machine machine = Machine.enabled()) {
                machine.accept(FeatureSet.of(CoreFeature.VERSION_1, CoreFeature.NOTIFICATION_DATA));
                HandRing ring = machine.ready(0);
                machine.ready(1);
                // What was negotiated holds as soon as a queue runs.
                machine.loop.onStart = queue -> {
                    if (queue == 1) {
                        ring.add(2);
                        machine.write(4, Machine.NOTIFY, 4, 0);
                        assertEquals(1, ring.used());
                    }
                };
                machine.status(Machine.RUNNING);
                assertEquals(Machine.RUNNING, machine.status());
                assertEquals(1, ring.used());
            }
        }

        @Test
        void driver_ok_alone_is_no_reset() {
            try (Machine machine = Machine.enabled()) {
                machine.status(DeviceStatus.ACKNOWLEDGE);
                machine.status(DeviceStatus.DRIVER_OK);
                assertEquals(DeviceStatus.ACKNOWLEDGE, machine.status());
            }
        }
    }

    @Nested
    class Queues {

        @Test
        void num_queues_is_how_many_there_are() {
            try (Machine machine = Machine.enabled()) {
                assertEquals(2, machine.common(CommonField.NUM_QUEUES));
            }
        }

        @Test
        @Normative("PCI-25")
        void queue_size_is_0_where_there_is_no_queue() {
            try (Machine machine = Machine.enabled()) {
                assertEquals(8, machine.common(0, CommonField.QUEUE_SIZE));
                assertEquals(0, machine.common(2, CommonField.QUEUE_SIZE));
                assertEquals(0, machine.common(0xFFFF, CommonField.QUEUE_SIZE));
            }
        }

        @Test
        @Normative("PCI-26")
        void queue_size_is_a_power_of_two_without_packed_rings() {
            try (Machine machine = Machine.enabled()) {
                assertEquals(64, machine.common(1, CommonField.QUEUE_SIZE), "of 100");
                for (int size = 0; size <= 0xFFFF; size++) {
                    machine.common(CommonField.QUEUE_SIZE, size);
                    assertEquals(1, Long.bitCount(machine.common(CommonField.QUEUE_SIZE)));
                }
                machine.common(CommonField.QUEUE_SIZE, 32);
                assertEquals(32, machine.common(CommonField.QUEUE_SIZE));
            }
        }

        @Test
        @Normative("PCI-26")
        void queue_size_stays_a_power_of_two_when_packed_rings_are_given_up() {
            try (Machine machine = Machine.enabled()) {
                machine.status(Machine.BEGUN);
                machine.accept(FeatureSet.of(CoreFeature.VERSION_1, CoreFeature.RING_PACKED));
                machine.common(1, CommonField.QUEUE_SIZE, 99);
                machine.accept(FeatureSet.of(CoreFeature.VERSION_1));

                assertEquals(1, Long.bitCount(machine.common(CommonField.QUEUE_SIZE)));
            }
        }

        @Test
        void queue_size_is_free_with_packed_rings() {
            try (Machine machine = Machine.enabled()) {
                machine.negotiate(CoreFeature.RING_PACKED);
                assertEquals(100, machine.common(1, CommonField.QUEUE_SIZE));
                machine.common(CommonField.QUEUE_SIZE, 99);
                assertEquals(99, machine.common(CommonField.QUEUE_SIZE));
                machine.common(CommonField.QUEUE_SIZE, 101);
                assertEquals(99, machine.common(CommonField.QUEUE_SIZE));
            }
        }

        @ParameterizedTest
        @EnumSource(value = CommonField.class, names = {"QUEUE_DESC", "QUEUE_DRIVER", "QUEUE_DEVICE"})
        @Normative("PCI-8")
        void halves_of_addresses_are_independent(CommonField field) {
            try (Machine machine = Machine.enabled()) {
                machine.common(1, CommonField.QUEUE_SIZE, 8);
                machine.write(4, field.offset() + 4, 4, 0x8123_4567L);
                assertEquals(0, machine.read(4, field.offset(), 4));
                assertEquals(0x8123_4567L, machine.read(4, field.offset() + 4, 4));

                machine.write(4, field.offset(), 4, 0x89AB_CDEFL);
                assertEquals(0x89AB_CDEFL, machine.read(4, field.offset(), 4));
                assertEquals(0x8123_4567L, machine.read(4, field.offset() + 4, 4));
                assertEquals(0x8123_4567_89AB_CDEFL, machine.read(4, field.offset(), 8));

                machine.write(4, field.offset(), 8, 0x1122_3344_5566_7788L);
                assertEquals(0x1122_3344_5566_7788L, machine.common(field));
                ADDRESSES.stream().filter(other -> other != field)
                        .forEach(other -> assertEquals(0, machine.common(other)));
                assertEquals(0, machine.common(0, field), "the other queue");
            }
        }

        @ParameterizedTest
        @ValueSource(ints = {0, 2, 3, 0x100, 0xFFFF})
        void only_1_enables_a_queue(int value) {
            try (Machine machine = Machine.enabled()) {
                machine.negotiate();
                machine.common(0, CommonField.QUEUE_ENABLE, value);
                assertEquals(0, machine.common(CommonField.QUEUE_ENABLE));
                machine.ready(0);
                assertEquals(1, machine.common(CommonField.QUEUE_ENABLE));
                machine.common(CommonField.QUEUE_ENABLE, value);
                assertEquals(1, machine.common(CommonField.QUEUE_ENABLE));
            }
        }

        @Test
        void queue_notif_config_data_exists_with_its_feature() {
            try (Machine machine = new Machine(new LoopDevice(),
                    from -> from.notifyValues(0xBEEF, 0x0001)).enable()) {
                machine.negotiate(CoreFeature.NOTIF_CONFIG_DATA);
                assertEquals(0xBEEF, machine.common(0, CommonField.QUEUE_NOTIF_CONFIG_DATA));
                assertEquals(0x0001, machine.common(1, CommonField.QUEUE_NOTIF_CONFIG_DATA));
                assertEquals(0, machine.common(2, CommonField.QUEUE_NOTIF_CONFIG_DATA));
                machine.status(0);
                machine.negotiate();
                assertEquals(0, machine.common(0, CommonField.QUEUE_NOTIF_CONFIG_DATA));
            }
        }

        @Test
        void there_are_no_administration_queues() {
            try (Machine machine = Machine.running()) {
                assertEquals(false, machine.device.offered().has(CoreFeature.ADMIN_VQ));
                machine.common(CommonField.ADMIN_QUEUE_INDEX, 5);
                machine.common(CommonField.ADMIN_QUEUE_NUM, 5);
                assertEquals(0, machine.common(CommonField.ADMIN_QUEUE_INDEX));
                assertEquals(0, machine.common(CommonField.ADMIN_QUEUE_NUM));
            }
        }
    }

    @Nested
    class QueueReset {

        @Test
        @Normative({"PCI-20"})
        void queue_reset_is_0_after_reset() {
            try (Machine machine = Machine.running(CoreFeature.RING_RESET)) {
                machine.loop.keeps = true;
                machine.ring(0).add(1);
                machine.notifyQueue(0);
                machine.common(0, CommonField.QUEUE_RESET, 1);
                assertEquals(1, machine.common(CommonField.QUEUE_RESET));

                machine.loop.release();
                machine.status(0);

                assertEquals(0, machine.status());
                assertEquals(0, machine.common(0, CommonField.QUEUE_RESET));
            }
        }

        @Test
        @Normative({"PCI-21", "PCI-22", "PCI-24"})
        void queue_is_reset_and_enabled_again() {
            try (Machine machine = Machine.running(CoreFeature.RING_RESET)) {
                machine.exchange(0, 1);

                machine.common(0, CommonField.QUEUE_RESET, 1);
                assertEquals(0, machine.common(CommonField.QUEUE_RESET));
                assertEquals(0, machine.common(CommonField.QUEUE_ENABLE));
                assertEquals(0, machine.common(CommonField.QUEUE_DESC));
                assertEquals(Machine.NO_VECTOR, machine.common(CommonField.QUEUE_MSIX_VECTOR));
                machine.exchange(1, 2);

                machine.ready(0);
                assertEquals(0, machine.common(CommonField.QUEUE_RESET));
                assertEquals(1, machine.common(CommonField.QUEUE_ENABLE));
                machine.exchange(0, 3);
            }
        }

        @Test
        @Normative({"PCI-23", "PCI-24"})
        void queue_reset_reads_1_until_the_host_is_done() {
            try (Machine machine = Machine.running(CoreFeature.RING_RESET)) {
                machine.loop.keeps = true;
                machine.ring(0).add(1);
                machine.notifyQueue(0);

                machine.common(0, CommonField.QUEUE_RESET, 1);
                assertEquals(1, machine.common(CommonField.QUEUE_RESET));
                assertEquals(0, machine.common(1, CommonField.QUEUE_RESET));

                machine.loop.release();
                assertEquals(0, machine.common(0, CommonField.QUEUE_RESET));
                assertEquals(0, machine.common(CommonField.QUEUE_ENABLE));
            }
        }

        @Test
        void nothing_is_reset_without_the_feature_or_by_other_values() {
            try (Machine machine = Machine.running()) {
                machine.common(0, CommonField.QUEUE_RESET, 1);
                assertEquals(1, machine.common(CommonField.QUEUE_ENABLE));
                assertEquals(1, machine.common(CommonField.QUEUE_MSIX_VECTOR));
                machine.exchange(0, 1);
            }
            try (Machine machine = Machine.running(CoreFeature.RING_RESET)) {
                for (int value : new int[] {0, 2, 3, 0x100, 0xFFFF}) {
                    machine.common(0, CommonField.QUEUE_RESET, value);
                    assertEquals(1, machine.common(CommonField.QUEUE_ENABLE));
                }
                machine.exchange(0, 1);
            }
        }
    }

    @Nested
    class Hostile {

        @Test
        @HostileCase("PC-1")
        void queues_that_do_not_exist_have_nothing() {
            try (Machine machine = Machine.running(CoreFeature.RING_RESET, CoreFeature.NOTIF_CONFIG_DATA)) {
                List<CommonField> fields = List.of(CommonField.QUEUE_SIZE, CommonField.QUEUE_MSIX_VECTOR,
                        CommonField.QUEUE_ENABLE, CommonField.QUEUE_NOTIFY_OFF, CommonField.QUEUE_DESC,
                        CommonField.QUEUE_DRIVER, CommonField.QUEUE_DEVICE,
                        CommonField.QUEUE_NOTIF_CONFIG_DATA, CommonField.QUEUE_RESET);
                machine.common(CommonField.QUEUE_SELECT, 0);
                List<Object> before = machine.snapshot();
                for (int queue = 2; queue <= 0xFFFF; queue++) {
                    machine.common(CommonField.QUEUE_SELECT, queue);
                    for (CommonField field : fields) {
                        machine.common(field, 1);
                        long expected = field == CommonField.QUEUE_MSIX_VECTOR ? Machine.NO_VECTOR : 0;
                        assertEquals(expected, machine.common(field), field + " of " + queue);
                    }
                }
                HostileCases.count("PC-1", (0xFFFFL - 1) * fields.size());
                machine.common(CommonField.QUEUE_SELECT, 0);
                assertEquals(before, machine.snapshot());
                machine.exchange(0, 1);
                machine.exchange(1, 2);
            }
        }

        @Test
        @HostileCase("PC-6")
        void fields_answer_to_their_own_width_only() {
            try (Machine machine = Machine.running()) {
                machine.common(CommonField.QUEUE_SELECT, 1);
                List<Object> before = machine.snapshot();
                long cases = 0;
                for (int offset = 0; offset < 72; offset++) {
                    for (int width : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 16}) {
                        if (!isField(offset, width)) {
                            machine.write(4, offset, width, -1L);
                            assertEquals(0, machine.read(4, offset, width), offset + "/" + width);
                            cases++;
                        }
                    }
                }
                HostileCases.count("PC-6", cases);
                assertEquals(before, machine.snapshot());
                machine.exchange(0, 1);
            }
        }

        private static boolean isField(int offset, int width) {
            for (CommonField field : CommonField.values()) {
                boolean half = field.size() == 8 && width == 4
                        && (offset == field.offset() || offset == field.offset() + 4);
                if (half || offset == field.offset() && width == field.size()) {
                    return true;
                }
            }
            return false;
        }

        @ParameterizedTest
        @EnumSource(value = CommonField.class, names = {"DEVICE_FEATURE", "NUM_QUEUES", "CONFIG_GENERATION",
            "QUEUE_NOTIFY_OFF", "QUEUE_NOTIF_CONFIG_DATA", "ADMIN_QUEUE_INDEX", "ADMIN_QUEUE_NUM"})
        @HostileCase("PC-7")
        void read_only_fields_cannot_be_written(CommonField field) {
            try (Machine machine = Machine.running(CoreFeature.NOTIF_CONFIG_DATA)) {
                machine.common(CommonField.QUEUE_SELECT, 1);
                List<Object> before = machine.snapshot();
                long value = machine.common(field);
                for (int bit = 0; bit < 8 * field.size(); bit++) {
                    machine.common(field, value ^ 1L << bit);
                }
                assertEquals(value, machine.common(field));
                assertEquals(before, machine.snapshot());
                assertTrue(machine.status() == Machine.RUNNING);
            }
        }
    }
}
