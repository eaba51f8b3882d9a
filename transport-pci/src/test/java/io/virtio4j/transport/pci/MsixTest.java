// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import io.virtio4j.transport.pci.InterruptRecorder.Message;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** [MSI-X Vector Configuration], [Used Buffer Notifications], and MSI-X itself. [PCI] */
class MsixTest {

    private static Machine withVectors(int vectors) {
        return new Machine(new LoopDevice(), from -> from.msixVectors(vectors)).enable();
    }

    @Nested
    class Vectors {

        @Test
        @Normative({"PCI-54", "PCI-56"})
        void there_is_a_vector_for_each_event_and_no_more() {
            try (Machine machine = new Machine()) {
                assertEquals(3, machine.pci.msixVectors());
                assertEquals(2, machine.config(machine.capability(CapabilityList.MSIX) + 2, 2));
            }
            try (Machine machine = new Machine(new LoopDevice(8, List.of()))) {
                assertEquals(2, machine.pci.msixVectors(), "also without queues");
            }
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2, 64, 65, 0x800})
        @Normative("PCI-55")
        void table_size_tells_how_many_there_are(int vectors) {
            try (Machine machine = withVectors(vectors)) {
                int at = machine.capability(CapabilityList.MSIX);
                assertEquals(vectors - 1, machine.config(at + 2, 2) & 0x7FF);
                assertEquals(vectors, machine.pci.msixVectors());
                long table = machine.config(at + 4, 4);
                long pending = machine.config(at + 8, 4);
                assertEquals(1, table & 7);
                assertEquals(1, pending & 7);
                assertTrue((pending & ~7L) >= (table & ~7L) + 16L * vectors);
                assertTrue(machine.pci.bars().getFirst().size() >= (pending & ~7L) + (vectors + 63) / 64 * 8);

                machine.program(vectors - 1, 0x1_2345_6780L, 77, false);
                machine.msixControl(MsixCapability.ENABLE);
                machine.start();
                machine.common(CommonField.CONFIG_MSIX_VECTOR, vectors - 1);
                machine.loop.change(1);
                assertEquals(List.of(new Message(vectors - 1, 0x1_2345_6780L, 77)),
                        machine.interrupts.takeMessages());
            }
        }

        @Test
        @Normative("PCI-54")
        void more_than_0x800_vectors_are_refused() {
            assertThrows(IllegalArgumentException.class, () -> withVectors(0x801));
            assertThrows(IllegalArgumentException.class, () -> withVectors(-1));
        }

        @Test
        @Normative({"PCI-57", "PCI-58", "PCI-59", "PCI-61"})
        void every_event_can_be_mapped_to_every_vector_and_unmapped() {
            try (Machine machine = withVectors(70)) {
                for (int vector = 0; vector < 70; vector++) {
                    machine.common(CommonField.CONFIG_MSIX_VECTOR, vector);
                    assertEquals(vector, machine.common(CommonField.CONFIG_MSIX_VECTOR));
                    for (int queue = 0; queue < 2; queue++) {
                        machine.common(queue, CommonField.QUEUE_MSIX_VECTOR, vector);
                        assertEquals(vector, machine.common(CommonField.QUEUE_MSIX_VECTOR));
                    }
                }
                machine.common(CommonField.CONFIG_MSIX_VECTOR, Machine.NO_VECTOR);
                assertEquals(Machine.NO_VECTOR, machine.common(CommonField.CONFIG_MSIX_VECTOR));
                machine.common(0, CommonField.QUEUE_MSIX_VECTOR, Machine.NO_VECTOR);
                assertEquals(Machine.NO_VECTOR, machine.common(CommonField.QUEUE_MSIX_VECTOR));
                assertEquals(69, machine.common(1, CommonField.QUEUE_MSIX_VECTOR));
            }
        }

        @Test
        @Normative({"PCI-57", "PCI-58"})
        void events_arrive_where_they_are_mapped_while_the_device_runs() {
            try (Machine machine = Machine.running()) {
                machine.exchange(0, 1);
                machine.common(0, CommonField.QUEUE_MSIX_VECTOR, 2);
                machine.exchange(0, 2);
                machine.common(0, CommonField.QUEUE_MSIX_VECTOR, 0);
                machine.exchange(0, 3);
                machine.exchange(1, 4);
                machine.common(CommonField.CONFIG_MSIX_VECTOR, 1);
                machine.loop.change(1);

                assertEquals(List.of(1, 2, 0, 2, 1), machine.interrupts.takeVectors());
            }
        }

