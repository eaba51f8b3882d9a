// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.transport.DeviceInstance;

/** A device without a transport keeps the contract of transports. */
class DirectPortTest extends TransportContract {

    @Override
    protected DriverPort connect(DeviceInstance instance, GuestRam ram) {
        return new DirectPort(instance);
    }
}
