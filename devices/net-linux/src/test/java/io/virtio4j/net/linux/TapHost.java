// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.linux;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.host.linux.TapDevice;
import io.virtio4j.net.packet.HeaderFault;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.Offload;
import io.virtio4j.net.packet.OffloadSet;
import io.virtio4j.net.packet.PacketHeaders;
import io.virtio4j.net.packet.Segmenter;
import io.virtio4j.net.packet.TransportChecksum;
import io.virtio4j.net.packet.TransportChecksum.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.TreeSet;

/** A program for a network namespace of its own: talks to Linux through a TAP, as a driver would. */
public final class TapHost {

    private static final String NAME = "v4jtest";
    private static final InetSocketAddress HOST = new InetSocketAddress("10.77.0.1", 5000);
    private static final InetSocketAddress PEER = new InetSocketAddress("10.77.0.2", 6000);

    private final TapBackend backend;
    private final TapPort port = new TapPort();

    private TapHost(TapBackend backend) {
        this.backend = backend;
        backend.attach(port);
        backend.queuePairs(2);
    }

    /** Runs all of it; an exception is a failure. */
    public static void main(String[] arguments) throws Exception {
        TapDevice tap = TapDevice.open(NAME, 2);
        require(tap.name().equals(NAME) && tap.queues() == 2, "name and queues: " + tap);
        require(run("ip", "link", "set", NAME, "address", "02:00:00:00:00:01", "up"), "link");
        require(run("ip", "addr", "add", "10.77.0.1/24", "dev", NAME), "address");
        require(run("ip", "neigh", "add", "10.77.0.2", "lladdr", "02:00:00:00:00:02", "dev", NAME), "neighbour");
        try (TapBackend backend = new TapBackend(tap)) {
            TapHost host = new TapHost(backend);
            try (DatagramSocket socket = new DatagramSocket(HOST)) {
                socket.setSoTimeout(10_000);
                host.receiveDatagrams(socket);
                host.transmitDatagrams(socket);
                host.waitForRoom(socket);
            }
            host.useSeveralQueues();
            host.talkTcp();
        }
        require(!run("ip", "link", "show", NAME), "the interface is gone");
        System.exit(0);
    }

    // ── UDP ────────────────────────────────────────────────────────────────

    private void receiveDatagrams(DatagramSocket socket) throws Exception {
        byte[] payload = new byte[501];
        backend.driverTakes(OffloadSet.ALL);
        socket.send(new DatagramPacket(payload, payload.length, PEER));
        TapPort.Received partial = port.await(this::isDatagram);
        require(partial.header().needsCsum() && partial.header().csumStart() == 34
                && partial.header().csumOffset() == 6, "partial: " + partial.header());
        require(verdict(partial.packet()) == Verdict.WRONG, "not complete yet");
        require(TransportChecksum.complete(partial.packet(), partial.header()) == HeaderFault.NONE, "completed");
        require(verdict(partial.packet()) == Verdict.VALID, "completed");

        backend.driverTakes(OffloadSet.NONE);
        socket.send(new DatagramPacket(payload, payload.length, PEER));
        TapPort.Received complete = port.await(this::isDatagram);
        require(!complete.header().needsCsum(), "complete: " + complete.header());
        require(verdict(complete.packet()) == Verdict.VALID, "complete");
    }

    private void transmitDatagrams(DatagramSocket socket) throws Exception {
        NetHeader header = new NetHeader();
        DatagramPacket got = new DatagramPacket(new byte[4000], 4000);
        ByteBuf packet = udp(PEER.getPort(), new byte[700], header);
        backend.transmit(0, packet, header);
        socket.receive(got);
        require(got.getLength() == 700 && got.getSocketAddress().equals(PEER), "datagram: " + got.getLength());

        if (backend.takes().has(Offload.USO4)) {
            packet = udp(PEER.getPort(), new byte[2500], header);
            backend.transmit(1, packet, header.gso(NetHeader.GSO_UDP_L4, 1000).hdrLen(42));
            for (int length : new int[] {1000, 1000, 500}) {
                socket.receive(got);
                require(got.getLength() == length, "segment: " + got.getLength());
            }
        }
        packet = udp(PEER.getPort(), new byte[10], header);
        require(backend.dropped() == 0, "dropped: " + backend.dropped());
        backend.transmit(0, packet, header.csum(60_000, 6));
        require(backend.dropped() == 1, "a header that does not fit is dropped: " + backend.dropped());
    }

    private void waitForRoom(DatagramSocket socket) throws Exception {
        port.room(0);
        for (int i = 1; i <= 20; i++) {
            socket.send(new DatagramPacket(new byte[i], i, PEER));
        }
        port.awaitRefusal();
        port.room(Integer.MAX_VALUE);
        backend.receiveReady();
        for (int i = 1; i <= 20; i++) {
            ByteBuf packet = port.await(this::isDatagram).packet();
            require(packet.readableBytes() == 42 + i, "in order: " + packet.readableBytes() + " of " + i);
        }
    }

