// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.wire.StateException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** A function whose registers are the embedder's. */
class PlainPciFunctionTest {

    private static final int COMMAND = PciHeader.COMMAND.offset();
    private static final long PLACE = 0xE000_0000L;

    private final InterruptRecorder interrupts = new InterruptRecorder();
    private final InterruptPin pin = new InterruptPin(interrupts);
    private final List<String> accesses = new ArrayList<>();
    private int resets;

    private final PlainPciFunction function = PlainPciFunction.of(0x1234, 0xABCD)
            .revision(7)
            .classCode(0x058000)
            .subsystem(0x4321, 0x0001)
            .bar(new PciBar(0, BarType.MEMORY_32, 4096), BarRegisters.of(this::read, this::write))
            .bar(new PciBar(2, BarType.MEMORY_64, 1 << 16), BarRegisters.of((at, width) -> 2, (at, width, value) -> {}))
            .bar(new PciBar(4, BarType.IO, 64), BarRegisters.of((at, width) -> 4, (at, width, value) -> {}))
            .interruptPin(pin)
            .onReset(() -> resets++)
            .build();

    private long read(long offset, int width) {
        accesses.add("read " + offset + " " + width);
        return offset;
    }

    private void write(long offset, int width, long value) {
        accesses.add("write " + offset + " " + width + " " + value);
    }

    private void command(int bits) {
        function.writeConfig(COMMAND, 2, bits);
    }

    private boolean isInterruptStatusSet() {
        return (function.readConfig(PciHeader.STATUS.offset(), 2) & PciHeader.INTERRUPT_STATUS) != 0;
    }

    @Test
    void driver_finds_it_by_its_ids() {
        assertEquals(0xABCD_1234L, function.readConfig(0, 4));
        assertEquals(0x0580_0007L, function.readConfig(8, 4));
        assertEquals(0x0001_4321L, function.readConfig(0x2C, 4));
        assertEquals(1, function.readConfig(PciHeader.INTERRUPT_PIN.offset(), 1));
        assertEquals(0, function.readConfig(PciHeader.STATUS.offset(), 2), "no capabilities, no interrupt");
        assertEquals(0, function.readConfig(PciHeader.CAPABILITIES_POINTER.offset(), 1));
        assertEquals("PlainPciFunction[1234:abcd]", function.toString());
    }

    @Test
    void ids_cannot_be_written() {
        for (int at = 0; at < 256; at += 4) {
            if (at != COMMAND) {
                function.writeConfig(at, 4, 0xFFFF_FFFFL);
            }
        }
        assertEquals(0xABCD_1234L, function.readConfig(0, 4));
        assertEquals(0x0001_4321L, function.readConfig(0x2C, 4));
        assertEquals(0, function.readConfig(0x40, 4), "nothing behind the header");
    }

    @Test
    void bars_tell_their_sizes() {
        for (int bar = 0; bar < PciBar.COUNT; bar++) {
            function.writeConfig(0x10 + 4 * bar, 4, 0xFFFF_FFFFL);
        }
        List<Long> sizes = new ArrayList<>();
        for (int bar = 0; bar < PciBar.COUNT; bar++) {
            sizes.add(function.readConfig(0x10 + 4 * bar, 4));
        }
        assertEquals(List.of(0xFFFF_F000L, 0L, 0xFFFF_0004L, 0xFFFF_FFFFL, 0xFFFF_FFC1L, 0L), sizes);
    }

    @Test
    void registers_answer_while_the_bar_is_decoded() {
        PciBus bus = new PciBus();
        bus.add(3, 0, function);
        function.writeConfig(0x10, 4, PLACE);
        assertEquals(0xFFFF_FFFFL, bus.readMemory(PLACE + 8, 4));
        assertEquals(0xFFFF_FFFFL, function.readBar(0, 8, 4));
        function.writeBar(0, 8, 4, 1);
        assertEquals(OptionalLong.empty(), function.barAddress(0));

        command(PciHeader.MEMORY_SPACE);

        assertEquals(OptionalLong.of(PLACE), function.barAddress(0));
        assertEquals(8, bus.readMemory(PLACE + 8, 4));
        bus.writeMemory(PLACE + 12, 2, 99);
        assertEquals(2, function.readBar(2, 0, 8));
        assertEquals(0xFFFF, function.readBar(4, 0, 2), "I/O space is not decoded");
        assertEquals(List.of("read 8 4", "write 12 2 99"), accesses);
    }