        @Test
        @Normative({"PCI-59", "PCI-60"})
        void nothing_is_mapped_after_reset() {
            try (Machine machine = Machine.running()) {
                machine.status(0);
                assertEquals(Machine.NO_VECTOR, machine.common(CommonField.CONFIG_MSIX_VECTOR));
                assertEquals(Machine.NO_VECTOR, machine.common(0, CommonField.QUEUE_MSIX_VECTOR));
                assertEquals(Machine.NO_VECTOR, machine.common(1, CommonField.QUEUE_MSIX_VECTOR));
            }
        }

        @Test
        @Normative({"PCI-63", "PCI-64"})
        void event_without_a_vector_raises_no_interrupt() {
            try (Machine machine = Machine.running()) {
                machine.common(CommonField.CONFIG_MSIX_VECTOR, Machine.NO_VECTOR);
                machine.common(0, CommonField.QUEUE_MSIX_VECTOR, Machine.NO_VECTOR);

                machine.loop.change(1);
                machine.exchange(0, 1);

                assertEquals(List.of(), machine.interrupts.takeMessages());
                assertEquals(List.of(), machine.interrupts.takeLevels());
                assertEquals(0, machine.pending());
                machine.exchange(1, 2);
                assertEquals(List.of(2), machine.interrupts.takeVectors());
            }
        }

        @Test
        @Normative("PCI-62")
        @HostileCase("PC-2")
        void vector_beyond_the_table_is_no_vector() {
            try (Machine machine = Machine.running()) {
                for (int vector = 3; vector <= 0xFFFF; vector++) {
                    machine.common(CommonField.CONFIG_MSIX_VECTOR, vector);
                    assertEquals(Machine.NO_VECTOR, machine.common(CommonField.CONFIG_MSIX_VECTOR));
                    machine.common(0, CommonField.QUEUE_MSIX_VECTOR, vector);
                    assertEquals(Machine.NO_VECTOR, machine.common(CommonField.QUEUE_MSIX_VECTOR));
                }
                HostileCases.count("PC-2", 2 * (0x1_0000L - 3));
                machine.loop.change(1);
                machine.exchange(0, 1);
                assertEquals(List.of(), machine.interrupts.takeMessages());
                machine.exchange(1, 2);
                assertEquals(List.of(2), machine.interrupts.takeVectors());
            }
        }

