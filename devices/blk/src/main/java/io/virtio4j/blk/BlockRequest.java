// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import org.jspecify.annotations.Nullable;

/**
 * One request in work: {@code struct virtio_blk_req}. [Block Device / Device Operation]
 *
 * <pre>
 *   device-readable   type le32 | reserved le32 | sector le64 | data (OUT, ZONE_APPEND, ranges)
 *   device-writable   data (IN, GET_ID, ZONE_REPORT ...) or append_sector le64 (ZONE_APPEND) | status u8
 * </pre>
 *
 * <p>Belongs to its queue and is used again. All methods are the queue owner's, but for {@link #letGo}.
 */
final class BlockRequest {

    private static final int HEADER = 16;
    private static final int APPEND_SECTOR = 8;

    /** What comes next. */
    private enum Step { START, READ, ADMIT, WRITE, RANGES, REPORT, ZONES, FORCED }

    private final BlockQueue queue;
    private final BlockDevice device;
    private final @Nullable ZonedDisk zones;
    private final RangeList ranges = new RangeList();
    private final ZoneHold hold;
    private final Operation operation;

    private @Nullable DescriptorChain chain;
    private boolean deferred;
    private Step step = Step.START;
    private BlockRequestType type = BlockRequestType.UNKNOWN;

    /** Whether a write has to be durable when it completes. */
    private boolean stable;

    /** Where the current piece of work starts on the disk; bytes. */
    private long offset;

    /** How many bytes it has. */
    long length;

    /** How many of them were dealt with. */
    long done;

    private RangeWork rangeWork = RangeWork.ZERO;

    // Zones that are to be reset, or told of.
    private int zoneAt;
    private int zoneEnd;

    /** The next in a list of the queue. */
    @Nullable BlockRequest next;

    BlockRequest(BlockQueue queue) {
        this.queue = queue;
        this.device = queue.device();
        this.zones = device.zonedDisk();
        this.operation = new Operation(this, queue);
        this.hold = new ZoneHold(zones, device::wakeBlocked);
    }

    void begin(DescriptorChain newChain) {
        chain = newChain;
        deferred = false;
        step = Step.START;
        type = BlockRequestType.UNKNOWN;
        length = 0;
        done = 0;
    }

    // ── For the queue and its I/O ──────────────────────────────────────────

    DescriptorChain chain() {
        DescriptorChain now = chain;
        if (now == null) {
            throw new IllegalStateException("request has no chain: queue=" + queue);
        }
        return now;
    }

    ChainReader reader() {
        return chain().reader();
    }

    ChainWriter writer() {
        return chain().writer();
    }

    RangeWork rangeWork() {
        return rangeWork;
    }

    /** Where the next byte is on the disk. */
    long position() {
        return offset + done;
    }

    /** Keeps the chain beyond the turn. */
    void defer() {
        if (!deferred) {
            chain().defer();
            deferred = true;
        }
    }

    boolean isDeferred() {
        return deferred;
    }

    boolean isLive() {
        return chain != null;
    }

    /** What the request waits for. */
    Operation operation() {
        return operation;
    }

    /** There will be no answer. A chain that was kept goes back; one that was not is still the queue's. */
    void dropped() {
        DescriptorChain given = chain;
        chain = null;
        if (operation.isStarted()) {
            device.inFlight().addLate(operation, position());
        } else {
            letGo();
        }
        if (given != null && deferred) {
            given.complete(0);
        }
    }

    /** Gives back what the request holds, once nothing is started any more. */
    synchronized void letGo() {
        hold.end(false);
        operation.releaseSlice();
        device.inFlight().removeLate(operation);
    }

    // ── Parsing ────────────────────────────────────────────────────────────

    /** Goes on as far as possible; {@link Progress#DONE} once the chain was completed. */
    Progress run() {
        Progress progress = switch (step) {
            case START -> start();
            case READ -> read();
            case ADMIT -> admit();
            case WRITE -> write();
            case RANGES -> ranges();
            case REPORT -> report(zones());
            case ZONES -> manageZones(zones());
            case FORCED -> finish(operation.takeOutcome() == null ? BlockStatus.OK : BlockStatus.IOERR);
        };
        return progress == Progress.FAILED ? finish(BlockStatus.IOERR) : progress;
    }

