// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.i2c.simulated.SimulatedBus;

/** On the thread that serves the queue. */
class SimulatedI2cContractTest extends I2cContract {

    private final SimulatedBus bus = bus();

    @Override
    protected VirtioDevice device() {
        return new I2cDevice(bus);
    }
}
