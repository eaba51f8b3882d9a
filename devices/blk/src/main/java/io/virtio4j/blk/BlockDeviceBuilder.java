// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.queue.QueueConfig;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The choices for a {@link BlockDevice}; each has a default that suits most. */
public final class BlockDeviceBuilder {

    private static final Logger LOG = LoggerFactory.getLogger(BlockDevice.class);
    private static final int ID_SIZE = 20;

    /** A request has a header and a status beside its data. */
    private static final int NOT_DATA = 2;

    /** {@code size_max} of zoned disks: it bounds zone appends. */
    private static final long ZONED_SIZE_MAX = 1 << 20;

    private final BlockStorage storage;
    private @Nullable Long capacity;
    private boolean readOnly;
    private int blockSize = 512;
    private int queues = 1;
    private int queueSize = QueueSpec.DEFAULT_SIZE;
    private long sizeMax;
    private int segMax;
    private @Nullable BlockGeometry geometry;
    private @Nullable BlockTopology topology;
    private boolean flush = true;
    private boolean configWce = true;
    private boolean writeback = true;
    private @Nullable RangeLimits discard;
    private boolean discardChosen;
    private @Nullable RangeLimits writeZeroes = RangeLimits.DEFAULT;
    private boolean writeZeroesChosen;
    private @Nullable RangeLimits secureErase;
    private ZoneLayout zones = ZoneLayout.driveManaged();
    private boolean zonesChosen;
    private @Nullable ZoneStore zoneStore;
    private String serial = "";
    private @Nullable Supplier<@Nullable BlockLifetime> lifetime;
    private Consumer<BlockFault> onFault = BlockDeviceBuilder::log;
    private @Nullable Executor forceThread;

    BlockDeviceBuilder(BlockStorage storage) {
        this.storage = storage;
        this.readOnly = storage.isReadOnly();
    }

    private static void log(BlockFault fault) {
        if (fault.kind() == BlockFault.Kind.FORCE || fault.kind() == BlockFault.Kind.ZONES) {
            LOG.error("storage failed for good, flushes are refused from now on: {}", fault, fault.cause());
        } else {
            LOG.warn("storage failed: {}", fault);
        }
    }

    /**
     * The size that the driver sees, in sectors of 512 bytes; whole blocks. Default: what the backend holds.
     * Where the backend ends earlier, requests fail.
     */
    public BlockDeviceBuilder capacity(long sectors) {
        capacity = sectors;
        return this;
    }

    /** Offers RO: every write fails. Default: whether the backend is read-only. */
    public BlockDeviceBuilder readOnly(boolean on) {
        readOnly = on;
        return this;
    }

    /** The logical block size in bytes: 512, 1024, 2048 or 4096. Default: 512. */
    public BlockDeviceBuilder blockSize(int bytes) {
        blockSize = bytes;
        return this;
    }

    /** How many queues; with more than one, MQ is offered. Default: 1. */
    public BlockDeviceBuilder queues(int count) {
        queues = count;
        return this;
    }

    /** The largest size of a queue. Default: {@value QueueSpec#DEFAULT_SIZE}. */
    public BlockDeviceBuilder queueSize(int entries) {
        queueSize = entries;
        return this;
    }

    /** Offers SIZE_MAX: the largest segment in bytes. Default: not offered. */
    public BlockDeviceBuilder sizeMax(long bytes) {
        sizeMax = bytes;
        return this;
    }

    /** The most data segments of a request. Default: the queue's size without header and status. */
    public BlockDeviceBuilder segMax(int segments) {
        segMax = segments;
        return this;
    }

    /** Offers GEOMETRY. Default: not offered. */
    public BlockDeviceBuilder geometry(BlockGeometry newGeometry) {
        geometry = newGeometry;
        return this;
    }

    /** Offers TOPOLOGY. Default: not offered. */
    public BlockDeviceBuilder topology(BlockTopology newTopology) {
        topology = newTopology;
        return this;
    }

    /**
     * Whether to offer FLUSH. Default: yes. Without, the driver cannot make anything durable, and nothing is:
     * for disks that are thrown away.
     */
    public BlockDeviceBuilder flush(boolean on) {
        flush = on;
        return this;
    }

    /** Whether the driver may switch between writeback and writethrough. Default: if FLUSH is offered. */
    public BlockDeviceBuilder configWce(boolean on) {
        configWce = on;
        return this;
    }

    /** Whether writes are cached at first, for a driver that can flush. Default: yes. */
    public BlockDeviceBuilder writeback(boolean on) {
        writeback = on;
        return this;
    }

    /** Offers DISCARD, or not if {@code null}. Default: if the backend can give storage back. */
    public BlockDeviceBuilder discard(@Nullable RangeLimits limits) {
        discard = limits;
        discardChosen = true;
        return this;
    }

