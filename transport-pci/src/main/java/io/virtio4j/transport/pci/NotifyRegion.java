// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.transport.DeviceInstance;

/** Where the driver sends available buffer notifications. [Available Buffer Notifications] */
final class NotifyRegion implements Region {

    /** The largest notification, which fits after the last address: with NOTIFICATION_DATA. */
    private static final int LARGEST = 4;

    private final DeviceInstance device;
    private final CommonConfig common;
    private final NotifyValues values;
    private final int multiplier;

    /**
     * Creates a region.
     *
     * @param multiplier how far apart the queues' addresses are; 0 if they share one
     */
    NotifyRegion(DeviceInstance device, CommonConfig common, NotifyValues values, int multiplier) {
        this.device = device;
        this.common = common;
        this.values = values;
        this.multiplier = multiplier;
    }

    /** {@code cap.length}. [Notification structure layout] */
    static long length(int queueCount, int multiplier) {
        // > For all queues, the value cap.length presented by the device MUST satisfy:
        // > cap.length >= queue_notify_off * notify_off_multiplier + 4
        return Math.max(0, queueCount - 1) * (long) multiplier + LARGEST;
    }

    @Override
    public long read(long offset, int width) {
        return 0;
    }

    @Override
    public void write(long offset, int width, long value) {
        // > If VIRTIO_F_NOTIFICATION_DATA is not negotiated, the driver notification MUST be a 16-bit
        // > notification. If VIRTIO_F_NOTIFICATION_DATA is negotiated, the driver notification MUST be a
        // > 32-bit notification.
        if (width != (common.isNegotiated(CoreFeature.NOTIFICATION_DATA) ? 4 : 2)) {
            return;
        }
        if (multiplier == 0) {
            if (offset == 0) {
                notifyByValue((int) value & 0xFFFF);
            }
        } else if ((offset & (multiplier - 1)) == 0) {
            // The address says which queue: the same where a hypervisor turns the write into an event.
            device.notifyQueue((int) (offset / multiplier));
        }
    }

    private void notifyByValue(int value) {
        device.notifyQueue(
                common.isNegotiated(CoreFeature.NOTIF_CONFIG_DATA) ? values.queueOf(value) : value);
    }
}
