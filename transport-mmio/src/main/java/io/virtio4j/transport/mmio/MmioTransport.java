// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.QueueConfig;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceStatus;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * One device behind memory-mapped registers, version 2. [Virtio Over MMIO]
 *
 * <pre>{@code
 * MmioTransport mmio = new MmioTransport(device, MmioInterrupt.level(line -> gic.set(42, line)));
 * // a virtual CPU touches BASE + offset:
 * long value = mmio.read(offset, width);
 * mmio.write(offset, width, value);
 * }</pre>
 *
 * <p>Any thread may access registers at any time; several at once do so at the driver's risk, not at the
 * device's. What a driver must not do is ignored, and reads give 0; nothing that it does throws. Writes of
 * QueueNotify and InterruptACK, and all notifications, take no lock.
 *
 * <p>Not offered here, because MMIO has no register for them: NOTIF_CONFIG_DATA, ADMIN_VQ, SR_IOV.
 */
public final class MmioTransport {

    /** The VendorID if none is given: that of virtio's PCI devices. */
    public static final int DEFAULT_VENDOR_ID = 0x1AF4;

    static final int MAGIC = 0x74726976;
    static final int VERSION = 2;

    private static final FeatureSet UNSUPPORTED = FeatureSet.of(
            CoreFeature.NOTIF_CONFIG_DATA, CoreFeature.ADMIN_VQ, CoreFeature.SR_IOV);

    private static final int LEAST_SIZE = 0x200;
    private static final long NO_REGION = -1;
    private static final int SAVED_VERSION = 1;

    private final DeviceInstance device;
    private final int vendorId;
    private final Map<Integer, Long> sharedMemoryBases;
    private final InterruptStatus interruptStatus;

    private volatile int deviceFeaturesSel;
    private volatile int driverFeaturesSel;
    private volatile int queueSel;
    private volatile int shmSel;

    /** Whether QueueNotify carries more than an index. */
    private volatile boolean notificationData;

    /** For writes of Status: what follows from one has to be there before the next. */
    private final ReentrantLock statusLock = new ReentrantLock();

    /** The driver reset the device, and status has not been 0 since. */
    private boolean resetting;

    /**
     * Connects a device without shared memory.
     *
     * @param device not connected to another transport; stays the embedder's, to be closed by it
     * @param interrupt takes the device's interrupt
     */
    public MmioTransport(DeviceInstance device, MmioInterrupt interrupt) {
        this(device, interrupt, DEFAULT_VENDOR_ID, Map.of());
    }

    /**
     * Connects a device.
     *
     * @param device not connected to another transport; stays the embedder's, to be closed by it
     * @param interrupt takes the device's interrupt
     * @param vendorId the value of VendorID
     * @param sharedMemoryBases by region id, the guest-physical address at which the embedder maps that
     *     shared memory region; all regions of the device, and no others
     * @throws IllegalArgumentException if regions and addresses do not match
     */
    public MmioTransport(
            DeviceInstance device,
            MmioInterrupt interrupt,
            int vendorId,
            Map<Integer, Long> sharedMemoryBases) {
        this.device = device;
        this.vendorId = vendorId;
        this.sharedMemoryBases = Map.copyOf(sharedMemoryBases);
        checkSharedMemory();
        interruptStatus = new InterruptStatus(interrupt);
        device.attach(interruptStatus, UNSUPPORTED);
    }

    private void checkSharedMemory() {
        for (SharedMemoryRegion region : device.sharedMemory()) {
            Long base = sharedMemoryBases.get(region.id());
            if (base == null) {
                throw new IllegalArgumentException("give a guest-physical address to each shared memory"
                        + " region: device=" + device.type().name() + " missing=" + region.id());
            }
            // The last byte is at most the one before the address that means "no region".
            if (Long.compareUnsigned(base, NO_REGION - region.length()) > 0) {
                throw new IllegalArgumentException("shared memory region passes the end of the address"
                        + " space: region=" + region.id() + " base=0x" + Long.toHexString(base)
                        + " length=" + region.length());
            }
        }
        if (sharedMemoryBases.size() != device.sharedMemory().size()) {
            throw new IllegalArgumentException("addresses are given for shared memory regions that the"
                    + " device does not have: device=" + device.type().name() + " given="
                    + sharedMemoryBases.keySet());
        }
    }

