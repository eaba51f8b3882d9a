// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.backend.DatagramBackend;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.backend.StreamBackend;
import io.virtio4j.net.packet.NetHeader;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * QEMU's own network on the other end of a socket: its user network answers on a hub, without any guest, the
 * question of a station behind our backend who has its gateway's address.
 */
@Tag("guest")
@Timeout(120)
class NetworkPeersGuestTest {

    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final byte[] GATEWAY = {10, 0, 2, 2};
    private static final int ATTEMPTS = 60;

    /** What comes in. */
    private static final class Port implements NetPort {

        private final LinkedBlockingQueue<byte[]> received = new LinkedBlockingQueue<>();

        @Override
        public boolean receive(int pair, ByteBuf packet, NetHeader header) {
            return offer(pair, packet, header);
        }

        @Override
        public boolean offer(int pair, ByteBuf packet, NetHeader header) {
            byte[] bytes = new byte[packet.readableBytes()];
            packet.readBytes(bytes);
            packet.release();
            return received.add(bytes);
        }

        @Override
        public void writable(int pair) {}

        @Override
        public void linkUp(boolean up) {}
    }

    private static InetSocketAddress local(int port) {
        return new InetSocketAddress(LOOPBACK, port);
    }

    @Test
    void qemu_connects_to_our_stream() throws Exception {
        StreamBackend backend = StreamBackend.listen(local(0));
        int port = ((InetSocketAddress) backend.address()).getPort();

        assertQemuAnswers(backend, "stream,id=wire,server=off,addr.type=inet,addr.host=127.0.0.1,addr.port=" + port);
    }

    @Test
    void we_connect_to_qemus_stream() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, LOOPBACK)) {
            port = free.getLocalPort();
        }

        assertQemuAnswers(StreamBackend.connect(local(port)),
                "stream,id=wire,server=on,addr.type=inet,addr.host=127.0.0.1,addr.port=" + port);
    }

    @Test
    void qemu_and_we_exchange_datagrams() throws Exception {
        int port;
        try (DatagramSocket free = new DatagramSocket(0, LOOPBACK)) {
            port = free.getLocalPort();
        }
        DatagramBackend backend = new DatagramBackend(local(0), local(port));

        assertQemuAnswers(backend, "dgram,id=wire,local.type=inet,local.host=127.0.0.1,local.port=" + port
                + ",remote.type=inet,remote.host=127.0.0.1,remote.port=" + backend.local().getPort());
    }

    private static void assertQemuAnswers(NetBackend backend, String netdev) throws IOException, InterruptedException {
        Port port = new Port();
        backend.attach(port);
        backend.queuePairs(1);
        Process qemu = new ProcessBuilder(List.of("chroot", GuestImages.prepared().tree().toString(),
                "qemu-system-x86_64", "-machine", "none", "-display", "none", "-nodefaults",
                "-netdev", "user,id=network", "-netdev", "hubport,id=one,hubid=0,netdev=network",
                "-netdev", netdev, "-netdev", "hubport,id=two,hubid=0,netdev=wire"))
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try {
            byte[] answer = null;
            for (int i = 0; i < ATTEMPTS && answer == null; i++) {
                backend.transmit(0, question(), new NetHeader());
                backend.flush(0);
                answer = port.received.poll(1, TimeUnit.SECONDS);
            }
            ByteBuf arp = Unpooled.wrappedBuffer(answer == null ? new byte[64] : answer);
            byte[] sender = new byte[4];
            arp.getBytes(28, sender);
            assertEquals(0x0806, arp.getUnsignedShort(12));
            assertEquals(2, arp.getUnsignedShort(20), "a reply");
            assertArrayEquals(GATEWAY, sender);
        } finally {
            qemu.destroyForcibly().waitFor();
            backend.close();
        }
    }

    /** Who has the gateway's address? */
    private static ByteBuf question() {
        ByteBuf arp = Unpooled.buffer(60, 60);
        arp.writeInt(-1).writeShort(-1).writeInt(0x0200_0000).writeShort(5).writeShort(0x0806);
        arp.writeInt(0x0001_0800).writeInt(0x0604_0001);
        arp.writeInt(0x0200_0000).writeShort(5).writeInt(0x0A00_020F).writeZero(6).writeBytes(GATEWAY);
        return arp.writeZero(arp.writableBytes());
    }
}
