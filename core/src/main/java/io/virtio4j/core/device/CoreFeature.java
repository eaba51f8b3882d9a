// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

/** Feature bits of rings, negotiation and transports. [Reserved Feature Bits] */
public enum CoreFeature implements Feature {
    /** The driver may use indirect descriptors. */
    INDIRECT_DESC(28),
    /** Notifications are suppressed by index. */
    EVENT_IDX(29),
    /** The device complies with version 1 or later of the specification. */
    VERSION_1(32),
    /** The platform limits or translates the device's access to memory. */
    ACCESS_PLATFORM(33),
    /** Packed virtqueues. */
    RING_PACKED(34),
    /** The device uses buffers in the order in which they were made available. */
    IN_ORDER(35),
    /** Memory accesses are ordered as the platform describes. */
    ORDER_PLATFORM(36),
    /** Single Root I/O Virtualization. */
    SR_IOV(37),
    /** Available buffer notifications carry the place in the ring. */
    NOTIFICATION_DATA(38),
    /** Available buffer notifications carry a value that the device supplied. */
    NOTIF_CONFIG_DATA(39),
    /** Queues can be reset one by one. */
    RING_RESET(40),
    /** The device has administration virtqueues. */
    ADMIN_VQ(41),
    /** The driver can suspend the device. */
    SUSPEND(43);

    private final int bit;

    CoreFeature(int bit) {
        this.bit = bit;
    }

    @Override
    public int bit() {
        return bit;
    }
}