    /** Offers WRITE_ZEROES, or not if {@code null}. Default: offered. */
    public BlockDeviceBuilder writeZeroes(@Nullable RangeLimits limits) {
        writeZeroes = limits;
        writeZeroesChosen = true;
        return this;
    }

    /**
     * Offers SECURE_ERASE, or not if {@code null}. Default: not offered, since only you know whether {@link
     * BlockBackend#erase} of your storage leaves nothing behind.
     */
    public BlockDeviceBuilder secureErase(@Nullable RangeLimits limits) {
        secureErase = limits;
        return this;
    }

    /**
     * Offers ZONED. Default: not offered.
     *
     * <p>With zone appends, SIZE_MAX is offered too, since it bounds them. A host-managed disk does not offer
     * DISCARD, zeroes one segment at a time, and is for drivers that accept ZONED only.
     */
    public BlockDeviceBuilder zones(ZoneLayout layout) {
        zones = layout;
        zonesChosen = true;
        return this;
    }

    /** Keeps the states of zones for the next life of the disk. Default: all zones are empty at first. */
    public BlockDeviceBuilder zoneStore(ZoneStore store) {
        zoneStore = store;
        return this;
    }

    /** What GET_ID returns: up to 20 characters of ASCII. Default: empty. */
    public BlockDeviceBuilder serial(String text) {
        serial = text;
        return this;
    }

    /**
     * Offers LIFETIME. Default: not offered; most storage has nothing meaningful to say.
     *
     * @param supplier asked for each request, by a queue's thread; {@code null}, or an exception, is answered
     *     with IOERR
     */
    public BlockDeviceBuilder lifetime(Supplier<@Nullable BlockLifetime> supplier) {
        lifetime = supplier;
        return this;
    }

    /** Learns of errors of the storage, on the thread that met them; must not block. Default: logs them. */
    public BlockDeviceBuilder onFault(Consumer<BlockFault> handler) {
        onFault = handler;
        return this;
    }

    /** Forces on another thread; for tests that decide when. */
    BlockDeviceBuilder forceThread(Executor executor) {
        forceThread = executor;
        return this;
    }

    Executor forceThread() {
        return forceThread == null ? ForceThread.executor() : forceThread;
    }

    /** Makes the device; choices that contradict each other are refused. */
    public BlockDevice build() {
        return new BlockDevice(this);
    }

    // ── Checking ───────────────────────────────────────────────────────────

    BlockOptions options() {
        if (blockSize < 512 || blockSize > 4096 || Integer.bitCount(blockSize) != 1) {
            throw new IllegalArgumentException(
                    "blockSize has to be 512, 1024, 2048 or 4096: blockSize=" + blockSize);
        }
        if (queues < 1 || queues > 1024) {
            throw new IllegalArgumentException("queues has to be 1 to 1024: queues=" + queues);
        }
        if (queueSize <= NOT_DATA || queueSize > QueueConfig.LARGEST_SIZE) {
            throw new IllegalArgumentException("queueSize has to be 3 to " + QueueConfig.LARGEST_SIZE
                    + ", for header, data and status: queueSize=" + queueSize);
        }
        if (storage.isReadOnly() && !readOnly) {
            throw new IllegalArgumentException(
                    "backend is read-only: leave out readOnly(false), or use another backend");
        }
        checkZones();
        BlockOptions options = new BlockOptions(storage, chosenCapacity(), blockSize, queues, queueSize,
                features(), checkedSizeMax(), checkedSegMax(),
                geometry == null ? new BlockGeometry(0, 0, 0) : geometry,
                topology == null ? new BlockTopology(0, 0, 0, 0) : topology,
                writeback, orDefault(chosenDiscard()), orDefault(chosenWriteZeroes()),
                orDefault(secureErase), id(), lifetime == null ? () -> null : lifetime, zones, zoneStore,
                onFault);
        options.checkCapacity(options.capacity());
        return options;
    }

    private long chosenCapacity() {
        return capacity != null ? capacity : storage.size() / blockSize * (blockSize / BlockDevice.SECTOR);
    }

    private long checkedSizeMax() {
        if (sizeMax < 0 || sizeMax > 0xFFFF_FFFFL || sizeMax != 0 && sizeMax < blockSize) {
            throw new IllegalArgumentException("sizeMax has to be at least a block, and below 2^32: sizeMax="
                    + sizeMax + " blockSize=" + blockSize);
        }
        long append = zones.maxAppendSectors() * BlockDevice.SECTOR;
        if (sizeMax == 0 && append > 0) {
            long needed = (append + checkedSegMax() - 1) / checkedSegMax();
            return Math.max(ZONED_SIZE_MAX, (needed + blockSize - 1) / blockSize * blockSize);
        }
        // > The value of this field MUST NOT exceed the seg_max * size_max value. [Device Initialization]
        if (append > sizeMax * checkedSegMax()) {
            throw new IllegalArgumentException("zone appends pass segMax * sizeMax: use a larger sizeMax, or"
                    + " ZoneLayout.withMaxAppend: maxAppendSectors=" + zones.maxAppendSectors() + " segMax="
                    + checkedSegMax() + " sizeMax=" + sizeMax);
        }
        return sizeMax;
    }

