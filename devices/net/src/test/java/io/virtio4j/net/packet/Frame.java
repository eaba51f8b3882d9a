// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A frame that a test puts together, layer by layer from the outside, and that remembers where its headers
 * are. Lengths and checksums are zero until {@link #complete()}.
 */
final class Frame {

    /** A header of IP. */
    record Level(int version, int offset, int length, int protocol, int source, int destination) {}

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final List<Level> levels = new ArrayList<>();
    private final List<Integer> udps = new ArrayList<>();
    private int transport = -1;
    private boolean tcp;
    private int headerLength;
    private byte[] bytes = {};

    static Frame ethernet(int... typesOfTags) {
        return new Frame().link(typesOfTags);
    }

    /** Addresses and VLAN tags; the type comes with the next layer. */
    Frame link(int... typesOfTags) {
        add(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2);
        for (int type : typesOfTags) {
            add(type >> 8, type, 0x0F, 0xA5);
        }
        return this;
    }

    Frame type(int etherType) {
        return add(etherType >> 8, etherType);
    }

    Frame add(int... values) {
        for (int value : values) {
            out.write(value);
        }
        return this;
    }

    Frame add(byte[] more) {
        out.writeBytes(more);
        return this;
    }

    int size() {
        return out.size();
    }

    /** The header only, without an EtherType before it. */
    Frame ipv4(int protocol, byte[] options) {
        int at = out.size();
        int length = 20 + options.length;
        add(0x40 | length / 4, 0x02, 0, 0, 0xFF, 0xFE, 0x40, 0, 64, protocol, 0, 0);
        add(10, 0, 0, 1, 192, 168, 3, 200).add(options);
        levels.add(new Level(4, at, length, protocol, at + 12, at + 16));
        return this;
    }

    /** The header only. {@code next} is the type of what comes behind it: an extension header, or not. */
    Frame ipv6(int next, int transportProtocol) {
        int at = out.size();
        add(0x60, 0x12, 0x34, 0x56, 0, 0, next, 64);
        add(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
        add(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xAB, 0xCD, 0xEF, 0x99);
        levels.add(new Level(6, at, 40, transportProtocol, at + 8, at + 24));
        return this;
    }

    /** An extension header of {@code 8 + 8 * more} bytes of padding. */
    Frame extension(int next, int more) {
        int bytesOfPadding = 4 + 8 * more;
        add(next, more, 1, bytesOfPadding);
        return add(new byte[bytesOfPadding]);
    }

    Frame tcp(int flags, byte[] options) {
        transport = out.size();
        tcp = true;
        add(0x12, 0x34, 0, 80, 0xFF, 0xFF, 0xF0, 0x00, 1, 2, 3, 4);
        add((20 + options.length) / 4 << 4, flags, 0x20, 0, 0, 0, 0, 0).add(options);
        headerLength = out.size();
        return this;
    }

    Frame udp(int destinationPort) {
        transport = out.size();
        tcp = false;
        udps.add(transport);
        add(0x22, 0x22, destinationPort >> 8, destinationPort, 0, 0, 0, 0);
        headerLength = out.size();
        return this;
    }

    Frame payload(int length, Random random) {
        byte[] more = new byte[length];
        random.nextBytes(more);
        add(more);
        return this;
    }

    /** Fills in lengths and checksums: what a host without offloads sends. */
    Frame complete() {
        bytes = out.toByteArray();
        setLengths();
        for (int i = levels.size() - 1; i >= 0; i--) {
            completeLevel(i);
        }
        return this;
    }

    /** Leaves everything as it is. */
    Frame raw() {
        bytes = out.toByteArray();
        return this;
    }

    private void setLengths() {
        for (Level level : levels) {
            int length = bytes.length - level.offset;
            put16(level.offset + (level.version == 4 ? 2 : 4), level.version == 4 ? length : length - 40);
        }
        for (int udp : udps) {
            put16(udp + 4, bytes.length - udp);
        }
    }

    private void completeLevel(int index) {
        Level level = levels.get(index);
        if (level.version == 4) {
            put16(level.offset + 10, 0);
            put16(level.offset + 10,
                    ~SlowChecksum.sum(Arrays.copyOfRange(bytes, level.offset, level.offset + level.length)));
        }
        int start = transportOf(index);
        if (start >= 0) {
            int field = start + (level.protocol == 6 ? 16 : 6);
            put16(field, 0);
            byte[] covered = Arrays.copyOfRange(bytes, start, bytes.length);
            byte[] pseudo = pseudoHeader(bytes, level, covered.length);
            byte[] all = Arrays.copyOf(pseudo, pseudo.length + covered.length);
            System.arraycopy(covered, 0, all, pseudo.length, covered.length);
            int checksum = ~SlowChecksum.sum(all) & 0xFFFF;
            put16(field, checksum == 0 && level.protocol == 17 ? 0xFFFF : checksum);
        }
    }

    private int transportOf(int level) {
        if (level == levels.size() - 1) {
            return transport;
        }
        return levels.get(level).protocol == 17 ? udps.get(level) : -1;
    }

    static byte[] pseudoHeader(byte[] frame, Level level, int length) {
        int address = level.version == 4 ? 4 : 16;
        byte[] pseudo = new byte[2 * address + 8];
        System.arraycopy(frame, level.source, pseudo, 0, address);
        System.arraycopy(frame, level.destination, pseudo, address, address);
        pseudo[2 * address + 2] = (byte) (length >> 8);
        pseudo[2 * address + 3] = (byte) length;
        pseudo[2 * address + 7] = (byte) level.protocol;
        return pseudo;
    }

    private void put16(int at, int value) {
        bytes[at] = (byte) (value >> 8);
        bytes[at + 1] = (byte) value;
    }

    // ── What it is ─────────────────────────────────────────────────────────

    byte[] bytes() {
        return bytes.clone();
    }

    /** As a buffer that ends where the frame does, and starts a little before it. */
    ByteBuf buffer() {
        return fill(Unpooled.buffer(bytes.length + 3, bytes.length + 3));
    }

    /** As {@link #buffer()}, off-heap; to be released. */
    ByteBuf directBuffer() {
        return fill(Unpooled.directBuffer(bytes.length + 3, bytes.length + 3));
    }

    private ByteBuf fill(ByteBuf empty) {
        return empty.writeBytes(new byte[3]).writeBytes(bytes).skipBytes(3);
    }

    List<Level> levels() {
        return levels;
    }

    Level lastLevel() {
        return levels.getLast();
    }

    int transport() {
        return transport;
    }

    boolean isTcp() {
        return tcp;
    }

    /** Where the payload starts. */
    int headerLength() {
        return headerLength;
    }

    /** Where the UDP header of a tunnel is. */
    int outerUdp() {
        return udps.getFirst();
    }

    /** The header that a driver adds to it: the last transport header is the one that matters. */
    NetHeader header(int gsoType, int gsoSize) {
        return new NetHeader().gso(gsoType, gsoSize).partialCsum(transport, tcp ? 16 : 6).hdrLen(headerLength);
    }
}
