// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/**
 * A zone at one moment: {@code struct virtio_blk_zone_descriptor}. [Block Device / Device Operation]
 *
 * @param start its first sector
 * @param capacity how many sectors of it can be written
 * @param writePointer the sector where the next write belongs; without meaning for conventional, full,
 *     read-only and offline zones
 * @param type what kind of zone it is
 * @param state what state it is in
 */
public record Zone(long start, long capacity, long writePointer, ZoneType type, ZoneState state) {

    /** Bytes of a descriptor. */
    static final int SIZE = 64;

    /** Bytes of the report before the first descriptor: nr_zones le64, reserved. */
    static final int REPORT_HEADER = 64;

    static final int RESERVED = 38;
}
