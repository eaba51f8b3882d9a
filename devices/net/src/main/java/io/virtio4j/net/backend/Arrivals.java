// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.virtio4j.net.packet.NetHeader;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Gives complete packets from a source to the device, and keeps the one that it has no room for: then nothing
 * more is to be read from the source until {@link #retry} says so. Used by one thread.
 */
final class Arrivals {

    private static final NetHeader COMPLETE = new NetHeader();

    private final NetPort port;
    private @Nullable ByteBuf refused;

    Arrivals(NetPort port) {
        this.port = port;
    }

    /**
     * Gives a packet to the device.
     *
     * @param from is read, {@code length} bytes
     * @return false if the device has no room: the packet is kept
     */
    boolean give(ByteBuffer from, int length) {
        ByteBuf packet = ByteBufAllocator.DEFAULT.directBuffer(length);
        int limit = from.limit();
        packet.writeBytes(from.limit(from.position() + length));
        from.limit(limit);
        if (port.offer(NetPort.NO_PAIR, packet, COMPLETE)) {
            return true;
        }
        refused = packet;
        return false;
    }

    /** Tries the packet again that was kept, if there is one; false if it is kept still. */
    boolean retry() {
        ByteBuf packet = refused;
        if (packet != null) {
            if (!port.offer(NetPort.NO_PAIR, packet, COMPLETE)) {
                return false;
            }
            refused = null;
        }
        return true;
    }

    void close() {
        ByteBuf packet = refused;
        refused = null;
        if (packet != null) {
            packet.release();
        }
    }
}
