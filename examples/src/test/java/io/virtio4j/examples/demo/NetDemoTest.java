// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.OffloadSet;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class NetDemoTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private int run(UnaryOperator<NetBackend> around, String... arguments) {
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new Demo(List.of(new NetDemo(around)), out, out, false).run(arguments);
    }

    private String output() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void two_machines_exchange_streams_on_every_transport_with_both_ring_formats() {
        assertEquals(0, run(backend -> backend, "--size=8M", "--seed=1"), output());
        for (DemoTransport transport : DemoTransport.values()) {
            for (RingFormat ring : RingFormat.values()) {
                String row = "(?s).*\nnet +%s +%s +[\\d,]+ +[\\d.]+ MiB +[\\d.]+ s +0\n.*"
                        .formatted(DemoOptions.name(transport), DemoOptions.name(ring));
                assertTrue(output().matches(row), output());
            }
        }
        output().lines().forEach(line -> assertTrue(line.length() <= 80, line));
    }

    // ── What goes wrong has to show ────────────────────────────────────────

    private void assertFound(int nth, String message) {
        int exit = run(backend -> new Damaging(backend, nth),
                "--size=8M", "--seed=4", "--transport=mmio", "--ring=split");
        assertEquals(1, exit, output());
        assertTrue(output().contains(message), output());
    }

    @Test
    void a_flipped_bit_of_a_large_packet_is_found() {
        // The checksum is made after the damage: the payload tells.
        assertFound(1, "segment is not the next one");
    }

    /** Passes everything on, but for one bit of the nth large packet. */
    private static final class Damaging implements NetBackend {

        private final NetBackend backend;
        private int left;

        Damaging(NetBackend backend, int nth) {
            this.backend = backend;
            this.left = nth;
        }

        @Override
        public void attach(NetPort port) {
            backend.attach(port);
        }

        @Override
        public OffloadSet takes() {
            return backend.takes();
        }

        @Override
        public void transmit(int pair, ByteBuf packet, NetHeader header) {
            if (packet.readableBytes() > 10_000 && --left == 0) {
                int at = packet.writerIndex() - 5000;
                packet.setByte(at, packet.getByte(at) ^ 0x10);
            }
            backend.transmit(pair, packet, header);
        }

        @Override
        public void driverTakes(OffloadSet offloads) {
            backend.driverTakes(offloads);
        }

        @Override
        public void queuePairs(int count) {
            backend.queuePairs(count);
        }

        @Override
        public void receiveReady() {
            backend.receiveReady();
        }

        @Override
        public void close() {
            backend.close();
        }
    }
}
