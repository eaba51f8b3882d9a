// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.Counters;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A disk. [Device Types / Block Device]
 *
 * <pre>{@code
 * BlockDevice disk = new BlockDevice(FileBackend.open(Path.of("disk.img")));
 * BlockDevice custom = BlockDevice.of(backend).serial("disk-0").queues(4).build();
 * }</pre>
 *
 * <p>Data is durable when the driver may rely on it: after a FLUSH, which covers the completed writes of all
 * queues; or after each write, if the driver turned the cache off or does not know FLUSH. A force that fails
 * is never covered up: see {@link BlockFault.Kind#FORCE}.
 *
 * <p>A device may be used by one instance at a time. It does not close its backend.
 */
public final class BlockDevice implements VirtioDevice {

    private static final Logger LOG = LoggerFactory.getLogger(BlockDevice.class);

    /** Bytes. The unit of the protocol, whatever the block size is. */
    static final int SECTOR = 512;

    private static final int SAVED_VERSION = 1;

    private final BlockOptions options;
    private final CounterTable<BlockCounter> counters;
    private final AtomicReferenceArray<@Nullable BlockQueue> queues;
    private final ForceGate gate;
    private final Executor forceThread;
    private final InFlight inFlight;
    private final @Nullable ZonedDisk zones;
    private final ConfigSpace config;

    private volatile BlockStorage storage;
    private volatile long capacity;
    private volatile boolean mayUnmap;

    private volatile FeatureSet accepted = FeatureSet.NONE;
    private volatile boolean writeThrough;

    /** Creates a device with what suits the backend; {@link #of(BlockBackend)} has choices. */
    public BlockDevice(BlockBackend backend) {
        this(of(backend));
    }

    /** Creates a device with what suits the backend; {@link #of(AsyncBlockBackend)} has choices. */
    public BlockDevice(AsyncBlockBackend backend) {
        this(of(backend));
    }

    BlockDevice(BlockDeviceBuilder from) {
        options = from.options();
        storage = options.storage();
        forceThread = from.forceThread();
        capacity = options.capacity();
        mayUnmap = storage.canDeallocate();
        inFlight = new InFlight(options.queues());
        counters = CounterTable.rows(options.queues(), BlockCounter.class);
        queues = new AtomicReferenceArray<>(options.queues());
        gate = new ForceGate(this::startForce, this::forceFailed);
        zones = options.zones().hasZones() ? new ZonedDisk(options.zones(), capacity) : null;
        config = options.newConfig();
        config.writable(BlockConfig.WRITEBACK.offset(), 1, written -> writebackWritten());
        loadZones();
    }

    /** Begins a device with choices. */
    public static BlockDeviceBuilder of(BlockBackend backend) {
        return new BlockDeviceBuilder(backend);
    }

    /** Begins a device with choices. */
    public static BlockDeviceBuilder of(AsyncBlockBackend backend) {
        return new BlockDeviceBuilder(backend);
    }

    // ── Device ID ──────────────────────────────────────────────────────────

    @Override
    public DeviceType type() {
        return DeviceType.BLOCK;
    }

    // ── Virtqueues ─────────────────────────────────────────────────────────

    @Override
    public List<QueueSpec> queues() {
        return IntStream.rangeClosed(1, options.queues())
                .mapToObj(n -> new QueueSpec("requestq" + n, options.queueSize()))
                .toList();
    }

    // ── Feature bits ───────────────────────────────────────────────────────

    @Override
    public FeatureSet offeredFeatures() {
        return options.features();
    }

    @Override
    public List<? extends Feature> features() {
        return List.of(BlockFeature.values());
    }

    boolean offers(BlockFeature feature) {
        return options.features().has(feature);
    }

    boolean negotiated(BlockFeature feature) {
        return accepted.has(feature);
    }

    // ── Device configuration layout ────────────────────────────────────────

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    /** The size that the driver sees, in sectors of 512 bytes. */
    public long capacity() {
        return capacity;
    }

    /**
     * Changes the size and tells the driver. Any thread. Make room in the backend before growing; requests
     * beyond the new end fail from now on when shrinking.
     *
     * @param sectors of 512 bytes; whole blocks
     */
    public void resize(long sectors) {
        options.checkCapacity(sectors);
        if (zones != null) {
            throw new IllegalStateException("a disk with zones keeps its size: sectors=" + sectors);
        }
        capacity = sectors;
        // > When this happens, the device SHOULD trigger a configuration change notification.
        // > [Device Operation]
        config.update(fields -> BlockConfig.CAPACITY.set(fields, 0, sectors));
    }

    /** Whether sectors lie inside of the capacity; no sum of them can overflow. */
    boolean isInside(long sector, long sectors) {
        long end = capacity;
        return sector >= 0 && sectors <= end && sector <= end - sectors;
    }

    private void writebackWritten() {
        boolean writable = accepted.has(BlockFeature.CONFIG_WCE);
        boolean on = config.get(fields -> BlockConfig.WRITEBACK.get(fields, 0)) != 0;
        if (writable) {
            boolean before = writeThrough;
            writeThrough = !on;
            if (!on && !before) {
                forceForSwitch();
            }
        }
        showWriteback();
    }

    /** The storage may have turned out to keep what it was asked to give back. */
    void noteDeallocation() {
        if (mayUnmap && !storage.canDeallocate()) {
            mayUnmap = false;
            if (offers(BlockFeature.WRITE_ZEROES)) {
                config.update(fields -> BlockConfig.WRITE_ZEROES_MAY_UNMAP.set(fields, 0, 0));
            }
        }
    }

    private void showWriteback() {
        config.set(fields -> BlockConfig.WRITEBACK.set(fields, 0, writeThrough ? 0 : 1));
    }

    /** What was written before the cache was turned off follows what is written from now on. */
    private void forceForSwitch() {
        if (isDurable()) {
            gate.await(new ForceGate.Waiter() {
                @Override
                void forced(@Nullable Throwable failure) {
                    // The gate reports a failure, and remembers it.
                }
            });
        }
    }

    // ── Device Initialization ──────────────────────────────────────────────

    @Override
    public @Nullable String negotiate(FeatureSet features) {
        boolean zoned = features.has(BlockFeature.ZONED);
        if (!zoned && options.zones().model() == ZoneModel.HOST_MANAGED) {
            // > the device with the VIRTIO_BLK_Z_HM zone model MUST fail to set the FEATURES_OK device
            // > status bit [Device Initialization]
            return "disk is host-managed, and ZONED was not accepted";
        }
        // > SHOULD proceed with the initialization while setting all zoned characteristics fields to zero.
        options.showZones(config, zoned);
        accepted = features;
        writeThrough = isWriteThroughAtFirst(features);
        showWriteback();
        return null;
    }

    private boolean isWriteThroughAtFirst(FeatureSet features) {
        if (!offers(BlockFeature.FLUSH)) {
            return false;
        }
        // > If VIRTIO_BLK_F_CONFIG_WCE is negotiated but VIRTIO_BLK_F_FLUSH is not, the device MUST
        // > initialize writeback to 0. [Device Initialization]
        // Without both, every write is stable when it is completed: the driver cannot ask for more.
        return !features.has(BlockFeature.FLUSH) || !options.writeback();
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
        BlockQueue started = new BlockQueue(this, queue);
        queues.set(queue.index(), started);
        return started;
    }

    @Override
    public void stopQueue(VirtQueue queue) {
        BlockQueue stopped = queues.getAndSet(queue.index(), null);
        if (stopped != null) {
            stopped.stop();
        }
    }

    /** Something was given back that requests of other queues may wait for. */
    void wakeBlocked() {
        for (int i = 0; i < queues.length(); i++) {
            BlockQueue queue = queues.get(i);
            if (queue != null) {
                queue.wakeIfBlocked();
            }
        }
    }

    @Override
    public void reset() {
        accepted = FeatureSet.NONE;
        writeThrough = false;
        showWriteback();
        options.showZones(config, true);
    }

    // ── Device Operation ───────────────────────────────────────────────────

    boolean isAsync() {
        return options.storage() instanceof AsyncBlockBackend;
    }

    BlockBackend syncBackend() {
        return (BlockBackend) storage;
    }

    AsyncBlockBackend asyncBackend() {
        return (AsyncBlockBackend) storage;
    }

    InFlight inFlight() {
        return inFlight;
    }

    /**
     * Goes on with other storage, of the same content and the same kind, blocking or not: the same image
     * opened again, mostly. This alone ends what {@link BlockFault.Kind#FORCE} began. Operations that run
     * still end on the old one, which may be closed after them.
     */
    public void replaceBackend(BlockStorage newStorage) {
        long least = Math.min(capacity * SECTOR, storage.size());
        if (newStorage.size() < least
                || newStorage instanceof AsyncBlockBackend != isAsync()
                || newStorage.isReadOnly() && !offers(BlockFeature.RO)) {
            throw new IllegalArgumentException("new backend has to be of the same kind, writable if the disk"
                    + " is, and of at least " + least + " bytes: size=" + newStorage.size()
                    + " async=" + (newStorage instanceof AsyncBlockBackend)
                    + " readOnly=" + newStorage.isReadOnly());
        }
        storage = newStorage;
        gate.reopen();
    }

    /** Whether a force does something. */
    boolean isDurable() {
        return storage.isDurable() || storesZones();
    }

    boolean canDeallocate() {
        return storage.canDeallocate();
    }

    boolean isWriteThrough() {
        return writeThrough;
    }

    ForceGate gate() {
        return gate;
    }

    /** Forces the data, and then what zones there are for it: pointers never lead beyond durable data. */
    private void startForce(BlockCompletion done) {
        byte[] changes = zones != null && storesZones() ? zones.takeChanges() : null;
        BlockStorage forced = storage;
        BlockCompletion next = changes == null ? done : new StoreZones(changes, done);
        switch (forced) {
            case AsyncBlockBackend async -> async.force(next);
            case BlockBackend blocking -> forceThread.execute(() -> force(blocking, next));
        }
    }

    private static void force(BlockBackend backend, BlockCompletion done) {
        try {
            backend.force();
        } catch (IOException | RuntimeException | Error e) {
            done.failed(e);
            return;
        }
        done.succeeded();
    }

    private void forceFailed(Throwable cause) {
        BlockFault.Kind kind = cause instanceof ZoneStoreException
                ? BlockFault.Kind.ZONES
                : BlockFault.Kind.FORCE;
        report(new BlockFault(kind, 0, 0, cause));
    }

    RangeLimits limits(BlockRequestType type) {
        return switch (type) {
            case DISCARD -> options.discard();
            case WRITE_ZEROES -> options.writeZeroes();
            default -> options.secureErase();
        };
    }

    byte[] id() {
        return options.id();
    }

    @Nullable BlockLifetime lifetime() {
        return options.lifetime().get();
    }

    /** What the embedder throws when it is told must not keep the driver from its answer. */
    void report(BlockFault fault) {
        try {
            options.onFault().accept(fault);
        } catch (RuntimeException e) {
            LOG.error("onFault failed, it must not throw: {}", fault, e);
        }
    }

    @Override
    public Counters<BlockCounter> counters() {
        return counters;
    }

    /** The same, to count in. */
    CounterTable<BlockCounter> counts() {
        return counters;
    }

    // ── Zones ──────────────────────────────────────────────────────────────

    @Nullable ZonedDisk zonedDisk() {
        return zones;
    }

    boolean storesZones() {
        return options.zoneStore() != null;
    }

    /** Statuses of zones are for drivers that know zones. */
    BlockStatus answered(BlockStatus status) {
        return status.isOfZones() && !negotiated(BlockFeature.ZONED) ? BlockStatus.IOERR : status;
    }

    /** The zones as they are now; empty if there are none. */
    public List<Zone> zones() {
        ZonedDisk disk = zones;
        return disk == null ? List.of() : IntStream.range(0, disk.count()).mapToObj(disk::zone).toList();
    }

    /**
     * A zone failed, as zones of real storage do.
     *
     * @param zone its index
     * @param state {@link ZoneState#RDONLY} or {@link ZoneState#OFFLINE}
     */
    public void failZone(int zone, ZoneState state) {
        ZonedDisk disk = zones;
        if (disk == null || zone < 0 || zone >= disk.count()) {
            throw new IllegalArgumentException("no such zone: zone=" + zone + " zones="
                    + (disk == null ? 0 : disk.count()));
        }
        disk.fail(zone, state);
    }

    private void loadZones() {
        ZoneStore store = options.zoneStore();
        if (zones == null || store == null) {
            return;
        }
        try {
            byte[] saved = store.load();
            if (saved != null) {
                zones.load(saved);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("zones cannot be loaded: " + store, e);
        }
    }

    /** Goes on after a force by storing the zones; then tells who waits. */
    private final class StoreZones implements BlockCompletion {

        private final byte[] changes;
        private final BlockCompletion done;

        StoreZones(byte[] changes, BlockCompletion done) {
            this.changes = changes;
            this.done = done;
        }

        @Override
        public void succeeded() {
            forceThread.execute(this::store);
        }

        private void store() {
            try {
                options.requireZoneStore().store(changes);
            } catch (IOException | RuntimeException | Error e) {
                failed(new ZoneStoreException(e));
                return;
            }
            done.succeeded();
        }

        @Override
        public void failed(Throwable cause) {
            if (zones != null) {
                zones.changesLost();
            }
            done.failed(cause);
        }
    }

    /** Tells a failed store from a failed force. */
    private static final class ZoneStoreException extends IOException {

        private static final long serialVersionUID = 1L;

        ZoneStoreException(Throwable cause) {
            super("zones could not be stored: " + cause.getMessage(), cause);
        }
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void save(StateWriter out) {
        out.le16(SAVED_VERSION).le64(capacity).flag(writeThrough).flag(zones != null);
        if (zones != null) {
            zones.save(out);
        }
    }

    @Override
    public void restore(StateReader in) {
        int version = in.le16();
        long savedCapacity = in.le64();
        boolean savedWriteThrough = in.flag();
        boolean zoned = in.flag();
        if (version != SAVED_VERSION || savedCapacity != capacity || zoned != (zones != null)) {
            throw new StateException("saved disk is another: version=" + version + " capacity="
                    + savedCapacity + " expected=" + capacity + " zoned=" + zoned + " expected="
                    + (zones != null));
        }
        Runnable applyZones = zones == null ? () -> {} : zones.restore(in);
        in.end();
        applyZones.run();
        writeThrough = savedWriteThrough;
    }
}
