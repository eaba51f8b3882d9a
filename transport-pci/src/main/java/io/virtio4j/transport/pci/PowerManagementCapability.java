// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.StructLayout;

/** The power management capability: D0 and D3hot, no wake-up. [PCI Power Management] */
final class PowerManagementCapability {

    private static final StructLayout LAYOUT = StructLayout.of("power management capability");

    static {
        LAYOUT.u8("Capability ID");
        LAYOUT.u8("Next Pointer");
    }

    static final Le16 PMC = LAYOUT.le16("Power Management Capabilities");
    static final Le16 PMCSR = LAYOUT.le16("Power Management Control/Status");

    static {
        LAYOUT.u8("Bridge Support Extensions");
        LAYOUT.u8("Data");
    }

    static final int SIZE = LAYOUT.size(8);

    /** In PMC: version 1.2 of its specification. */
    private static final int VERSION = 3;

    /** In PMCSR: PowerState. */
    static final int POWER_STATE = 3;

    static final int NO_SOFT_RESET = 1 << 3;

    static final int D0 = 0;
    static final int D3_HOT = 3;

    private final ConfigBytes config;
    private final int at;

    PowerManagementCapability(ConfigBytes config, CapabilityList list, PowerManagement kind) {
        this.config = config;
        at = list.add(CapabilityList.POWER_MANAGEMENT, SIZE);
        int keeps = kind == PowerManagement.NO_SOFT_RESET ? NO_SOFT_RESET : 0;
        config.declare(at, PMC, VERSION, 0);
        config.declare(at, PMCSR, keeps, POWER_STATE);
    }

    int powerState() {
        return config.get(at, PMCSR) & POWER_STATE;
    }

    /** A write of a state that is not supported completes and changes nothing. */
    void refuseUnsupported(int before) {
        if (powerState() != D0 && powerState() != D3_HOT) {
            config.set(at, PMCSR, config.get(at, PMCSR) & ~POWER_STATE | before);
        }
    }
}
