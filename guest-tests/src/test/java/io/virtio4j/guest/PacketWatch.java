// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.OffloadSet;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Stands between a card and its network and looks through every packet that comes from the card: what the
 * network gets, and so what arrives at the other side. Says for the network what it does by itself.
 */
final class PacketWatch implements NetBackend {

    /** What a packet can be; one may be several. */
    enum Kind {
        /** Nothing is left to do. */
        COMPLETE,
        /** The checksum is partial. */
        PARTIAL,
        TSO4,
        TSO6,
        /** To be segmented, and says that the sender has reduced its window. */
        ECN,
        USO,
        /** To be segmented, inside of a tunnel. */
        TUNNEL,
        /** And its outer checksum is partial. */
        TUNNEL_CSUM,
        /** With a VLAN tag. */
        TAGGED,
        /** More than 1500 bytes in one frame that is not to be segmented. */
        JUMBO,
        /** Marked on its way: "congestion experienced". */
        CONGESTED
    }

    private static final int MOST_FAULTS = 20;
    private static final int ORDINARY = 1518;
    /** Told to all, senders would send so little at a time that nothing is left to segment. */
    private static final int CONGESTED_ONE_OF = 32;

    private final NetBackend network;
    private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);
    private final List<String> faults = new ArrayList<>();
    private int mtu = 1500;
    private boolean congested;
    private long looked;
    private volatile OffloadSet takes = OffloadSet.ALL;
    private volatile int pairs;

    PacketWatch(NetBackend network) {
        this.network = network;
    }

    // ── For the test ───────────────────────────────────────────────────────

    /** What is left to the network from now on; the card does the rest. First: everything. */
    void takes(OffloadSet offloads) {
        takes = offloads;
    }

    /** What the frames may have behind their Ethernet header from now on. First: 1500 bytes. */
    synchronized void mtu(int bytes) {
        mtu = bytes;
    }

    /** Whether some packets of TCP are told "congestion experienced", where their sender wants to know. */
    synchronized void congested(boolean on) {
        congested = on;
    }

    /** Forgets what it counted. */
    synchronized void restart() {
        counts.clear();
    }

    /** How many packets of a kind there were. */
    synchronized long count(Kind kind) {
        return counts.getOrDefault(kind, 0L);
    }

    /** What was wrong so far. */
    synchronized List<String> faults() {
        return List.copyOf(faults);
    }

    /** How many queue pairs the driver uses. */
    int pairs() {
        return pairs;
    }

    @Override
    public synchronized String toString() {
        return counts.toString();
    }

    // ── Packets ────────────────────────────────────────────────────────────

    private synchronized void look(ByteBuf packet, NetHeader header) {
        byte[] frame = new byte[packet.readableBytes()];
        packet.getBytes(packet.readerIndex(), frame);
        List<String> found = PacketCheck.faults(frame, header, mtu);
        if (!takes.takes(header)) {
            found.add("left to do, although the network does not");
        }
        if (!found.isEmpty() && faults.size() < MOST_FAULTS) {
            faults.add(found + " length=" + frame.length + " " + header);
        }
        if (congested && ++looked % CONGESTED_ONE_OF == 0 && PacketCheck.congest(frame)) {
            packet.setBytes(packet.readerIndex(), frame);
            count(Kind.CONGESTED, true);
        }
        count(Kind.COMPLETE, !header.needsCsum() && !header.isGso());
        count(Kind.PARTIAL, header.needsCsum());
        count(Kind.TSO4, header.segmentation() == NetHeader.GSO_TCPV4);
        count(Kind.TSO6, header.segmentation() == NetHeader.GSO_TCPV6);
        count(Kind.ECN, header.isEcn());
        count(Kind.USO, header.segmentation() == NetHeader.GSO_UDP_L4);
        count(Kind.TUNNEL, header.isUdpTunnel());
        count(Kind.TUNNEL_CSUM, header.hasUdpTunnelCsum());
        count(Kind.TAGGED, PacketCheck.tags(frame) > 0);
        count(Kind.JUMBO, !header.isGso() && frame.length > ORDINARY);
    }

    private void count(Kind kind, boolean is) {
        if (is) {
            counts.merge(kind, 1L, Long::sum);
        }
    }

    // ── The backend of a device ────────────────────────────────────────────

    @Override
    public void transmit(int pair, ByteBuf packet, NetHeader header) {
        look(packet, header);
        network.transmit(pair, packet, header);
    }

    @Override
    public OffloadSet takes() {
        return takes;
    }

    @Override
    public void attach(NetPort port) {
        network.attach(port);
    }

    @Override
    public int mtu() {
        return network.mtu();
    }

    @Override
    public boolean isWritable(int pair) {
        return network.isWritable(pair);
    }

    @Override
    public void flush(int pair) {
        network.flush(pair);
    }

    @Override
    public void driverTakes(OffloadSet offloads) {
        network.driverTakes(offloads);
    }

    @Override
    public void queuePairs(int count) {
        pairs = count;
        network.queuePairs(count);
    }

    @Override
    public void receiveReady() {
        network.receiveReady();
    }

    @Override
    public void close() {
        network.close();
    }
}
