// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.core.wire.U8;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.Linux;
import io.virtio4j.host.linux.MemoryFile;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The device's shared memory, and the front-end's mapping of it: each region whole, before rings run. For the thread
 * of the connection. [VHOST_USER_BACKEND_SHMEM_MAP]
 *
 * <p>A front-end unmaps everything when the driver resets the device, does not say so, and may not be sent anything
 * while all rings are stopped. So regions are mapped whenever the first ring starts, unless rings go on where they
 * were: the machine was only stopped. It may have been before anything happened on a ring; the front-end refuses then
 * what it has mapped on this connection already, and has it still. One that it refuses from the beginning may have been
 * mapped by a back-end before; that memory goes first.
 */
final class SharedRegions implements BackEndChannel.Asking {

    private static final Logger LOG = LoggerFactory.getLogger(VhostUserServer.class);

    private static final StructLayout CONFIG = StructLayout.of("VIRTIO shared memory region configuration");
    private static final Le32 COUNT = CONFIG.le32("num regions");
    private static final int SIZES;
    private static final int MOST_REGIONS = 256;
    private static final int CONFIG_SIZE;

    static {
        CONFIG.le32("padding");
        SIZES = CONFIG.bytes("mem size", MOST_REGIONS * Long.BYTES);
        CONFIG_SIZE = CONFIG.size(2056);
    }

    private static final StructLayout LAYOUT = StructLayout.of("MMAP request");
    private static final U8 ID = LAYOUT.u8("shmid");
    private static final int PADDING = LAYOUT.bytes("padding", 7);
    private static final Le64 FILE_OFFSET = LAYOUT.le64("fd_offset");
    private static final Le64 OFFSET = LAYOUT.le64("shm_offset");
    private static final Le64 LENGTH = LAYOUT.le64("len");
    private static final Le64 FLAGS = LAYOUT.le64("flags");
    private static final int SIZE = LAYOUT.size(40);

    /** > Pages are mapped read-write */
    private static final int READ_WRITE = 1;

    /**
     * A region of the device that can be mapped.
     *
     * @param position in the file, in bytes
     */
    record Region(int id, long length, FileDescriptor file, long position) {

        @Override
        public String toString() {
            return "id=" + id + " length=" + length;
        }
    }

    /** What the front-end is asked for. */
    private enum Step { MAP, UNMAP_OTHER, MAP_INSTEAD }

    private final List<Region> regions;
    private final BackEndChannel channel;
    private final Duration patience;

    private boolean negotiated;
    private boolean acknowledged;

    /** Whether the front-end asked how large the regions are. */
    private boolean told;
    private boolean complained;

    /** The ids of what the front-end has mapped, on this connection. */
    private final Set<Integer> mapped = new HashSet<>();

    /** Whether some ring has started. */
    private boolean running;

    /** The region whose turn it is; if there is none, everything was asked for. */
    private int next;
    private Step step = Step.MAP;

    /** Whether a reply comes that is from before the device started. */
    private boolean outdated;

    /** Whether rings wait. */
    private boolean holding;
    private long deadline;

    SharedRegions(List<Region> regions, BackEndChannel channel, Duration patience) {
        this.regions = regions;
        this.channel = channel;
        this.patience = patience;
        next = regions.size();
        channel.asking(this);
    }

