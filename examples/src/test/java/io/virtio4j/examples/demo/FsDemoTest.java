// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.fs.tree.TreeBackend;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class FsDemoTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private int run(FsDemo demo, String... arguments) {
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new Demo(List.of(demo), out, out, false).run(arguments);
    }

    private String output() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void files_are_shared_on_every_transport_with_both_ring_formats() {
        assertEquals(0, run(new FsDemo(), "--seed=1"), output());
        for (DemoTransport transport : DemoTransport.values()) {
            for (RingFormat ring : RingFormat.values()) {
                String row = "(?s).*\nfs +%s +%s +[\\d,]+ +[\\d.]+ [KM]iB +[\\d.]+ s +0\n.*"
                        .formatted(DemoOptions.name(transport), DemoOptions.name(ring));
                assertTrue(output().matches(row), output());
            }
        }
    }

    // ── What goes wrong has to show ────────────────────────────────────────

    @Test
    void a_tree_without_room_is_found() {
        assertEquals(1, run(new FsDemo(() -> TreeBackend.create(256 << 10, 100)), "--transport=mmio", "--ring=split"),
                output());
        assertTrue(output().contains("written in part") || output().contains("errno=28"), output());
    }

    @Test
    void a_file_that_is_there_too_is_found() {
        assertEquals(1, run(new FsDemo(() -> TreeBackend.create().file("in/extra", "x")), "--transport=pci",
                "--ring=packed"), output());
        assertTrue(output().contains("opcode=9"), output());
    }
}
