// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.i2c.simulated.SimulatedBus;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;

/** On a bus that cannot hold a transaction, with threads for bus and queue. */
class BlockingI2cContractTest extends I2cContract {

    private final ExecutorService executor = Executors.newSingleThreadExecutor();
    private final SimulatedBus bus = bus();

    @AfterEach
    void end() {
        executor.close();
    }

    @Override
    protected VirtioDevice device() {
        return I2cDevice.of(bus::transfer).executor(executor).build();
    }

    @Override
    protected void configure(DeviceInstanceBuilder builder) {
        super.configure(builder);
        builder.runner(Runner.workerPerDevice(Thread.ofPlatform().daemon().factory()));
    }
}
