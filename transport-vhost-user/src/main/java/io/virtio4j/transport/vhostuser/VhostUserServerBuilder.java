// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.UnixAddress;
import java.io.IOException;
import java.time.Duration;
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
     * #network}.
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
     * disconnected. Default: 5 seconds.
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
