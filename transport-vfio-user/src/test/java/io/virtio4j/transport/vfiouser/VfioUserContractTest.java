// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.DriverPort;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.TransportContract;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;

/** What holds for every transport, over the socket: registers by message, memory and interrupts by descriptor. */
class VfioUserContractTest {

    abstract static class OverTheSocket extends TransportContract {

        private final PciPort.Interrupts kind;
        private final PciPort.Window window;
        private final UnaryOperator<VfioUserServerBuilder> choices;

        private final Map<String, Integer> before = OpenFiles.now();
        private final GuestSide.Ram ram = new GuestSide.Ram();
        private GuestSide guest;

        OverTheSocket(
                PciPort.Interrupts kind, PciPort.Window window, UnaryOperator<VfioUserServerBuilder> choices) {
            this.kind = kind;
            this.window = window;
            this.choices = choices;
        }

        @Override
        protected GuestRam allocateRam() {
            return ram.ram;
        }

        @Override
        protected GuestMemory deviceMemory(GuestRam unused) {
            return new GuestMemory();
        }

        @Override
        protected DriverPort connect(DeviceInstance instance, GuestRam unused) {
            guest = GuestSide.of(instance, ram, choices);
            return guest.port(kind, window);
        }

        @AfterEach
        void nothing_is_left() {
            if (guest != null) {
                guest.close();
            }
            ram.close();
            assertEquals(before, OpenFiles.now());
            assertEquals(0, SharedFile.mappings());
        }
    }

    @Nested
    class WithMessages extends OverTheSocket {

        WithMessages() {
            super(PciPort.Interrupts.MSIX, PciPort.Window.BARS, builder -> builder);
        }
    }

    @Nested
    class WithAPin extends OverTheSocket {

        WithAPin() {
            super(PciPort.Interrupts.PIN, PciPort.Window.BARS, builder -> builder.pci(pci -> pci.msixVectors(0)));
        }
    }

    @Nested
    class ThroughTheWindow extends OverTheSocket {

        ThroughTheWindow() {
            super(PciPort.Interrupts.PIN, PciPort.Window.PCI_CFG, builder -> builder);
        }
    }
}
