// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.testkit.PciFunction.Capability;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Drives a device through a PCI function, as the specification tells a driver to. [Virtio Over PCI Bus]
 *
 * <p>With MSI-X, vector 0 is for configuration changes; queue {@code n} has vector {@code n + 1}, or the
 * last one if there are fewer. Connect messages as {@code (address, data) -> probe.raise((int) data)}, and
 * the interrupt pin as {@code high -> probe.level(INTX, high)}.
 */
public final class PciPort implements DriverPort {

    /** The vector of the probe that stands for the interrupt pin. */
    public static final int INTX = 0x1_0000;

    /** How the function signals. */
    public enum Interrupts {
        /** Messages. */
        MSIX,
        /** The interrupt pin. */
        PIN
    }

    /** How the virtio structures are reached. */
    public enum Window {
        /** Through BARs, as drivers do. */
        BARS,
        /** Through the configuration access capability, as firmware may. */
        PCI_CFG
    }

    private static final int VENDOR = 0x1AF4;
    private static final int FIRST_DEVICE = 0x1040;

    // [Virtio Structure PCI Capabilities]
    private static final int CAP_VENDOR = 0x09;
    private static final int COMMON_CFG = 1;
    private static final int NOTIFY_CFG = 2;
    private static final int ISR_CFG = 3;
    private static final int DEVICE_CFG = 4;
    private static final int PCI_CFG = 5;
    private static final int SHARED_MEMORY_CFG = 8;

    // [Common configuration structure layout]
    private static final int DEVICE_FEATURE_SELECT = 0;
    private static final int DEVICE_FEATURE = 4;
    private static final int DRIVER_FEATURE_SELECT = 8;
    private static final int DRIVER_FEATURE = 12;
    private static final int CONFIG_MSIX_VECTOR = 16;
    private static final int DEVICE_STATUS = 20;
    private static final int CONFIG_GENERATION = 21;
    private static final int QUEUE_SELECT = 22;
    private static final int QUEUE_SIZE = 24;
    private static final int QUEUE_MSIX_VECTOR = 26;
    private static final int QUEUE_ENABLE = 28;
    private static final int QUEUE_NOTIFY_OFF = 30;
    private static final int QUEUE_DESC = 32;
    private static final int QUEUE_DRIVER = 40;
    private static final int QUEUE_DEVICE = 48;
    private static final int QUEUE_NOTIF_CONFIG_DATA = 56;
    private static final int QUEUE_RESET = 58;

    private static final int NOTIF_CONFIG_DATA = 1 << 39 - 32; // in word 1

    private record Structure(int cap, int type, int bar, int id, long offset, long length) {}

    private record Doorbell(long offset, int configData) {}

    private final PciAccess access;
    private final PciFunction function;
    private final InterruptProbe interrupts;
    private final Interrupts kind;
    private final Window window;
    private final Map<Integer, Structure> structures = new HashMap<>(); // the first of each type
    private final Map<Integer, SharedMemory> shared = new HashMap<>();
    private final long multiplier;

    private final Map<Integer, Doorbell> doorbells = new HashMap<>();
    private final Map<Integer, Long> seen = new HashMap<>(); // messages, by vector
    private int acceptedWord1;
    private boolean configMapped;

    /** Finds a device behind a PCI function, places its BARs and enables it, with MSI-X. */
    public PciPort(PciAccess access, InterruptProbe interrupts) {
        this(access, interrupts, Interrupts.MSIX, Window.BARS);
    }

    /**
     * Finds a device behind a PCI function, places its BARs and enables it.
     *
     * @throws AssertionError if it is no virtio device, or lacks a structure that it has to have
     */
    public PciPort(PciAccess access, InterruptProbe interrupts, Interrupts kind, Window window) {
        this.access = access;
        this.interrupts = interrupts;
        this.kind = kind;
        this.window = window;
        function = new PciFunction(access);
        if (function.vendorId() != VENDOR || deviceId() < 1 || deviceId() > 63) {
            throw new AssertionError("not a virtio device: vendor=0x"
                    + Integer.toHexString(function.vendorId()) + " device=0x"
                    + Integer.toHexString(function.deviceId()));
        }
        function.enable();
        function.capabilities().stream().filter(cap -> cap.id() == CAP_VENDOR).forEach(this::found);
        Structure notify = structure(NOTIFY_CFG);
        multiplier = Integer.toUnsignedLong(function.config(notify.cap + 16, 4));
        structure(COMMON_CFG);
        structure(ISR_CFG);
        structure(PCI_CFG);
        if (kind == Interrupts.MSIX) {
            if (function.vectors() == 0) {
                throw new AssertionError("device has no MSI-X capability");
            }
            function.enableMsix();
        }
    }