    private int checkedSegMax() {
        int most = queueSize - NOT_DATA;
        if (segMax < 0 || segMax > most) {
            throw new IllegalArgumentException("segMax has to be 1 to " + most
                    + ", the queue's size without header and status: segMax=" + segMax);
        }
        return segMax == 0 ? most : segMax;
    }

    private @Nullable RangeLimits chosenDiscard() {
        boolean possible = storage.canDeallocate() && !isHostManaged();
        return discardChosen ? discard : possible ? RangeLimits.DEFAULT : null;
    }

    private @Nullable RangeLimits chosenWriteZeroes() {
        if (writeZeroes == null || writeZeroesChosen || !isHostManaged()) {
            return writeZeroes;
        }
        return new RangeLimits(writeZeroes.maxSectors(), 1, writeZeroes.alignment());
    }

    private boolean isHostManaged() {
        return zones.model() == ZoneModel.HOST_MANAGED;
    }

    private void checkZones() {
        if (zones.hasZones() && zones.writeGranularity() % blockSize != 0) {
            throw new IllegalArgumentException("zones are written in whole blocks: use"
                    + " ZoneLayout.withWriteGranularity, or a smaller blockSize: writeGranularity="
                    + zones.writeGranularity() + " blockSize=" + blockSize);
        }
        if (zoneStore != null && !zones.hasZones()) {
            throw new IllegalArgumentException("zoneStore is for disks with zones: use zones(...) too");
        }
        if (isHostManaged() && chosenDiscard() != null) {
            throw new IllegalArgumentException("a host-managed disk has no DISCARD: leave out discard");
        }
        RangeLimits zeroing = chosenWriteZeroes();
        if (isHostManaged() && zeroing != null && zeroing.maxSegments() != 1) {
            throw new IllegalArgumentException("a host-managed disk zeroes one segment at a time: maxSegments="
                    + zeroing.maxSegments());
        }
        // > the field secure_erase_sector_alignment [...] MUST be a multiple of zone_sectors [Device
        // > Operation]
        if (zones.hasZones() && secureErase != null
                && (secureErase.alignment() % zones.zoneSectors() != 0
                    || secureErase.maxSectors() < zones.zoneSectors())) {
            throw new IllegalArgumentException("zones are erased as a whole: secureErase has to be aligned to"
                    + " zoneSectors, and allow as much: zoneSectors=" + zones.zoneSectors() + " alignment="
                    + secureErase.alignment() + " maxSectors=" + secureErase.maxSectors());
        }
    }

    private static RangeLimits orDefault(@Nullable RangeLimits limits) {
        return limits == null ? RangeLimits.DEFAULT : limits;
    }

    private byte[] id() {
        if (serial.length() > ID_SIZE || !StandardCharsets.US_ASCII.newEncoder().canEncode(serial)) {
            throw new IllegalArgumentException(
                    "serial has to be at most " + ID_SIZE + " characters of ASCII: serial=" + serial);
        }
        byte[] id = new byte[ID_SIZE];
        byte[] text = serial.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, id, 0, text.length);
        return id;
    }

    private FeatureSet features() {
        FeatureSet set = FeatureSet.of(BlockFeature.SEG_MAX, BlockFeature.BLK_SIZE);
        set = withIf(set, checkedSizeMax() != 0, BlockFeature.SIZE_MAX);
        set = withIf(set, zonesChosen, BlockFeature.ZONED);
        set = withIf(set, geometry != null, BlockFeature.GEOMETRY);
        set = withIf(set, topology != null, BlockFeature.TOPOLOGY);
        set = withIf(set, queues > 1, BlockFeature.MQ);
        set = withIf(set, lifetime != null, BlockFeature.LIFETIME);
        // > Devices SHOULD always offer VIRTIO_BLK_F_FLUSH, and MUST offer it if they offer
        // > VIRTIO_BLK_F_CONFIG_WCE. [Device Initialization]
        set = withIf(set, flush, BlockFeature.FLUSH);
        set = withIf(set, flush && configWce, BlockFeature.CONFIG_WCE);
        if (readOnly) {
            return set.with(BlockFeature.RO);
        }
        set = withIf(set, chosenDiscard() != null, BlockFeature.DISCARD);
        set = withIf(set, writeZeroes != null, BlockFeature.WRITE_ZEROES);
        return withIf(set, secureErase != null, BlockFeature.SECURE_ERASE);
    }

    private static FeatureSet withIf(FeatureSet set, boolean condition, BlockFeature feature) {
        return condition ? set.with(feature) : set;
    }
}
