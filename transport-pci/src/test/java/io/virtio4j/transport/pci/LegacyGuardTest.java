// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.testkit.conformance.Normative;
import org.junit.jupiter.api.Test;

/** [Non-transitional Device With Legacy Driver: A Note on PCI Device Layout] */
class LegacyGuardTest {

    private static PciLayout.Builder rest() {
        return PciLayout.builder()
                .bar(1, BarType.MEMORY_32)
                .bar(4, BarType.MEMORY_64)
                .place(PciStructure.MSIX_TABLE, 1)
                .place(PciStructure.MSIX_PBA, 1)
                .place(PciStructure.COMMON, 4)
                .place(PciStructure.ISR, 4)
                .place(PciStructure.DEVICE, 4)
                .place(PciStructure.NOTIFY, 4);
    }

    private static Machine guarded() {
        PciLayout layout = rest().bar(0, BarType.IO)
                .place(PciStructure.LEGACY_GUARD, 0)
                .place(PciStructure.PORT_NOTIFY, 0)
                .build();
        return new Machine(new LoopDevice(), from -> from.layout(layout)).enable();
    }

    @Test
    @Normative("PCI-53")
    void legacy_reset_silences_the_function() {
        try (Machine machine = guarded()) {
            assertEquals(new PciBar(0, BarType.IO, 64), machine.pci.bars().getFirst());
            machine.enableMsix();
            machine.start();

            machine.bus.writePort(0xC000 + 18, 1, 0);

            for (PciBar bar : machine.pci.bars()) {
                for (long offset = 0; offset < bar.size(); offset += 4) {
                    assertEquals(0, machine.read(bar.index(), offset, 4));
                }
            }
            machine.ring(0).add(1);
            machine.notifyQueue(0);
            machine.write(0, 32, 2, 0);
            assertEquals(0, machine.ring(0).used(), "writes are ignored");
            int window = machine.virtioCapability(VirtioCapability.PCI_CFG);
            machine.config(window + 4, 1, 4);
            machine.config(window + 8, 4, CommonField.NUM_QUEUES.offset());
            machine.config(window + 12, 4, 2);
            assertEquals(0, machine.config(window + 16, 2), "no way around");

            machine.pci.reset();
            machine.enable().enableMsix();
            machine.start();
            machine.exchange(0, 1);
        }
    }

    @Test
    @Normative("PCI-53")
    void other_accesses_do_not() {
        try (Machine machine = guarded()) {
            for (int offset = 0; offset < 24; offset++) {
                machine.read(0, offset, 1);
                machine.write(0, offset, 1, 1);
                machine.write(0, offset, 2, 0);
                machine.write(0, offset, 4, 0);
                if (offset != 18) {
                    machine.write(0, offset, 1, 0);
                }
            }
            assertEquals(2, machine.common(CommonField.NUM_QUEUES));
        }
    }

    @Test
    void guard_stands_nowhere_else() {
        assertThrows(IllegalArgumentException.class, () -> new Machine(new LoopDevice(), from -> from.layout(
                rest().bar(0, BarType.IO).place(PciStructure.LEGACY_GUARD, 0, 32).build())));
        assertThrows(IllegalArgumentException.class, () -> new Machine(new LoopDevice(), from -> from.layout(
                rest().bar(0, BarType.MEMORY_32).place(PciStructure.LEGACY_GUARD, 0).build())));
    }
}
