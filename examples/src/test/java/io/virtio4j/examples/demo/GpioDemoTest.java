// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.gpio.GpioBackend;
import io.virtio4j.gpio.GpioPort;
import io.virtio4j.gpio.GpioTrigger;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class GpioDemoTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private int run(UnaryOperator<GpioBackend> around, String... arguments) {
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new Demo(List.of(new GpioDemo(around)), out, out, false).run(arguments);
    }

    private String output() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void a_board_is_used_on_every_transport_with_both_ring_formats() {
        assertEquals(0, run(backend -> backend, "--seed=1"), output());
        for (DemoTransport transport : DemoTransport.values()) {
            for (RingFormat ring : RingFormat.values()) {
                String row = "(?s).*\ngpio +%s +%s +[\\d,]+ +[\\d.]+ [KM]iB +[\\d.]+ s +0\n.*"
                        .formatted(DemoOptions.name(transport), DemoOptions.name(ring));
                assertTrue(output().matches(row), output());
            }
        }
        output().lines().forEach(line -> assertTrue(line.length() <= 80, line));
    }

    // ── What goes wrong has to show ────────────────────────────────────────

    @Test
    void a_line_that_sticks_is_found() {
        int exit = run(Sticking::new, "--seed=4", "--transport=mmio", "--ring=split");
        assertEquals(1, exit, output());
        assertTrue(output().contains("the shift register has other bytes than were sent"), output());
    }

    /** Passes everything on, but line 1 stays low. */
    private static final class Sticking implements GpioBackend {

        private final GpioBackend backend;

        Sticking(GpioBackend backend) {
            this.backend = backend;
        }

        @Override
        public int lines() {
            return backend.lines();
        }

        @Override
        public String name(int line) {
            return backend.name(line);
        }

        @Override
        public void attach(GpioPort port) {
            backend.attach(port);
        }

        @Override
        public void release(int line) throws IOException {
            backend.release(line);
        }

        @Override
        public void input(int line) throws IOException {
            backend.input(line);
        }

        @Override
        public void output(int line, boolean high) throws IOException {
            backend.output(line, high && line != 1);
        }

        @Override
        public boolean isHigh(int line) throws IOException {
            return backend.isHigh(line);
        }

        @Override
        public void watch(int line, GpioTrigger trigger) throws IOException {
            backend.watch(line, trigger);
        }

        @Override
        public void close() {
            backend.close();
        }
    }
}