    // ── For the embedder ───────────────────────────────────────────────────

    /** The device. */
    public DeviceInstance device() {
        return device;
    }

    /**
     * How many bytes of guest-physical addresses the registers take: a power of two, at least 512, that
     * the device-specific configuration fits into.
     */
    public int size() {
        int used = MmioRegister.CONFIG.offset() + device.configSize();
        return Math.max(LEAST_SIZE, Integer.highestOneBit(used - 1) << 1);
    }

    /**
     * Where a guest finds this device.
     *
     * @param base the guest-physical address of the window
     * @param interrupt the interrupt's number, as the guest counts
     */
    public MmioWindow window(long base, int interrupt) {
        return new MmioWindow(base, size(), interrupt);
    }

    /**
     * Whether InterruptStatus shows an event: for embedders that look at the line, or that sample it again
     * at the end of an interrupt.
     */
    public boolean isInterruptPending() {
        return interruptStatus.get() != 0;
    }

    /** Resets the device, as the machine's reset does; the same as the driver's reset. */
    public void reset() {
        writeStatus(0);
    }

    /**
     * Saves the device and this transport. The driver must not access registers meanwhile; queues are
     * paused for the moment.
     */
    public byte[] save() {
        statusLock.lock();
        try {
            device.pause();
            try {
                settleReset();
                byte[] saved = device.save();
                StateWriter own = new StateWriter()
                        .le32(deviceFeaturesSel)
                        .le32(driverFeaturesSel)
                        .le32(queueSel)
                        .le32(shmSel)
                        .u8(interruptStatus.save())
                        .flag(resetting)
                        .bytes(saved);
                return new StateWriter().section("mmio", SAVED_VERSION, own).toByteArray();
            } finally {
                device.unpause();
            }
        } finally {
            statusLock.unlock();
        }
    }

    /**
     * Restores a fresh or reset device to what {@link #save()} wrote, and signals the interrupt if it is
     * pending. Pause the device before if the driver is not to run yet.
     *
     * @throws StateException if it does not fit; device and transport are unchanged then
     * @throws IllegalStateException if a driver has begun to use the device
     */
    public void restore(byte[] saved) {
        StateReader all = new StateReader(saved);
        StateReader in = all.section("mmio", SAVED_VERSION);
        all.end();
        int savedDeviceFeaturesSel = (int) in.le32();
        int savedDriverFeaturesSel = (int) in.le32();
        int savedQueueSel = (int) in.le32();
        int savedShmSel = (int) in.le32();
        int events = in.u8();
        boolean savedResetting = in.flag();
        byte[] savedDevice = in.bytes();
        in.end();
        if (!InterruptStatus.isState(events)) {
            throw new StateException("saved interrupt status has events that there are not: state=0x"
                    + Integer.toHexString(events));
        }
        statusLock.lock();
        try {
            restoreDevice(savedDevice, events);
            deviceFeaturesSel = savedDeviceFeaturesSel;
            driverFeaturesSel = savedDriverFeaturesSel;
            queueSel = savedQueueSel;
            shmSel = savedShmSel;
            if (savedResetting) {
                // The I/O that it waited for has not come along.
                reset();
            }
        } finally {
            statusLock.unlock();
        }
    }

    private void restoreDevice(byte[] saved, int events) {
        if (device.status() != 0) {
            device.restore(saved); // which refuses, and says why
        }
        // Queues start at once, and their first event must not be lost.
        interruptStatus.open(events);
        try {
            device.restore(saved);
        } finally {
            followStatus();
        }
        if (interruptStatus.get() != 0) {
            interruptStatus.signal(true);
        }
    }

    // ── MMIO Device Register Layout ────────────────────────────────────────