    private void found(Capability cap) {
        int at = cap.offset();
        int type = function.config(at + 3, 1);
        int bar = function.config(at + 4, 1);
        // > The driver MUST ignore any vendor-specific capability structure which has a reserved bar value.
        if (bar > 5 || type < COMMON_CFG || type > SHARED_MEMORY_CFG) {
            return;
        }
        int id = function.config(at + 5, 1);
        long offset = Integer.toUnsignedLong(function.config(at + 8, 4));
        long length = Integer.toUnsignedLong(function.config(at + 12, 4));
        if (type == SHARED_MEMORY_CFG) {
            offset |= (long) function.config(at + 16, 4) << 32;
            length |= (long) function.config(at + 20, 4) << 32;
            shared.put(id, new SharedMemory(id, function.bar(bar).address() + offset, length));
        } else {
            // > The driver SHOULD use the first instance of each virtio structure type they can support.
            structures.putIfAbsent(type, new Structure(at, type, bar, id, offset, length));
        }
    }

    private Structure structure(int type) {
        Structure found = structures.get(type);
        if (found == null) {
            throw new AssertionError("device lacks a structure: cfg_type=" + type);
        }
        return found;
    }

    /** The function, for what is not virtio. */
    public PciFunction function() {
        return function;
    }

    // ── Access to structures ───────────────────────────────────────────────

    private synchronized long read(Structure in, long offset, int width) {
        if (window == Window.BARS) {
            return function.read(in.bar, in.offset + offset, width);
        }
        return access.readConfig(aim(in, offset, width), width);
    }

    private synchronized void write(Structure in, long offset, int width, long value) {
        if (window == Window.BARS) {
            function.write(in.bar, in.offset + offset, width, value);
        } else {
            access.writeConfig(aim(in, offset, width), width, value);
        }
    }

    /** Points the configuration access capability somewhere; says where its data is. */
    private int aim(Structure in, long offset, int width) {
        int cap = structure(PCI_CFG).cap;
        access.writeConfig(cap + 4, 1, in.bar);
        access.writeConfig(cap + 8, 4, in.offset + offset);
        access.writeConfig(cap + 12, 4, width);
        return cap + 16;
    }

    private int common(int field, int width) {
        return (int) read(structure(COMMON_CFG), field, width);
    }

    private void common(int field, int width, int value) {
        write(structure(COMMON_CFG), field, width, Integer.toUnsignedLong(value));
    }

    private void commonBoth(int field, long value) {
        common(field, 4, (int) value);
        common(field + 4, 4, (int) (value >>> 32));
    }

    // ── Device ─────────────────────────────────────────────────────────────

    @Override
    public int deviceId() {
        return function.deviceId() - FIRST_DEVICE;
    }

    @Override
    public synchronized int deviceFeatures(int word) {
        common(DEVICE_FEATURE_SELECT, 4, word);
        return common(DEVICE_FEATURE, 4);
    }

    @Override
    public synchronized void acceptFeatures(int word, int bits) {
        common(DRIVER_FEATURE_SELECT, 4, word);
        common(DRIVER_FEATURE, 4, bits);
        if (word == 1) {
            acceptedWord1 = bits;
        }
    }

    @Override
    public int status() {
        return common(DEVICE_STATUS, 1);
    }

    @Override
    public synchronized void writeStatus(int value) {
        if (value == 0) {
            doorbells.clear();
            acceptedWord1 = 0;
            configMapped = false;
        } else if (kind == Interrupts.MSIX && !configMapped) {
            map(CONFIG_MSIX_VECTOR, 0);
            configMapped = true;
        }
        common(DEVICE_STATUS, 1, value);
    }

    private void map(int field, int vector) {
        common(field, 2, vector);
        // > After mapping an event to vector, the driver MUST verify success by reading the Vector field.
        if (common(field, 2) != vector) {
            throw new AssertionError("device refused a vector: vector=" + vector + " found=0x"
                    + Integer.toHexString(common(field, 2)));
        }
    }

    /** Reads a field of 64 bits in halves, again if the generation changed meanwhile. */
    @Override
    public long readConfig(int offset, int width) {
        Structure device = structure(DEVICE_CFG);
        if (width < 8) {
            return read(device, offset, width);
        }
        while (true) {
            int before = configGeneration();
            long value = read(device, offset, 4) | read(device, offset + 4L, 4) << 32;
            if (configGeneration() == before) {
                return value;
            }
        }
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        Structure device = structure(DEVICE_CFG);
        if (width < 8) {
            write(device, offset, width, value);
        } else {
            write(device, offset, 4, value & 0xFFFF_FFFFL);
            write(device, offset + 4L, 4, value >>> 32);
        }
    }

