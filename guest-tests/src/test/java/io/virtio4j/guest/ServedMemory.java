// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.mem.MemCounter;
import io.virtio4j.mem.MemDevice;
import io.virtio4j.mem.MemFeature;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A memory device of ours in a guest. Its region is the upper part of QEMU's own memory, which the kernel is told to
 * leave alone; Linux finds it through the device only.
 */
final class ServedMemory implements ServedDevice {

    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final String SOCKET = "memory.sock";

    private static final long MIB = 1 << 20;
    static final int BASE = 512;
    static final int REGION = 256;
    private static final int BLOCK = 2;

    private final MemDevice device;
    private final ServedSlot slot;

    private ServedMemory(MemDevice device, ServedSlot slot) {
        this.device = device;
        this.slot = slot;
    }

    static ServedMemory serve(SharedDirectory shared, Wiring wiring, PageRelease release) throws IOException {
        MemDevice device = MemDevice.of(BASE * MIB, REGION * MIB).blockSize(BLOCK * MIB).release(release).build();
        DeviceInstance instance = wiring.instance(device).build();
        device.hideFrom(instance.memory());
        return new ServedMemory(device, ServedSlot.serve(shared, wiring, SOCKET, instance));
    }

    /** Puts the device into a machine, whose memory becomes larger. */
    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return machine(slot.plugInto(machine));
    }

    /** Makes room for the device's region, which the kernel leaves alone. */
    static LinuxGuest.Builder machine(LinuxGuest.Builder machine) {
        return machine.memory(BASE + REGION)
            .kernelArguments("memmap=" + REGION + "M$" + BASE + "M", "memhp_default_state=online_movable");
    }

    FeatureSet accepted() {
        return slot.accepted();
    }

    /** Asks for so much, in MiB. */
    void request(int mebibytes) {
        device.requestSize(mebibytes * MIB);
    }

    /** Waits until so much is plugged, in MiB. */
    void await(int mebibytes) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (device.pluggedSize() != mebibytes * MIB) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("driver does not follow: plugged=" + device.pluggedSize() / MIB
                    + " requested=" + device.requestedSize() / MIB + " " + device.counters());
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    /** How many blocks of the region the device reaches and hold anything, in MiB. */
    int written() {
        byte[] block = new byte[(int) (BLOCK * MIB)];
        byte[] zeroes = new byte[block.length];
        int found = 0;
        for (int at = 0; at < REGION; at += BLOCK) {
            try {
                slot.instance().memory().read((BASE + at) * MIB, MemorySegment.ofArray(block));
                found += Arrays.equals(block, zeroes) ? 0 : BLOCK;
            } catch (IndexOutOfBoundsException withheld) {
                // unplugged
            }
        }
        return found;
    }

    long count(MemCounter counter) {
        return device.counters().get(counter);
    }

    @Override
    public String type() {
        return "mem";
    }

    @Override
    public Wiring wiring() {
        return slot.wiring();
    }

    @Override
    public List<String> acceptedNames() {
        return ServedDevice.names(accepted(), MemFeature.values(), CoreFeature.values());
    }

    @Override
    public long operations() {
        return count(MemCounter.REQUESTS);
    }

    @Override
    public long bytes() {
        return (count(MemCounter.PLUGGED) + count(MemCounter.UNPLUGGED)) * BLOCK * MIB;
    }

    @Override
    public long errors() {
        return count(MemCounter.ERRORS) + count(MemCounter.RELEASE_ERRORS);
    }

    @Override
    public void close() {
        slot.close();
    }
}
