// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.PacketHeaders;
import io.virtio4j.net.packet.TransportChecksum;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Frames that tests send. */
final class Packets {

    static final MacAddress GUEST = MacAddress.of("52:54:00:00:00:01");
    static final MacAddress PEER = MacAddress.of("52:54:00:00:00:02");

    static final int ETHERNET = 14;
    static final int TCP = 6;
    static final int UDP = 17;
    static final int TCP_ACK = 0x10;
    static final int TCP_CWR = 0x80;

    private Packets() {}

    /** An Ethernet frame that carries something unknown. */
    static byte[] plain(MacAddress to, int length) {
        byte[] frame = random(length, length);
        System.arraycopy(to.bytes(), 0, frame, 0, 6);
        System.arraycopy(PEER.bytes(), 0, frame, 6, 6);
        frame[12] = (byte) 0x88;
        frame[13] = (byte) 0xB5;
        return frame;
    }

    /** The same frame with a VLAN tag. */
    static byte[] tagged(byte[] frame, int id) {
        return ByteBuffer.allocate(frame.length + 4).put(frame, 0, 12).putShort((short) 0x8100)
                .putShort((short) id).put(frame, 12, frame.length - 12).array();
    }

    static byte[] random(long seed, int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    static byte[] tcp4(MacAddress to, int payload, int port) {
        return ip(to, 4, TCP, payload, port, TCP_ACK);
    }

    static byte[] udp4(MacAddress to, int payload, int port) {
        return ip(to, 4, UDP, payload, port, 0);
    }

    /** A complete frame of TCP or UDP: the first port is the source, the flow; checksums are right. */
    static byte[] ip(MacAddress to, int version, int protocol, int payload, int port, int tcpFlags) {
        int transport = protocol == TCP ? 20 : 8;
        int network = version == 4 ? 20 : 40;
        ByteBuffer out = ByteBuffer.allocate(ETHERNET + network + transport + payload);
        out.put(to.bytes()).put(PEER.bytes()).putShort((short) (version == 4 ? 0x0800 : 0x86DD));
        int length = transport + payload;
        if (version == 4) {
            out.putShort((short) 0x4500).putShort((short) (20 + length)).putInt(0x0001_4000)
                    .put((byte) 64).put((byte) protocol).putShort((short) 0)
                    .putInt(0x0A00_0001).putInt(0x0A00_0002);
            out.putShort(ETHERNET + 10, (short) ~sum(out, ETHERNET, 20, 0));
        } else {
            out.putInt(0x6000_0000).putShort((short) length).put((byte) protocol).put((byte) 64)
                    .putLong(0xFD00_0000_0000_0000L).putLong(1).putLong(0xFD00_0000_0000_0000L).putLong(2);
        }
        int start = out.position();
        out.putShort((short) port).putShort((short) 80);
        if (protocol == TCP) {
            out.putInt(1000).putInt(2000).put((byte) 0x50).put((byte) tcpFlags).putShort((short) 512).putInt(0);
        } else {
            out.putShort((short) length).putShort((short) 0);
        }
        out.put(random(port, payload));
        int field = start + (protocol == TCP ? 16 : 6);
        int checksum = ~sum(out, start, length, pseudo(out, version, protocol, length)) & 0xFFFF;
        out.putShort(field, (short) (checksum == 0 ? 0xFFFF : checksum));
        return out.array();
    }

    private static int pseudo(ByteBuffer packet, int version, int protocol, int length) {
        return version == 4
                ? sum(packet, ETHERNET + 12, 8, protocol + length)
                : sum(packet, ETHERNET + 8, 32, protocol + length);
    }

    private static int sum(ByteBuffer bytes, int at, int length, int start) {
        long sum = start;
        for (int i = 0; i < length; i += 2) {
            sum += (bytes.get(at + i) & 0xFF) << 8 | (i + 1 < length ? bytes.get(at + i + 1) & 0xFF : 0);
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int) sum;
    }

    /** Leaves the checksum of a frame of {@link #ip} to others; says so in the header. */
    static NetHeader partial(byte[] frame) {
        ByteBuffer packet = ByteBuffer.wrap(frame);
        int version = frame[ETHERNET] >>> 4 & 0xF;
        int protocol = frame[ETHERNET + (version == 4 ? 9 : 6)];
        int start = ETHERNET + (version == 4 ? 20 : 40);
        int offset = protocol == TCP ? 16 : 6;
        packet.putShort(start + offset, (short) pseudo(packet, version, protocol, frame.length - start));
        return new NetHeader().partialCsum(start, offset);
    }

    /** Leaves segmentation to others, too. */
    static NetHeader large(byte[] frame, int type, int size) {
        return partial(frame).gso(type, size);
    }

    /** Whether the checksums of a frame are right. */
    static void assertComplete(byte[] frame) {
        ByteBuf packet = Unpooled.wrappedBuffer(frame);
        PacketHeaders headers = new PacketHeaders();
        assertTrue(headers.parse(packet));
        assertEquals(TransportChecksum.Verdict.VALID, TransportChecksum.verify(packet, headers));
    }

    /** What a frame of {@link #ip} carries. */
    static byte[] payload(byte[] frame) {
        int version = frame[ETHERNET] >>> 4 & 0xF;
        int protocol = frame[ETHERNET + (version == 4 ? 9 : 6)];
        int start = ETHERNET + (version == 4 ? 20 : 40) + (protocol == TCP ? 20 : 8);
        return Arrays.copyOfRange(frame, start, frame.length);
    }
}
