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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class MemDemoTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private int run(MemDemo demo, String... arguments) {
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new Demo(List.of(demo), out, out, false).run(arguments);
    }

    private String output() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void memory_comes_and_goes_on_every_transport_with_both_ring_formats() {
        assertEquals(0, run(new MemDemo(), "--seed=1"), output());
        for (DemoTransport transport : DemoTransport.values()) {
            for (RingFormat ring : RingFormat.values()) {
                String row = "(?s).*\nmem +%s +%s +[\\d,]+ +[\\d.]+ [KM]iB +[\\d.]+ s +0\n.*"
                        .formatted(DemoOptions.name(transport), DemoOptions.name(ring));
                assertTrue(output().matches(row), output());
            }
        }
    }

    // ── What goes wrong has to show ────────────────────────────────────────

    @Test
    void memory_that_is_not_given_back_is_found() {
        assertEquals(1, run(new MemDemo(PageRelease.NONE), "--transport=mmio", "--ring=split"), output());
        assertTrue(output().contains("not all memory was given back"), output());
    }

    @Test
    void memory_of_blocks_that_stay_and_is_given_back_all_the_same_is_found() {
        MemDemo greedy = new MemDemo((memory, offset, length) -> {
            memory.fill((byte) 0);
            return true;
        });
        assertEquals(1, run(greedy, "--transport=pci", "--ring=packed"), output());
        assertTrue(output().contains("is not as it was left"), output());
    }
}
