// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import io.virtio4j.core.device.Feature;

/** The feature bits of an SCMI device. [Device Types / SCMI Device / Feature bits] */
public enum ScmiFeature implements Feature {
    /** There are notifications or delayed responses. */
    P2A_CHANNELS,
    /** There is statistics in shared memory. */
    SHARED_MEMORY;

    @Override
    public int bit() {
        return ordinal();
    }
}
