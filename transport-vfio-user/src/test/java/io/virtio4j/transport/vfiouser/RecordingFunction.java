// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.transport.pci.BarMemory;
import io.virtio4j.transport.pci.BarType;
import io.virtio4j.transport.pci.PciBar;
import io.virtio4j.transport.pci.PciFunction;
import io.virtio4j.transport.pci.PciInterrupts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A function that is not virtio: says what it was asked for. Byte {@code n} of what is read is the low byte
 * of the offset it comes from. Its BARs are 0, of 64 bits, and 2, of 32.
 */
final class RecordingFunction implements PciFunction {

    static final int CONFIG_SIZE = 4096;
    static final int BAR0_SIZE = 4 << 20;
    static final int BAR2_SIZE = 16;
    static final int VECTORS = 24;

    final GuestMemory memory = new GuestMemory();

    /** What is memory in its BARs. */
    List<BarMemory> barMemory = List.of();
    final AtomicInteger resets = new AtomicInteger();
    private final List<String> accesses = new ArrayList<>();
    volatile PciInterrupts interrupts;

    /** Thrown by the next access. */
    volatile RuntimeException failure;

    /** Thrown by the next reset. */
    volatile RuntimeException resetFailure;

    VfioUserFunction serve(PciInterrupts to) {
        return serve(to, true, VECTORS);
    }

    VfioUserFunction serve(PciInterrupts to, boolean hasIntx, int vectors) {
        interrupts = to;
        return new VfioUserFunction(this, memory, hasIntx, vectors);
    }

    /** What was accessed since the last call. */
    synchronized List<String> takeAccesses() {
        List<String> taken = List.copyOf(accesses);
        accesses.clear();
        return taken;
    }

    private synchronized void add(String access) {
        accesses.add(access);
        RuntimeException thrown = failure;
        if (thrown != null) {
            failure = null;
            throw thrown;
        }
    }

    private static long pattern(long offset, int width) {
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | offset + i & 0xFF;
        }
        return value;
    }

    @Override
    public int configSize() {
        return CONFIG_SIZE;
    }

    @Override
    public long readConfig(int offset, int width) {
        add("config " + offset + " " + width);
        return pattern(offset, width);
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        add("config " + offset + " " + width + " = " + Long.toHexString(value));
    }

    @Override
    public List<PciBar> bars() {
        return List.of(new PciBar(0, BarType.MEMORY_64, BAR0_SIZE), new PciBar(2, BarType.MEMORY_32, BAR2_SIZE));
    }

    @Override
    public List<BarMemory> memory() {
        return barMemory;
    }

    @Override
    public long readBar(int bar, long offset, int width) {
        add("bar" + bar + " " + offset + " " + width);
        return pattern(offset, width);
    }

    @Override
    public void writeBar(int bar, long offset, int width, long value) {
        add("bar" + bar + " " + offset + " " + width + " = " + Long.toHexString(value));
    }

    @Override
    public void reset() {
        RuntimeException thrown = resetFailure;
        resetFailure = null;
        if (thrown != null) {
            throw thrown;
        }
        resets.incrementAndGet();
    }
}
