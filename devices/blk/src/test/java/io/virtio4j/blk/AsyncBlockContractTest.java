// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;

/** With storage and queues on threads of their own. */
class AsyncBlockContractTest extends BlockContract {

    private final ExecutorService executor = Executors.newFixedThreadPool(3);
    private final MemoryBackend memory = new MemoryBackend(SIZE);

    @AfterEach
    void end() {
        executor.close();
    }

    @Override
    protected VirtioDevice device() {
        return BlockDevice.of(AsyncBlockBackend.of(memory, executor)).queues(2).build();
    }

    @Override
    protected void configure(DeviceInstanceBuilder builder) {
        super.configure(builder);
        builder.runner(Runner.workerPerDevice(Thread.ofPlatform().daemon().factory()));
    }
}
