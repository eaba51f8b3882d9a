// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.core.queue.RingFormat;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class BalloonDemoTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private int run(UnaryOperator<PageRelease> around, String... arguments) {
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new Demo(List.of(new BalloonDemo(around)), out, out, false).run(arguments);
    }

    private String output() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void memory_goes_and_comes_on_every_transport_with_both_ring_formats() {
        assertEquals(0, run(release -> release, "--seed=1"), output());
        for (DemoTransport transport : DemoTransport.values()) {
            for (RingFormat ring : RingFormat.values()) {
                String row = "(?s).*\nballoon +%s +%s +[\\d,]+ +[\\d.]+ MiB +[\\d.]+ s +0\n.*"
                        .formatted(DemoOptions.name(transport), DemoOptions.name(ring));
                assertTrue(output().matches(row), output());
            }
        }
        output().lines().forEach(line -> assertTrue(line.length() <= 80, line));
    }

    // ── What goes wrong has to show ────────────────────────────────────────

    @Test
    void a_host_that_takes_what_it_was_not_given_is_found() {
        int exit = run(release -> (memory, offset, length) -> {
            memory.asSlice(offset + length, 8).fill((byte) 0);
            return release.release(memory, offset, length);
        }, "--seed=4", "--transport=mmio", "--ring=split");
        assertEquals(1, exit, output());
        assertTrue(output().contains(" instead of 5a5a"), output());
    }

    @Test
    void a_host_that_takes_nothing_is_found() {
        int exit = run(release -> PageRelease.NONE, "--seed=4", "--transport=pci", "--ring=packed");
        assertEquals(1, exit, output());
    }
}
