// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

/** Work on a packet that its sender may leave to others. */
public enum Offload {
    /** The checksum of the transport header: it is partial, see {@link NetHeader#csumStart()}. */
    CSUM,
    /** Cutting TCP over IPv4 into segments. */
    TSO4,
    /** Cutting TCP over IPv6 into segments. */
    TSO6,
    /** Cutting TCP segments whose Explicit Congestion Notification bit (CWR) is set. */
    ECN,
    /** Cutting a UDP datagram into IP fragments. */
    UFO,
    /** Cutting UDP over IPv4 into datagrams of their own. */
    USO4,
    /** Cutting UDP over IPv6 into datagrams of their own. */
    USO6,
    /** Cutting what is inside of a UDP tunnel, whose outer checksum is not wanted. */
    UDP_TUNNEL,
    /** As {@link #UDP_TUNNEL}, and the outer checksum too. */
    UDP_TUNNEL_CSUM
}
