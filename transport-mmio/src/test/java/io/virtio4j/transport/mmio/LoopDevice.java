// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.Le32;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Copies what is device-readable to what is device-writable, at once or when told to. */
final class LoopDevice implements VirtioDevice {

    static final DeviceType TYPE = new DeviceType(63, "loop");
    static final List<Integer> QUEUE_SIZES = List.of(8, 100);
    static final FeatureSet FEATURES = FeatureSet.NONE.withBit(0).withBit(23).withBit(64).withBit(127);

    /** Changed by the device. */
    static final Le32 COUNTER = new Le32(0);
    /** Changed by the driver. */
    static final int WRITABLE = 4;
    static final int WRITABLE_LENGTH = 8;
    static final int CONFIG_SIZE = 13;

    final ConfigSpace config = new ConfigSpace(CONFIG_SIZE);
    private final List<SharedMemoryRegion> sharedMemory;

    /** Chains are kept until {@link #release}. */
    boolean keeps;
    int served;
    private final List<DescriptorChain> kept = new ArrayList<>();

    LoopDevice(SharedMemoryRegion... sharedMemory) {
        this.sharedMemory = List.of(sharedMemory);
        config.writable(WRITABLE, WRITABLE_LENGTH, written -> {});
        config.set(bytes -> {
            for (int i = 0; i < CONFIG_SIZE; i++) {
                bytes.set(ValueLayout.JAVA_BYTE, i, (byte) (0xA0 + i));
            }
        });
    }

    @Override
    public DeviceType type() {
        return TYPE;
    }

    @Override
    public List<QueueSpec> queues() {
        return QUEUE_SIZES.stream().map(size -> new QueueSpec("loop" + size, size)).toList();
    }

    @Override
    public FeatureSet offeredFeatures() {
        return FEATURES;
    }

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    @Override
    public List<SharedMemoryRegion> sharedMemory() {
        return sharedMemory;
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
        return chain -> {
            served++;
            if (keeps) {
                chain.defer();
                kept.add(chain);
            } else {
                serve(chain);
            }
        };
    }

    private static void serve(DescriptorChain chain) {
        try {
            byte[] bytes = new byte[(int) chain.reader().remaining()];
            chain.reader().read(bytes);
            chain.writer().write(bytes);
        } catch (ChainFault e) {
            // The queue was stopped meanwhile; the loan is still to be ended.
        }
        chain.complete();
    }

    /** The host's I/O ends. */
    void release() {
        List<DescriptorChain> all = List.copyOf(kept);
        kept.clear();
        all.forEach(LoopDevice::serve);
    }
}
