// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import org.jspecify.annotations.Nullable;

/**
 * The fields of {@code struct virtio_pci_common_cfg}, in order; each is as many bytes as it says. [Common
 * configuration structure layout]
 */
enum CommonField {
    // About the whole device.
    DEVICE_FEATURE_SELECT(4),
    DEVICE_FEATURE(4),
    DRIVER_FEATURE_SELECT(4),
    DRIVER_FEATURE(4),
    CONFIG_MSIX_VECTOR(2),
    NUM_QUEUES(2),
    DEVICE_STATUS(1),
    CONFIG_GENERATION(1),

    // About a specific virtqueue.
    QUEUE_SELECT(2),
    QUEUE_SIZE(2),
    QUEUE_MSIX_VECTOR(2),
    QUEUE_ENABLE(2),
    QUEUE_NOTIFY_OFF(2),
    QUEUE_DESC(8),
    QUEUE_DRIVER(8),
    QUEUE_DEVICE(8),
    QUEUE_NOTIF_CONFIG_DATA(2),
    QUEUE_RESET(2),

    // About the administration virtqueue.
    ADMIN_QUEUE_INDEX(2),
    ADMIN_QUEUE_NUM(2);

    /** Bytes of the structure. */
    static final int LENGTH = 64;

    private static final @Nullable CommonField[] BY_OFFSET = new CommonField[LENGTH];

    static {
        int end = 0;
        for (CommonField field : values()) {
            field.offset = end;
            for (int i = 0; i < field.size; i++) {
                BY_OFFSET[end++] = field;
            }
        }
        if (end != LENGTH) {
            throw new IllegalStateException("virtio_pci_common_cfg: fields=" + end + " expected=" + LENGTH);
        }
    }

    private final int size;
    private int offset;

    CommonField(int size) {
        this.size = size;
    }

    int offset() {
        return offset;
    }

    int size() {
        return size;
    }

    /**
     * The field that an access of the driver is for.
     *
     * @return {@code null} unless the access is as wide as the field, or half of a 64-bit one
     */
    static @Nullable CommonField at(long at, int width) {
        CommonField field = at >= 0 && at < LENGTH ? BY_OFFSET[(int) at] : null;
        if (field == null) {
            return null;
        }
        // > For device configuration access, the driver MUST use 8-bit wide accesses for 8-bit wide fields,
        // > 16-bit wide and aligned accesses for 16-bit wide fields and 32-bit wide and aligned accesses for
        // > 32-bit and 64-bit wide fields. [PCI Device Layout]
        // One access to all of a 64-bit field has but one meaning, so it is served too.
        boolean whole = at == field.offset && width == field.size;
        boolean half = field.size == 8 && width == 4 && (at - field.offset & 3) == 0;
        return whole || half ? field : null;
    }
}