        @Test
        @Normative("PCI-62")
        @HostileCase("PC-2")
        void function_without_msix_maps_nothing() {
            try (Machine machine = withVectors(0)) {
                assertEquals(List.of(), machine.capabilities(CapabilityList.MSIX));
                assertEquals(List.of(4), machine.pci.bars().stream().map(PciBar::index).toList());
                machine.common(CommonField.CONFIG_MSIX_VECTOR, 0);
                assertEquals(Machine.NO_VECTOR, machine.common(CommonField.CONFIG_MSIX_VECTOR));
                machine.start();
                machine.exchange(0, 1);
                assertEquals(List.of(true), machine.interrupts.takeLevels());
            }
        }
    }

    @Nested
    class Masks {

        @Test
        void masked_vector_is_sent_when_it_is_unmasked() {
            try (Machine machine = Machine.running()) {
                machine.mask(1, true);
                machine.exchange(0, 1);
                machine.exchange(0, 2);
                assertEquals(List.of(), machine.interrupts.takeMessages());
                assertEquals(0b010, machine.pending());

                machine.mask(1, false);
                assertEquals(List.of(new Message(1, 0xFEE0_1000L, 0x4001)),
                        machine.interrupts.takeMessages());
                assertEquals(0, machine.pending());
            }
        }

        @Test
        void message_programmed_while_masked_is_the_one_that_is_sent() {
            try (Machine machine = Machine.running()) {
                machine.mask(1, true);
                machine.exchange(0, 1);
                machine.program(1, 0xFEE0_F000L, 0xAB, false);
                assertEquals(List.of(new Message(1, 0xFEE0_F000L, 0xAB)),
                        machine.interrupts.takeMessages());
            }
        }

        @Test
        void function_mask_holds_all_vectors() {
            try (Machine machine = Machine.running()) {
                machine.msixControl(MsixCapability.ENABLE | MsixCapability.FUNCTION_MASK);
                machine.exchange(0, 1);
                machine.exchange(1, 1);
                machine.loop.change(1);
                machine.mask(2, true);
                assertEquals(0b111, machine.pending());

                machine.msixControl(MsixCapability.ENABLE);
                assertEquals(List.of(0, 1), machine.interrupts.takeVectors());
                assertEquals(0b100, machine.pending());
                machine.mask(2, false);
                assertEquals(List.of(2), machine.interrupts.takeVectors());
            }
        }

        @Test
        void unmasking_without_anything_pending_sends_nothing() {
            try (Machine machine = Machine.running()) {
                machine.mask(1, true);
                machine.mask(1, false);
                machine.mask(1, false);
                assertEquals(List.of(), machine.interrupts.takeMessages());
            }
        }

        @Test
        void reset_of_the_device_forgets_what_is_pending() {
            try (Machine machine = Machine.running()) {
                machine.mask(1, true);
                machine.exchange(0, 1);
                machine.status(0);
                assertEquals(0, machine.pending());
                machine.mask(1, false);
                assertEquals(List.of(), machine.interrupts.takeMessages());
            }
        }

        @Test
        void entries_are_masked_after_a_reset_of_the_function() {
            try (Machine machine = Machine.running()) {
                machine.pci.reset();
                machine.enable();
                for (int vector = 0; vector < 3; vector++) {
                    assertEquals(1, machine.read(1, vector * 16 + 12, 4));
                    assertEquals(0, machine.read(1, vector * 16, 8));
                }
                assertEquals(0, machine.config(machine.capability(CapabilityList.MSIX) + 2, 2) >> 14);
            }
        }

        @Test
        void somebody_else_can_keep_the_table() {
            try (Machine machine = new Machine(new LoopDevice(),
                    PciTransportBuilder::externalMsixTable).enable()) {
                machine.msixControl(MsixCapability.ENABLE);
                assertTrue(machine.pci.isMsixEnabled());
                machine.start();
                machine.exchange(0, 1);
                assertEquals(List.of(1), machine.interrupts.takeVectors(), "the entry is masked here");
                machine.mask(1, true);
                machine.exchange(0, 2);
                assertEquals(List.of(1), machine.interrupts.takeVectors());
                assertEquals(0, machine.pending());
            }
        }
    }

    @Nested
    class Table {

        @Test
        void entries_can_be_read_and_written_in_double_and_quad_words() {
            try (Machine machine = Machine.enabled()) {
                machine.write(1, 16, 8, 0x1122_3344_5566_7788L);
                machine.write(1, 24, 8, 0xFFFF_FFFE_9ABC_DEF0L);
                assertEquals(0x5566_7788L, machine.read(1, 16, 4));
                assertEquals(0x1122_3344L, machine.read(1, 20, 4));
                assertEquals(0x9ABC_DEF0L, machine.read(1, 24, 4));
                assertEquals(0, machine.read(1, 28, 4), "reserved bits");
                assertEquals(0x9ABC_DEF0L, machine.read(1, 24, 8));
                machine.write(1, 28, 4, 0xFFFF_FFFFL);
                assertEquals(1, machine.read(1, 28, 4));
                machine.write(1, 16, 4, 0xFFFF_FFFFL);
                assertEquals(0xFFFF_FFFCL, machine.read(1, 16, 4), "a multiple of 4");
                assertEquals(0, machine.read(1, 0, 8), "another entry");
            }
        }

        @Test
        void pending_bits_cannot_be_written() {
            try (Machine machine = Machine.running()) {
                machine.mask(1, true);
                machine.exchange(0, 1);
                machine.write(1, 0x1000, 8, 0);
                machine.write(1, 0x1000, 4, 0xFFFF_FFFFL);
                assertEquals(0b010, machine.pending());
                assertEquals(0b010, machine.read(1, 0x1000, 4));
                assertEquals(0, machine.read(1, 0x1004, 4));
            }
        }

        @Test
        @HostileCase("PC-3")
        void other_accesses_are_ignored() {
            try (Machine machine = Machine.running()) {
                machine.mask(1, true);
                machine.exchange(0, 1);
                List<Object> before = machine.snapshot();
                long cases = 0;
                for (long offset = -9; offset < 0x2010; offset++) {
                    for (int width = 0; width <= 16; width++) {
                        if (!isServed(offset, width)) {
                            machine.write(1, offset, width, 0);
                            assertEquals(0, machine.read(1, offset, width), offset + "/" + width);
                            cases++;
                        }
                    }
                }
                for (long offset : new long[] {Long.MAX_VALUE, Long.MIN_VALUE, -1, 0x1_0000_0000L}) {
                    machine.write(1, offset, 4, 0);
                    assertEquals(0, machine.read(1, offset, 4));
                    cases++;
                }
                HostileCases.count("PC-3", cases);
                assertEquals(before, machine.snapshot());
                machine.mask(1, false);
                machine.exchange(0, 2);
                assertEquals(List.of(1, 1), machine.interrupts.takeVectors());
            }
        }

        /** Aligned double and quad words within three entries, or within one word of pending bits. */
        private static boolean isServed(long offset, int width) {
            boolean whole = (width == 4 || width == 8) && offset % width == 0;
            return whole && (offset >= 0 && offset + width <= 48
                    || offset >= 0x1000 && offset + width <= 0x1008);
        }
    }
}
