// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.host.linux.UnixAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The choices for a {@link VhostUserServer}; each has a default that suits most. */
public final class VhostUserServerBuilder {

    /** What the protocol can number. */
    private static final int MOST_RINGS = 256;

    final DeviceInstance device;
    private final Set<ProtocolFeature> withheld = EnumSet.noneOf(ProtocolFeature.class);
    private final List<MemoryFile> memoryFiles = new ArrayList<>();
    /** What of the device's shared memory can be mapped; looked for when the server is made. */
    List<SharedRegions.Region> sharedRegions = List.of();
    @Nullable NetworkRequests network;
    boolean trusted;
    boolean carriesSuspend;
    Duration grace = Duration.ofSeconds(1);
    Duration patience = Duration.ofSeconds(5);

    VhostUserServerBuilder(DeviceInstance device) {
        this.device = device;
    }

    /**
     * Does not offer some protocol features. Default: all are offered, but RARP and NET_MTU without {@link
     * #network}; and without {@link #sharedMemory} SHMEM, with it CONFIGURE_MEM_SLOTS.
     */
    public VhostUserServerBuilder withhold(ProtocolFeature... features) {
        withheld.addAll(List.of(features));
        return this;
    }

    /** Takes what front-ends ask of network devices, and offers it. */
    public VhostUserServerBuilder network(NetworkRequests requests) {
        network = requests;
        return this;
    }

    /**
     * Lets the driver reach the device's shared memory: the front-end is told how large its regions are, and maps them
     * where the guest's processors find them, each whole, before the device works on a ring. A device with several
     * regions may have them in one file or in several; call this for each.
     *
     * <p>Default: a front-end is told of no shared memory, whatever the device has, and the driver goes without. Once
     * a file is given, all of the device's regions have to lie in files that are given, in whole pages: a driver that
     * finds some of the memory only goes wrong in ways that are hard to see.
     *
     * <p>CONFIGURE_MEM_SLOTS is not offered then, so a front-end can have 32 regions of memory at most, QEMU 8: QEMU
     * 11.1 ends when it is to take back, as a slot, memory that it had mapped.
     *
     * @param memory in which the device's {@linkplain DeviceInstance#sharedMemory() shared memory} lies; stays the
     *     embedder's, open as long as the server
     */
    public VhostUserServerBuilder sharedMemory(MemoryFile memory) {
        memoryFiles.add(memory);
        return this;
    }

    /**
     * Also maps files that the front-end could truncate. Touching a page that is gone ends the process at worst,
     * so the front-end has to be trusted as a part of it. Default: the front-end has to seal its memory against
     * shrinking, as QEMU's {@code memory-backend-memfd} does, and other memory is refused.
     */
    public VhostUserServerBuilder trustMemory() {
        trusted = true;
        return this;
    }

    /**
     * Offers {@link CoreFeature#SUSPEND} if the device does: for front-ends that pass on every write of device
     * status. Default: not offered, since QEMU keeps that bit to itself.
     */
    public VhostUserServerBuilder carrySuspend() {
        carriesSuspend = true;
        return this;
    }

    /**
     * How long to wait for the host's I/O on a ring that is stopped, and in memory that goes away. What a device
     * keeps longer is handled again when the ring goes on. Default: one second.
     */
    public VhostUserServerBuilder grace(Duration time) {
        grace = time;
        return this;
    }

    /**
     * How long a front-end may take to send the rest of a message, and to read a reply, before it is
     * disconnected; and to map shared memory, before the device goes on without. Default: 5 seconds.
     */
    public VhostUserServerBuilder patience(Duration time) {
        patience = time;
        return this;
    }

    Set<ProtocolFeature> offered() {
        Set<ProtocolFeature> all = EnumSet.allOf(ProtocolFeature.class);
        all.removeAll(withheld);
        if (device.configSize() == 0) {
            all.remove(ProtocolFeature.CONFIG);
        }
        if (network == null) {
            all.remove(ProtocolFeature.RARP);
            all.remove(ProtocolFeature.NET_MTU);
        }
        // QEMU adds what it has mapped to the guest's memory, frees it when the driver resets the device, and looks for
        // it when it tells of its removal, in vain. A table of all regions it makes anew each time.
        all.remove(memoryFiles.isEmpty() ? ProtocolFeature.SHMEM : ProtocolFeature.CONFIGURE_MEM_SLOTS);
        return all;
    }

    /**
     * Makes a server that neither listens nor connects: give it connections with {@link VhostUserServer#serve}.
     *
     * @throws IllegalArgumentException if the device cannot be served
     */
    public VhostUserServer build() {
        if (device.queueCount() > MOST_RINGS) {
            throw new IllegalArgumentException("vhost-user can number 256 queues, the device has more: queues="
                    + device.queueCount());
        }
        if (!device.memory().current().regions().isEmpty()) {
            throw new IllegalArgumentException("memory comes from the front-end: give the device a GuestMemory of"
                    + " its own, without regions: regions=" + device.memory().current().regions());
        }
        sharedRegions = SharedRegions.in(memoryFiles, device.sharedMemory());
        return new VhostUserServer(this);
    }

    /**
     * Makes a server that listens, on a daemon thread of its own. Front-ends can connect when this returns.
     *
     * @param address where; a socket file that a server left behind is replaced
     * @throws IllegalArgumentException if the device cannot be served
     * @throws IOException if the address is in use, or cannot be used
     */
    public VhostUserServer listen(UnixAddress address) throws IOException {
        VhostUserServer server = build();
        server.listen(address);
        return server;
    }

    /**
     * Makes a server that connects to a front-end that listens, on a daemon thread of its own, and connects
     * again when the front-end left or is not there yet.
     *
     * @param address where the front-end listens
     * @throws IllegalArgumentException if the device cannot be served
     */
    public VhostUserServer connect(UnixAddress address) {
        VhostUserServer server = build();
        server.connect(address);
        return server;
    }
}
