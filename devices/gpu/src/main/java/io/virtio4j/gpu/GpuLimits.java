// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

/**
 * What a driver may use of the host. A command that would pass a limit is answered with OUT_OF_MEMORY before anything
 * is allocated; a reset gives everything back.
 *
 * @param hostBytes of pixels and of contexts' blobs
 * @param resources at a time
 * @param side the most columns or rows of an image
 * @param entries of the guest's pages, of all resources together; contiguous ones count as one
 * @param contexts at a time
 * @param commandBytes of a command stream
 */
public record GpuLimits(long hostBytes, int resources, int side, int entries, int contexts, int commandBytes) {

    /** 256 MiB, 4096 resources of up to 16384 columns and rows, a million entries, 64 contexts, 64 KiB. */
    public static final GpuLimits DEFAULT = new GpuLimits(256L << 20, 4096, 16384, 1 << 20, 64, 64 << 10);

    private static final int MOST_SIDE = 1 << 16;

    /** Checks the values. */
    public GpuLimits {
        if (hostBytes < 0 || resources < 1 || side < 1 || side > MOST_SIDE || entries < 1 || contexts < 1
                || commandBytes < 1) {
            throw new IllegalArgumentException("limits have to be positive, and side at most " + MOST_SIDE
                    + ": hostBytes=" + hostBytes + " resources=" + resources + " side=" + side + " entries=" + entries
                    + " contexts=" + contexts + " commandBytes=" + commandBytes);
        }
    }

    /** The same with other room for pixels and blobs. */
    public GpuLimits withHostBytes(long bytes) {
        return new GpuLimits(bytes, resources, side, entries, contexts, commandBytes);
    }

    /** The same with another number of resources. */
    public GpuLimits withResources(int count) {
        return new GpuLimits(hostBytes, count, side, entries, contexts, commandBytes);
    }

    /** The same with another number of entries. */
    public GpuLimits withEntries(int count) {
        return new GpuLimits(hostBytes, resources, side, count, contexts, commandBytes);
    }
}
