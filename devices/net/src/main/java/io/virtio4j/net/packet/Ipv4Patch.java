// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import io.netty.buffer.ByteBuf;

/** The fields of an IPv4 header that differ between the segments of a packet, and its checksum. */
final class Ipv4Patch {

    private static final int TOTAL_LENGTH = 2;
    private static final int IDENTIFICATION = 4;
    private static final int FRAGMENT = 6;
    private static final int CHECKSUM = 10;

    private int constant;
    private int identification;
    private int fragmentField;
    private boolean fragments;

    /**
     * Takes over what does not differ.
     *
     * @param becomesFragments then {@link #write} sets the fragment offset, and the rest does not count up
     */
    void prepare(ByteBuf packet, IpHeaders ip, boolean becomesFragments) {
        int at = packet.readerIndex() + ip.offset();
        int length = ip.payloadOffset() - ip.offset();
        identification = packet.getUnsignedShort(at + IDENTIFICATION);
        fragmentField = packet.getUnsignedShort(at + FRAGMENT);
        fragments = becomesFragments;
        constant = InternetChecksum.fold(packet.getUnsignedShort(at)
                + InternetChecksum.sum(packet, at + FRAGMENT + 2, 2)
                + InternetChecksum.sum(packet, at + CHECKSUM + 2, length - CHECKSUM - 2));
    }

    /**
     * Writes the fields into a copy of the header.
     *
     * @param length of the packet, from the header on
     * @param number that is added to the identification
     * @param fragment field, if the packet becomes fragments
     */
    void write(ByteBuf target, int at, int length, int number, int fragment) {
        int id = identification + number & 0xFFFF;
        int field = fragments ? fragment : fragmentField;
        target.setShort(at + TOTAL_LENGTH, length);
        target.setShort(at + IDENTIFICATION, id);
        target.setShort(at + FRAGMENT, field);
        target.setShort(at + CHECKSUM, InternetChecksum.checksum(constant + length + id + field));
    }
}
