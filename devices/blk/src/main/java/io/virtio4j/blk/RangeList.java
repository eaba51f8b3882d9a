// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.queue.ChainReader;
import java.util.Arrays;

/**
 * The segments of a DISCARD, WRITE_ZEROES or SECURE_ERASE request, copied from the driver's memory once.
 * {@code struct virtio_blk_discard_write_zeroes}: sector le64, num_sectors le32, flags le32. [Block Device /
 * Device Operation]
 */
final class RangeList {

    private static final int SIZE = 16;
    private static final long F_UNMAP = 1;

    private long[] sector = new long[1];
    private long[] sectors = new long[1];
    private boolean[] unmap = new boolean[1];
    private int count;
    private int at;

    /** Reads all segments; what is wrong with any of them keeps the whole request from being done. */
    BlockStatus parse(ChainReader in, BlockRequestType type, BlockDevice device) {
        RangeLimits limits = device.limits(type);
        long bytes = in.remaining();
        count = 0;
        at = 0;
        if (bytes == 0 || bytes % SIZE != 0 || bytes / SIZE > limits.maxSegments()) {
            return BlockStatus.IOERR;
        }
        BlockStatus status = BlockStatus.OK;
        for (long i = bytes / SIZE; i > 0; i--) {
            long first = in.readLe64();
            long length = in.readLe32();
            long flags = in.readLe32();
            // > The device MUST set the status byte to VIRTIO_BLK_S_UNSUPP for discard, secure erase and
            // > write zeroes commands if any unknown flag is set. [...] for discard commands if the unmap
            // > flag is set. [Device Operation]
            if ((flags & ~F_UNMAP) != 0 || flags != 0 && type != BlockRequestType.WRITE_ZEROES) {
                return BlockStatus.UNSUPP;
            }
            if (length > limits.maxSectors() || !device.isInside(first, length)) {
                status = BlockStatus.IOERR;
            } else if (length > 0) {
                add(first, length, flags != 0);
            }
        }
        return status;
    }

    /** Whether the zones of all segments allow the request; nothing was done to any yet. */
    BlockStatus check(BlockRequestType type, ZonedDisk zones) {
        for (int i = 0; i < count; i++) {
            BlockStatus status = switch (type) {
                case DISCARD -> zones.checkDiscard(sector[i], sectors[i]);
                case SECURE_ERASE -> zones.checkReset(sector[i], sectors[i]);
                default -> BlockStatus.OK; // found out when the range is admitted
            };
            if (status != BlockStatus.OK) {
                return status;
            }
        }
        return BlockStatus.OK;
    }

    private void add(long first, long length, boolean mayUnmap) {
        if (count == sector.length) {
            sector = Arrays.copyOf(sector, count * 2);
            sectors = Arrays.copyOf(sectors, count * 2);
            unmap = Arrays.copyOf(unmap, count * 2);
        }
        sector[count] = first;
        sectors[count] = length;
        unmap[count] = mayUnmap;
        count++;
    }

    boolean next() {
        return ++at < count;
    }

    boolean isEmpty() {
        return count == 0;
    }

    long sector() {
        return sector[at];
    }

    long sectors() {
        return sectors[at];
    }

    boolean mayUnmap() {
        return unmap[at];
    }
}
