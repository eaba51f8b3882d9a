// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.virtio4j.net.packet.InternetChecksum;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.PacketHash;
import io.virtio4j.net.packet.PacketHeaders;
import io.virtio4j.net.packet.Segmenter;
import io.virtio4j.net.packet.Toeplitz;
import io.virtio4j.net.packet.TransportChecksum;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the network device does in software, in buffers off the heap:
 *
 * <ul>
 *   <li>the sum of 64 and of 1,460 bytes, and of 64 KiB;
 *   <li>a plain copy of 64 KiB, as the limit for the next;
 *   <li>a TCP packet of 64 KiB cut into segments of 1,448 bytes, checksummed; over IPv4, and over IPv6 in a
 *       VXLAN tunnel with an outer checksum;
 *   <li>the headers of a received segment found, its checksum verified;
 *   <li>the headers of a received segment found, and the Toeplitz hash of TCP over IPv4 and IPv6.
 * </ul>
 *
 * <p>Nanoseconds a call: for a whole packet, not a segment.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(1)
public class PacketBenchmark {

    private static final int LARGE = 65_160;
    private static final int MSS = 1448;
    /** With options, as Linux sends it. */
    private static final int TCP = 32;

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    private final Segmenter segmenter = new Segmenter();
    private final PacketHeaders headers = new PacketHeaders();
    private final PacketHash hash = new PacketHash();
    private final Toeplitz key = new Toeplitz(new byte[] {
        0x6d, 0x5a, 0x56, (byte) 0xda, 0x25, 0x5b, 0x0e, (byte) 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, (byte) 0xa3,
        (byte) 0x8f, (byte) 0xb0, (byte) 0xd0, (byte) 0xca, 0x2b, (byte) 0xcb, (byte) 0xae, 0x7b, 0x30, (byte) 0xb4,
        0x77, (byte) 0xcb, 0x2d, (byte) 0xa3, (byte) 0x80, 0x30, (byte) 0xf2, 0x0c, 0x6a, 0x42, (byte) 0xb7, 0x3b,
        (byte) 0xbe, (byte) 0xac, 0x01, (byte) 0xfa});
    private final NetHeader largeHeader = new NetHeader().partialCsum(34, 16).gso(NetHeader.GSO_TCPV4, MSS);
    private final NetHeader tunnelHeader = new NetHeader().partialCsum(14 + 20 + 16 + 14 + 40, 16)
            .gso(NetHeader.GSO_TCPV6 | NetHeader.GSO_UDP_TUNNEL_IPV6, MSS).tunnel(34, 64);

    private ByteBuf large;
    private ByteBuf tunnel;
    private ByteBuf segment4;
    private ByteBuf segment6;
    private ByteBuf target;

    /** Makes the packets. */
    @Setup
    public void makePackets() {
        tunnelHeader.flags(tunnelHeader.flags() | NetHeader.F_UDP_TUNNEL_CSUM);
        large = tcp(ipv4(ethernet(buffer(), 0x0800), 6), LARGE);
        ByteBuf outer = ipv4(ethernet(buffer(), 0x0800), 17).writeInt(0x1234_12B5).writeInt(0).writeLong(8L << 56);
        tunnel = tcp(ipv6(ethernet(outer, 0x86DD)), LARGE);
        target = buffer();
        segment4 = firstSegment(large, largeHeader);
        segment6 = firstSegment(tcp(ipv6(ethernet(buffer(), 0x86DD)), LARGE),
                new NetHeader().partialCsum(54, 16).gso(NetHeader.GSO_TCPV6, MSS));
    }

    private ByteBuf firstSegment(ByteBuf packet, NetHeader header) {
        if (!segmenter.prepare(packet, header).isNone()) {
            throw new IllegalStateException("the packet and its header do not go together");
        }
        ByteBuf segment = buffer();
        segmenter.write(0, segment);
        return segment;
    }

    private ByteBuf buffer() {
        return allocator.directBuffer(LARGE + 512, LARGE + 512);
    }

    private static ByteBuf ethernet(ByteBuf packet, int type) {
        return packet.writeLong(0x0200_0000_0001_0200L).writeInt(2).writeShort(type);
    }

    private static ByteBuf ipv4(ByteBuf packet, int protocol) {
        packet.writeInt(0x4500_0000).writeInt(0x0001_4000).writeByte(64).writeByte(protocol).writeShort(0);
        return packet.writeInt(0x0A00_0001).writeInt(0x0A00_0002);
    }

    private static ByteBuf ipv6(ByteBuf packet) {
        packet.writeInt(0x6000_0000).writeInt(0x0000_0640);
        return packet.writeLong(0x2001_0DB8L << 32).writeLong(1).writeLong(0x2001_0DB8L << 32).writeLong(2);
    }

    private static ByteBuf tcp(ByteBuf packet, int payload) {
        packet.writeInt(0x1234_0050).writeInt(1).writeInt(1).writeByte(TCP / 4 << 4).writeByte(0x18).writeShort(1000);
        packet.writeInt(0).writeInt(0x0101_080A).writeLong(0);
        for (int i = 0; i < payload; i++) {
            packet.writeByte(i * 31);
        }
        return packet;
    }

    /** Gives the memory back. */
    @TearDown
    public void release() {
        for (ByteBuf buffer : new ByteBuf[] {large, tunnel, segment4, segment6, target}) {
            buffer.release();
        }
    }

    /** 64 bytes. */
    @Benchmark
    public int sum64() {
        return InternetChecksum.sum(large, 66, 64);
    }

    /** What a segment carries. */
    @Benchmark
    public int sum1460() {
        return InternetChecksum.sum(large, 66, 1460);
    }

    /** What a large packet carries. */
    @Benchmark
    public int sum64k() {
        return InternetChecksum.sum(large, 66, LARGE);
    }

    /** The limit of segmentation: the bytes are moved once. */
    @Benchmark
    public ByteBuf copy64k() {
        return target.setBytes(0, large.internalNioBuffer(0, large.readableBytes()));
    }

    /** 45 segments. */
    @Benchmark
    public int segmentTcp4() {
        return segment(large, largeHeader);
    }

    /** 45 segments in a tunnel, two checksums each. */
    @Benchmark
    public int segmentTunnel() {
        return segment(tunnel, tunnelHeader);
    }

    private int segment(ByteBuf packet, NetHeader header) {
        if (!segmenter.prepare(packet, header).isNone()) {
            throw new IllegalStateException("the packet and its header do not go together");
        }
        int segments = segmenter.count();
        for (int i = 0; i < segments; i++) {
            target.clear();
            segmenter.write(i, target);
        }
        return segments;
    }

    /** As for each received packet whose checksum is to be vouched for. */
    @Benchmark
    public TransportChecksum.Verdict parseAndVerify() {
        headers.parse(segment4);
        return TransportChecksum.verify(segment4, headers);
    }

    /** As for each received packet that is steered. */
    @Benchmark
    public int hashTcp4() {
        hash.calculate(segment4, key, PacketHash.ALL, 0);
        return hash.value();
    }

    /** 36 bytes are hashed. */
    @Benchmark
    public int hashTcp6() {
        hash.calculate(segment6, key, PacketHash.ALL, 0);
        return hash.value();
    }
}
