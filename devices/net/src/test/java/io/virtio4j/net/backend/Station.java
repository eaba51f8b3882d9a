// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.packet.NetHeader;
import java.util.ArrayList;
import java.util.List;

/** What a device is to a backend, played by a test: takes as many packets as it has room for. */
final class Station implements NetPort {

    private static final NetHeader COMPLETE = new NetHeader();

    private final NetBackend backend;
    private final List<byte[]> received = new ArrayList<>();
    private final List<NetHeader> headers = new ArrayList<>();
    private final List<Integer> pairs = new ArrayList<>();
    private int room = Integer.MAX_VALUE;
    private int writables;
    private Boolean link;

    Station(NetBackend backend) {
        this.backend = backend;
        backend.attach(this);
        backend.queuePairs(1);
    }

    /** A frame of 60 bytes or more, with the VLAN's tag if it is not 0. */
    static byte[] frame(long destination, long source, int vlan, int size) {
        ByteBuf frame = Unpooled.buffer(size, size);
        frame.writeShort((int) (destination >>> 32)).writeInt((int) destination);
        frame.writeShort((int) (source >>> 32)).writeInt((int) source);
        if (vlan != 0) {
            frame.writeShort(0x8100).writeShort(0x6000 | vlan);
        }
        frame.writeShort(0x88B5); // local experiments
        for (int i = 0; frame.isWritable(); i++) {
            frame.writeByte(i);
        }
        return frame.array();
    }

    void send(byte[] frame) {
        send(0, frame, COMPLETE);
    }

    void send(int pair, byte[] frame, NetHeader header) {
        backend.transmit(pair, Unpooled.buffer(frame.length).writeBytes(frame), header);
        backend.flush(pair);
    }

    /** Takes so many more packets, and tells the backend. */
    synchronized void room(int packets) {
        room = packets;
    }

    void ready() {
        backend.receiveReady();
    }

    @Override
    public boolean receive(int pair, ByteBuf packet, NetHeader header) {
        boolean taken = offer(pair, packet, header);
        if (!taken) {
            packet.release();
        }
        return taken;
    }

    @Override
    public synchronized boolean offer(int pair, ByteBuf packet, NetHeader header) {
        if (room == 0) {
            return false;
        }
        room--;
        byte[] bytes = new byte[packet.readableBytes()];
        packet.getBytes(packet.readerIndex(), bytes);
        packet.release();
        received.add(bytes);
        headers.add(new NetHeader().set(header));
        pairs.add(pair);
        notifyAll();
        return true;
    }

    @Override
    public synchronized void writable(int pair) {
        writables++;
        notifyAll();
    }

    @Override
    public synchronized void linkUp(boolean up) {
        link = up;
        notifyAll();
    }

    /** The frames that came since the last call. */
    synchronized List<byte[]> take() {
        List<byte[]> taken = List.copyOf(received);
        received.clear();
        headers.clear();
        pairs.clear();
        return taken;
    }

    /** As {@link #take}, once there are so many; null after ten seconds without. */
    synchronized List<byte[]> await(int frames) throws InterruptedException {
        long end = System.nanoTime() + 10_000_000_000L;
        while (received.size() < frames) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError("frames=" + received.size() + " wanted=" + frames);
            }
            wait(left);
        }
        return take();
    }

    synchronized void awaitLink(boolean up) throws InterruptedException {
        long end = System.nanoTime() + 10_000_000_000L;
        while (link == null || link != up) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError("link=" + link + " wanted=" + up);
            }
            wait(left);
        }
    }

    synchronized NetHeader header(int index) {
        return headers.get(index);
    }

    synchronized int pair(int index) {
        return pairs.get(index);
    }

    synchronized int writables() {
        return writables;
    }

    synchronized Boolean link() {
        return link;
    }

    void close() {
        backend.close();
    }
}
