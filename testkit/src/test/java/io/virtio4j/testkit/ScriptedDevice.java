// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A device that does what a test says; echoes unless told otherwise. */
public class ScriptedDevice implements VirtioDevice {

    /** What happened, in order. */
    public final List<String> calls = new ArrayList<>();

    /** What serves chains. */
    public QueueHandler handler = ScriptedDevice::echo;

    private @Nullable DeviceContext context;
    private @Nullable VirtQueue queue;
    private final Map<Integer, VirtQueue> running = new HashMap<>();

    private final Map<Integer, QueueHandler> replaced = new HashMap<>();
    private List<QueueSpec> queues = List.of(new QueueSpec("echoq", 256));
    private ConfigSpace config = ConfigSpace.EMPTY;
    private FeatureSet offered = FeatureSet.NONE;
    private List<? extends Feature> features = List.of();
    private List<SharedMemoryRegion> sharedMemory = List.of();

    /** Creates a device with one queue that echoes. */
    public ScriptedDevice() {}

    /** Copies the readable bytes to the writable ones, as many as fit, at most 64 KiB. */
    public static void echo(DescriptorChain chain) {
        byte[] step = new byte[256];
        long left = Math.min(1 << 16, Math.min(chain.reader().length(), chain.writer().length()));
        for (; left >= step.length; left -= step.length) {
            chain.reader().read(step);
            chain.writer().write(step);
        }
        byte[] rest = new byte[(int) left];
        chain.reader().read(rest);
        chain.writer().write(rest);
        chain.complete();
    }

    /** Has so many queues of at most this size. */
    public ScriptedDevice queues(int count, int maxSize) {
        queues = IntStream.range(0, count).mapToObj(i -> new QueueSpec("q" + i, maxSize)).toList();
        return this;
    }

    /** Serves chains with this. */
    public ScriptedDevice handler(QueueHandler newHandler) {
        handler = newHandler;
        return this;
    }

    /** Serves chains of one queue with this from now on. */
    public void replace(int index, QueueHandler newHandler) {
        replaced.put(index, newHandler);
    }

    /** Has this configuration. */
    public ScriptedDevice config(ConfigSpace newConfig) {
        config = newConfig;
        return this;
    }

    /** Offers these features of its type, out of these that exist. */
    public ScriptedDevice features(FeatureSet newOffered, List<? extends Feature> existing) {
        offered = newOffered;
        features = existing;
        return this;
    }

    /** Shares this memory. */
    public ScriptedDevice sharedMemory(SharedMemoryRegion... regions) {
        sharedMemory = List.of(regions);
        return this;
    }

    /** The context of the latest activation. */
    public DeviceContext context() {
        return Objects.requireNonNull(context, "never activated");
    }

    /** The queue that was started last. */
    public VirtQueue queue() {
        return Objects.requireNonNull(queue, "never started");
    }

    /** The queue of this index that was started last. */
    public VirtQueue queue(int index) {
        return Objects.requireNonNull(running.get(index), "never started");
    }

    @Override
    public DeviceType type() {
        return new DeviceType(63, "scripted");
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
    public List<? extends Feature> features() {
        return features;
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
    public void activate(DeviceContext newContext) {
        calls.add("activate");
        context = newContext;
    }

    @Override
    public QueueHandler startQueue(VirtQueue started, DeviceContext newContext) {
        calls.add("start " + started.index());
        queue = started;
        running.put(started.index(), started);
        return new QueueHandler() {
            @Override
            public void handle(DescriptorChain chain) {
                current().handle(chain);
            }

            @Override
            public void service(VirtQueue serviced) {
                current().service(serviced);
            }

            private QueueHandler current() {
                return replaced.getOrDefault(started.index(), handler);
            }
        };
    }

    @Override
    public void stopQueue(VirtQueue stopped) {
        calls.add("stop " + stopped.index());
    }

    @Override
    public void reset() {
        calls.add("reset");
    }
}