    private Progress start() {
        ChainReader in = reader();
        if (writer().length() == 0) {
            throw new ChainFault("request has no room for its status: queue=" + queue);
        }
        // Nothing is moved for a request of which a part cannot be reached.
        if (chain().hasUnmapped() || in.length() < HEADER) {
            return finish(BlockStatus.IOERR);
        }
        type = BlockRequestType.of(in.readLe32());
        in.skip(4);
        long sector = in.readLe64();
        stable = device.isWriteThrough();
        return switch (type) {
            case IN -> startRead(sector);
            case OUT -> startWrite(sector);
            case FLUSH -> device.offers(BlockFeature.FLUSH) ? force() : finish(BlockStatus.UNSUPP);
            case GET_ID -> getId();
            case GET_LIFETIME -> getLifetime();
            case DISCARD, WRITE_ZEROES, SECURE_ERASE -> startRanges();
            case ZONE_APPEND, ZONE_REPORT, ZONE_OPEN, ZONE_CLOSE, ZONE_FINISH, ZONE_RESET, ZONE_RESET_ALL ->
                    startZoneRequest(sector);
            case UNKNOWN -> finish(BlockStatus.UNSUPP);
        };
    }

    /** Whether data of this length fits; total first, so that nothing is moved if not. */
    private boolean place(long sector, long bytes) {
        if (bytes == 0 || bytes % BlockDevice.SECTOR != 0
                || !device.isInside(sector, bytes / BlockDevice.SECTOR)) {
            return false;
        }
        offset = sector * BlockDevice.SECTOR;
        length = bytes;
        return true;
    }

    private long sector() {
        return offset / BlockDevice.SECTOR;
    }

    private long sectors() {
        return length / BlockDevice.SECTOR;
    }

    // ── IN ─────────────────────────────────────────────────────────────────

    private Progress startRead(long sector) {
        if (!place(sector, writer().length() - 1)) {
            return finish(BlockStatus.IOERR);
        }
        if (zones != null) {
            BlockStatus status = zones.checkRead(sector(), sectors());
            if (status != BlockStatus.OK) {
                return finish(status);
            }
        }
        step = Step.READ;
        return read();
    }

    private Progress read() {
        Progress progress = zones == null ? queue.io().read(this, length) : readZones(zones);
        return progress == Progress.DONE ? finish(BlockStatus.OK) : progress;
    }

    /** > Fill the unwritten data with a device-specific byte pattern. [Device Operation] Ours is 0. */
    private Progress readZones(ZonedDisk disk) {
        while (done < length || operation.hasEnded()) {
            long extent = operation.hasEnded() ? 1 : disk.extent(position() / BlockDevice.SECTOR, sector() + sectors());
            if (extent < 0) {
                long bytes = -extent * BlockDevice.SECTOR;
                if (queue.isSpent()) {
                    return Progress.SPENT;
                }
                bytes = Math.min(bytes, Zeroes.SIZE);
                writer().fill(0, bytes);
                done += bytes;
                queue.spend((int) bytes);
                continue;
            }
            Progress progress = queue.io().read(this, Math.min(length, done + extent * BlockDevice.SECTOR));
            if (progress != Progress.DONE) {
                return progress;
            }
        }
        return Progress.DONE;
    }

    // ── OUT and ZONE_APPEND ────────────────────────────────────────────────

    private Progress startWrite(long sector) {
        // > A device MUST set the status byte to VIRTIO_BLK_S_IOERR for a write request if the
        // > VIRTIO_BLK_F_RO feature if offered, and MUST NOT write any data. [Device Operation]
        if (device.offers(BlockFeature.RO) || !place(sector, reader().remaining()) || cannotBeStable()) {
            return finish(BlockStatus.IOERR);
        }
        return admit();
    }

    private Progress startAppend(long sector) {
        long bytes = reader().remaining();
        if (device.offers(BlockFeature.RO) || writer().length() < APPEND_SECTOR + 1 || bytes == 0
                || bytes % BlockDevice.SECTOR != 0 || !device.isInside(sector, 1) || cannotBeStable()) {
            return finish(BlockStatus.IOERR);
        }
        offset = sector * BlockDevice.SECTOR;
        length = bytes;
        return admit();
    }

    /** Whether what has to be durable cannot be, because a force failed. */
    private boolean cannotBeStable() {
        return stable && device.gate().isLatched();
    }

    /** Reserves the zones that are written. */
    private Progress admit() {
        if (zones != null) {
            boolean append = type == BlockRequestType.ZONE_APPEND;
            BlockStatus status = append
                    ? zones.admitAppend(sector(), sectors())
                    : zones.admitWrite(sector(), sectors());
            if (status == null) {
                step = Step.ADMIT;
                return Progress.BLOCKED;
            }
            if (status != BlockStatus.OK) {
                return finish(status);
            }
            if (append) {
                offset = zones.writePointer(zones.zoneOf(sector())) * BlockDevice.SECTOR;
            }
            hold.write(sector(), sectors());
        }
        step = Step.WRITE;
        return write();
    }

