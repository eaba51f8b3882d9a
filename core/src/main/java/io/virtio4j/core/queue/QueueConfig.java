// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.fault.RingFault;

/**
 * What the driver programs about one queue before it enables it: size and the addresses of its three
 * areas. Nothing is checked until the queue starts; then everything is.
 *
 * <p>Not safe for use by several threads; guarded by the device instance.
 */
public final class QueueConfig {

    /** The largest size of any queue. [Virtqueues] */
    public static final int LARGEST_SIZE = 32768;

    private final int index;
    private final String name;
    private final int maxSize;

    private int size;
    private int longestChain;
    private long descriptorArea;
    private long driverArea;
    private long deviceArea;
    private boolean enabled;

    /**
     * Creates the configuration of a queue after reset.
     *
     * @param index the queue's index in its device
     * @param name the queue's name in the specification
     * @param maxSize the largest size that the device supports; 1 to 32768
     */
    public QueueConfig(int index, String name, int maxSize) {
        if (maxSize < 1 || maxSize > LARGEST_SIZE) {
            throw new IllegalArgumentException("queue size has to be 1 to " + LARGEST_SIZE
                    + ": queue=" + name + " maxSize=" + maxSize);
        }
        this.index = index;
        this.name = name;
        this.maxSize = maxSize;
        reset();
    }

    /** Back to the values after a device reset: disabled, largest size, no addresses. */
    public void reset() {
        size = maxSize;
        longestChain = 0;
        descriptorArea = 0;
        driverArea = 0;
        deviceArea = 0;
        enabled = false;
    }

    /** The queue's index in its device. */
    public int index() {
        return index;
    }

    /** The queue's name in the specification. */
    public String name() {
        return name;
    }

    /** The largest size that the device supports. */
    public int maxSize() {
        return maxSize;
    }

    /** The size that the driver chose; the largest one until it did. */
    public int size() {
        return size;
    }

    /** Takes the size that the driver wrote. One that cannot work is refused when the queue starts. */
    public void size(int value) {
        size = value;
    }

    /** The most descriptors of a chain, in an indirect table too: the size, unless more were allowed. */
    public int longestChain() {
        return Math.max(size, longestChain);
    }

    /**
     * Allows chains that are longer than the queue, up to the largest size of the device. For transports whose
     * queue sizes are not the device's to offer: a driver that goes by the device's own limits, such as the
     * segments of a request, may pass the size that somebody else chose.
     */
    public void longestChain(int descriptors) {
        longestChain = Math.min(descriptors, maxSize);
    }

    /** The address of the descriptor area: split, the descriptor table; packed, the ring. */
    public long descriptorArea() {
        return descriptorArea;
    }

    /** Takes the address of the descriptor area. */
    public void descriptorArea(long address) {
        descriptorArea = address;
    }

    /** The address of the driver area: split, the available ring; packed, event suppression. */
    public long driverArea() {
        return driverArea;
    }

    /** Takes the address of the driver area. */
    public void driverArea(long address) {
        driverArea = address;
    }

    /** The address of the device area: split, the used ring; packed, event suppression. */
    public long deviceArea() {
        return deviceArea;
    }

    /** Takes the address of the device area. */
    public void deviceArea(long address) {
        deviceArea = address;
    }

    /** Whether the driver enabled the queue. */
    public boolean isEnabled() {
        return enabled;
    }

    /** Enables or disables. */
    public void enabled(boolean value) {
        enabled = value;
    }

    /** Whether a queue of this size can exist in this format. */
    public static boolean isSize(int size, int maxSize, RingFormat format) {
        return size >= 1 && size <= maxSize
                && (format == RingFormat.PACKED || Integer.bitCount(size) == 1);
    }

    /** Checks everything that can be known without looking at memory. */
    void check(RingFormat format) {
        // > Queue Size value is always a power of 2. [Split Virtqueues]
        if (!isSize(size, maxSize, format)) {
            throw new RingFault("queue size: queue=" + name + " format=" + format + " size=" + size
                    + " max=" + maxSize);
        }
        // Alignment [Split Virtqueues], [Packed Virtqueues]
        boolean split = format == RingFormat.SPLIT;
        aligned("descriptor", descriptorArea, 16);
        aligned("driver", driverArea, split ? 2 : 4);
        aligned("device", deviceArea, 4);
    }

    private void aligned(String area, long address, int alignment) {
        if ((address & (alignment - 1)) != 0) {
            throw new RingFault(area + " area is not aligned: queue=" + name + " address=0x"
                    + Long.toHexString(address) + " alignment=" + alignment);
        }
    }
}
