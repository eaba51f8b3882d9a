// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.Counters;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.RegionRemoval;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.mem.BlockChange.Kind;
import io.virtio4j.mem.MemoryBlocks.Run;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A memory device: blocks of a region of guest-physical memory that are plugged and unplugged while the guest runs.
 * [Device Types / Memory Device]
 *
 * <pre>{@code
 * MemoryRegion region = MemoryRegion.allocate(4L << 30, 1L << 30);
 * GuestMemory memory = GuestMemory.of(ram, region);
 * MemDevice device = MemDevice.of(region).requestedSize(256L << 20).build();
 * device.hideFrom(memory); // of every device of the machine
 * ...
 * device.requestSize(512L << 20);
 * }</pre>
 *
 * <p>Memory of the region is the embedder's: it makes it, adds it to the memory of all devices of the machine, and
 * shows it to the guest. What of it is not plugged, no device reaches: a ring or a buffer there is a fault of the
 * driver. Plugged memory stays plugged over a reset of the device; {@link #systemReset()} unplugs it.
 *
 * <p>A device may be used by one instance at a time. Methods beside those of {@link VirtioDevice} may be called by any
 * thread.
 */
public final class MemDevice implements VirtioDevice {

    private static final int SAVED_VERSION = 1;

    private final MemDeviceBuilder options;
    private final Run region;
    private final ConfigSpace config = new ConfigSpace(MemConfig.SIZE);
    private final CounterTable<MemCounter> counters = CounterTable.of(MemCounter.class);
    private final UnpluggedPages pages;

    private final Object lock = new Object();
    private final List<GuestMemory> memories = new ArrayList<>();
    private MemoryBlocks blocks = new MemoryBlocks();
    /** Unplugged by a reset of the machine and still in somebody's use. */
    private int leaving;
    /** Begun and not made: memory is shown as it will be. */
    private @Nullable BlockChange begun;
    private volatile boolean running;

    // As the driver reads them.
    private volatile long usableSize;
    private volatile long pluggedSize;
    private volatile long requestedSize;

    private @Nullable GuestRequestQueue requests;

    MemDevice(MemDeviceBuilder options) {
        this.options = options;
        region = new Run(0, (int) (options.regionSize / options.blockSize));
        pages = new UnpluggedPages(options, counters);
        requestedSize = options.requestedSize;
        usableSize = options.usable(requestedSize);
        config.set(this::writeAll);
    }

    /**
     * Begins a device.
     *
     * @param address where the device-managed region begins, guest-physical; aligned to the block size
     * @param regionSize its bytes, whole blocks
     */
    public static MemDeviceBuilder of(long address, long regionSize) {
        return new MemDeviceBuilder(address, regionSize);
    }

    /** Begins a device whose region is all of a region of memory, which stays the caller's. */
    public static MemDeviceBuilder of(MemoryRegion memory) {
        return of(memory.guestAddress(), memory.length());
    }

    // ── Device ID ──────────────────────────────────────────────────────────

    @Override
    public DeviceType type() {
        return DeviceType.MEMORY;
    }

    // ── Virtqueues ─────────────────────────────────────────────────────────

    @Override
    public List<QueueSpec> queues() {
        return List.of(QueueSpec.named("guest-request"));
    }

    // ── Feature bits ───────────────────────────────────────────────────────

    @Override
    public FeatureSet offeredFeatures() {
        FeatureSet offered = FeatureSet.of(MemFeature.UNPLUGGED_INACCESSIBLE, MemFeature.PERSISTENT_SUSPEND);
        return options.node == null ? offered : offered.with(MemFeature.ACPI_PXM);
    }

    @Override
    public List<? extends Feature> features() {
        return List.of(MemFeature.values());
    }

    // ── Device configuration layout ────────────────────────────────────────

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    private void writeAll(MemorySegment fields) {
        MemConfig.BLOCK_SIZE.set(fields, 0, options.blockSize);
        MemConfig.NODE_ID.set(fields, 0, options.node == null ? 0 : options.node);
        MemConfig.ADDR.set(fields, 0, options.address);
        MemConfig.REGION_SIZE.set(fields, 0, options.regionSize);
        writeSizes(fields);
    }

    private void writeSizes(MemorySegment fields) {
        MemConfig.USABLE_REGION_SIZE.set(fields, 0, usableSize);
        MemConfig.PLUGGED_SIZE.set(fields, 0, pluggedSize);
        MemConfig.REQUESTED_SIZE.set(fields, 0, requestedSize);
    }

    /** How much is plugged, in bytes. */
    public long pluggedSize() {
        return pluggedSize;
    }

    /** How much the driver was asked to have plugged, in bytes. */
    public long requestedSize() {
        return requestedSize;
    }

    /** How much of the region the driver may use now, in bytes from its beginning. */
    public long usableSize() {
        return usableSize;
    }

    @Override
    public Counters<MemCounter> counters() {
        return counters;
    }

    /**
     * Asks the driver to have this much plugged, now or as soon as it can. It is notified.
     *
     * @param bytes whole blocks, at most the size of the region
     * @throws IllegalArgumentException if that cannot be
     */
    public void requestSize(long bytes) {
        MemDeviceBuilder.checkRequested(bytes, options.regionSize, options.blockSize);
        synchronized (lock) {
            requestedSize = bytes;
            // > The device MUST NOT shrink usable_region_size, except when processing an UNPLUG ALL request
            usableSize = Math.max(usableSize, options.usable(bytes));
        }
        config.update(this::writeSizes);
    }

    // ── Device Initialization ──────────────────────────────────────────────

    /**
     * Withholds what is not plugged from this memory, from now on. The memory of the device itself is known when the
     * driver starts it; that of every other device of the machine has to be told here.
     */
    public void hideFrom(GuestMemory memory) {
        synchronized (lock) {
            if (memories.contains(memory) || region.count() == 0) {
                return;
            }
            memories.add(memory);
            show(memory, region);
        }
    }

    @Override
    public void activate(DeviceContext context) {
        hideFrom(context.memory());
        running = true;
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
        GuestRequestQueue started = new GuestRequestQueue(this, queue);
        requests = started;
        return started;
    }

    @Override
    public void stopQueue(VirtQueue queue) {
        GuestRequestQueue stopped = requests;
        requests = null;
        if (stopped != null) {
            stopped.stop();
        }
    }

    /** > The device MUST NOT change the state of memory blocks during device reset. [Device Initialization] */
    @Override
    public void reset() {
        running = false;
    }

    /**
     * The machine was reset: unplugs everything. After the reset of the device.
     *
     * @throws IllegalStateException if a driver uses the device
     */
    public void systemReset() {
        synchronized (lock) {
            if (running) {
                throw new IllegalStateException("reset the device before it is told that the machine was reset:"
                        + " pluggedSize=" + pluggedSize);
            }
            if (blocks.pluggedCount() > 0) {
                leaving++;
                MemoryBlocks left = blocks;
                blocks = new MemoryBlocks();
                pluggedSize = 0;
                counters.count(MemCounter.UNPLUGGED, left.pluggedCount());
                new BlockChange(Kind.UNPLUG_ALL, region, withhold(region), () -> left(left));
            }
            usableSize = options.usable(requestedSize);
        }
        config.set(this::writeSizes);
    }

    /** What a reset of the machine unplugged is out of use. */
    private void left(MemoryBlocks unplugged) {
        synchronized (lock) {
            release(unplugged, region);
            leaving--;
        }
    }

    // ── Device Operation ───────────────────────────────────────────────────

    /** The blocks of a request, or {@code null} if they are not all inside of the usable region. */
    @Nullable Run blocks(long address, int count) {
        long offset = address - options.address;
        long usable = usableSize;
        if (count == 0 || Long.compareUnsigned(offset, usable) >= 0 || offset % options.blockSize != 0
                || count > (usable - offset) / options.blockSize) {
            return null;
        }
        return new Run((int) (offset / options.blockSize), count);
    }

    /** [Memory Device / Device Operation / STATE request] */
    int state(Run run) {
        synchronized (lock) {
            return blocks.arePlugged(run) ? GuestRequestQueue.STATE_PLUGGED
                    : blocks.areUnplugged(run) ? GuestRequestQueue.STATE_UNPLUGGED : GuestRequestQueue.STATE_MIXED;
        }
    }

    /** Why blocks cannot be plugged, or ACK. [Memory Device / Device Operation / PLUG request] */
    int refusalToPlug(Run run) {
        synchronized (lock) {
            if (!blocks.areUnplugged(run)) {
                return GuestRequestQueue.RESP_ERROR;
            }
            if ((blocks.pluggedCount() + (long) run.count()) * options.blockSize > requestedSize) {
                return GuestRequestQueue.RESP_NACK;
            }
            return leaving > 0 ? GuestRequestQueue.RESP_BUSY : GuestRequestQueue.RESP_ACK;
        }
    }

    /** Why blocks cannot be unplugged, or ACK. [Memory Device / Device Operation / UNPLUG request] */
    int refusalToUnplug(Run run) {
        synchronized (lock) {
            return blocks.arePlugged(run) ? GuestRequestQueue.RESP_ACK : GuestRequestQueue.RESP_ERROR;
        }
    }

    /** Queues that run have to see the memory before the driver uses it in them. */
    BlockChange beginPlug(Run run, Runnable ready) {
        synchronized (lock) {
            List<RegionRemoval> changes = new ArrayList<>();
            for (GuestMemory memory : memories) {
                changes.add(memory.grant(address(run), bytes(run)));
            }
            return begun = new BlockChange(Kind.PLUG, run, changes, ready);
        }
    }

    BlockChange beginUnplug(Run run, Runnable ready) {
        synchronized (lock) {
            return begun = new BlockChange(Kind.UNPLUG, run, withhold(run), ready);
        }
    }

    BlockChange beginUnplugAll(Runnable ready) {
        synchronized (lock) {
            List<RegionRemoval> changes = blocks.pluggedCount() == 0 ? List.of() : withhold(region);
            return begun = new BlockChange(Kind.UNPLUG_ALL, region, changes, ready);
        }
    }

    private List<RegionRemoval> withhold(Run run) {
        List<RegionRemoval> changes = new ArrayList<>();
        for (GuestMemory memory : memories) {
            changes.add(memory.withhold(address(run), bytes(run)));
        }
        return changes;
    }

    /** Makes a change that is ready. */
    void make(BlockChange change) {
        synchronized (lock) {
            begun = null;
            int before = blocks.pluggedCount();
            boolean plug = change.kind == Kind.PLUG;
            if (!plug) {
                release(blocks, change.blocks);
            }
            blocks.set(change.blocks, plug);
            pluggedSize = blocks.pluggedCount() * options.blockSize;
            if (change.kind == Kind.UNPLUG_ALL) {
                // > The device MAY modify usable_region_size before responding with VIRTIO_MEM_RESP_ACK.
                usableSize = options.usable(requestedSize);
            }
            counters.count(plug ? MemCounter.PLUGGED : MemCounter.UNPLUGGED,
                    Math.abs(blocks.pluggedCount() - before));
        }
        // > The device SHOULD NOT send a configuration update notification when changing plugged_size.
        config.set(this::writeSizes);
    }

    /** Takes back a change that was begun: nobody was told of it. */
    void undo(BlockChange change) {
        synchronized (lock) {
            begun = null;
            memories.forEach(memory -> show(memory, change.blocks));
        }
    }

    /** Withholds of a run what is not plugged, and nothing else. */
    private void show(GuestMemory memory, Run run) {
        if (run.count() == 0) {
            return;
        }
        memory.withhold(address(run), bytes(run));
        blocks.forEachPlugged(run, plugged -> memory.grant(address(plugged), bytes(plugged)));
        BlockChange coming = begun;
        if (coming != null && coming.kind == Kind.PLUG) {
            memory.grant(address(coming.blocks), bytes(coming.blocks));
        } else if (coming != null) {
            memory.withhold(address(coming.blocks), bytes(coming.blocks));
        }
    }

    private void release(MemoryBlocks plugged, Run within) {
        plugged.forEachPlugged(within, run -> pages.release(memories, address(run), bytes(run)));
    }

    private long address(Run run) {
        return options.address + run.first() * options.blockSize;
    }

    private long bytes(Run run) {
        return run.count() * options.blockSize;
    }

    void countAnswer(int type) {
        counters.count(MemCounter.REQUESTS);
        if (type == GuestRequestQueue.RESP_ERROR) {
            counters.count(MemCounter.ERRORS);
        } else if (type != GuestRequestQueue.RESP_ACK) {
            counters.count(MemCounter.REFUSED);
        }
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void save(StateWriter out) {
        synchronized (lock) {
            out.le16(SAVED_VERSION).le64(options.address).le64(options.regionSize).le64(options.blockSize)
                    .le64(usableSize).bytes(blocks.toBytes());
        }
    }

    /** Blocks are plugged as they were; how many are wanted is for the new embedder to say. */
    @Override
    public void restore(StateReader in) {
        if (in.le16() != SAVED_VERSION) {
            throw new StateException("saved blocks are of another version");
        }
        check("address", in.le64(), options.address);
        check("regionSize", in.le64(), options.regionSize);
        check("blockSize", in.le64(), options.blockSize);
        long usable = in.le64();
        MemoryBlocks saved = MemoryBlocks.of(in.bytes());
        if (usable < 0 || usable > options.regionSize || usable % options.blockSize != 0
                || saved.end() > usable / options.blockSize) {
            throw new StateException("saved blocks do not fit: usableSize=" + usable + " blocks=" + saved.end());
        }
        in.end();
        synchronized (lock) {
            blocks = saved;
            usableSize = Math.max(usable, options.usable(requestedSize));
            pluggedSize = saved.pluggedCount() * options.blockSize;
            memories.forEach(memory -> show(memory, region));
        }
        config.set(this::writeSizes);
    }

    private static void check(String what, long saved, long own) {
        if (saved != own) {
            throw new StateException("saved blocks are of another region: " + what + "=0x" + Long.toHexString(own)
                    + " saved=0x" + Long.toHexString(saved));
        }
    }
}