    /**
     * The driver reads.
     *
     * @param offset bytes from the start of the window; any value
     * @param width bytes; 4 for registers, 1, 2, 4 or 8 for the configuration, others read 0
     * @return the value, unsigned
     */
    public long read(long offset, int width) {
        MmioRegister register = MmioRegister.at(offset);
        if (register == MmioRegister.CONFIG) {
            return device.readConfig(configOffset(offset), width);
        }
        return width == 4 ? Integer.toUnsignedLong(read(register)) : 0;
    }

    /**
     * The driver writes.
     *
     * @param offset bytes from the start of the window; any value
     * @param width bytes; 4 for registers, 1, 2, 4 or 8 for the configuration, others are ignored
     * @param value the value; bits beyond the width are ignored
     */
    public void write(long offset, int width, long value) {
        MmioRegister register = MmioRegister.at(offset);
        if (register == MmioRegister.CONFIG) {
            device.writeConfig(configOffset(offset), width, value);
        } else if (width == 4) {
            write(register, (int) value);
        }
    }

    /** Beyond all configurations where it does not fit an int. */
    private static int configOffset(long offset) {
        return (int) Math.min(offset - MmioRegister.CONFIG.offset(), Integer.MAX_VALUE);
    }

    private int read(MmioRegister register) {
        return switch (register) {
            // > The device MUST return 0x74726976 in MagicValue.
            case MAGIC_VALUE -> MAGIC;
            // > The device MUST return value 0x2 in Version.
            case VERSION -> VERSION;
            case DEVICE_ID -> device.type().id();
            case VENDOR_ID -> vendorId;
            case DEVICE_FEATURES -> device.offered().word(deviceFeaturesSel);
            case QUEUE_SIZE_MAX -> device.queueSizeMax(queueSel);
            case QUEUE_READY -> isReady(queueSel) ? 1 : 0;
            case INTERRUPT_STATUS -> interruptStatus.read();
            case STATUS -> device.status();
            case SHM_LEN_LOW -> (int) sharedMemoryLength();
            case SHM_LEN_HIGH -> (int) (sharedMemoryLength() >>> 32);
            case SHM_BASE_LOW -> (int) sharedMemoryBase();
            case SHM_BASE_HIGH -> (int) (sharedMemoryBase() >>> 32);
            // > The device MUST continue to present 1 in QueueReset as long as the queue reset is
            // > ongoing.
            case QUEUE_RESET -> device.isQueueResetting(queueSel) ? 1 : 0;
            case CONFIG_GENERATION -> device.configGeneration();
            case DEVICE_FEATURES_SEL, DRIVER_FEATURES, DRIVER_FEATURES_SEL, QUEUE_SEL, QUEUE_SIZE,
                    QUEUE_NOTIFY, INTERRUPT_ACK, QUEUE_DESC_LOW, QUEUE_DESC_HIGH, QUEUE_DRIVER_LOW,
                    QUEUE_DRIVER_HIGH, QUEUE_DEVICE_LOW, QUEUE_DEVICE_HIGH, SHM_SEL, CONFIG, UNKNOWN -> 0;
        };
    }