    /**
     * Finds the device's regions in files.
     *
     * @throws IllegalArgumentException if a file holds none, or a region lies in none or not in whole pages
     */
    static List<Region> in(Collection<MemoryFile> files, List<SharedMemoryRegion> shared) {
        List<Region> found = new ArrayList<>();
        Set<MemoryFile> unused = new HashSet<>(files);
        for (SharedMemoryRegion region : files.isEmpty() ? List.<SharedMemoryRegion>of() : shared) {
            MemoryFile holder = files.stream().filter(file -> file.positionOf(region.segment()) >= 0).findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("shared memory of the device lies in no memory"
                            + " file that the server was given: id=" + region.id() + " length=" + region.length()
                            + " files=" + files));
            unused.remove(holder);
            long position = holder.positionOf(region.segment());
            if (position % Linux.pageSize() != 0 || region.length() % Linux.pageSize() != 0) {
                throw new IllegalArgumentException("shared memory can be mapped in whole pages only: id="
                        + region.id() + " position=" + position + " length=" + region.length() + " page="
                        + Linux.pageSize());
            }
            found.add(new Region(region.id(), region.length(), holder.descriptor(), position));
        }
        if (!unused.isEmpty()) {
            throw new IllegalArgumentException("memory file holds no shared memory of the device: make the device"
                    + " with a part of its segment: files=" + unused + " regions=" + shared.size());
        }
        return found;
    }

    // ── Messages ───────────────────────────────────────────────────────────

    /** What the front-end has agreed to: to map, and to answer. */
    void agree(boolean toMap, boolean toAnswer) {
        negotiated = toMap;
        acknowledged = toAnswer;
    }

    // [VHOST_USER_GET_SHMEM_CONFIG]
    int config(Message message) {
        MemorySegment bytes = message.bytes();
        bytes.asSlice(Message.HEADER, CONFIG_SIZE).fill((byte) 0);
        COUNT.set(bytes, Message.HEADER, regions.size());
        for (Region region : regions) {
            // > The array index corresponds to the shared memory ID (shmid).
            new Le64(SIZES + region.id * Long.BYTES).set(bytes, Message.HEADER, region.length);
        }
        told = true;
        return CONFIG_SIZE;
    }

    // ── The device starts and stops ────────────────────────────────────────

    /**
     * Some ring can start: has everything mapped, unless that was done since the first one could.
     *
     * @param goesOn whether the driver has not begun anew, so that what was mapped still is
     */
    void begin(boolean goesOn) {
        if (!running) {
            running = true;
            if (!goesOn || mapped.size() < regions.size()) {
                mapAll();
            }
        }
    }

    /**
     * No ring is started any more.
     *
     * <p>> While all vrings are stopped, the device [...] must not send any messages to the front-end
     */
    void end() {
        running = false;
        holding = false;
        next = regions.size();
    }

    /** The front-end has given a channel. */
    void opened() {
        outdated = false;
        if (running && next < regions.size()) {
            mapAll();
        }
    }

    private void mapAll() {
        next = 0;
        step = Step.MAP;
        if (!negotiated) {
            return;
        }
        if (!channel.isOpen()) {
            complainOnce();
            return;
        }
        holding = true;
        deadline = System.nanoTime() + patience.toNanos();
        outdated = channel.isAwaiting();
        advance();
    }

    private void complainOnce() {
        if (!complained) {
            complained = true;
            LOG.warn("front-end has agreed to SHMEM, but given no channel, so the driver does not reach the device's"
                    + " shared memory: regions={}", regions);
        }
    }

    /** Whether rings may run. A front-end that does not answer holds them up for a while only. */
    boolean isReady() {
        return !holding || !negotiated;
    }

    // ── Mapping ────────────────────────────────────────────────────────────

    /** Asks for the next region, as far as the front-end has answered and there is room for messages. */
    private void advance() {
        while (running && negotiated && next < regions.size() && channel.isOpen() && !channel.isAwaiting()) {
            Region region = regions.get(next);
            BackEndChannel.Sent sent = step == Step.UNMAP_OTHER
                    ? ask(BackEndChannel.SHMEM_UNMAP, region)
                    : ask(BackEndChannel.SHMEM_MAP, region, region.file);
            if (sent != BackEndChannel.Sent.YES) {
                return;
            }
            if (!acknowledged) {
                next++;
            }
        }
        if (next == regions.size()) {
            holding = false;
        }
    }

    private BackEndChannel.Sent ask(int request, Region region, FileDescriptor... along) {
        MemorySegment payload = channel.payload();
        ID.set(payload, 0, region.id);
        payload.asSlice(PADDING, Long.BYTES - 1).fill((byte) 0);
        FILE_OFFSET.set(payload, 0, region.position);
        OFFSET.set(payload, 0, 0);
        LENGTH.set(payload, 0, region.length);
        FLAGS.set(payload, 0, READ_WRITE);
        return acknowledged ? channel.ask(request, SIZE, along) : channel.send(request, SIZE, along);
    }

    @Override
    public void answered(long result) {
        if (outdated) {
            outdated = false;
        } else if (running && next < regions.size()) {
            answered(regions.get(next), result == 0);
        }
        advance();
    }

    private void answered(Region region, boolean done) {
        LOG.debug("shared memory: {} step={} done={}", region, step, done);
        if (step == Step.UNMAP_OTHER && done) {
            step = Step.MAP_INSTEAD;
            return;
        }
        if (step == Step.MAP && !done && !mapped.contains(region.id)) {
            step = Step.UNMAP_OTHER;
            return;
        }
        if (done) {
            mapped.add(region.id);
        } else if (step != Step.MAP) {
            LOG.warn("front-end does not map shared memory, so the driver does not reach it: {} asked for sizes={}",
                    region, told);
        }
        step = Step.MAP;
        next++;
    }

    @Override
    public String lost() {
        outdated = false;
        holding = false;
        return !running || next >= regions.size() ? ""
                : ", so the driver does not reach the device's shared memory: " + regions.get(next);
    }

    // ── Time ───────────────────────────────────────────────────────────────

    /**
     * Sends what there was no room for.
     *
     * @return how long to wait for the front-end at most, in milliseconds; negative: without limit
     */
    int flush() {
        if (!running || !negotiated || next >= regions.size() || !channel.isOpen()) {
            return -1;
        }
        advance();
        if (!holding) {
            return channel.isAwaiting() || next >= regions.size() ? -1 : BackEndChannel.AGAIN_MILLIS;
        }
        long left = (deadline - System.nanoTime()) / 1_000_000 + 1;
        return Math.clamp(left, 0, channel.isAwaiting() ? Integer.MAX_VALUE : BackEndChannel.AGAIN_MILLIS);
    }

    /** Lets rings run if the front-end has taken too long. */
    void expire() {
        if (holding && System.nanoTime() - deadline >= 0) {
            holding = false;
            LOG.warn("front-end has not answered whether it maps shared memory, and the device goes on without: {}"
                    + " milliseconds={}", regions.get(next), patience.toMillis());
        }
    }
}
