// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The zones of a disk: states, write pointers, limits. Knows neither queues nor data. [Block Device / Device
 * Operation]
 *
 * <pre>
 *              write          finish
 *   EMPTY  ──────────► IOPEN ───────► FULL        reset, from any of these: EMPTY
 *     │  open            │ ▲            ▲         RDONLY and OFFLINE: from any, by the host
 *     ├──────► EOPEN ◄───┘ │ write      │ written to the capacity, or finish
 *     ▲ close    │ open    │            │
 *     └──────────┴──────► CLOSED ───────┘
 *      (nothing    close, or implicitly
 *       written)   to make room
 * </pre>
 *
 * <p>Writing takes three steps: {@link #admitWrite} reserves the zone, {@link #dataWritten} moves the write
 * pointer, {@link #endWrite} makes it so or takes it back. Meanwhile nothing else is done to a
 * sequential-write-required zone. Where the answer is {@code null}, the zone is busy: try again later.
 *
 * <p>Safe for use by several threads.
 */
final class ZonedDisk {

    static final int MOST_ZONES = 1 << 22;

    private static final int VERSION = 1;

    /** {@link #inFlight} of a zone that is being reset. */
    private static final int RESETTING = -1;

    private final ZoneLayout layout;
    private final long capacity;
    private final int count;

    private final ZoneState[] states;

    /** Sectors written from the start of each zone. */
    private final long[] written;

    /** Writes that were admitted and have not ended; or {@link #RESETTING}. */
    private final int[] inFlight;

    /** Sectors of the write in flight that {@link #written} counts already. */
    private final long[] pending;

    /** What a zone goes back to if its first write fails. */
    private final ZoneState[] before;

    /** In the order in which they were opened. */
    private final Set<Integer> implicitlyOpen = new LinkedHashSet<>();

    private int open;
    private int active;
    private boolean dirty;

    ZonedDisk(ZoneLayout layout, long capacity) {
        this.layout = layout;
        this.capacity = capacity;
        long zones = (capacity + layout.zoneSectors() - 1) / layout.zoneSectors();
        if (zones > MOST_ZONES || layout.conventionalZones() > zones) {
            throw new IllegalArgumentException("disk has too many zones, or too few: use larger zones, or"
                    + " fewer conventional ones: zones=" + zones + " most=" + MOST_ZONES
                    + " conventionalZones=" + layout.conventionalZones());
        }
        count = (int) zones;
        states = new ZoneState[count];
        before = new ZoneState[count];
        written = new long[count];
        inFlight = new int[count];
        pending = new long[count];
        Arrays.fill(states, ZoneState.EMPTY);
        Arrays.fill(states, 0, layout.conventionalZones(), ZoneState.NOT_WP);
        Arrays.fill(before, ZoneState.EMPTY);
    }

    // ── Geometry ───────────────────────────────────────────────────────────

    int count() {
        return count;
    }

    /** The zone of a sector inside of the disk. */
    int zoneOf(long sector) {
        return (int) (sector / layout.zoneSectors());
    }

    long start(int zone) {
        return zone * layout.zoneSectors();
    }

    /** How many sectors a zone has; the last may have fewer. */
    long size(int zone) {
        return Math.min(layout.zoneSectors(), capacity - start(zone));
    }

    private long zoneCapacity(int zone) {
        return isConventional(zone) ? size(zone) : Math.min(layout.zoneCapacity(), size(zone));
    }

    private boolean isConventional(int zone) {
        return zone < layout.conventionalZones();
    }

    private boolean isRequired(int zone) {
        return !isConventional(zone) && layout.model() == ZoneModel.HOST_MANAGED;
    }

    synchronized Zone zone(int zone) {
        ZoneType type = isConventional(zone) ? ZoneType.CONV
                : isRequired(zone) ? ZoneType.SWR : ZoneType.SWP;
        return new Zone(start(zone), zoneCapacity(zone), start(zone) + written[zone], type, states[zone]);
    }

    // ── Reading ────────────────────────────────────────────────────────────

    /** Whether a range may be read. */
    synchronized BlockStatus checkRead(long sector, long sectors) {
        return checkRange(sector, sectors, false);
    }

    /** Whether a range may be discarded. */
    synchronized BlockStatus checkDiscard(long sector, long sectors) {
        return checkRange(sector, sectors, true);
    }

    /** Zones that failed refuse; nothing crosses the border of a sequential-write-required zone. */
    private BlockStatus checkRange(long sector, long sectors, boolean write) {
        int first = zoneOf(sector);
        int last = zoneOf(sector + sectors - 1);
        for (int zone = first; zone <= last; zone++) {
            ZoneState state = states[zone];
            if (state == ZoneState.OFFLINE || write && state == ZoneState.RDONLY
                    || first != last && isRequired(zone)) {
                return BlockStatus.ZONE_INVALID_CMD;
            }
        }
        return BlockStatus.OK;
    }

    /**
     * How far the content is of one kind.
     *
     * @return so many sectors from {@code sector} were written; or, if negative, so many were not
     */
    synchronized long extent(long sector, long end) {
        int zone = zoneOf(sector);
        long from = sector - start(zone);
        long until = Math.min(end - start(zone), size(zone));
        if (isConventional(zone)) {
            return until - from;
        }
        // > The device MUST consider the sectors that are read between the write pointer position of a zone
        // > and the end of the last sector of the zone as unwritten data. [Device Operation]
        return from < written[zone] ? Math.min(until, written[zone]) - from : from - until;
    }

    // ── Writing ────────────────────────────────────────────────────────────

    /** Reserves the zones of a range that is to be written. */
    synchronized @Nullable BlockStatus admitWrite(long sector, long sectors) {
        BlockStatus status = checkRange(sector, sectors, true);
        if (status != BlockStatus.OK) {
            return status;
        }
        int zone = zoneOf(sector);
        if (isRequired(zone)) {
            return admitSequential(zone, sector - start(zone), sectors);
        }
        int last = zoneOf(sector + sectors - 1);
        for (int i = zone; i <= last; i++) {
            if (inFlight[i] == RESETTING) {
                return null;
            }
        }
        for (int i = zone; i <= last; i++) {
            flying(i, 1);
        }
        return BlockStatus.OK;
    }

    private @Nullable BlockStatus admitSequential(int zone, long from, long sectors) {
        if (inFlight[zone] != 0) {
            return null;
        }
        if (states[zone] == ZoneState.FULL) {
            return BlockStatus.ZONE_INVALID_CMD;
        }
        if (from != written[zone] || !isGranular(sectors)) {
            return BlockStatus.ZONE_UNALIGNED_WP;
        }
        if (sectors > zoneCapacity(zone) - written[zone]) {
            return BlockStatus.ZONE_INVALID_CMD;
        }
        before[zone] = states[zone];
        if (!states[zone].isOpen()) {
            BlockStatus status = makeRoom(zone);
            if (status != BlockStatus.OK) {
                return status;
            }
            enter(zone, ZoneState.IOPEN);
        }
        flying(zone, 1);
        return BlockStatus.OK;
    }

    private boolean isGranular(long sectors) {
        return sectors * BlockDevice.SECTOR % layout.writeGranularity() == 0;
    }

    /** Reserves the zone that starts at a sector; its data goes to {@link #writePointer}. */
    synchronized @Nullable BlockStatus admitAppend(long sector, long sectors) {
        if (layout.maxAppendSectors() == 0) {
            return BlockStatus.UNSUPP;
        }
        int zone = zoneOf(sector);
        if (sector != start(zone) || !isRequired(zone) || sectors > layout.maxAppendSectors()
                || states[zone] == ZoneState.RDONLY || states[zone] == ZoneState.OFFLINE) {
            return BlockStatus.ZONE_INVALID_CMD;
        }
        return admitSequential(zone, written[zone], sectors);
    }

    /** The sector where the next write to a zone belongs. */
    synchronized long writePointer(int zone) {
        return start(zone) + written[zone];
    }

    /** The data of an admitted write is in the backend. */
    synchronized void dataWritten(long sector, long sectors) {
        long end = sector + sectors;
        for (int zone = zoneOf(sector); zone <= zoneOf(end - 1); zone++) {
            if (isRequired(zone)) {
                written[zone] += sectors;
                pending[zone] = sectors;
                dirty = true;
            } else if (!isConventional(zone)) {
                wrotePreferred(zone, Math.min(end - start(zone), size(zone)));
            }
        }
    }

    /** Written anywhere: the write pointer is behind all that was written. Never refused for limits. */
    private void wrotePreferred(int zone, long until) {
        dirty |= until > written[zone];
        written[zone] = Math.min(Math.max(written[zone], until), zoneCapacity(zone));
        if (written[zone] == zoneCapacity(zone)) {
            enter(zone, ZoneState.FULL);
        } else if (states[zone] == ZoneState.EMPTY || states[zone] == ZoneState.CLOSED) {
            BlockStatus room = makeRoom(zone);
            if (room == BlockStatus.OK) {
                enter(zone, ZoneState.IOPEN);
            } else {
                enter(zone, room == BlockStatus.ZONE_ACTIVE_RESOURCE ? ZoneState.FULL : ZoneState.CLOSED);
            }
        }
    }

    /** An admitted write is over; if it failed, what it wrote does not count. */
    synchronized void endWrite(long sector, long sectors, boolean success) {
        for (int zone = zoneOf(sector); zone <= zoneOf(sector + sectors - 1); zone++) {
            flying(zone, -1);
            if (!isRequired(zone)) {
                continue;
            }
            if (!success) {
                written[zone] -= pending[zone];
                if (!before[zone].isOpen()) {
                    enter(zone, before[zone]);
                }
            } else if (written[zone] == zoneCapacity(zone) && states[zone].isOpen()) {
                enter(zone, ZoneState.FULL);
            }
            pending[zone] = 0;
        }
    }

    private void flying(int zone, int change) {
        if (isConventional(zone)) {
            return;
        }
        inFlight[zone] += change;
    }

    // ── Resources ──────────────────────────────────────────────────────────

    /**
     * Makes sure that a zone that is not open may be opened, by closing another if that helps. A zone that is
     * just being written can be closed when that has ended.
     */
    private @Nullable BlockStatus makeRoom(int zone) {
        // > A zone transition request that leads to both [...] limits to be exceeded is terminated by the
        // > device with VIRTIO_BLK_S_ZONE_ACTIVE_RESOURCE [Device Operation]
        if (layout.maxActive() != 0 && !states[zone].isActive() && active >= layout.maxActive()) {
            return BlockStatus.ZONE_ACTIVE_RESOURCE;
        }
        if (layout.maxOpen() == 0 || open < layout.maxOpen()) {
            return BlockStatus.OK;
        }
        for (int candidate : implicitlyOpen) {
            if (inFlight[candidate] == 0) {
                enter(candidate, ZoneState.CLOSED);
                return BlockStatus.OK;
            }
        }
        return implicitlyOpen.isEmpty() ? BlockStatus.ZONE_OPEN_RESOURCE : null;
    }

    private void enter(int zone, ZoneState state) {
        ZoneState old = states[zone];
        if (old == state) {
            return;
        }
        dirty = true;
        states[zone] = state;
        open += (state.isOpen() ? 1 : 0) - (old.isOpen() ? 1 : 0);
        active += (state.isActive() ? 1 : 0) - (old.isActive() ? 1 : 0);
        if (old == ZoneState.IOPEN) {
            implicitlyOpen.remove(zone);
        }
        if (state == ZoneState.IOPEN) {
            implicitlyOpen.add(zone);
        }
    }

    // ── Zone management ────────────────────────────────────────────────────

    /** The zone that starts at a sector and has no obstacle to be managed; -1 if there is none. */
    private int managed(long sector) {
        int zone = zoneOf(sector);
        boolean obstacle = sector != start(zone) || isConventional(zone)
                || states[zone] == ZoneState.RDONLY || states[zone] == ZoneState.OFFLINE;
        return obstacle ? -1 : zone;
    }

    /** ZONE_OPEN. */
    synchronized @Nullable BlockStatus open(long sector) {
        int zone = managed(sector);
        if (zone >= 0 && inFlight[zone] != 0) {
            return null;
        }
        if (zone < 0 || states[zone] == ZoneState.FULL) {
            return BlockStatus.ZONE_INVALID_CMD;
        }
        if (!states[zone].isOpen()) {
            BlockStatus status = makeRoom(zone);
            if (status != BlockStatus.OK) {
                return status;
            }
        }
        enter(zone, ZoneState.EOPEN);
        return BlockStatus.OK;
    }

    /** ZONE_CLOSE. */
    synchronized @Nullable BlockStatus close(long sector) {
        int zone = managed(sector);
        if (zone >= 0 && inFlight[zone] != 0) {
            return null;
        }
        if (zone < 0 || !states[zone].isActive()) {
            return BlockStatus.ZONE_INVALID_CMD;
        }
        enter(zone, written[zone] == 0 ? ZoneState.EMPTY : ZoneState.CLOSED);
        return BlockStatus.OK;
    }

    /** ZONE_FINISH. As in the ZBD standards, also from EMPTY and CLOSED. What was not written stays so. */
    synchronized @Nullable BlockStatus finish(long sector) {
        int zone = managed(sector);
        if (zone < 0) {
            return BlockStatus.ZONE_INVALID_CMD;
        }
        if (inFlight[zone] != 0) {
            return null;
        }
        enter(zone, ZoneState.FULL);
        return BlockStatus.OK;
    }

    /** Whether a zone starts at a sector and can be managed. */
    synchronized BlockStatus checkManaged(long sector) {
        return managed(sector) < 0 ? BlockStatus.ZONE_INVALID_CMD : BlockStatus.OK;
    }

    /** Whether a range is whole zones that can be reset. */
    synchronized BlockStatus checkReset(long sector, long sectors) {
        int first = zoneOf(sector);
        int last = zoneOf(sector + sectors - 1);
        boolean whole = sector == start(first) && sector + sectors == start(last) + size(last);
        for (int zone = first; zone <= last && whole; zone++) {
            whole = managed(start(zone)) >= 0;
        }
        return whole ? BlockStatus.OK : BlockStatus.ZONE_INVALID_CMD;
    }

    /** Reserves zones that are to be reset: all that lie in a range of whole zones. */
    synchronized @Nullable BlockStatus admitReset(long sector, long sectors) {
        BlockStatus status = checkReset(sector, sectors);
        if (status != BlockStatus.OK) {
            return status;
        }
        int first = zoneOf(sector);
        int last = zoneOf(sector + sectors - 1);
        for (int zone = first; zone <= last; zone++) {
            if (inFlight[zone] != 0) {
                return null;
            }
        }
        for (int zone = first; zone <= last; zone++) {
            flying(zone, RESETTING);
        }
        return BlockStatus.OK;
    }

    /** The zones of an admitted reset are empty from now on, unless it failed. */
    synchronized void endReset(long sector, long sectors, boolean success) {
        for (int zone = zoneOf(sector); zone <= zoneOf(sector + sectors - 1); zone++) {
            flying(zone, -RESETTING);
            if (success) {
                empty(zone);
            }
        }
    }

    private void empty(int zone) {
        if (states[zone] != ZoneState.RDONLY && states[zone] != ZoneState.OFFLINE) {
            dirty |= written[zone] != 0;
            written[zone] = 0;
            enter(zone, ZoneState.EMPTY);
        }
    }

    /** Whether ZONE_RESET_ALL resets a zone. */
    synchronized boolean isResetByAll(int zone) {
        return states[zone].isActive() || states[zone] == ZoneState.FULL;
    }

    // ── For the host ───────────────────────────────────────────────────────

    /** A zone failed: RDONLY, or OFFLINE. */
    synchronized void fail(int zone, ZoneState state) {
        boolean possible = state == ZoneState.OFFLINE
                || state == ZoneState.RDONLY && states[zone] != ZoneState.OFFLINE;
        if (!possible) {
            throw new IllegalArgumentException("a zone fails to RDONLY or OFFLINE, and not back: zone=" + zone
                    + " from=" + states[zone] + " to=" + state);
        }
        before[zone] = state;
        enter(zone, state);
    }

    // ── State ──────────────────────────────────────────────────────────────

    /** The saved form, if it changed since the last time; to outlive the process. */
    synchronized byte @Nullable [] takeChanges() {
        if (!dirty) {
            return null;
        }
        dirty = false;
        StateWriter out = new StateWriter();
        save(out, false);
        return out.toByteArray();
    }

    /** The saved form was not stored after all. */
    synchronized void changesLost() {
        dirty = true;
    }

    /** Saves for a restore in which the writes in flight are done again. */
    synchronized void save(StateWriter out) {
        save(out, true);
    }

    private void save(StateWriter out, boolean withoutPending) {
        out.le16(VERSION).u8(layout.model().code()).le64(capacity).le64(layout.zoneSectors())
                .le64(layout.zoneCapacity()).le32(layout.conventionalZones()).le32(count);
        for (int zone = 0; zone < count; zone++) {
            boolean again = withoutPending && inFlight[zone] > 0 && isRequired(zone);
            out.u8((again ? before[zone] : states[zone]).code());
            out.le64(written[zone] - (again ? pending[zone] : 0));
        }
    }

    /** Loads what {@link #takeChanges} returned in another life of the disk: what was open is closed. */
    void load(byte[] saved) {
        StateReader in = new StateReader(saved);
        Runnable apply = restore(in, true);
        in.end();
        apply.run();
    }

    /**
     * Reads and checks saved zones.
     *
     * @return makes them so
     */
    Runnable restore(StateReader in) {
        return restore(in, false);
    }

    private Runnable restore(StateReader in, boolean powerCycle) {
        int version = in.le16();
        int model = in.u8();
        boolean fits = in.le64() == capacity & in.le64() == layout.zoneSectors()
                & in.le64() == layout.zoneCapacity() & in.le32() == layout.conventionalZones()
                & in.le32() == count;
        if (version != VERSION || model != layout.model().code() || !fits) {
            throw new StateException("saved zones are those of another layout or version: version=" + version
                    + " model=" + model + " expected=" + VERSION + "/" + layout.model().code());
        }
        ZoneState[] newStates = new ZoneState[count];
        long[] newWritten = new long[count];
        for (int zone = 0; zone < count; zone++) {
            ZoneState state = ZoneState.of(in.u8());
            long sectors = in.le64();
            if (state == null || isConventional(zone) != (state == ZoneState.NOT_WP)
                            && state != ZoneState.RDONLY && state != ZoneState.OFFLINE
                    || sectors < 0 || sectors > zoneCapacity(zone)
                    || state == ZoneState.EMPTY && sectors != 0 && !powerCycle) {
                throw new StateException("saved zone cannot be: zone=" + zone + " state=" + state
                        + " written=" + sectors);
            }
            newStates[zone] = powerCycle ? afterPowerCycle(zone, state, sectors) : state;
            newWritten[zone] = sectors;
        }
        return () -> apply(newStates, newWritten);
    }

    private ZoneState afterPowerCycle(int zone, ZoneState state, long sectors) {
        if (state != ZoneState.EMPTY && !state.isActive()) {
            return state;
        }
        if (sectors == zoneCapacity(zone)) {
            return ZoneState.FULL;
        }
        return sectors == 0 ? ZoneState.EMPTY : ZoneState.CLOSED;
    }

    private synchronized void apply(ZoneState[] newStates, long[] newWritten) {
        for (int zone = 0; zone < count; zone++) {
            enter(zone, newStates[zone]);
            written[zone] = newWritten[zone];
        }
        dirty = false;
    }
}
