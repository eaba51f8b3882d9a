// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import io.virtio4j.core.memory.PageRelease;
import org.jspecify.annotations.Nullable;

/** The choices for a {@link MemDevice}; each has a default that suits most. */
public final class MemDeviceBuilder {

    /** What the driver may look at beyond what is wanted of it: whole sections of memory, as Linux plugs them. */
    private static final long SLACK = 256L << 20;

    private static final long LEAST_BLOCK = 4096;

    /** A block has a number. */
    private static final long MOST_BLOCKS = 1L << 26;

    final long address;
    final long regionSize;
    long blockSize = 2L << 20;
    long requestedSize;
    @Nullable Integer node;
    PageRelease release = PageRelease.NONE;

    MemDeviceBuilder(long address, long regionSize) {
        this.address = address;
        this.regionSize = regionSize;
    }

    /**
     * How much memory is plugged or unplugged at the least, in bytes: a power of two, 4096 or more. Default: 2 MiB.
     * With Linux, blocks of at least the size of its huge pages are the ones that come back.
     */
    public MemDeviceBuilder blockSize(long bytes) {
        blockSize = bytes;
        return this;
    }

    /** How much memory the driver is asked to have plugged from the start, in bytes; whole blocks. Default: none. */
    public MemDeviceBuilder requestedSize(long bytes) {
        requestedSize = bytes;
        return this;
    }

    /** Offers ACPI_PXM: the memory is of this proximity domain, 0 to 65535. Default: it is of none. */
    public MemDeviceBuilder node(int proximityDomain) {
        node = proximityDomain;
        return this;
    }

    /**
     * What gives unplugged memory back to the host. Default: nothing does, and unplugged memory is out of the
     * driver's reach, but still of this process.
     */
    public MemDeviceBuilder release(PageRelease how) {
        release = how;
        return this;
    }

    /**
     * Makes the device.
     *
     * @throws IllegalArgumentException if the choices do not fit together; the message says what to do
     */
    public MemDevice build() {
        if (blockSize < LEAST_BLOCK || Long.bitCount(blockSize) != 1) {
            throw new IllegalArgumentException("a block is a power of two, of " + LEAST_BLOCK
                    + " bytes or more: blockSize=" + blockSize);
        }
        if (blockSize % release.granule() != 0) {
            throw new IllegalArgumentException("blocks are given back in whole pages of the host, make them larger:"
                    + " blockSize=" + blockSize + " granule=" + release.granule());
        }
        if (regionSize < 0 || address % blockSize != 0 || regionSize % blockSize != 0
                || Long.compareUnsigned(address, -regionSize) > 0 && regionSize > 0
                || regionSize / blockSize > MOST_BLOCKS) {
            throw new IllegalArgumentException("the region consists of whole blocks, aligned to their size, inside of"
                    + " the address space, at most " + MOST_BLOCKS + ": address=0x" + Long.toHexString(address)
                    + " regionSize=" + regionSize + " blockSize=" + blockSize);
        }
        checkRequested(requestedSize, regionSize, blockSize);
        if (node != null && (node < 0 || node > 0xFFFF)) {
            throw new IllegalArgumentException("a proximity domain is 0 to 65535: node=" + node);
        }
        return new MemDevice(this);
    }

    static void checkRequested(long requestedSize, long regionSize, long blockSize) {
        if (requestedSize < 0 || requestedSize > regionSize || requestedSize % blockSize != 0) {
            throw new IllegalArgumentException("as much as the region has can be asked for, in whole blocks:"
                    + " requestedSize=" + requestedSize + " regionSize=" + regionSize + " blockSize=" + blockSize);
        }
    }

    /** > The device MUST set usable_region_size to requested_size or greater. */
    long usable(long requested) {
        long wanted = requested + Math.max(SLACK, blockSize);
        return wanted < 0 ? regionSize : Math.min(regionSize, wanted);
    }
}