    private Progress write() {
        Progress progress = queue.io().write(this);
        if (progress != Progress.DONE) {
            return progress;
        }
        hold.written();
        return changed(stable);
    }

    /** > MUST ensure that stable writes are committed to it, before reporting completion of the write */
    private Progress changed(boolean toBeForced) {
        return toBeForced ? force() : finish(BlockStatus.OK);
    }

    // ── FLUSH ──────────────────────────────────────────────────────────────

    private Progress force() {
        if (!device.isDurable()) {
            return finish(BlockStatus.OK);
        }
        step = Step.FORCED;
        operation.starting(0);
        device.gate().await(operation);
        return Progress.STARTED;
    }

    // ── DISCARD, WRITE_ZEROES, SECURE_ERASE ────────────────────────────────

    private Progress startRanges() {
        boolean readOnly = device.offers(BlockFeature.RO);
        if (!readOnly && !device.negotiated(featureOf(type))) {
            return finish(BlockStatus.UNSUPP);
        }
        BlockStatus status = ranges.parse(reader(), type, device);
        if (status == BlockStatus.OK && (readOnly || cannotBeStable())) {
            status = BlockStatus.IOERR;
        }
        if (status == BlockStatus.OK && zones != null) {
            status = ranges.check(type, zones);
        }
        if (status != BlockStatus.OK || ranges.isEmpty()) {
            return finish(status);
        }
        step = Step.RANGES;
        nextRange();
        return ranges();
    }

    private static BlockFeature featureOf(BlockRequestType type) {
        return switch (type) {
            case DISCARD -> BlockFeature.DISCARD;
            case WRITE_ZEROES -> BlockFeature.WRITE_ZEROES;
            default -> BlockFeature.SECURE_ERASE;
        };
    }

    private void nextRange() {
        rangeWork = switch (type) {
            case DISCARD -> RangeWork.DISCARD;
            case SECURE_ERASE -> RangeWork.ERASE;
            default -> ranges.mayUnmap() ? RangeWork.UNMAP : RangeWork.ZERO;
        };
        offset = ranges.sector() * BlockDevice.SECTOR;
        length = ranges.sectors() * BlockDevice.SECTOR;
        done = 0;
    }

    private Progress ranges() {
        while (true) {
            if (zones != null && !hold.isHeld() && type != BlockRequestType.DISCARD) {
                BlockStatus status = holdRange(zones);
                if (status != BlockStatus.OK) {
                    return status == null ? Progress.BLOCKED : finish(status);
                }
            }
            Progress progress = queue.io().range(this);
            if (progress != Progress.DONE) {
                return progress;
            }
            hold.written();
            if (!ranges.next()) {
                device.noteDeallocation();
                return changed(stable);
            }
            // With several ranges none has to be taken back: see ZoneHold.
            hold.end(true);
            nextRange();
        }
    }

    private @Nullable BlockStatus holdRange(ZonedDisk disk) {
        boolean erase = type == BlockRequestType.SECURE_ERASE;
        BlockStatus status = erase
                ? disk.admitReset(sector(), sectors())
                : disk.admitWrite(sector(), sectors());
        if (status == BlockStatus.OK) {
            if (erase) {
                hold.reset(sector(), sectors());
            } else {
                hold.write(sector(), sectors());
            }
        }
        return status;
    }

    // ── GET_ID and GET_LIFETIME ────────────────────────────────────────────

    private Progress getId() {
        byte[] id = device.id();
        ChainWriter out = writer();
        long room = out.length() - 1;
        for (int i = 0; i < id.length && i < room; i++) {
            out.writeU8(id[i]);
        }
        return finish(BlockStatus.OK);
    }

    private Progress getLifetime() {
        if (!device.negotiated(BlockFeature.LIFETIME)) {
            return finish(BlockStatus.UNSUPP);
        }
        BlockLifetime lifetime = queue.lifetime();
        ChainWriter out = writer();
        if (lifetime == null || out.length() - 1 < BlockLifetime.SIZE) {
            return finish(BlockStatus.IOERR);
        }
        out.writeLe16(lifetime.preEolInfo());
        out.writeLe16(lifetime.typeA());
        out.writeLe16(lifetime.typeB());
        return finish(BlockStatus.OK);
    }

    // ── Zones ──────────────────────────────────────────────────────────────

    private ZonedDisk zones() {
        ZonedDisk disk = zones;
        if (disk == null) {
            throw new IllegalStateException("disk has no zones: queue=" + queue);
        }
        return disk;
    }

