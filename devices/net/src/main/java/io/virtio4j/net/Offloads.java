// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.net.packet.Offload;
import io.virtio4j.net.packet.OffloadSet;
import java.util.EnumSet;

/** Which feature bit is which offload. [Offloads State Configuration] */
final class Offloads {

    /** Bits 65 and 66 have other numbers in the command. */
    private static final int TUNNEL_IN_COMMAND = 46;
    private static final int TUNNEL_CSUM_IN_COMMAND = 47;

    private static final NetFeature[] GUEST = {
        NetFeature.GUEST_CSUM, NetFeature.GUEST_TSO4, NetFeature.GUEST_TSO6, NetFeature.GUEST_ECN,
        NetFeature.GUEST_UFO, NetFeature.GUEST_USO4, NetFeature.GUEST_USO6,
        NetFeature.GUEST_UDP_TUNNEL_GSO, NetFeature.GUEST_UDP_TUNNEL_GSO_CSUM};

    private static final Offload[] MEANING = {
        Offload.CSUM, Offload.TSO4, Offload.TSO6, Offload.ECN, Offload.UFO, Offload.USO4, Offload.USO6,
        Offload.UDP_TUNNEL, Offload.UDP_TUNNEL_CSUM};

    private Offloads() {}

    /** What the device takes upon itself. */
    static OffloadSet ofDevice(FeatureSet negotiated) {
        EnumSet<Offload> set = EnumSet.noneOf(Offload.class);
        add(set, negotiated, NetFeature.CSUM, Offload.CSUM);
        add(set, negotiated, NetFeature.HOST_TSO4, Offload.TSO4);
        add(set, negotiated, NetFeature.HOST_TSO6, Offload.TSO6);
        add(set, negotiated, NetFeature.HOST_ECN, Offload.ECN);
        add(set, negotiated, NetFeature.HOST_UFO, Offload.UFO);
        add(set, negotiated, NetFeature.HOST_USO, Offload.USO4);
        add(set, negotiated, NetFeature.HOST_USO, Offload.USO6);
        add(set, negotiated, NetFeature.HOST_UDP_TUNNEL_GSO, Offload.UDP_TUNNEL);
        add(set, negotiated, NetFeature.HOST_UDP_TUNNEL_GSO_CSUM, Offload.UDP_TUNNEL_CSUM);
        return OffloadSet.of(set);
    }

    private static void add(EnumSet<Offload> set, FeatureSet features, NetFeature feature, Offload offload) {
        if (features.has(feature)) {
            set.add(offload);
        }
    }

    private static int bitInCommand(NetFeature feature) {
        return switch (feature) {
            case GUEST_UDP_TUNNEL_GSO -> TUNNEL_IN_COMMAND;
            case GUEST_UDP_TUNNEL_GSO_CSUM -> TUNNEL_CSUM_IN_COMMAND;
            default -> feature.bit();
        };
    }

    /** > Upon feature negotiation corresponding offload gets enabled [Setting Offloads State] */
    static long ofDriver(FeatureSet negotiated) {
        long bits = 0;
        for (NetFeature feature : GUEST) {
            if (negotiated.has(feature)) {
                bits |= 1L << bitInCommand(feature);
            }
        }
        return bits;
    }

    /**
     * Which bits the command may have. Linux counts GUEST_HDRLEN among the offloads. It is none, so that it can
     * be neither on nor off; but a driver that names it must not be refused what else it asks for.
     */
    static long mayBeNamed(FeatureSet negotiated) {
        long headerLength = negotiated.has(NetFeature.GUEST_HDRLEN) ? 1L << NetFeature.GUEST_HDRLEN.bit() : 0;
        return ofDriver(negotiated) | headerLength;
    }

    /** What bits of the command mean. */
    static OffloadSet set(long bits) {
        EnumSet<Offload> set = EnumSet.noneOf(Offload.class);
        for (int i = 0; i < GUEST.length; i++) {
            if ((bits >>> bitInCommand(GUEST[i]) & 1) != 0) {
                set.add(MEANING[i]);
            }
        }
        return OffloadSet.of(set);
    }
}
