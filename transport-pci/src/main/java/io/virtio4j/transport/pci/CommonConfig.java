// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.QueueConfig;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceStatus;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * The common configuration: selectors and vectors are kept here, everything else is the device's. [Common
 * configuration structure layout]
 *
 * <p>Takes no lock. A selector and the field that it selects are two accesses; drivers that use several
 * processors serialize them.
 */
final class CommonConfig implements Region {

    /** An event without a vector. */
    static final int NO_VECTOR = 0xFFFF;

    private static final int AT_ONCE = DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK;

    private final DeviceInstance device;
    private final int vectors;
    private final NotifyValues notifyValues;
    private final ConfigGeneration generation;
    private final Runnable afterReset;

    private volatile int deviceFeatureSelect;
    private volatile int driverFeatureSelect;
    private volatile int queueSelect;
    private volatile int configVector = NO_VECTOR;
    private final AtomicIntegerArray queueVectors;

    /** None until FEATURES_OK. */
    private volatile FeatureSet negotiated = FeatureSet.NONE;

    /**
     * Creates the common configuration.
     *
     * @param vectors how many MSI-X vectors there are
     * @param afterReset resets what else the driver's reset concerns: called after the device stopped
     */
    CommonConfig(
            DeviceInstance device,
            int vectors,
            NotifyValues notifyValues,
            ConfigGeneration generation,
            Runnable afterReset) {
        this.device = device;
        this.vectors = vectors;
        this.notifyValues = notifyValues;
        this.generation = generation;
        this.afterReset = afterReset;
        queueVectors = new AtomicIntegerArray(device.queueCount());
        unmapAll();
    }

    // ── For interrupts and notifications ───────────────────────────────────

    int configVector() {
        return configVector;
    }

    int queueVector(int queue) {
        return queue >= 0 && queue < queueVectors.length() ? queueVectors.get(queue) : NO_VECTOR;
    }

    boolean isNegotiated(CoreFeature feature) {
        return negotiated.has(feature);
    }

    // ── Registers ──────────────────────────────────────────────────────────

    @Override
    public long read(long offset, int width) {
        CommonField field = CommonField.at(offset, width);
        if (field == null) {
            return 0;
        }
        long value = read(field);
        int shift = (int) (8 * (offset - field.offset()));
        return width == 8 ? value : value >>> shift & Width.ones(width);
    }

    @Override
    public void write(long offset, int width, long value) {
        CommonField field = CommonField.at(offset, width);
        if (field != null) {
            write(field, new Written(8 * (int) (offset - field.offset()), width, value & Width.ones(width)));
        }
    }

