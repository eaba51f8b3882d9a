// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.testkit.conformance.Normative;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Base address registers are sized, placed, moved and disabled. [PCI] */
@Normative("PCI-1")
class BaseAddressRegisterTest {

    private static final PciLayout ALL_TYPES = PciLayout.builder()
            .bar(0, BarType.IO)
            .bar(1, BarType.MEMORY_32)
            .bar(2, BarType.MEMORY_32_PREFETCHABLE)
            .bar(3, BarType.MEMORY_64)
            .place(PciStructure.PORT_NOTIFY, 0)
            .place(PciStructure.MSIX_TABLE, 1)
            .place(PciStructure.MSIX_PBA, 1)
            .place(PciStructure.COMMON, 2)
            .place(PciStructure.ISR, 2)
            .place(PciStructure.NOTIFY, 3)
            .place(PciStructure.DEVICE, 3, 0x20000)
            .build();

    /** What listeners are told. */
    private static final class Log implements BarListener {

        private final List<String> lines = new ArrayList<>();

        @Override
        public void mapped(PciBar bar, long address) {
            lines.add("+" + bar.index() + " " + Long.toHexString(address));
        }

        @Override
        public void unmapped(PciBar bar, long address) {
            lines.add("-" + bar.index() + " " + Long.toHexString(address));
        }

        List<String> take() {
            List<String> taken = List.copyOf(lines);
            lines.clear();
            return taken;
        }
    }

    private static long sized(Machine machine, int bar) {
        int at = 0x10 + 4 * bar;
        long before = machine.config(at, 4);
        machine.config(at, 4, 0xFFFF_FFFFL);
        long found = machine.config(at, 4);
        machine.config(at, 4, before);
        return found;
    }

    @Test
    void registers_tell_type_and_size() {
        try (Machine machine = new Machine(new LoopDevice(), from -> from.layout(ALL_TYPES))) {
            assertEquals(0xFFFF_FFFDL, sized(machine, 0), "4 bytes of I/O space");
            assertEquals(0xFFFF_E000L, sized(machine, 1), "8 KiB");
            assertEquals(0xFFFF_E008L, sized(machine, 2), "8 KiB, prefetchable");
            assertEquals(0xFFFC_0004L, sized(machine, 3), "256 KiB, 64 bits");
            assertEquals(0xFFFF_FFFFL, sized(machine, 4), "its upper half");
            assertEquals(0, sized(machine, 5), "none");
            assertEquals(List.of(
                    new PciBar(0, BarType.IO, 4),
                    new PciBar(1, BarType.MEMORY_32, 0x2000),
                    new PciBar(2, BarType.MEMORY_32_PREFETCHABLE, 0x2000),
                    new PciBar(3, BarType.MEMORY_64, 0x40000)), machine.pci.bars());
        }
    }

    @Test
    void size_beyond_4_gib_shows_in_the_upper_half() {
        try (Arena arena = Arena.ofConfined();
                Machine machine = new Machine(
                        new LoopDevice(new SharedMemoryRegion(1, arena.allocate(4096))),
                        from -> from.layout(PciLayout.builder()
                                .bar(0, BarType.MEMORY_64_PREFETCHABLE)
                                .barSize(0, 1L << 35)
                                .bar(2, BarType.MEMORY_32)
                                .place(PciStructure.SHARED_MEMORY, 0, 1L << 34)
                                .place(PciStructure.COMMON, 2)
                                .place(PciStructure.ISR, 2)
                                .place(PciStructure.DEVICE, 2)
                                .place(PciStructure.NOTIFY, 2)
                                .place(PciStructure.MSIX_TABLE, 2)
                                .place(PciStructure.MSIX_PBA, 2)
                                .build()))) {
            assertEquals(0x0000_000CL, sized(machine, 0));
            assertEquals(0xFFFF_FFF8L, sized(machine, 1));
        }
    }

    @Test
    void listener_learns_of_every_move() {
        try (Machine machine = new Machine()) {
            Log log = new Log();
            machine.pci.addBarListener(log);
            assertEquals(List.of(), log.take());

            machine.place(1, 0xE000_0000L);
            machine.place(4, 0x80_0000_0000L);
            assertEquals(List.of(), log.take(), "decoding is disabled");
            assertEquals(OptionalLong.empty(), machine.pci.barAddress(1));

            machine.command(PciHeader.MEMORY_SPACE);
            assertEquals(List.of("+1 e0000000", "+4 8000000000"), log.take());
            assertEquals(OptionalLong.of(0xE000_0000L), machine.pci.barAddress(1));

            machine.config(0x14, 4, 0xD000_0000L);
            assertEquals(List.of("-1 e0000000", "+1 d0000000"), log.take());

            machine.command(0);
            assertEquals(List.of("-1 d0000000", "-4 8000000000"), log.take());
        }
    }

