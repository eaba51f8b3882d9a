// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Echoes on queue 0; on queue 1 it keeps what comes until the test ends it. Its own state is what a test puts
 * there.
 */
final class TestDevice implements VirtioDevice {

    static final int ECHO = 0;
    static final int SLOW = 1;
    static final int QUEUES = 2;
    static final int SIZE = 16;
    static final int CONFIG_SIZE = 24;
    static final int WRITABLE = 16;

    final ConfigSpace config = new ConfigSpace(CONFIG_SIZE);
    /** A chain that is kept, and its first readable byte. */
    record Kept(DescriptorChain chain, byte value) {}

    final List<Kept> kept = new CopyOnWriteArrayList<>();

    /** The first readable byte of each chain, in the order in which they came. */
    final List<Integer> served = new CopyOnWriteArrayList<>();

    int resets;
    long state;
    private final List<SharedMemoryRegion> shared;

    TestDevice(SharedMemoryRegion... shared) {
        this.shared = List.of(shared);
        config.set(bytes -> {
            for (int i = 0; i < CONFIG_SIZE; i++) {
                bytes.set(JAVA_BYTE, i, (byte) (i + 1));
            }
        });
        config.writable(WRITABLE, 8, written -> {});
    }

    @Override
    public DeviceType type() {
        return new DeviceType(42, "test");
    }

    @Override
    public List<QueueSpec> queues() {
        return List.of(new QueueSpec("echo", SIZE), new QueueSpec("slow", SIZE));
    }

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    @Override
    public List<SharedMemoryRegion> sharedMemory() {
        return shared;
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
        return queue.index() == SLOW ? this::keep : this::echo;
    }

    /** As I/O does that is cancelled. */
    @Override
    public void stopQueue(VirtQueue queue) {
        for (Kept one : new ArrayList<>(kept)) {
            if (one.chain.queue() == queue) {
                kept.remove(one);
                one.chain.complete(0);
            }
        }
    }

    @Override
    public void reset() {
        resets++;
        state = 0;
    }

    @Override
    public void save(StateWriter out) {
        out.le64(state);
    }

    @Override
    public void restore(StateReader in) {
        state = in.le64();
        in.end();
    }

    private void keep(DescriptorChain chain) {
        byte[] first = new byte[1];
        chain.reader().read(first);
        served.add((int) first[0]);
        chain.defer();
        kept.add(new Kept(chain, first[0]));
    }

    /** Ends one of the kept chains: what was read is written. */
    void finish(int index) {
        Kept one = kept.remove(index);
        one.chain.writer().write(new byte[] {one.value});
        one.chain.complete();
    }

    void finishAll() {
        while (!kept.isEmpty()) {
            finish(0);
        }
    }

    private void echo(DescriptorChain chain) {
        byte[] bytes = new byte[(int) Math.min(chain.reader().length(), chain.writer().length())];
        chain.reader().read(bytes);
        served.add((int) bytes[0]);
        chain.writer().write(bytes);
        chain.complete();
    }
}
