// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.TestDriver;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Structures lie where the embedder wants them, or the builder says why they cannot. */
class PciLayoutTest {

    private static PciLayout.Builder everything(int bar) {
        return PciLayout.builder()
                .place(PciStructure.COMMON, bar)
                .place(PciStructure.ISR, bar)
                .place(PciStructure.DEVICE, bar)
                .place(PciStructure.NOTIFY, bar)
                .place(PciStructure.MSIX_TABLE, bar)
                .place(PciStructure.MSIX_PBA, bar);
    }

    private static void refused(String reason, UnaryOperator<PciLayout.Builder> change) {
        String message = assertThrows(IllegalArgumentException.class, () -> new Machine(new LoopDevice(),
                from -> from.layout(change.apply(PciLayout.builder()).build()))).getMessage();
        assertTrue(String.valueOf(message).contains(reason), message);
    }

    private static void works(PciLayout layout) {
        try (Machine machine = new Machine(new LoopDevice(), from -> from.layout(layout))) {
            TestDriver driver = machine.drive(DriverOptions.split());
            for (int i = 0; i < 10; i++) {
                assertEquals(i, driver.queue(i % 2).exchange(new byte[] {(byte) i}, 1).written()[0]);
            }
            driver.reset();
        }
    }

    @ParameterizedTest
    @EnumSource(value = BarType.class, names = "IO", mode = EnumSource.Mode.EXCLUDE)
    void one_bar_can_hold_everything(BarType type) {
        works(everything(0).bar(0, type).build());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 16, 4096, 0x1_0000})
    void queues_can_be_as_far_apart_as_wanted(int multiplier) {
        works(everything(2).bar(2, BarType.MEMORY_64).notifyMultiplier(multiplier).build());
    }

    @Test
    void everything_can_be_packed_tightly() {
        PciLayout layout = PciLayout.builder()
                .bar(5, BarType.MEMORY_32)
                .place(PciStructure.COMMON, 5, 0)
                .place(PciStructure.ISR, 5, 64)
                .place(PciStructure.DEVICE, 5, 68)
                .place(PciStructure.NOTIFY, 5, 88)
                .place(PciStructure.MSIX_TABLE, 5, 96)
                .place(PciStructure.MSIX_PBA, 5, 144)
                .build();
        works(layout);
        try (Machine machine = new Machine(new LoopDevice(), from -> from.layout(layout))) {
            assertEquals(List.of(new PciBar(5, BarType.MEMORY_32, 4096)), machine.pci.bars());
        }
    }

    @Test
    void structures_can_be_in_a_bar_each() {
        works(PciLayout.builder()
                .bar(0, BarType.MEMORY_32).bar(1, BarType.MEMORY_32).bar(2, BarType.MEMORY_32)
                .bar(3, BarType.MEMORY_32).bar(4, BarType.MEMORY_32).bar(5, BarType.MEMORY_32)
                .place(PciStructure.COMMON, 5).place(PciStructure.ISR, 4).place(PciStructure.DEVICE, 3)
                .place(PciStructure.NOTIFY, 2).place(PciStructure.MSIX_TABLE, 1)
                .place(PciStructure.MSIX_PBA, 0)
                .build());
    }

    @Test
    void registers_can_be_in_io_space() {
        PciLayout layout = PciLayout.builder()
                .bar(0, BarType.IO)
                .place(PciStructure.COMMON, 0)
                .place(PciStructure.ISR, 0)
                .place(PciStructure.DEVICE, 0)
                .place(PciStructure.NOTIFY, 0)
                .build();
        try (Machine machine = new Machine(new LoopDevice(), from -> from.layout(layout).msixVectors(0))
                .enable()) {
            assertEquals(List.of(new PciBar(0, BarType.IO, 128)), machine.pci.bars());
            assertEquals(2, machine.bus.readPort(0xC000 + CommonField.NUM_QUEUES.offset(), 2));
            machine.bus.writePort(0xC000 + CommonField.DEVICE_STATUS.offset(), 1, 1);
            assertEquals(1, machine.device.status());
        }
    }

    @Test
    void areas_say_what_is_where() {
        try (Machine machine = new Machine()) {
            assertEquals(List.of(
                    new BarArea(PciStructure.MSIX_TABLE, 1, 0, 48, null),
                    new BarArea(PciStructure.MSIX_PBA, 1, 0x1000, 8, null),
                    new BarArea(PciStructure.COMMON, 4, 0, 64, null),
                    new BarArea(PciStructure.ISR, 4, 0x1000, 1, null),
                    new BarArea(PciStructure.DEVICE, 4, 0x2000, 20, null),
                    new BarArea(PciStructure.NOTIFY, 4, 0x3000, 8, null)), machine.pci.areas());
        }
    }

    @Test
    void impossible_layouts_are_refused() {
        refused("has no place", layout -> layout.bar(0, BarType.MEMORY_32)
                .place(PciStructure.COMMON, 0));
        refused("not declared", layout -> everything(0));
        refused("not declared", layout -> everything(0).bar(1, BarType.MEMORY_32));
        refused("overlap", layout -> layout.bar(0, BarType.MEMORY_32)
                .place(PciStructure.COMMON, 0).place(PciStructure.ISR, 0, 63)
                .place(PciStructure.DEVICE, 0).place(PciStructure.NOTIFY, 0)
                .place(PciStructure.MSIX_TABLE, 0).place(PciStructure.MSIX_PBA, 0));
        refused("overlap", layout -> layout.bar(0, BarType.MEMORY_32)
                .place(PciStructure.COMMON, 0, 0x20).place(PciStructure.DEVICE, 0, 0x10)
                .place(PciStructure.ISR, 0).place(PciStructure.NOTIFY, 0)
                .place(PciStructure.MSIX_TABLE, 0).place(PciStructure.MSIX_PBA, 0));
        refused("cannot be there", layout -> everything(0).bar(0, BarType.IO));
        refused("cannot be there", layout -> everything(0).bar(0, BarType.MEMORY_32)
                .place(PciStructure.PORT_NOTIFY, 0));
        refused("has a place already", layout -> everything(0).place(PciStructure.ISR, 0));
        refused("BAR is taken", layout -> layout.bar(0, BarType.IO).bar(0, BarType.IO));
        refused("BAR is taken", layout -> layout.bar(0, BarType.MEMORY_64).bar(1, BarType.IO));
        refused("BAR is taken", layout -> layout.bar(1, BarType.IO).bar(0, BarType.MEMORY_64));
        refused("needs the next register", layout -> layout.bar(5, BarType.MEMORY_64));
        refused("has to be 0 to 5", layout -> layout.bar(6, BarType.MEMORY_32));
        refused("offset has to lie", layout -> layout.place(PciStructure.ISR, 0, -4));
        refused("within 4 GiB", layout -> layout.bar(0, BarType.MEMORY_64)
                .place(PciStructure.COMMON, 0, 0x1_0000_0000L).place(PciStructure.ISR, 0)
                .place(PciStructure.DEVICE, 0).place(PciStructure.NOTIFY, 0)
                .place(PciStructure.MSIX_TABLE, 0).place(PciStructure.MSIX_PBA, 0));
        refused("power of two from", layout -> everything(0).bar(0, BarType.MEMORY_32)
                .barSize(0, 1L << 33));
    }
}
