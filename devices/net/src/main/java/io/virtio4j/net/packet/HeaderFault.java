// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

/**
 * Why a packet and its {@link NetHeader} do not go together. Such a packet is dropped and counted: the
 * fields of the header are the sender's, and none of them is to be trusted.
 */
public enum HeaderFault {
    /** Nothing is wrong. */
    NONE,
    /** Shorter than an Ethernet header. */
    RUNT,
    /** The checksum's start, or its field, is not in the packet. */
    CSUM_OUT_OF_PACKET,
    /** Segmentation is wanted, but not that checksums are completed. */
    GSO_WITHOUT_CSUM,
    /** A type of segmentation that does not exist, or not with these bits. */
    GSO_TYPE,
    /** Segments of no size, or of one that the type cannot have. */
    GSO_SIZE,
    /** More segments than a packet may become. */
    GSO_COUNT,
    /** Headers longer than a packet to be segmented may have. */
    HEADERS_TOO_LONG,
    /** A segment would be longer than IP allows. */
    SEGMENT_TOO_LONG,
    /** Not the version of IP that the type needs. */
    NOT_IP,
    /** A fragment of IP cannot be segmented. */
    FRAGMENT,
    /** Not the transport protocol that the type needs, or its header is cut off. */
    NOT_TRANSPORT,
    /** The checksum does not start where the transport header does, or its field is elsewhere. */
    CSUM_NOT_TRANSPORT,
    /** A connection is opened; that takes one segment. */
    TCP_SYN,
    /** Both versions of IP at once are inside of a tunnel. */
    TUNNEL_TYPE,
    /** A tunnel, but a checksum that was validated, or nothing to segment. */
    TUNNEL_FLAGS,
    /** An outer checksum without a tunnel. */
    TUNNEL_CSUM_WITHOUT_TUNNEL,
    /** The outer headers are not those of a UDP tunnel, or not where they should be. */
    TUNNEL_OUTER,
    /** The inner headers are not in the packet. */
    TUNNEL_INNER;

    /** Whether nothing is wrong. */
    public boolean isNone() {
        return this == NONE;
    }
}