    private void useSeveralQueues() throws Exception {
        TreeSet<Integer> pairs = new TreeSet<>();
        for (int i = 0; i < 64; i++) {
            try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(HOST.getAddress(), 0))) {
                socket.send(new DatagramPacket(new byte[1], 1, PEER));
                pairs.add(port.await(this::isDatagram).pair());
            }
        }
        require(pairs.size() == 2, "queues: " + pairs);
    }

    private boolean isDatagram(TapPort.Received received) {
        PacketHeaders headers = headers(received.packet());
        return headers.ip().isUdp() && headers.ip().version() == 4
                && received.packet().getUnsignedShort(36) == PEER.getPort();
    }

    // ── TCP ────────────────────────────────────────────────────────────────

    private void talkTcp() throws Exception {
        backend.driverTakes(OffloadSet.ALL);
        try (ServerSocket server = new ServerSocket()) {
            server.bind(new InetSocketAddress(HOST.getAddress(), 7000));
            NetHeader header = new NetHeader();
            ByteBuf syn = tcp(1000, 0, 0x02, new byte[] {2, 4, 5, (byte) 0xB4}, new byte[0], header);
            backend.transmit(0, syn, header);
            TapPort.Received answer = port.await(received -> isTcp(received, 0x12));
            int acknowledged = answer.packet().getInt(38) + 1;
            backend.transmit(0, tcp(1001, acknowledged, 0x10, new byte[0], new byte[0], header), header);
            try (Socket connection = server.accept()) {
                connection.setSoTimeout(10_000);
                receiveLarge(connection);
                ByteBuf large = tcp(1001, acknowledged, 0x18, new byte[0], new byte[4500], header);
                backend.transmit(0, large, header.gso(NetHeader.GSO_TCPV4, 1000).hdrLen(54));
                InputStream in = connection.getInputStream();
                require(in.readNBytes(4500).length == 4500, "what was sent large");
            }
        }
    }

    private void receiveLarge(Socket connection) throws Exception {
        connection.getOutputStream().write(new byte[20_000]);
        TapPort.Received large = port.await(received -> isTcp(received, 0x10) && received.header().isGso());
        require(large.header().segmentation() == NetHeader.GSO_TCPV4, "type: " + large.header());
        Segmenter segmenter = new Segmenter();
        HeaderFault fault = segmenter.prepare(large.packet(), large.header());
        require(fault.isNone() && segmenter.count() > 1, "segments: " + fault);
        for (int i = 0; i < segmenter.count(); i++) {
            ByteBuf segment = Unpooled.buffer();
            segmenter.write(i, segment);
            require(segment.readableBytes() <= 1514 && verdict(segment) == Verdict.VALID, "segment " + i);
        }
    }

    private boolean isTcp(TapPort.Received received, int flags) {
        PacketHeaders headers = headers(received.packet());
        return headers.ip().isTcp() && (received.packet().getUnsignedByte(47) & flags) == flags;
    }

    // ── Packets ────────────────────────────────────────────────────────────

    private static ByteBuf udp(int source, byte[] payload, NetHeader header) {
        ByteBuf packet = ip(17, 8 + payload.length);
        packet.writeShort(source).writeShort(HOST.getPort()).writeShort(8 + payload.length).writeShort(0);
        packet.writeBytes(payload);
        return partial(packet, header);
    }

    private static ByteBuf tcp(int number, int acknowledged, int flags, byte[] options, byte[] payload,
            NetHeader header) {
        ByteBuf packet = ip(6, 20 + options.length + payload.length);
        packet.writeShort(9000).writeShort(7000).writeInt(number).writeInt(acknowledged);
        packet.writeByte((20 + options.length) / 4 << 4).writeByte(flags).writeShort(0xFFFF).writeInt(0);
        packet.writeBytes(options).writeBytes(payload);
        return partial(packet, header);
    }

    private static ByteBuf ip(int protocol, int length) {
        ByteBuf packet = Unpooled.directBuffer();
        packet.writeShort(0x0200).writeInt(1).writeShort(0x0200).writeInt(2).writeShort(0x0800);
        packet.writeShort(0x4500).writeShort(20 + length).writeInt(0).writeByte(64).writeByte(protocol).writeShort(0);
        packet.writeBytes(PEER.getAddress().getAddress()).writeBytes(HOST.getAddress().getAddress());
        int sum = 0;
        for (int at = 14; at < 34; at += 2) {
            sum += packet.getUnsignedShort(at);
        }
        packet.setShort(24, ~((sum & 0xFFFF) + (sum >>> 16)));
        return packet;
    }

    private static ByteBuf partial(ByteBuf packet, NetHeader header) {
        header.clear();
        require(TransportChecksum.makePartial(packet, headers(packet), header), "made partial");
        return packet;
    }

    private static PacketHeaders headers(ByteBuf packet) {
        PacketHeaders headers = new PacketHeaders();
        headers.parse(packet);
        return headers;
    }

    private static Verdict verdict(ByteBuf packet) {
        return TransportChecksum.verify(packet, headers(packet));
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(
                ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
    }

    private static void require(boolean fine, String what) {
        if (!fine) {
            throw new AssertionError(what);
        }
    }
}
