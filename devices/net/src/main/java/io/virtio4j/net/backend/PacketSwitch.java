// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.PacketHeaders;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An Ethernet switch in the process: each {@linkplain #port port} is the backend of one device. Learns where
 * stations are and forgets silent ones, keeps VLANs apart, and can have {@linkplain #connect other backends}
 * on its ports.
 *
 * <p>The thread that transmits carries the frame to the receiver's device. If that has no room, the frame
 * waits in a bounded queue of the port that it goes out at; if that is full, it is dropped there and counted.
 * So no guest can make another one wait. Frames are handed over with what is left to do for them. Safe for
 * use by any number of threads; takes no lock for a frame of a known station.
 */
public final class PacketSwitch implements AutoCloseable {

    private static final int ADDRESS = 6;
    private static final long GROUP = 1L << 40;
    /** The addresses of protocols between neighbours, which a switch does not pass on (IEEE 802.1D). */
    private static final long RESERVED = 0x0180_C200_0000L;

    private static final ThreadLocal<NetHeader> COPY = ThreadLocal.withInitial(NetHeader::new);

    private final SwitchOptions options;
    private final AddressTable table;
    private final List<Uplink> uplinks = new ArrayList<>();
    private volatile SwitchPort[] ports = {};

    /** Makes a switch without ports, with the default options. */
    public PacketSwitch() {
        this(SwitchOptions.defaults());
    }

    /** Makes a switch without ports. */
    public PacketSwitch(SwitchOptions options) {
        this.options = options;
        table = new AddressTable(options.stations(), options.ports(), options.stationsOfOnePort(),
                options.ageing().toNanos());
    }

    /** Adds a port of {@linkplain PortVlans#all() all VLANs}. */
    public SwitchPort port(String name) {
        return port(name, PortVlans.all());
    }

    /**
     * Adds a port.
     *
     * @param name of your choice, for messages
     * @throws IllegalStateException if there are as many as the options allow
     */
    public synchronized SwitchPort port(String name, PortVlans vlans) {
        SwitchPort[] present = ports;
        int number = 0;
        while (number < present.length && !present[number].isClosed()) {
            number++;
        }
        if (number == options.ports()) {
            throw new IllegalStateException(
                    "the switch has no port left: close one, or allow more in its options: ports=" + number);
        }
        SwitchPort port = new SwitchPort(this, name, number, vlans);
        SwitchPort[] next = Arrays.copyOf(present, Math.max(present.length, number + 1));
        next[number] = port;
        ports = next;
        return port;
    }

    /**
     * Adds a port with a backend behind it that is not a device's: a way out of the process, for example.
     *
     * @param backend closed with the switch
     */
    public synchronized SwitchPort connect(String name, PortVlans vlans, NetBackend backend) {
        SwitchPort port = port(name, vlans);
        Uplink uplink = new Uplink(backend, port);
        port.connect(uplink);
        uplinks.add(uplink);
        uplink.start();
        return port;
    }

    int queueCapacity() {
        return options.queue();
    }

    /** How many stations the switch knows, those included that were silent for too long. */
    public int stations() {
        return table.size();
    }

    void forget(SwitchPort port) {
        table.forget(port.number());
    }

    // ── Frames ─────────────────────────────────────────────────────────────

    void forward(SwitchPort from, int pair, ByteBuf frame, NetHeader header) {
        if (frame.readableBytes() < PacketHeaders.ETHERNET_LENGTH) {
            refuse(from, frame, PortCounter.IN_REFUSED);
            return;
        }
        int vlan = from.vlans().classify(VlanTag.read(frame));
        long destination = address(frame, 0);
        if (vlan == 0) {
            refuse(from, frame, PortCounter.IN_WRONG_VLAN);
        } else if ((destination & ~0xFL) == RESERVED) {
            refuse(from, frame, PortCounter.IN_REFUSED);
        } else {
            forward(from, pair, vlan, destination, frame, header);
        }
    }

    private static void refuse(SwitchPort from, ByteBuf frame, PortCounter reason) {
        from.count(reason, 1);
        frame.release();
    }

    private void forward(
            SwitchPort from, int pair, int vlan, long destination, ByteBuf frame, NetHeader header) {
        long now = options.nanoTime();
        long source = address(frame, ADDRESS);
        if ((source & GROUP) == 0) {
            table.learn(vlan, source, from.number(), now);
        }
        int known = (destination & GROUP) != 0 ? AddressTable.UNKNOWN : table.port(vlan, destination, now);
        if (known == AddressTable.UNKNOWN) {
            flood(from, pair, vlan, frame, header);
            return;
        }
        SwitchPort to = ports[known];
        if (to == from || !to.carries(vlan)) {
            frame.release(); // the station has heard it already, or is not there any more
        } else {
            send(to, pair, vlan, frame, header);
        }
    }

    private void flood(SwitchPort from, int pair, int vlan, ByteBuf frame, NetHeader header) {
        from.count(PortCounter.FLOODED, 1);
        SwitchPort last = null;
        for (SwitchPort to : ports) {
            if (to != from && to.carries(vlan)) {
                if (last != null) {
                    send(last, pair, vlan, copy(frame), header);
                }
                last = to;
            }
        }
        if (last != null) {
            send(last, pair, vlan, frame, header);
        } else {
            frame.release();
        }
    }

    /** With room for a tag before it. */
    private static ByteBuf copy(ByteBuf frame) {
        int length = frame.readableBytes();
        ByteBuf copy = ByteBufAllocator.DEFAULT.directBuffer(PacketHeaders.VLAN_LENGTH + length);
        copy.writerIndex(PacketHeaders.VLAN_LENGTH).readerIndex(PacketHeaders.VLAN_LENGTH);
        return copy.writeBytes(frame, frame.readerIndex(), length);
    }

    private static void send(SwitchPort to, int pair, int vlan, ByteBuf frame, NetHeader header) {
        NetHeader moved = COPY.get().set(header);
        ByteBuf tagged = frame;
        if (VlanTag.isTagged(frame)) {
            if (to.vlans().isUntagged(vlan)) {
                VlanTag.remove(frame, moved);
            } else {
                VlanTag.rename(frame, vlan);
            }
        } else if (!to.vlans().isUntagged(vlan)) {
            tagged = VlanTag.insert(frame, vlan, moved);
        }
        to.leave(pair, tagged, moved);
    }

    private static long address(ByteBuf frame, int offset) {
        int at = frame.readerIndex() + offset;
        return (long) frame.getUnsignedShort(at) << 32 | frame.getUnsignedInt(at + 2);
    }

    /** Closes all ports, and the backends behind them. */
    @Override
    public synchronized void close() {
        for (SwitchPort port : ports) {
            port.close();
        }
        uplinks.forEach(Uplink::close);
    }
}
