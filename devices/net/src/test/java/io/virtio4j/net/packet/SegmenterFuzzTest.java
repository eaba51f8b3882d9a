// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged frames with headers that say anything: no exception, no read outside, bounded work. */
class SegmenterFuzzTest {

    private final Segmenter segmenter = new Segmenter();
    private final PacketHeaders headers = new PacketHeaders();
    private final PacketHash hash = new PacketHash();
    private final Toeplitz key = new Toeplitz(ToeplitzTest.KEY);
    private int refused;
    private int cut;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void quick(long seed) {
        run(seed, 20_000);
    }

    @Test
    @Tag("slow")
    void long_run() {
        run(System.nanoTime(), 5_000_000);
    }

    private void run(long seed, int rounds) {
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        Frames frames = new Frames(random);
        for (int round = 0; round < rounds; round++) {
            boolean tcp = random.nextBoolean();
            Frame frame = frames.any(random.nextBoolean(), random.nextBoolean() ? 4 : 6, tcp, random.nextInt(3000))
                    .raw();
            NetHeader header = header(frame, random);
            byte[] bytes = damaged(frame.bytes(), random);
            // Nothing is behind the readable bytes, so that reading there is an exception.
            ByteBuf packet = Unpooled.wrappedBuffer(bytes);
            process(packet, header);
        }
        assertTrue(refused > rounds / 10, "refused=" + refused);
        assertTrue(cut > rounds / 100, "cut=" + cut);
    }

    private void process(ByteBuf packet, NetHeader header) {
        headers.parse(packet);
        TransportChecksum.verify(packet, headers);
        hash.calculate(packet, headers, key, PacketHash.ALL, Tunnel.ALL);
        HeaderFault fault = segmenter.prepare(packet, header);
        assertEquals(fault.isNone(), segmenter.count() > 0);
        if (!fault.isNone()) {
            refused++;
            return;
        }
        assertTrue(segmenter.count() <= Segmenter.MOST_SEGMENTS);
        for (int i = 0; i < segmenter.count(); i++) {
            ByteBuf segment = Unpooled.buffer(segmenter.length(i));
            segmenter.write(i, segment);
            assertEquals(segmenter.length(i), segment.readableBytes());
            assertTrue(segment.readableBytes() <= packet.readableBytes() + 8);
        }
        cut += segmenter.count() > 1 ? 1 : 0;
    }

    private static NetHeader header(Frame frame, Random random) {
        int[] types = {0, 1, 3, 4, 5, 0x21, 0x24, 0x25, 0x41, 0x44, 0x45, 0x81, 0x84};
        NetHeader header = frame.header(types[random.nextInt(types.length)], 1 + random.nextInt(1500));
        if (frame.levels().size() > 1) {
            header.tunnel(frame.outerUdp(), frame.lastLevel().offset());
        }
        switch (random.nextInt(8)) {
            case 0 -> header.flags(random.nextInt(256));
            case 1 -> header.gso(random.nextInt(256), random.nextInt(0x10000));
            case 2 -> header.csum(random.nextInt(0x10000), random.nextInt(0x10000));
            case 3 -> header.csum(random.nextInt(100), random.nextInt(20));
            case 4 -> header.tunnel(random.nextInt(0x10000), random.nextInt(200));
            case 5 -> header.gso(header.gsoType(), random.nextInt(20));
            default -> header.hdrLen(random.nextInt(0x10000));
        }
        return header;
    }

    private static byte[] damaged(byte[] bytes, Random random) {
        byte[] damaged = random.nextInt(4) > 0 ? bytes : Arrays.copyOf(bytes, random.nextInt(bytes.length));
        for (int i = random.nextInt(4); i > 0 && damaged.length > 0; i--) {
            damaged[random.nextInt(Math.min(damaged.length, 150))] = (byte) random.nextInt();
        }
        return damaged;
    }
}
