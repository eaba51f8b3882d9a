// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

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
import java.util.function.IntConsumer;

/** Copies what is device-readable to what is device-writable, at once or when told to. */
final class LoopDevice implements VirtioDevice {

    static final DeviceType TYPE = new DeviceType(63, "loop");
    static final FeatureSet FEATURES = FeatureSet.NONE.withBit(0).withBit(23).withBit(64).withBit(127);

    /** Changed by the device, both to the same value. */
    static final Le32 COUNTER = new Le32(0);
    static final Le32 COUNTER_AGAIN = new Le32(12);
    /** Changed by the driver. */
    static final int WRITABLE = 4;
    static final int WRITABLE_LENGTH = 8;
    static final int CONFIG_SIZE = 17;

    final ConfigSpace config;
    private final List<QueueSpec> queues;
    private final List<SharedMemoryRegion> sharedMemory;

    /** Chains are kept until {@link #release}. */
    volatile boolean keeps;
    volatile int served;
    private final List<DescriptorChain> kept = new ArrayList<>();

    /** Asked once. */
    FeatureSet offered = FEATURES;

    /** Runs when a queue starts. */
    volatile IntConsumer onStart = queue -> {};

    LoopDevice(SharedMemoryRegion... sharedMemory) {
        this(CONFIG_SIZE, List.of(8, 100), sharedMemory);
    }

    LoopDevice(int configSize, List<Integer> queueSizes, SharedMemoryRegion... sharedMemory) {
        this.sharedMemory = List.of(sharedMemory);
        queues = queueSizes.stream().map(size -> new QueueSpec("loop" + size, size)).toList();
        config = configSize == 0 ? ConfigSpace.EMPTY : new ConfigSpace(configSize);
        if (configSize >= WRITABLE + WRITABLE_LENGTH) {
            config.writable(WRITABLE, WRITABLE_LENGTH, written -> {});
        }
        config.set(bytes -> {
            for (int i = 0; i < configSize; i++) {
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
        return queues;
    }

    @Override
    public FeatureSet offeredFeatures() {
        return offered;
    }

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    @Override
    public List<SharedMemoryRegion> sharedMemory() {
        return sharedMemory;
    }

    void change(int value) {
        config.update(bytes -> {
            COUNTER.set(bytes, 0, value);
            COUNTER_AGAIN.set(bytes, 0, value);
        });
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
        onStart.accept(queue.index());
        return chain -> {
            served++;
            if (keeps) {
                chain.defer();
                synchronized (kept) {
                    kept.add(chain);
                }
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

    int kept() {
        synchronized (kept) {
            return kept.size();
        }
    }

    /** The host's I/O ends. */
    void release() {
        List<DescriptorChain> all;
        synchronized (kept) {
            all = List.copyOf(kept);
            kept.clear();
        }
        all.forEach(LoopDevice::serve);
    }
}