    @Test
    void late_listener_is_told_what_is_there() {
        try (Machine machine = Machine.enabled()) {
            Log log = new Log();

            machine.pci.addBarListener(log);

            assertEquals(List.of("+1 e0000000", "+4 8000000000"), log.take());
        }
    }

    @Test
    void register_without_an_address_or_being_sized_is_nowhere() {
        try (Machine machine = Machine.enabled()) {
            machine.config(0x14, 4, 0);
            assertEquals(OptionalLong.empty(), machine.pci.barAddress(1));
            machine.config(0x14, 4, 0xFFFF_FFFFL);
            assertEquals(OptionalLong.empty(), machine.pci.barAddress(1));
            machine.place(4, -1);
            assertEquals(OptionalLong.empty(), machine.pci.barAddress(4));
        }
    }

    @Test
    void bar_answers_only_while_decoded() {
        try (Machine machine = Machine.enabled()) {
            assertEquals(2, machine.common(CommonField.NUM_QUEUES));

            machine.clear(PciHeader.MEMORY_SPACE);
            assertEquals(0xFFFF, machine.common(CommonField.NUM_QUEUES));
            assertEquals(0xFF, machine.read(4, 0, 1));
            assertEquals(-1L, machine.read(1, 0, 8));
            machine.common(CommonField.QUEUE_SELECT, 1);

            machine.set(PciHeader.MEMORY_SPACE);
            assertEquals(2, machine.common(CommonField.NUM_QUEUES));
            assertEquals(0, machine.common(CommonField.QUEUE_SELECT), "the write was lost");
        }
    }

    @Test
    void io_space_is_decoded_apart_from_memory() {
        try (Machine machine = new Machine(new LoopDevice(), from -> from.layout(ALL_TYPES)).enable()) {
            assertEquals(0, machine.read(0, 0, 2));
            machine.clear(PciHeader.IO_SPACE);
            assertEquals(0xFFFF, machine.read(0, 0, 2));
            assertEquals(0, machine.read(2, 0, 4));
            machine.command(PciHeader.IO_SPACE);
            assertEquals(0, machine.read(0, 0, 2));
            assertEquals(0xFFFF_FFFFL, machine.read(2, 0, 4));
        }
    }

    @Test
    void accesses_that_hit_nothing_read_0_and_change_nothing() {
        try (Machine machine = Machine.enabled()) {
            List<Object> before = machine.snapshot();
            long[] offsets = {64, 0xFFF, 0x1001, 0x2FFF, 0x3FFF, 0x4000, 0x1_0000_0000L, Long.MAX_VALUE, -1,
                Long.MIN_VALUE};
            for (int bar = -2; bar < 10; bar++) {
                for (long offset : offsets) {
                    for (int width : new int[] {-1, 0, 1, 2, 3, 4, 5, 8, 16}) {
                        if (bar != 1) {
                            machine.write(bar, offset, width, -1);
                            assertEquals(0, machine.read(bar, offset, width), bar + " " + offset);
                        }
                    }
                }
            }
            assertEquals(before, machine.snapshot());
        }
    }

    @Test
    void impossible_registers_are_refused() {
        assertThrows(IllegalArgumentException.class, () -> new PciBar(6, BarType.MEMORY_32, 4096));
        assertThrows(IllegalArgumentException.class, () -> new PciBar(-1, BarType.MEMORY_32, 4096));
        assertThrows(IllegalArgumentException.class, () -> new PciBar(5, BarType.MEMORY_64, 4096));
        assertThrows(IllegalArgumentException.class, () -> new PciBar(0, BarType.MEMORY_32, 4097));
        assertThrows(IllegalArgumentException.class, () -> new PciBar(0, BarType.MEMORY_32, 1L << 32));
        assertThrows(IllegalArgumentException.class, () -> new PciBar(0, BarType.IO, 512));
        assertThrows(IllegalArgumentException.class, () -> new PciBar(0, BarType.IO, 2));
    }
}