    private void write(MmioRegister register, int value) {
        switch (register) {
            case DEVICE_FEATURES_SEL -> deviceFeaturesSel = value;
            case DRIVER_FEATURES -> device.acceptFeatures(driverFeaturesSel, value);
            case DRIVER_FEATURES_SEL -> driverFeaturesSel = value;
            case QUEUE_SEL -> queueSel = value;
            case QUEUE_SIZE -> device.queueSize(queueSel, value);
            case QUEUE_READY -> writeQueueReady(value);
            case QUEUE_NOTIFY -> device.notifyQueue(notificationData ? value & 0xFFFF : value);
            case INTERRUPT_ACK -> interruptStatus.acknowledge(value);
            case STATUS -> writeStatus(value);
            case QUEUE_DESC_LOW -> configure(q -> q.descriptorArea(low(q.descriptorArea(), value)));
            case QUEUE_DESC_HIGH -> configure(q -> q.descriptorArea(high(q.descriptorArea(), value)));
            case QUEUE_DRIVER_LOW -> configure(q -> q.driverArea(low(q.driverArea(), value)));
            case QUEUE_DRIVER_HIGH -> configure(q -> q.driverArea(high(q.driverArea(), value)));
            case QUEUE_DEVICE_LOW -> configure(q -> q.deviceArea(low(q.deviceArea(), value)));
            case QUEUE_DEVICE_HIGH -> configure(q -> q.deviceArea(high(q.deviceArea(), value)));
            case SHM_SEL -> shmSel = value;
            case QUEUE_RESET -> {
                if (value == 1) {
                    device.resetQueue(queueSel);
                }
            }
            case MAGIC_VALUE, VERSION, DEVICE_ID, VENDOR_ID, DEVICE_FEATURES, QUEUE_SIZE_MAX,
                    INTERRUPT_STATUS, SHM_LEN_LOW, SHM_LEN_HIGH, SHM_BASE_LOW, SHM_BASE_HIGH,
                    CONFIG_GENERATION, CONFIG, UNKNOWN -> {}
        }
    }

    // ── Queues ─────────────────────────────────────────────────────────────

    private void configure(Consumer<QueueConfig> change) {
        device.configureQueue(queueSel, change);
    }

    private static long low(long address, int half) {
        return address & 0xFFFF_FFFF_0000_0000L | Integer.toUnsignedLong(half);
    }

    private static long high(long address, int half) {
        return address & 0xFFFF_FFFFL | (long) half << 32;
    }

    private void writeQueueReady(int value) {
        if (value == 1) {
            device.enableQueue(queueSel);
        } else if (value == 0) {
            device.disableQueue(queueSel);
        }
    }

    /** The driver waits for 0, after which it may take the queue's memory back. */
    private boolean isReady(int queue) {
        // > The device MUST NOT access virtqueue contents when QueueReady is zero (0x0).
        return device.isQueueEnabled(queue)
                || device.isQueueStopping(queue) && !device.isQueueResetting(queue);
    }

    // ── Shared memory ──────────────────────────────────────────────────────

    private long sharedMemoryLength() {
        int id = shmSel;
        for (SharedMemoryRegion region : device.sharedMemory()) {
            if (region.id() == id) {
                return region.length();
            }
        }
        return NO_REGION;
    }

    private long sharedMemoryBase() {
        return sharedMemoryBases.getOrDefault(shmSel, NO_REGION);
    }

    // ── Status ─────────────────────────────────────────────────────────────

    private void writeStatus(int value) {
        statusLock.lock();
        try {
            if ((value & 0xFF) == 0) {
                beginReset();
                return;
            }
            settleReset();
            if (resetting) {
                return;
            }
            if ((value & DeviceStatus.DRIVER_OK) != 0) {
                // Queues start within the write, and their first event must not be lost.
                interruptStatus.open(0);
            }
            device.writeStatus(value);
            followStatus();
        } finally {
            statusLock.unlock();
        }
    }

    private void beginReset() {
        resetting = true;
        // > Upon reset, the device MUST clear all bits in InterruptStatus and ready bits in the
        // > QueueReady register for all queues in the device.
        interruptStatus.close();
        device.writeStatus(0);
        deviceFeaturesSel = 0;
        driverFeaturesSel = 0;
        queueSel = 0;
        shmSel = 0;
        settleReset();
    }

    /** A reset may have to wait for the host's I/O; no event counts before it is over. */
    private void settleReset() {
        if (resetting) {
            resetting = device.status() != 0;
        }
    }

    private void followStatus() {
        int status = device.status();
        notificationData = (status & DeviceStatus.FEATURES_OK) != 0
                && device.accepted().has(CoreFeature.NOTIFICATION_DATA);
        if ((status & (DeviceStatus.DRIVER_OK | DeviceStatus.SUSPEND)) == 0) {
            interruptStatus.close();
        }
    }

    @Override
    public String toString() {
        return "MmioTransport[" + device + "]";
    }
}