    @Override
    public int configGeneration() {
        return common(CONFIG_GENERATION, 1);
    }

    // ── Queues ─────────────────────────────────────────────────────────────

    private void select(int queue) {
        common(QUEUE_SELECT, 2, queue);
    }

    /** Before a driver chose a size, {@code queue_size} is the largest. */
    @Override
    public int queueSizeMax(int queue) {
        return queueSize(queue);
    }

    @Override
    public synchronized int queueSize(int queue) {
        select(queue);
        return common(QUEUE_SIZE, 2);
    }

    @Override
    public synchronized void queueSize(int queue, int size) {
        select(queue);
        common(QUEUE_SIZE, 2, size);
    }

    @Override
    public synchronized void queueAddresses(
            int queue, long descriptorArea, long driverArea, long deviceArea) {
        select(queue);
        commonBoth(QUEUE_DESC, descriptorArea);
        commonBoth(QUEUE_DRIVER, driverArea);
        commonBoth(QUEUE_DEVICE, deviceArea);
    }

    @Override
    public synchronized void enableQueue(int queue) {
        select(queue);
        // A queue that is not there has no vector either.
        if (kind == Interrupts.MSIX && common(QUEUE_SIZE, 2) != 0) {
            map(QUEUE_MSIX_VECTOR, vectorOf(queue));
        }
        doorbell(queue);
        common(QUEUE_ENABLE, 2, 1);
    }

    /** The vector that a queue is given. */
    public int vectorOf(int queue) {
        return Math.min(queue + 1, function.vectors() - 1);
    }

    @Override
    public synchronized boolean isQueueEnabled(int queue) {
        select(queue);
        return common(QUEUE_ENABLE, 2) != 0;
    }

    @Override
    public synchronized void resetQueue(int queue) {
        select(queue);
        common(QUEUE_RESET, 2, 1);
    }

    @Override
    public synchronized boolean isQueueResetting(int queue) {
        select(queue);
        return common(QUEUE_RESET, 2) != 0;
    }

    // ── Notifications ──────────────────────────────────────────────────────

    private synchronized Doorbell doorbell(int queue) {
        return doorbells.computeIfAbsent(queue, index -> {
            select(index);
            long offset = common(QUEUE_NOTIFY_OFF, 2) * multiplier;
            return new Doorbell(offset, common(QUEUE_NOTIF_CONFIG_DATA, 2));
        });
    }

    /** The low 16 bits of a notification: the index, or what the device supplied. */
    private int value(int queue) {
        return (acceptedWord1 & NOTIF_CONFIG_DATA) != 0 ? doorbell(queue).configData : queue;
    }

    @Override
    public void notifyQueue(int queue) {
        write(structure(NOTIFY_CFG), doorbell(queue).offset, 2, value(queue));
    }

    @Override
    public void notifyQueue(NotificationData data) {
        int value = data.encode(value(data.queue()));
        write(structure(NOTIFY_CFG), doorbell(data.queue()).offset, 4, Integer.toUnsignedLong(value));
    }

    @Override
    public InterruptProbe interrupts() {
        return interrupts;
    }

    /** Reads the ISR status, which clears it. */
    public int isrStatus() {
        return (int) read(structure(ISR_CFG), 0, 1);
    }

    @Override
    public synchronized Notifications takeNotifications() {
        if (kind == Interrupts.PIN) {
            int isr = isrStatus();
            return new Notifications((isr & 2) != 0, (isr & 1) != 0 ? -1L : 0);
        }
        boolean changed = tookMessage(0);
        long used = 0;
        int vectors = function.vectors();
        for (int vector = 0; vector < vectors; vector++) {
            boolean shared = vectors == 1 || vector > 0 && vector == vectors - 1;
            if (vector > 0 && tookMessage(vector) || vector == 0 && vectors == 1 && changed) {
                used |= shared ? -1L << Math.max(0, vector - 1) : 1L << vector - 1;
            }
        }
        return new Notifications(changed, used);
    }

    private boolean tookMessage(int vector) {
        long count = interrupts.count(vector);
        Long before = seen.put(vector, count);
        return count > (before == null ? 0 : before);
    }

    @Override
    public @Nullable SharedMemory sharedMemory(int id) {
        return shared.get(id);
    }
}
