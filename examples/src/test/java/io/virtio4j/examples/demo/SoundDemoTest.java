// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.sound.pcm.PcmSink;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SoundDemoTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private int run(UnaryOperator<PcmOutput> around, String... arguments) {
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new Demo(List.of(new SoundDemo(around)), out, out, false).run(arguments);
    }

    private String output() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void a_melody_is_played_on_every_transport_with_both_ring_formats() {
        assertEquals(0, run(output -> output, "--seed=1"), output());
        for (DemoTransport transport : DemoTransport.values()) {
            for (RingFormat ring : RingFormat.values()) {
                String row = "(?s).*\nsound +%s +%s +[\\d,]+ +[\\d.]+ KiB +[\\d.]+ s +0\n.*"
                        .formatted(DemoOptions.name(transport), DemoOptions.name(ring));
                assertTrue(output().matches(row), output());
            }
        }
        output().lines().forEach(line -> assertTrue(line.length() <= 80, line));
    }

    /** Changes a bit of what is played. */
    private static PcmOutput damaging(PcmOutput output) {
        return parameters -> {
            PcmSink sink = output.open(parameters);
            return new PcmSink() {
                private long at;

                @Override
                public void write(ByteBuf frames) {
                    byte[] copy = new byte[frames.readableBytes()];
                    frames.readBytes(copy);
                    if (at <= 50_000 && 50_000 < at + copy.length) {
                        copy[(int) (50_000 - at)] ^= 0x20;
                    }
                    at += copy.length;
                    sink.write(Unpooled.wrappedBuffer(copy));
                }

                @Override
                public void stop() {
                    sink.stop();
                }

                @Override
                public void close() {
                    sink.close();
                }
            };
        };
    }

    @Test
    void a_flipped_bit_is_found() {
        int exit = run(SoundDemoTest::damaging, "--seed=2", "--transport=mmio", "--ring=split");

        assertEquals(1, exit, output());
        assertTrue(output().contains("look at the recording: the recording differs at byte 50000"), output());
    }
}
