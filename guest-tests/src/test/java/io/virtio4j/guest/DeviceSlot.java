// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.FeatureSet;

/** A device of ours where a guest finds it, however it is served: closed with what serves it. */
interface DeviceSlot extends AutoCloseable {

    /** Puts the device into a machine. */
    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine);

    Wiring wiring();

    /** What the driver has accepted. */
    FeatureSet accepted();

    @Override
    void close();
}
