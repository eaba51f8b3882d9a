// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.DriverPort;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.TransportContract;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Nested;

/** What holds for every transport, in each of the ways in which a driver may use this one. */
class PciContractTest {

    private static DriverPort connect(
            DeviceInstance instance,
            PciPort.Interrupts kind,
            PciPort.Window window,
            UnaryOperator<PciTransportBuilder> choices) {
        InterruptRecorder interrupts = new InterruptRecorder();
        PciBus bus = new PciBus();
        bus.add(Machine.SLOT, 0, choices.apply(PciTransport.of(instance, interrupts)).build());
        return new PciPort(Machine.access(bus), interrupts.probe, kind, window);
    }

    @Nested
    class WithMessages extends TransportContract {

        @Override
        protected DriverPort connect(DeviceInstance instance, GuestRam ram) {
            return PciContractTest.connect(instance, PciPort.Interrupts.MSIX, PciPort.Window.BARS,
                    from -> from.notifyValues(3, 2, 1));
        }
    }

    @Nested
    class WithAPin extends TransportContract {

        @Override
        protected DriverPort connect(DeviceInstance instance, GuestRam ram) {
            return PciContractTest.connect(instance, PciPort.Interrupts.PIN, PciPort.Window.BARS,
                    from -> from.msixVectors(0));
        }
    }

    @Nested
    class WithASharedVector extends TransportContract {

        @Override
        protected DriverPort connect(DeviceInstance instance, GuestRam ram) {
            return PciContractTest.connect(instance, PciPort.Interrupts.MSIX, PciPort.Window.BARS,
                    from -> from.msixVectors(2).express(PciExpress.NONE));
        }
    }

    @Nested
    class ThroughTheWindow extends TransportContract {

        @Override
        protected DriverPort connect(DeviceInstance instance, GuestRam ram) {
            return PciContractTest.connect(instance, PciPort.Interrupts.PIN, PciPort.Window.PCI_CFG,
                    UnaryOperator.identity());
        }
    }

    @Nested
    class WithOneNotificationAddress extends TransportContract {

        @Override
        protected DriverPort connect(DeviceInstance instance, GuestRam ram) {
            PciLayout layout = PciLayout.builder()
                    .bar(0, BarType.MEMORY_64)
                    .place(PciStructure.COMMON, 0)
                    .place(PciStructure.ISR, 0)
                    .place(PciStructure.DEVICE, 0)
                    .place(PciStructure.NOTIFY, 0)
                    .place(PciStructure.MSIX_TABLE, 0)
                    .place(PciStructure.MSIX_PBA, 0)
                    .place(PciStructure.SHARED_MEMORY, 0)
                    .notifyMultiplier(0)
                    .build();
            return PciContractTest.connect(instance, PciPort.Interrupts.MSIX, PciPort.Window.BARS,
                    from -> from.layout(layout).notifyValues(0xFFFF, 0, 0x8000));
        }
    }
}
