// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import java.nio.ByteBuffer;

/** Segments of TCP in Ethernet frames, as the network stack of a guest makes and checks them. */
final class TcpSegment {

    /** Ethernet, IP without options, TCP without options. */
    static int headerLength(int version) {
        return transportOffset(version) + TCP;
    }

    private static final int ETHERNET = 14;
    private static final int TCP = 20;
    private static final int PROTOCOL = 6;
    private static final int CHECKSUM = 16;
    private static final int ACK = 0x10;

    private TcpSegment() {}

    /** Where the TCP header starts. */
    static int transportOffset(int version) {
        return ETHERNET + networkLength(version);
    }

    private static int networkLength(int version) {
        return version == 4 ? 20 : 40;
    }

    /** What is in a segment. */
    record Content(int version, int port, int sequence, int acknowledged, byte[] payload) {}

    /**
     * Makes a segment.
     *
     * @param checksummed whether TCP's checksum is complete, or that of the pseudo header alone
     */
    static byte[] make(byte[] to, byte[] from, Content content, boolean checksummed) {
        int version = content.version;
        int start = transportOffset(version);
        int length = TCP + content.payload.length;
        ByteBuffer frame = ByteBuffer.allocate(start + length);
        frame.put(to).put(from).putShort((short) (version == 4 ? 0x0800 : 0x86DD));
        if (version == 4) {
            frame.putShort((short) 0x4500).putShort((short) (20 + length)).putInt(0x4000)
                    .put((byte) 64).put((byte) PROTOCOL).putShort((short) 0)
                    .putInt(0x0A00_0000 | from[5]).putInt(0x0A00_0000 | to[5]);
            frame.putShort(ETHERNET + 10, (short) ~sum(frame, ETHERNET, 20, 0));
        } else {
            frame.putInt(0x6000_0000).putShort((short) length).put((byte) PROTOCOL).put((byte) 64)
                    .putLong(0xFD00L << 48).putLong(from[5]).putLong(0xFD00L << 48).putLong(to[5]);
        }
        frame.putShort((short) content.port).putShort((short) 80)
                .putInt(content.sequence).putInt(content.acknowledged)
                .put((byte) (TCP / 4 << 4)).put((byte) ACK).putShort((short) 0xFFFF).putInt(0);
        frame.put(content.payload);
        int pseudo = pseudoHeader(frame, version, length);
        frame.putShort(start + CHECKSUM,
                (short) (checksummed ? ~sum(frame, start, length, pseudo) : pseudo));
        return frame.array();
    }

    /**
     * Takes a segment apart.
     *
     * @param checksummed whether TCP's checksum has to be right
     * @throws IllegalStateException if something in it is not
     */
    static Content read(byte[] bytes, boolean checksummed) {
        ByteBuffer frame = ByteBuffer.wrap(bytes);
        int version = frame.getShort(12) == 0x0800 ? 4 : 6;
        int start = transportOffset(version);
        if (bytes.length < start + TCP) {
            throw new IllegalStateException("segment is cut off: bytes=" + bytes.length);
        }
        if (version == 4 && sum(frame, ETHERNET, 20, 0) != 0xFFFF) {
            throw new IllegalStateException("checksum of the IPv4 header is wrong");
        }
        int length = version == 4
                ? Short.toUnsignedInt(frame.getShort(ETHERNET + 2)) - 20
                : Short.toUnsignedInt(frame.getShort(ETHERNET + 4));
        if (length != bytes.length - start) {
            throw new IllegalStateException("length of the IP header is wrong: said=" + length + " is="
                    + (bytes.length - start));
        }
        if (checksummed && sum(frame, start, length, pseudoHeader(frame, version, length)) != 0xFFFF) {
            throw new IllegalStateException("checksum of TCP is wrong");
        }
        byte[] payload = new byte[length - TCP];
        frame.get(start + TCP, payload);
        return new Content(version, Short.toUnsignedInt(frame.getShort(start)), frame.getInt(start + 4),
                frame.getInt(start + 8), payload);
    }

    private static int pseudoHeader(ByteBuffer frame, int version, int length) {
        return version == 4
                ? sum(frame, ETHERNET + 12, 8, PROTOCOL + length)
                : sum(frame, ETHERNET + 8, 32, PROTOCOL + length);
    }

    private static int sum(ByteBuffer frame, int at, int length, int before) {
        long sum = before;
        for (int i = 0; i < length; i += 2) {
            sum += (frame.get(at + i) & 0xFF) << 8 | (i + 1 < length ? frame.get(at + i + 1) & 0xFF : 0);
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int) sum;
    }
}
