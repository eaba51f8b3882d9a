// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.linux;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.NetHeader;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** The device's side, with as much room as it is told. */
final class TapPort implements NetPort {

    /** A packet that Linux sent. */
    record Received(int pair, ByteBuf packet, NetHeader header) {}

    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

    private final ArrayDeque<Received> received = new ArrayDeque<>();
    private int room = Integer.MAX_VALUE;
    private boolean refused;

    @Override
    public synchronized boolean offer(int pair, ByteBuf packet, NetHeader header) {
        if (room == 0) {
            refused = true;
            notifyAll();
            return false;
        }
        room--;
        received.add(new Received(pair, Unpooled.copiedBuffer(packet), new NetHeader().set(header)));
        packet.release();
        notifyAll();
        return true;
    }

    @Override
    public boolean receive(int pair, ByteBuf packet, NetHeader header) {
        throw new AssertionError("the backend can make Linux wait, and so it offers");
    }

    synchronized void room(int packets) {
        room = packets;
        refused = false;
    }

    /** The next packet of a kind; others, which Linux sends by itself, are forgotten. */
    synchronized Received await(Predicate<Received> kind) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE;
        while (true) {
            while (!received.isEmpty()) {
                Received next = received.remove();
                if (kind.test(next)) {
                    return next;
                }
            }
            waitUntil(end);
        }
    }

    synchronized void awaitRefusal() throws InterruptedException {
        long end = System.nanoTime() + PATIENCE;
        while (!refused) {
            waitUntil(end);
        }
    }

    private void waitUntil(long end) throws InterruptedException {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0) {
            throw new AssertionError("nothing came");
        }
        wait(left);
    }

    @Override
    public void writable(int pair) {
        throw new AssertionError("the backend always takes packets");
    }

    @Override
    public void linkUp(boolean up) {
        throw new AssertionError("the link does not change");
    }
}
