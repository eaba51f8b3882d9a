// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.DriverPort;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.MmioPort;
import io.virtio4j.testkit.RegisterAccess;
import io.virtio4j.testkit.TransportContract;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Nested;

/** What holds for every transport holds for MMIO, with both kinds of interrupts. */
class MmioContractTest {

    /** Shared memory regions one after the other, from here. */
    private static final long SHARED_MEMORY = 0x40_0000_0000L;

    private static DriverPort port(DeviceInstance instance, MmioInterrupt interrupt, InterruptProbe probe) {
        Map<Integer, Long> bases = new HashMap<>();
        long next = SHARED_MEMORY;
        for (SharedMemoryRegion region : instance.sharedMemory()) {
            bases.put(region.id(), next);
            next += region.length();
        }
        MmioTransport mmio =
                new MmioTransport(instance, interrupt, MmioTransport.DEFAULT_VENDOR_ID, bases);
        return new MmioPort(RegisterAccess.of(mmio::read, mmio::write), probe);
    }

    @Nested
    class LevelTriggered extends TransportContract {
        @Override
        protected DriverPort connect(DeviceInstance instance, GuestRam ram) {
            InterruptProbe probe = new InterruptProbe();
            return port(instance, MmioInterrupt.level(high -> probe.level(0, high)), probe);
        }
    }

    @Nested
    class EdgeTriggered extends TransportContract {
        @Override
        protected DriverPort connect(DeviceInstance instance, GuestRam ram) {
            InterruptProbe probe = new InterruptProbe();
            return port(instance, MmioInterrupt.edge(() -> probe.raise(0)), probe);
        }
    }
}
