// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ScmiDemoTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private int run(UnaryOperator<LongSupplier> around, String... arguments) {
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new Demo(List.of(new ScmiDemo(around)), out, out, false).run(arguments);
    }

    private String output() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void a_board_is_managed_on_every_transport_with_both_ring_formats() {
        assertEquals(0, run(thermometer -> thermometer, "--seed=1"), output());
        for (DemoTransport transport : DemoTransport.values()) {
            for (RingFormat ring : RingFormat.values()) {
                String row = "(?s).*\nscmi +%s +%s +[\\d,]+ +[\\d.]+ KiB +[\\d.]+ s +0\n.*"
                        .formatted(DemoOptions.name(transport), DemoOptions.name(ring));
                assertTrue(output().matches(row), output());
            }
        }
        output().lines().forEach(line -> assertTrue(line.length() <= 80, line));
    }

    // ── What goes wrong has to show ────────────────────────────────────────

    @Test
    void a_thermometer_that_lies_is_found() {
        int exit = run(thermometer -> () -> thermometer.getAsLong() ^ 1,
                "--seed=4", "--transport=mmio", "--ring=split");
        assertEquals(1, exit, output());
        assertTrue(output().contains(" millidegrees instead of "), output());
    }
}