    private Progress startZoneRequest(long sector) {
        // > If the VIRTIO_BLK_F_ZONED feature is not negotiated, the device MUST reject [...] requests with
        // > VIRTIO_BLK_S_UNSUPP status. [Device Operation]
        if (zones == null || !device.negotiated(BlockFeature.ZONED)) {
            return finish(BlockStatus.UNSUPP);
        }
        if (type == BlockRequestType.ZONE_APPEND) {
            return startAppend(sector);
        }
        if (type == BlockRequestType.ZONE_REPORT) {
            zoneAt = device.isInside(sector, 1) ? zones.zoneOf(sector) : -1;
            step = Step.REPORT;
            return report(zones);
        }
        if (device.offers(BlockFeature.RO)) {
            return finish(BlockStatus.IOERR);
        }
        stable = device.storesZones();
        if (type == BlockRequestType.ZONE_RESET_ALL) {
            return startReset(0, zones.count());
        }
        if (!device.isInside(sector, 1)) {
            return finish(BlockStatus.ZONE_INVALID_CMD);
        }
        offset = sector * BlockDevice.SECTOR;
        if (type == BlockRequestType.ZONE_RESET) {
            int zone = zones.zoneOf(sector);
            BlockStatus status = zones.checkManaged(sector);
            return status == BlockStatus.OK ? startReset(zone, zone + 1) : finish(status);
        }
        step = Step.ZONES;
        return manageZones(zones);
    }

    private Progress report(ZonedDisk disk) {
        if (queue.isSpent()) {
            return Progress.SPENT;
        }
        BlockStatus status = ZoneReport.write(disk, zoneAt, writer());
        queue.spend((int) writer().written());
        return finish(status);
    }

    private Progress startReset(int first, int end) {
        if (cannotBeStable()) {
            return finish(BlockStatus.IOERR);
        }
        step = Step.ZONES;
        rangeWork = RangeWork.DISCARD;
        zoneAt = first;
        zoneEnd = end;
        return resetZones(zones());
    }

    private Progress manageZones(ZonedDisk disk) {
        return type == BlockRequestType.ZONE_RESET || type == BlockRequestType.ZONE_RESET_ALL
                ? resetZones(disk)
                : changeZone(disk);
    }

    private Progress changeZone(ZonedDisk disk) {
        BlockStatus status = switch (type) {
            case ZONE_OPEN -> disk.open(sector());
            case ZONE_CLOSE -> disk.close(sector());
            default -> cannotBeStable() ? BlockStatus.IOERR : disk.finish(sector());
        };
        if (status == null) {
            return Progress.BLOCKED;
        }
        // What the driver finished and reset outlives a crash; what it opened does not, and need not.
        boolean toBeForced = stable && type == BlockRequestType.ZONE_FINISH;
        return status == BlockStatus.OK ? changed(toBeForced) : finish(status);
    }

    private Progress resetZones(ZonedDisk disk) {
        for (; zoneAt < zoneEnd; zoneAt++) {
            if (!hold.isHeld()) {
                if (type == BlockRequestType.ZONE_RESET_ALL && !disk.isResetByAll(zoneAt)) {
                    continue;
                }
                if (queue.isSpent()) {
                    return Progress.SPENT;
                }
                if (disk.admitReset(disk.start(zoneAt), disk.size(zoneAt)) == null) {
                    return Progress.BLOCKED;
                }
                hold.reset(disk.start(zoneAt), disk.size(zoneAt));
                offset = disk.start(zoneAt) * BlockDevice.SECTOR;
                length = disk.size(zoneAt) * BlockDevice.SECTOR;
                done = device.canDeallocate() ? 0 : length;
                queue.spend(BlockDevice.SECTOR);
            }
            Progress progress = queue.io().range(this);
            // Whether the storage was given back or not, the zone is empty.
            if (progress != Progress.DONE && progress != Progress.FAILED) {
                return progress;
            }
            hold.end(true);
        }
        return changed(stable);
    }

    // ── The answer ─────────────────────────────────────────────────────────

    /** Writes the status, the last byte, and ends the loan; on errors nothing else counts as written. */
    private Progress finish(BlockStatus status) {
        boolean success = status == BlockStatus.OK;
        hold.end(success);
        DescriptorChain finished = chain();
        ChainWriter out = finished.writer();
        if (success && type == BlockRequestType.ZONE_APPEND) {
            // > MUST be set by the device to contain the first sector of the data written to the zone.
            out.seek(0);
            out.writeLe64(sector());
        }
        out.seek(out.length() - 1);
        out.writeU8(device.answered(status).code());
        queue.count(type, status, length);
        // The end of the loan may lead back here, by a reset: from now on the chain is not ours.
        chain = null;
        finished.complete(success ? out.written() : 1);
        return Progress.DONE;
    }
}