    private long read(CommonField field) {
        int queue = queueSelect;
        return switch (field) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect;
            case DEVICE_FEATURE -> device.offered().word(deviceFeatureSelect);
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect;
            case DRIVER_FEATURE -> device.accepted().word(driverFeatureSelect);
            case CONFIG_MSIX_VECTOR -> configVector;
            case NUM_QUEUES -> device.queueCount();
            case DEVICE_STATUS -> device.status();
            case CONFIG_GENERATION -> generation.value();
            case QUEUE_SELECT -> queue;
            // > The device MUST present a 0 in queue_size if the virtqueue corresponding to the current
            // > queue_select is unavailable.
            case QUEUE_SIZE -> device.queueSize(queue);
            case QUEUE_MSIX_VECTOR -> queueVector(queue);
            case QUEUE_ENABLE -> device.isQueueEnabled(queue) ? 1 : 0;
            case QUEUE_NOTIFY_OFF -> device.hasQueue(queue) ? queue : 0;
            case QUEUE_DESC, QUEUE_DRIVER, QUEUE_DEVICE -> address(device.queueConfig(queue), field);
            // This field exists only if VIRTIO_F_NOTIF_CONFIG_DATA has been negotiated.
            case QUEUE_NOTIF_CONFIG_DATA -> device.hasQueue(queue)
                    && isNegotiated(CoreFeature.NOTIF_CONFIG_DATA) ? notifyValues.valueOf(queue) : 0;
            // > The device MUST continue to present 1 in queue_reset as long as the queue reset is ongoing.
            case QUEUE_RESET -> device.isQueueResetting(queue) ? 1 : 0;
            // Valid only if VIRTIO_F_ADMIN_VQ has been negotiated, which is not offered.
            case ADMIN_QUEUE_INDEX, ADMIN_QUEUE_NUM -> 0;
        };
    }

    private static long address(@Nullable QueueConfig queue, CommonField field) {
        if (queue == null) {
            return 0;
        }
        return switch (field) {
            case QUEUE_DESC -> queue.descriptorArea();
            case QUEUE_DRIVER -> queue.driverArea();
            default -> queue.deviceArea();
        };
    }

    /**
     * What the driver writes to a field, or to half of it.
     *
     * @param shift where in the field, in bits
     * @param width bytes
     * @param value without further bits
     */
    private record Written(int shift, int width, long value) {

        /** The field's new value. */
        long into(long before) {
            return before & ~(Width.ones(width) << shift) | value << shift;
        }

        int asInt() {
            return (int) value;
        }
    }

    private void write(CommonField field, Written written) {
        int queue = queueSelect;
        int value = written.asInt();
        switch (field) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = value;
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect = value;
            case DRIVER_FEATURE -> device.acceptFeatures(driverFeatureSelect, value);
            case CONFIG_MSIX_VECTOR -> configVector = vector(value);
            case DEVICE_STATUS -> writeStatus(value);
            case QUEUE_SELECT -> queueSelect = value;
            case QUEUE_SIZE -> device.queueSize(queue, value);
            case QUEUE_MSIX_VECTOR -> {
                if (device.hasQueue(queue)) {
                    queueVectors.set(queue, vector(value));
                }
            }
            case QUEUE_ENABLE -> {
                // > The driver MUST NOT write a 0 to queue_enable.
                if (value == 1) {
                    device.enableQueue(queue);
                }
            }
            case QUEUE_DESC -> device.configureQueue(queue,
                    config -> config.descriptorArea(written.into(config.descriptorArea())));
            case QUEUE_DRIVER -> device.configureQueue(queue,
                    config -> config.driverArea(written.into(config.driverArea())));
            case QUEUE_DEVICE -> device.configureQueue(queue,
                    config -> config.deviceArea(written.into(config.deviceArea())));
            case QUEUE_RESET -> {
                if (value == 1) {
                    resetQueue(queue);
                }
            }
            case DEVICE_FEATURE, NUM_QUEUES, CONFIG_GENERATION, QUEUE_NOTIFY_OFF, QUEUE_NOTIF_CONFIG_DATA,
                    ADMIN_QUEUE_INDEX, ADMIN_QUEUE_NUM -> {} // read-only for driver
        }
    }

    /** The vector that an event is mapped to when the driver writes one. [MSI-X Vector Configuration] */
    private int vector(int written) {
        // > Devices MUST report mapping failures by returning the NO_VECTOR value when the relevant
        // > config_msix_vector/queue_msix_vector field is read.
        return written < vectors ? written : NO_VECTOR;
    }

    private void resetQueue(int queue) {
        boolean enabled = device.isQueueEnabled(queue);
        device.resetQueue(queue);
        if (enabled && !device.isQueueEnabled(queue)) {
            queueVectors.set(queue, NO_VECTOR);
        }
    }

    // ── Status ─────────────────────────────────────────────────────────────

    private void writeStatus(int value) {
        if (value == 0) {
            reset();
            return;
        }
        if ((value & AT_ONCE) == AT_ONCE && negotiated.isEmpty()) {
            // Queues start within the write of DRIVER_OK, and what was negotiated has to be known by then.
            device.writeStatus(value & ~DeviceStatus.DRIVER_OK);
            followStatus();
        }
        device.writeStatus(value);
        followStatus();
    }

    /** What was negotiated changes with device status only. */
    void followStatus() {
        negotiated = (device.status() & DeviceStatus.FEATURES_OK) != 0 ? device.accepted() : FeatureSet.NONE;
    }

    /** Resets the device, and what is kept here about it. */
    void reset() {
        device.writeStatus(0);
        negotiated = FeatureSet.NONE;
        deviceFeatureSelect = 0;
        driverFeatureSelect = 0;
        queueSelect = 0;
        unmapAll();
        afterReset.run();
    }

    private void unmapAll() {
        // > The device MUST have all queue and configuration change events are unmapped upon reset.
        configVector = NO_VECTOR;
        for (int queue = 0; queue < queueVectors.length(); queue++) {
            queueVectors.set(queue, NO_VECTOR);
        }
    }

    // ── Saving and restoring ───────────────────────────────────────────────

    void save(StateWriter out) {
        out.le32(deviceFeatureSelect).le32(driverFeatureSelect).le16(queueSelect).le16(configVector);
        out.le16(queueVectors.length());
        for (int queue = 0; queue < queueVectors.length(); queue++) {
            out.le16(queueVectors.get(queue));
        }
        out.le32(generation.seen()).u8(generation.value());
    }

    /** Reads saved registers; the result puts them in place. */
    Runnable restore(StateReader in) {
        int savedDeviceFeatureSelect = (int) in.le32();
        int savedDriverFeatureSelect = (int) in.le32();
        int savedQueueSelect = in.le16();
        int savedConfigVector = savedVector(in);
        int queues = in.le16();
        if (queues != queueVectors.length()) {
            throw new StateException("saved function has another number of queues: saved=" + queues
                    + " queues=" + queueVectors.length());
        }
        int[] savedVectors = new int[queues];
        for (int queue = 0; queue < queues; queue++) {
            savedVectors[queue] = savedVector(in);
        }
        int seen = (int) in.le32();
        int value = in.u8();
        return () -> {
            deviceFeatureSelect = savedDeviceFeatureSelect;
            driverFeatureSelect = savedDriverFeatureSelect;
            queueSelect = savedQueueSelect;
            configVector = savedConfigVector;
            for (int queue = 0; queue < queues; queue++) {
                queueVectors.set(queue, savedVectors[queue]);
            }
            generation.restore(seen, value);
        };
    }

    private int savedVector(StateReader in) {
        int saved = in.le16();
        if (saved != NO_VECTOR && saved >= vectors) {
            throw new StateException("saved vector is not in the MSI-X table: vector=" + saved + " vectors="
                    + vectors);
        }
        return saved;
    }
}
