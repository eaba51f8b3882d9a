// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import org.jspecify.annotations.Nullable;

/**
 * What a request has reserved of the zones, until it ends: a write, or a reset.
 *
 * <p>A write holds on until its request is answered, so that a saved device does it again from where it
 * began. Requests with several ranges let go of each range instead; that is right too, because they only
 * reset zones, or write where any sector can be written again.
 */
final class ZoneHold {

    private enum Kind { NOTHING, WRITE, RESET }

    private final @Nullable ZonedDisk zones;
    private final Runnable released;
    private Kind kind = Kind.NOTHING;
    private long sector;
    private long sectors;

    /**
     * Creates one that holds nothing.
     *
     * @param released called when others may have what was held
     */
    ZoneHold(@Nullable ZonedDisk zones, Runnable released) {
        this.zones = zones;
        this.released = released;
    }

    boolean isHeld() {
        return kind != Kind.NOTHING;
    }

    void write(long atSector, long sectorCount) {
        kind = Kind.WRITE;
        sector = atSector;
        sectors = sectorCount;
    }

    void reset(long atSector, long sectorCount) {
        kind = Kind.RESET;
        sector = atSector;
        sectors = sectorCount;
    }

    /** The data is in the backend. */
    void written() {
        if (zones != null && kind == Kind.WRITE) {
            zones.dataWritten(sector, sectors);
        }
    }

    /** Ends what is reserved, if something is. */
    void end(boolean success) {
        Kind ended = kind;
        kind = Kind.NOTHING;
        if (zones == null || ended == Kind.NOTHING) {
            return;
        }
        if (ended == Kind.WRITE) {
            zones.endWrite(sector, sectors, success);
        } else {
            zones.endReset(sector, sectors, success);
        }
        released.run();
    }
}
