// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The device with which transports are tested: a bit of everything that a transport carries. Echoes what
 * is readable to what is writable; queue 2 keeps its chains until the test ends them.
 */
final class ContractDevice implements VirtioDevice {

    static final int QUEUES = 3;
    static final int SLOW_QUEUE = 2;
    static final int MAX_SIZE = 64;
    static final int CONFIG_SIZE = 32;
    static final int WRITABLE_FROM = 16;
    static final int SHARED_ID = 5;
    static final long SHARED_LENGTH = 0x2000;
    static final long SHARED_ALIGNMENT = 0x1000;

    /** One bit at least in each word that there is. */
    static final FeatureSet FEATURES =
            FeatureSet.NONE.withBit(0).withBit(23).withBit(50).withBit(64).withBit(95).withBit(127);

    final ConfigSpace config = new ConfigSpace(CONFIG_SIZE);
    final List<DescriptorChain> kept = new CopyOnWriteArrayList<>();
    private final SharedMemoryRegion shared;
    private @Nullable DeviceContext context;

    ContractDevice(MemorySegment sharedMemory) {
        shared = new SharedMemoryRegion(SHARED_ID, sharedMemory);
        config.set(segment -> {
            for (int i = 0; i < CONFIG_SIZE; i++) {
                segment.set(JAVA_BYTE, i, (byte) (0x11 * (i + 1)));
            }
        });
        config.writable(WRITABLE_FROM, 8, written -> {});
    }

    DeviceContext context() {
        return Objects.requireNonNull(context, "not activated");
    }

    /** What the driver reads at an offset until something writes. */
    static long configByte(int offset) {
        return 0x11 * (offset + 1) & 0xFF;
    }

    void finishKept() {
        kept.forEach(ContractDevice::echo);
        kept.clear();
    }

    /** As I/O does that was cancelled. */
    void cancelKept() {
        kept.forEach(chain -> chain.complete(0));
        kept.clear();
    }

    @Override
    public DeviceType type() {
        return new DeviceType(42, "contract");
    }

    @Override
    public List<QueueSpec> queues() {
        return List.of(new QueueSpec("q0", MAX_SIZE), new QueueSpec("q1", MAX_SIZE),
                new QueueSpec("slow", MAX_SIZE));
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
        return List.of(shared);
    }

    @Override
    public void activate(DeviceContext newContext) {
        context = newContext;
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext newContext) {
        return queue.index() == SLOW_QUEUE ? this::keep : ContractDevice::echo;
    }

    private void keep(DescriptorChain chain) {
        chain.defer();
        kept.add(chain);
    }

    private static void echo(DescriptorChain chain) {
        byte[] bytes = new byte[(int) Math.min(chain.reader().length(), chain.writer().length())];
        chain.reader().read(bytes);
        chain.writer().write(bytes);
        chain.complete();
    }
}
