// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.queue.ChainWriter;

/** The answer to ZONE_REPORT: {@code struct virtio_blk_zone_report}. [Block Device / Device Operation] */
final class ZoneReport {

    /** Zones in one report: the driver asks again for the rest. 4 MiB, which take a few milliseconds. */
    static final int MOST = 1 << 16;

    private static final int HEADER_RESERVED = Zone.REPORT_HEADER - Long.BYTES;

    private ZoneReport() {}

    /**
     * Writes as many zones as there is room for, up to {@link #MOST}.
     *
     * @param first the first zone; -1 if the driver asked beyond the disk
     * @param out room for header, zones and status
     */
    static BlockStatus write(ZonedDisk zones, int first, ChainWriter out) {
        long room = out.length() - 1 - Zone.REPORT_HEADER;
        if (first < 0 || room < 0) {
            return BlockStatus.ZONE_INVALID_CMD;
        }
        int count = (int) Math.min(room / Zone.SIZE, Math.min(zones.count() - first, MOST));
        out.writeLe64(count);
        out.fill(0, HEADER_RESERVED);
        for (int i = first; i < first + count; i++) {
            write(zones.zone(i), out);
        }
        return BlockStatus.OK;
    }

    private static void write(Zone zone, ChainWriter out) {
        out.writeLe64(zone.capacity());
        out.writeLe64(zone.start());
        out.writeLe64(zone.writePointer());
        out.writeU8(zone.type().code());
        out.writeU8(zone.state().code());
        out.fill(0, Zone.RESERVED);
    }
}
