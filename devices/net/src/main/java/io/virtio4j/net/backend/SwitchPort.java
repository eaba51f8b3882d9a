// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.OffloadSet;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One port of a {@link PacketSwitch}: the backend of one device. Takes packets with everything left to do,
 * and leaves it to the receiver's device, if it has to be done at all.
 */
public final class SwitchPort implements NetBackend {

    /** More queue pairs than that share lanes. */
    private static final int MOST_LANES = 64;

    private final PacketSwitch network;
    private final String name;
    private final int number;
    private final PortVlans vlans;
    private final LongAdder[] counters = new LongAdder[PortCounter.values().length];

    private volatile @Nullable NetPort device;
    private volatile @Nullable Uplink uplink;
    private volatile Lane[] lanes;
    private volatile boolean up = true;
    private volatile boolean closed;

    SwitchPort(PacketSwitch network, String name, int number, PortVlans vlans) {
        this.network = network;
        this.name = name;
        this.number = number;
        this.vlans = vlans;
        Arrays.setAll(counters, i -> new LongAdder());
        lanes = new Lane[] {newLane()};
    }

    private Lane newLane() {
        return new Lane(network.queueCapacity(), new Exit());
    }

    /** Where a lane ends. */
    private final class Exit implements Lane.Receiver {

        @Override
        public boolean take(int pair, ByteBuf packet, NetHeader header) {
            int bytes = packet.readableBytes();
            Uplink out = uplink;
            NetPort to = device;
            boolean taken = out != null ? out.send(packet, header)
                    : to != null && to.offer(pair, packet, header);
            if (taken) {
                count(PortCounter.OUT_FRAMES, 1);
                count(PortCounter.OUT_BYTES, bytes);
            }
            return taken;
        }

        @Override
        public void pause() {
            Uplink out = uplink;
            if (out != null) {
                out.flush();
            }
        }
    }

    /** Makes it the port of a backend instead of a device's. */
    void connect(Uplink to) {
        uplink = to;
    }

    // ── The backend of a device ────────────────────────────────────────────

    @Override
    public void attach(NetPort port) {
        if (device != null || uplink != null) {
            throw new IllegalStateException("a port of a switch is for one device: make another: port=" + name);
        }
        device = port;
        port.linkUp(up);
    }

    @Override
    public OffloadSet takes() {
        return OffloadSet.ALL;
    }

    @Override
    public void transmit(int pair, ByteBuf packet, NetHeader header) {
        enter(pair, packet, header);
    }

    @Override
    public void queuePairs(int count) {
        Lane[] present = lanes;
        int wanted = Math.clamp(count, 1, MOST_LANES);
        if (wanted > present.length) {
            Lane[] more = Arrays.copyOf(present, wanted);
            for (int i = present.length; i < wanted; i++) {
                more[i] = newLane();
            }
            lanes = more;
            if (closed) {
                closeLanes();
            }
        }
    }

    @Override
    public void receiveReady() {
        for (Lane lane : lanes) {
            lane.deliver();
        }
    }

    /** Takes the port off the switch. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            network.forget(this);
            closeLanes();
        }
    }

    private void closeLanes() {
        for (Lane lane : lanes) {
            lane.close();
        }
    }

    // ── Frames ─────────────────────────────────────────────────────────────

    /** A frame comes in. */
    void enter(int pair, ByteBuf frame, NetHeader header) {
        if (!up || closed) {
            frame.release();
            return;
        }
        count(PortCounter.IN_FRAMES, 1);
        count(PortCounter.IN_BYTES, frame.readableBytes());
        network.forward(this, pair, frame, header);
    }

    /** A frame goes out, with the tag that it is to have; the header is copied. */
    void leave(int pair, ByteBuf frame, NetHeader header) {
        Lane[] present = lanes;
        Lane lane = present[Math.max(pair, 0) % present.length];
        if (!lane.put(pair, frame, header)) {
            frame.release();
            count(PortCounter.OUT_DROPPED, 1);
        }
        lane.deliver();
    }

    /** Whether frames of a VLAN go out here. */
    boolean carries(int vlan) {
        return up && !closed && vlans.has(vlan) && (device != null || uplink != null);
    }

    boolean isClosed() {
        return closed;
    }

    PortVlans vlans() {
        return vlans;
    }

    int number() {
        return number;
    }

    // ── For the embedder ───────────────────────────────────────────────────

    /** Connects the port, or pulls the plug: then nothing goes in or out, and the driver is told. */
    public void linkUp(boolean connected) {
        up = connected;
        if (!connected) {
            network.forget(this);
        }
        NetPort to = device;
        if (to != null) {
            to.linkUp(connected);
        }
    }

    /** What a counter says. */
    public long count(PortCounter counter) {
        return counters[counter.ordinal()].sum();
    }

    void count(PortCounter counter, long more) {
        counters[counter.ordinal()].add(more);
    }

    /** The name that it was given. */
    public String name() {
        return name;
    }

    @Override
    public String toString() {
        return "port " + name + " " + vlans;
    }
}
