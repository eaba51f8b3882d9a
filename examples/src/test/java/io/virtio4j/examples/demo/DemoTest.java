// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.blk.BlockBackend;
import io.virtio4j.core.queue.RingFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class DemoTest {

    /** Written once, with the beginning of the first partition. */
    private static final long FIRST_PARTITION = 1 << 20;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

    private int run(UnaryOperator<BlockBackend> around, boolean terminal, String... arguments) {
        Demo demo = new Demo(List.of(new BlockDemo(around)),
                new PrintStream(bytes, true, StandardCharsets.UTF_8),
                new PrintStream(errors, true, StandardCharsets.UTF_8), terminal);
        return demo.run(arguments);
    }

    private String output() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private void assertFitsATerminal() {
        output().lines().forEach(line -> assertTrue(line.length() <= 80, line));
    }

    @Test
    void every_device_works_on_every_transport_with_both_ring_formats() {
        int exit = run(backend -> backend, false, "--size", "8M", "--seed", "1");

        assertEquals(0, exit, output());
        int runs = DemoTransport.values().length * RingFormat.values().length;
        assertTrue(output().contains("All " + runs + " runs did what they should."), output());
        for (DemoTransport transport : DemoTransport.values()) {
            for (RingFormat ring : RingFormat.values()) {
                String row = "(?s).*\nblk +%s +%s +[\\d,]+ +[\\d.]+ MiB +[\\d.]+ s +0\n.*"
                        .formatted(DemoOptions.name(transport), DemoOptions.name(ring));
                assertTrue(output().matches(row), output());
            }
        }
        for (RingFormat ring : RingFormat.values()) {
            String row = "(?s).*\nblk +pci, mmio +%s +SEG_MAX .*".formatted(DemoOptions.name(ring));
            assertTrue(output().matches(row), output());
        }
        assertEquals(1, output().split("RING_PACKED").length - 1, output());
        assertFitsATerminal();
        assertFalse(output().contains("\r"), "no terminal");
    }

    @Test
    void a_terminal_sees_one_line_that_changes() {
        int exit = run(backend -> backend, true,
                "--size=8M", "--seed=2", "--transport=mmio", "--ring=packed");

        assertEquals(0, exit, output());
        assertTrue(output().contains("\rblk   mmio  packed   [" + "#".repeat(24) + "] 100 %  write"), output());
        assertTrue(output().contains("\rblk   mmio  packed   partition"), output());
    }

    @Test
    void verbose_shows_every_step() {
        int exit = run(backend -> backend, false,
                "--size=8M", "--seed=3", "--transport=mmio", "--ring=split", "--verbose");

        assertEquals(0, exit, output());
        for (String step : List.of("initialize", "identify", "partition", "write, ", "flush", "discard",
                "write again", "write zeroes", "small writes", "read and compare, ", "reset",
                "look at the file")) {
            assertTrue(output().contains("blk   mmio  split    " + step), step + "\n" + output());
        }
    }

    // ── What goes wrong has to show ────────────────────────────────────────

    private void assertFound(UnaryOperator<BlockBackend> fault, String message) {
        int exit = run(fault, false, "--size=8M", "--seed=4", "--transport=mmio", "--ring=split");

        assertEquals(1, exit, output());
        assertTrue(output().contains(message), output());
        assertTrue(output().contains("1 of 1 runs failed. The same again: --seed 4"), output());
    }

    @Test
    void one_flipped_bit_on_the_way_to_the_file_is_found() {
        assertFound(backend -> new Faulty(backend) {
            @Override
            public void write(long offset, ByteBuf source) throws IOException {
                byte[] data = new byte[source.readableBytes()];
                source.readBytes(data);
                if (offset == FIRST_PARTITION) {
                    data[data.length / 2] ^= 0x10;
                }
                super.write(offset, Unpooled.wrappedBuffer(data));
            }
        }, "differs at byte");
    }

    @Test
    void a_write_that_is_forgotten_is_found() {
        assertFound(backend -> new Faulty(backend) {
            @Override
            public void write(long offset, ByteBuf source) throws IOException {
                if (offset == FIRST_PARTITION) {
                    source.skipBytes(source.readableBytes());
                } else {
                    super.write(offset, source);
                }
            }
        }, "differs at byte");
    }

    @Test
    void damage_that_the_driver_cannot_see_is_found_in_the_file() {
        assertFound(backend -> new Faulty(backend) {
            @Override
            public void close() throws IOException {
                super.write(2 << 20, Unpooled.wrappedBuffer(new byte[512]));
                super.close();
            }
        }, "look at the file: checksum is");
    }

    @Test
    void a_partition_table_that_is_damaged_in_the_file_is_found() {
        assertFound(backend -> new Faulty(backend) {
            @Override
            public void close() throws IOException {
                super.write(512, Unpooled.wrappedBuffer(new byte[512]));
                super.close();
            }
        }, "no GPT header in sector 1");
    }

    @Test
    void a_request_that_fails_is_found() {
        AtomicInteger reads = new AtomicInteger();
        assertFound(backend -> new Faulty(backend) {
            @Override
            public void read(long offset, ByteBuf target) throws IOException {
                if (reads.incrementAndGet() == 25) {
                    throw new IOException("no such sector");
                }
                super.read(offset, target);
            }
        }, "status=IOERR");
    }

    @Test
    void zeroes_that_are_none_are_found() {
        assertFound(backend -> new Faulty(backend) {
            @Override
            public long zero(long offset, long length, boolean mayUnmap) {
                return length;
            }
        }, "differs at byte");
    }

    @Test
    void a_disk_that_cannot_be_made_is_found() {
        assertFound(backend -> {
            throw new IllegalStateException("no disk today");
        }, "no disk today");
    }

    /** Passes everything on, until it is closed. */
    private static class Faulty implements BlockBackend {

        private final BlockBackend backend;
        private boolean closed;

        Faulty(BlockBackend backend) {
            this.backend = backend;
        }

        @Override
        public long size() {
            return backend.size();
        }

        @Override
        public void read(long offset, ByteBuf target) throws IOException {
            backend.read(offset, target);
        }

        @Override
        public void write(long offset, ByteBuf source) throws IOException {
            if (!closed) {
                backend.write(offset, source);
            }
        }

        @Override
        public void force() throws IOException {
            backend.force();
        }

        @Override
        public void close() throws IOException {
            closed = true;
            backend.close();
        }
    }

    // ── Options ────────────────────────────────────────────────────────────

    @Test
    void help_lists_what_there_is() {
        assertEquals(0, run(backend -> backend, false, "--help"));

        assertTrue(output().contains("--device NAME      only this device: blk"), output());
        assertTrue(output().contains("only this ring format: split, packed"), output());
        for (String option : List.of("--transport", "--size", "--seed", "--quick", "--verbose")) {
            assertTrue(output().contains("\n  " + option), output());
        }
        assertFitsATerminal();
    }

    @Test
    void options_that_are_wrong_are_explained() {
        assertWrong("there is no option --sed", "--sed", "1");
        assertWrong("--ring takes one of split, packed, not round", "--ring", "round");
        assertWrong("--transport takes one of ", "--transport=pcie");
        assertWrong("--device takes one of blk, not net", "--device", "net");
        assertWrong("--seed takes a value", "--seed");
        assertWrong("--seed takes a number, not one", "--seed", "one");
        for (String size : List.of("1M", "8388609", "99999999999G", "", "M", "-8M", "8m")) {
            assertWrong("--size takes 8M to 1G, in whole sectors of 512 bytes, not " + size,
                    "--size", size);
        }
    }

    private void assertWrong(String message, String... arguments) {
        errors.reset();
        assertEquals(2, run(backend -> backend, false, arguments));
        String said = errors.toString(StandardCharsets.UTF_8);
        assertTrue(said.contains(message), said);
        assertEquals("", output());
    }
}
