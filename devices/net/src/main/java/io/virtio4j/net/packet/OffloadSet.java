// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import java.util.EnumSet;
import java.util.Set;

/** What a receiver of packets takes upon itself. Immutable; the test of a packet allocates nothing. */
public final class OffloadSet {

    /** Packets have to be complete. */
    public static final OffloadSet NONE = new OffloadSet(Set.of());

    /** Everything that there is. */
    public static final OffloadSet ALL = new OffloadSet(EnumSet.allOf(Offload.class));

    private final int bits;

    private OffloadSet(Set<Offload> offloads) {
        int sum = 0;
        for (Offload offload : offloads) {
            sum |= 1 << offload.ordinal();
        }
        bits = sum;
    }

    /** The set of these. */
    public static OffloadSet of(Offload... offloads) {
        return new OffloadSet(Set.of(offloads));
    }

    /** The set of these. */
    public static OffloadSet of(Set<Offload> offloads) {
        return new OffloadSet(offloads);
    }

    /** Whether it is in the set. */
    public boolean has(Offload offload) {
        return (bits >>> offload.ordinal() & 1) != 0;
    }

    /**
     * Whether a packet can be handed over as it is. False if something has to be done for it first that the
     * receiver does not do; also for a {@linkplain NetHeader#gsoType() type} that is not known.
     */
    public boolean takes(NetHeader header) {
        if (header.needsCsum() && !has(Offload.CSUM)) {
            return false;
        }
        if (header.gsoType() == NetHeader.GSO_NONE) {
            return true;
        }
        if (header.isEcn() && !has(Offload.ECN)) {
            return false;
        }
        if (header.isUdpTunnel() && !has(Offload.UDP_TUNNEL)) {
            return false;
        }
        if (header.hasUdpTunnelCsum() && !has(Offload.UDP_TUNNEL_CSUM)) {
            return false;
        }
        return switch (header.segmentation()) {
            case NetHeader.GSO_TCPV4 -> has(Offload.TSO4);
            case NetHeader.GSO_TCPV6 -> has(Offload.TSO6);
            case NetHeader.GSO_UDP -> has(Offload.UFO);
            // The type does not tell the version of IP.
            case NetHeader.GSO_UDP_L4 -> has(Offload.USO4) && has(Offload.USO6);
            default -> false;
        };
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OffloadSet set && set.bits == bits;
    }

    @Override
    public int hashCode() {
        return bits;
    }

    @Override
    public String toString() {
        EnumSet<Offload> set = EnumSet.noneOf(Offload.class);
        for (Offload offload : Offload.values()) {
            if (has(offload)) {
                set.add(offload);
            }
        }
        return set.toString();
    }
}
