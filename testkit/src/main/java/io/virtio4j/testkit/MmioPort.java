// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Drives a device through the registers of the MMIO transport, as the specification tells a driver to.
 * [Virtio Over MMIO]
 *
 * <p>The device's one interrupt goes to vector 0 of the probe.
 */
public final class MmioPort implements DriverPort {

    // [MMIO Device Register Layout]
    private static final int MAGIC_VALUE = 0x000;
    private static final int VERSION = 0x004;
    private static final int DEVICE_ID = 0x008;
    private static final int VENDOR_ID = 0x00c;
    private static final int DEVICE_FEATURES = 0x010;
    private static final int DEVICE_FEATURES_SEL = 0x014;
    private static final int DRIVER_FEATURES = 0x020;
    private static final int DRIVER_FEATURES_SEL = 0x024;
    private static final int QUEUE_SEL = 0x030;
    private static final int QUEUE_SIZE_MAX = 0x034;
    private static final int QUEUE_SIZE = 0x038;
    private static final int QUEUE_READY = 0x044;
    private static final int QUEUE_NOTIFY = 0x050;
    private static final int INTERRUPT_STATUS = 0x060;
    private static final int INTERRUPT_ACK = 0x064;
    private static final int STATUS = 0x070;
    private static final int QUEUE_DESC = 0x080;
    private static final int QUEUE_DRIVER = 0x090;
    private static final int QUEUE_DEVICE = 0x0a0;
    private static final int SHM_SEL = 0x0ac;
    private static final int SHM_LEN = 0x0b0;
    private static final int SHM_BASE = 0x0b8;
    private static final int QUEUE_RESET = 0x0c0;
    private static final int CONFIG_GENERATION = 0x0fc;
    private static final int CONFIG = 0x100;

    private static final int HIGH = 4; // from the register of the low half

    private static final int USED_BUFFER = 1;
    private static final int CONFIGURATION_CHANGE = 2;

    private final RegisterAccess registers;
    private final InterruptProbe interrupts;
    private final Map<Integer, Integer> sizes = new ConcurrentHashMap<>(); // as written

    /**
     * Finds a device behind registers.
     *
     * @param registers the device's registers
     * @param interrupts the probe that the device's interrupt line is connected with, as vector 0
     * @throws AssertionError if no virtio device of this version is there
     */
    public MmioPort(RegisterAccess registers, InterruptProbe interrupts) {
        this.registers = registers;
        this.interrupts = interrupts;
        // > The driver MUST start the device initialization by reading and checking values from MagicValue
        // > and Version. [MMIO-specific Initialization And Device Operation]
        require("MagicValue", 0x7472_6976, read(MAGIC_VALUE));
        require("Version", 2, read(VERSION));
    }

    private static void require(String register, long expected, long found) {
        if (found != expected) {
            throw new AssertionError("not a virtio device: " + register + "=0x" + Long.toHexString(found)
                    + " expected=0x" + Long.toHexString(expected));
        }
    }

    private int read(int offset) {
        return (int) registers.read(offset, 4);
    }

    private void write(int offset, int value) {
        registers.write(offset, 4, Integer.toUnsignedLong(value));
    }

    private void writeBoth(int offset, long value) {
        write(offset, (int) value);
        write(offset + HIGH, (int) (value >>> 32));
    }

    private long readBoth(int offset) {
        return Integer.toUnsignedLong(read(offset)) | (long) read(offset + HIGH) << 32;
    }

    /** The vendor that the device claims. */
    public int vendorId() {
        return read(VENDOR_ID);
    }

    @Override
    public int deviceId() {
        return read(DEVICE_ID);
    }

    @Override
    public int deviceFeatures(int word) {
        write(DEVICE_FEATURES_SEL, word);
        return read(DEVICE_FEATURES);
    }

    @Override
    public void acceptFeatures(int word, int bits) {
        write(DRIVER_FEATURES_SEL, word);
        write(DRIVER_FEATURES, bits);
    }

    @Override
    public int status() {
        return read(STATUS);
    }

    @Override
    public void writeStatus(int value) {
        if (value == 0) {
            sizes.clear();
        }
        write(STATUS, value);
    }

    /** Reads a field of 64 bits in halves, again if the generation changed meanwhile. */
    @Override
    public long readConfig(int offset, int width) {
        if (width < 8) {
            return registers.read(CONFIG + (long) offset, width);
        }
        while (true) {
            int before = configGeneration();
            long value = readBoth(CONFIG + offset);
            if (configGeneration() == before) {
                return value;
            }
        }
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        if (width < 8) {
            registers.write(CONFIG + (long) offset, width, value);
        } else {
            writeBoth(CONFIG + offset, value);
        }
    }

    @Override
    public int configGeneration() {
        return read(CONFIG_GENERATION);
    }

    // ── Queues ─────────────────────────────────────────────────────────────

    private void select(int queue) {
        write(QUEUE_SEL, queue);
    }

    @Override
    public int queueSizeMax(int queue) {
        select(queue);
        return read(QUEUE_SIZE_MAX);
    }

    @Override
    public int queueSize(int queue) {
        return sizes.getOrDefault(queue, queueSizeMax(queue));
    }

    @Override
    public void queueSize(int queue, int size) {
        select(queue);
        write(QUEUE_SIZE, size);
        sizes.put(queue, size);
    }

    @Override
    public void queueAddresses(int queue, long descriptorArea, long driverArea, long deviceArea) {
        select(queue);
        writeBoth(QUEUE_DESC, descriptorArea);
        writeBoth(QUEUE_DRIVER, driverArea);
        writeBoth(QUEUE_DEVICE, deviceArea);
    }

    @Override
    public void enableQueue(int queue) {
        select(queue);
        write(QUEUE_READY, 1);
    }

    /** Stops a queue without a reset: writes 0 to QueueReady. */
    public void disableQueue(int queue) {
        select(queue);
        write(QUEUE_READY, 0);
    }

    @Override
    public boolean isQueueEnabled(int queue) {
        select(queue);
        return read(QUEUE_READY) != 0;
    }

    @Override
    public void resetQueue(int queue) {
        select(queue);
        write(QUEUE_RESET, 1);
    }

    @Override
    public boolean isQueueResetting(int queue) {
        select(queue);
        return read(QUEUE_RESET) != 0;
    }

    // ── Notifications ──────────────────────────────────────────────────────

    @Override
    public void notifyQueue(int queue) {
        write(QUEUE_NOTIFY, queue);
    }

    @Override
    public void notifyQueue(NotificationData data) {
        write(QUEUE_NOTIFY, data.encode());
    }

    @Override
    public InterruptProbe interrupts() {
        return interrupts;
    }

    /** The register, unmasked. */
    public int interruptStatus() {
        return read(INTERRUPT_STATUS);
    }

    /** Acknowledges these bits. */
    public void acknowledge(int bits) {
        write(INTERRUPT_ACK, bits);
    }

    @Override
    public Notifications takeNotifications() {
        // > The driver MUST ignore undefined bits in InterruptStatus.
        int bits = interruptStatus() & (USED_BUFFER | CONFIGURATION_CHANGE);
        if (bits == 0) {
            return Notifications.NONE;
        }
        acknowledge(bits);
        return new Notifications(
                (bits & CONFIGURATION_CHANGE) != 0, (bits & USED_BUFFER) != 0 ? -1L : 0);
    }

    @Override
    public @Nullable SharedMemory sharedMemory(int id) {
        write(SHM_SEL, id);
        long length = readBoth(SHM_LEN);
        return length == -1 ? null : new SharedMemory(id, readBoth(SHM_BASE), length);
    }
}
