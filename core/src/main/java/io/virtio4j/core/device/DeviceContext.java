// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import io.virtio4j.core.memory.GuestMemory;

/** What a running device is given. Usable from any thread until the device is reset. */
public interface DeviceContext {

    /** What was negotiated. */
    FeatureSet negotiated();

    /** The memory that the device sees. */
    GuestMemory memory();

    /**
     * The device cannot go on: sets DEVICE_NEEDS_RESET and tells the driver. [Device Status Field]
     *
     * @param reason for the log: {@code what: key=value key=value}
     */
    void needsReset(String reason);
}