    @Test
    void accesses_that_lie_outside_or_have_an_odd_width_read_0_and_reach_nobody() {
        command(PciHeader.MEMORY_SPACE | PciHeader.IO_SPACE);
        long[] offsets = {-1, Long.MIN_VALUE, 4093, 4096, Long.MAX_VALUE};
        for (int bar : new int[] {Integer.MIN_VALUE, -1, 0, 1, 3, 5, 6, Integer.MAX_VALUE}) {
            for (long offset : offsets) {
                function.writeBar(bar, offset, 4, -1);
                assertEquals(0, function.readBar(bar, offset, 4), bar + " " + offset);
            }
        }
        for (int width : new int[] {-1, 0, 3, 5, 16}) {
            function.writeBar(0, 0, width, -1);
            assertEquals(0, function.readBar(0, 0, width));
            function.writeConfig(COMMAND, width, 0);
            assertEquals(0, function.readConfig(COMMAND, width));
        }
        for (int offset : new int[] {-4, 256, 254, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            function.writeConfig(offset, 4, 0);
            assertEquals(0, function.readConfig(offset, 4));
        }
        assertEquals(List.of(), accesses);
        assertEquals(4, function.readBar(4, 60, 4));
    }

    @Test
    void pin_follows_what_stands_behind_it() {
        pin.set(true);
        assertEquals(List.of(true), interrupts.takeLevels());
        assertTrue(pin.isAsserted());
        assertTrue(isInterruptStatusSet());
        pin.set(true);
        assertEquals(List.of(), interrupts.takeLevels(), "only changes");

        pin.set(false);
        assertEquals(List.of(false), interrupts.takeLevels());
        assertFalse(isInterruptStatusSet());
    }

    @Test
    void interrupt_disable_hides_the_pin_and_keeps_the_status() {
        pin.set(true);
        command(PciHeader.INTERRUPT_DISABLE);
        assertEquals(List.of(true, false), interrupts.takeLevels());
        assertTrue(isInterruptStatusSet());

        command(0);
        assertEquals(List.of(true), interrupts.takeLevels());
    }

    @Test
    void reset_runs_the_embedders_and_clears_what_was_written() {
        function.writeConfig(0x10, 4, PLACE);
        command(PciHeader.MEMORY_SPACE | PciHeader.INTERRUPT_DISABLE);
        List<String> moves = new ArrayList<>();
        function.addBarListener(new BarListener() {
            @Override
            public void mapped(PciBar bar, long address) {
                moves.add("+" + bar.index());
            }

            @Override
            public void unmapped(PciBar bar, long address) {
                moves.add("-" + bar.index());
            }
        });

        function.reset();

        assertEquals(1, resets);
        assertEquals(0, function.readConfig(COMMAND, 2));
        assertEquals(0, function.readConfig(0x10, 4));
        assertEquals(List.of("+0", "-0"), moves);
    }

    @Test
    void memory_in_a_bar_is_read_and_written_where_it_is() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(4096);
            PlainPciFunction other = PlainPciFunction.of(0x1234, 0xABCD)
                    .bar(new PciBar(2, BarType.MEMORY_64_PREFETCHABLE, 8192), memory).build();
            other.writeConfig(COMMAND, 2, PciHeader.MEMORY_SPACE);

            assertEquals(List.of(new BarMemory(2, 0, memory)), other.memory());
            for (int width : new int[] {1, 2, 4, 8}) {
                other.writeBar(2, 13, width, 0x8899_AABB_CCDD_EEFFL);
                assertEquals(0x8899_AABB_CCDD_EEFFL & Width.ones(width), other.readBar(2, 13, width));
                assertEquals((byte) 0xFF, memory.get(ValueLayout.JAVA_BYTE, 13));
            }
            other.writeBar(2, 4093, 4, -1);
            assertEquals(0, other.readBar(2, 4093, 4), "passes the end of the memory");
            assertEquals(0, other.readBar(2, 8184, 8), "behind it");
            assertEquals(List.of(), function.memory());
        }
    }

    @Test
    void memory_that_does_not_fit_is_refused() {
        try (Arena arena = Arena.ofConfined()) {
            PciBar bar = new PciBar(0, BarType.MEMORY_32, 4096);
            PlainPciFunctionBuilder builder = PlainPciFunction.of(0x1234, 0xABCD);

            assertThrows(IllegalArgumentException.class, () -> builder.bar(bar, arena.allocate(4097)));
            assertThrows(IllegalArgumentException.class, () -> builder.bar(bar, arena.allocate(4096).asReadOnly()));
            assertThrows(IllegalArgumentException.class, () -> builder.bar(bar, MemorySegment.ofArray(new byte[64])));
        }
    }

    @Test
    void function_without_pin_has_no_interrupt() {
        PlainPciFunction quiet = PlainPciFunction.of(1, 2).build();
        assertEquals(0, quiet.readConfig(PciHeader.INTERRUPT_PIN.offset(), 1));
        quiet.writeConfig(COMMAND, 2, 0xFFFF);
        assertEquals(PciHeader.BUS_MASTER | PciHeader.PARITY_ERROR_RESPONSE | PciHeader.SERR_ENABLE,
                quiet.readConfig(COMMAND, 2), "neither BARs nor a pin to enable");
        assertEquals(0xFF0000, quiet.readConfig(8, 4) >>> 8);
        quiet.reset();
        assertEquals(0, quiet.readConfig(COMMAND, 2));
    }

    @Test
    void restored_function_answers_where_the_saved_one_did() {
        function.writeConfig(0x10, 4, PLACE);
        command(PciHeader.MEMORY_SPACE | PciHeader.INTERRUPT_DISABLE);
        byte[] saved = function.save();
        function.reset();
        pin.set(true);
        interrupts.takeLevels();

        function.restore(saved);

        assertEquals(OptionalLong.of(PLACE), function.barAddress(0));
        assertEquals(List.of(false), interrupts.takeLevels(), "disabled, as it was");
    }

    @Test
    void state_of_another_function_is_refused() {
        byte[] other = PlainPciFunction.of(1, 2).build().save();
        assertThrows(StateException.class, () -> function.restore(other));
        assertThrows(StateException.class, () -> function.restore(new byte[0]));
    }

    @Test
    void impossible_choices_are_refused() {
        PlainPciFunctionBuilder any = PlainPciFunction.of(1, 2);
        BarRegisters none = BarRegisters.of((at, width) -> 0, (at, width, value) -> {});
        assertThrows(IllegalArgumentException.class, () -> PlainPciFunction.of(0xFFFF, 0));
        assertThrows(IllegalArgumentException.class, () -> PlainPciFunction.of(-1, 0));
        assertThrows(IllegalArgumentException.class, () -> PlainPciFunction.of(0, 0x1_0000));
        assertThrows(IllegalArgumentException.class, () -> any.revision(256));
        assertThrows(IllegalArgumentException.class, () -> any.classCode(0x100_0000));
        assertThrows(IllegalArgumentException.class, () -> any.subsystem(0, 0x1_0000));
        assertThrows(IllegalArgumentException.class, () -> any.interruptPin(pin, 0));
        assertThrows(IllegalArgumentException.class, () -> any.interruptPin(pin, 5));
        any.bar(new PciBar(1, BarType.MEMORY_64, 4096), none);
        assertThrows(IllegalArgumentException.class,
                () -> any.bar(new PciBar(2, BarType.MEMORY_32, 4096), none), "the upper half of BAR 1");
        assertThrows(IllegalArgumentException.class,
                () -> any.bar(new PciBar(0, BarType.MEMORY_64, 4096), none));
        assertThrows(IllegalArgumentException.class,
                () -> any.bar(new PciBar(1, BarType.MEMORY_32, 4096), none));
    }
}
