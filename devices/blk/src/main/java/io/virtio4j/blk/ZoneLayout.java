// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/**
 * How a disk is divided into zones, and what the driver may do with them. {@code struct
 * virtio_blk_zoned_characteristics}. Begin with {@link #hostManaged}, {@link #hostAware} or {@link
 * #driveManaged}.
 *
 * <pre>{@code
 * ZoneLayout.hostManaged(1 << 19)          // zones of 256 MiB
 *         .withConventionalZones(4)
 *         .withLimits(8, 16);
 * }</pre>
 *
 * @param model how the zones are to be used
 * @param zoneSectors the size of every zone but the last, which may be smaller; sectors of 512 bytes
 * @param zoneCapacity how many sectors of a sequential zone can be written
 * @param conventionalZones how many zones at the beginning are conventional
 * @param maxOpen the most open zones; 0 for no limit
 * @param maxActive the most open and closed zones; 0 for no limit
 * @param maxAppendSectors the largest ZONE_APPEND; 0 if there is none
 * @param writeGranularity what writes to sequential zones are aligned to; bytes
 */
public record ZoneLayout(
        ZoneModel model,
        long zoneSectors,
        long zoneCapacity,
        int conventionalZones,
        int maxOpen,
        int maxActive,
        long maxAppendSectors,
        int writeGranularity) {

    private static final long MOST_SECTORS = 0xFFFF_FFFFL;
    private static final int DEFAULT_APPEND = 1 << 10;

    /** Checks the values. */
    public ZoneLayout {
        if (model != ZoneModel.NONE) {
            check(zoneSectors, zoneCapacity, writeGranularity);
            if (conventionalZones < 0 || maxOpen < 0 || maxActive < 0
                    || maxActive != 0 && maxOpen > maxActive) {
                throw new IllegalArgumentException("counts of zones must not be negative, and open zones are"
                        + " active zones: conventionalZones=" + conventionalZones + " maxOpen=" + maxOpen
                        + " maxActive=" + maxActive);
            }
            if (maxAppendSectors < 0 || maxAppendSectors > zoneCapacity
                    || maxAppendSectors * BlockDevice.SECTOR % writeGranularity != 0) {
                throw new IllegalArgumentException("maxAppendSectors has to be 0 to the zone's capacity, in"
                        + " multiples of writeGranularity: maxAppendSectors=" + maxAppendSectors
                        + " zoneCapacity=" + zoneCapacity + " writeGranularity=" + writeGranularity);
            }
        }
    }

    private static void check(long zoneSectors, long zoneCapacity, int writeGranularity) {
        int granularity = writeGranularity / BlockDevice.SECTOR;
        if (writeGranularity < BlockDevice.SECTOR || writeGranularity % BlockDevice.SECTOR != 0) {
            throw new IllegalArgumentException("writeGranularity has to be a multiple of 512 bytes:"
                    + " writeGranularity=" + writeGranularity);
        }
        if (zoneSectors < 1 || zoneSectors > MOST_SECTORS || zoneSectors % granularity != 0) {
            throw new IllegalArgumentException("zoneSectors has to be 1 to 2^32 - 1, in multiples of"
                    + " writeGranularity: zoneSectors=" + zoneSectors + " writeGranularity="
                    + writeGranularity);
        }
        if (zoneCapacity < 1 || zoneCapacity > zoneSectors || zoneCapacity % granularity != 0) {
            throw new IllegalArgumentException("zoneCapacity has to be 1 to zoneSectors, in multiples of"
                    + " writeGranularity: zoneCapacity=" + zoneCapacity + " zoneSectors=" + zoneSectors);
        }
    }

    /**
     * Sequential-write-required zones without limits, written in sectors.
     *
     * @param zoneSectors of 512 bytes; Linux wants a power of two
     */
    public static ZoneLayout hostManaged(long zoneSectors) {
        return of(ZoneModel.HOST_MANAGED, zoneSectors);
    }

    /** Sequential-write-preferred zones without limits; without ZONE_APPEND, which they do not take. */
    public static ZoneLayout hostAware(long zoneSectors) {
        return of(ZoneModel.HOST_AWARE, zoneSectors);
    }

    /** Zones that only the storage knows. */
    public static ZoneLayout driveManaged() {
        return new ZoneLayout(ZoneModel.NONE, 0, 0, 0, 0, 0, 0, 0);
    }

    private static ZoneLayout of(ZoneModel model, long zoneSectors) {
        long append = model == ZoneModel.HOST_MANAGED ? Math.min(DEFAULT_APPEND, zoneSectors) : 0;
        return new ZoneLayout(model, zoneSectors, zoneSectors, 0, 0, 0, append, BlockDevice.SECTOR);
    }

    /** Only the first sectors of a zone can be written. */
    public ZoneLayout withCapacity(long sectors) {
        return new ZoneLayout(model, zoneSectors, sectors, conventionalZones, maxOpen, maxActive,
                Math.min(maxAppendSectors, sectors), writeGranularity);
    }

    /** The first zones are conventional. */
    public ZoneLayout withConventionalZones(int count) {
        return new ZoneLayout(model, zoneSectors, zoneCapacity, count, maxOpen, maxActive,
                maxAppendSectors, writeGranularity);
    }

    /** Limits open zones, and active ones: open or closed; 0 is no limit. */
    public ZoneLayout withLimits(int open, int active) {
        return new ZoneLayout(model, zoneSectors, zoneCapacity, conventionalZones, open, active,
                maxAppendSectors, writeGranularity);
    }

    /** Limits ZONE_APPEND to so many sectors; 0 for none at all. */
    public ZoneLayout withMaxAppend(long sectors) {
        return new ZoneLayout(model, zoneSectors, zoneCapacity, conventionalZones, maxOpen, maxActive,
                sectors, writeGranularity);
    }

    /** Writes to sequential zones are aligned to so many bytes. */
    public ZoneLayout withWriteGranularity(int bytes) {
        long append = bytes < BlockDevice.SECTOR ? maxAppendSectors
                : maxAppendSectors / (bytes / BlockDevice.SECTOR) * (bytes / BlockDevice.SECTOR);
        return new ZoneLayout(model, zoneSectors, zoneCapacity, conventionalZones, maxOpen, maxActive,
                append, bytes);
    }

    /** Whether the driver sees zones. */
    boolean hasZones() {
        return model != ZoneModel.NONE;
    }
}
