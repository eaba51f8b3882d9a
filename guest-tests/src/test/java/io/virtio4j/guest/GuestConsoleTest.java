// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The console with an array in the place of QEMU. */
@Timeout(30)
class GuestConsoleTest {

    private static final Duration ENOUGH = Duration.ofSeconds(20);

    @TempDir
    private Path directory;

    private GuestConsole console(String output) throws InterruptedException {
        GuestConsole console = GuestConsole.follow(
            new ByteArrayInputStream(output.getBytes(StandardCharsets.UTF_8)),
            OutputStream.nullOutputStream(), directory.resolve("console.log"));
        console.drain(ENOUGH);
        return console;
    }

    @Test
    void everything_is_in_the_file_and_the_end_in_the_tail() throws Exception {
        StringBuilder output = new StringBuilder();
        for (int line = 1; line <= 1000; line++) {
            output.append("line ").append(line).append('\n');
        }

        GuestConsole console = console(output.toString());

        assertEquals(output.toString(), Files.readString(console.file()));
        assertTrue(console.tail().endsWith("line 999\nline 1000"));
        assertFalse(console.tail().contains("line 500\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "[    3.1] Kernel panic - not syncing: sysrq triggered crash",
        "[    3.1] BUG: kernel NULL pointer dereference, address: 0000000000000000",
        "[    3.1] WARNING: drivers/virtio/virtio.c:310 at virtio_dev_probe+0x1/0x2, CPU#0",
        "[  130.1] INFO: task mount:61 blocked for more than 120 seconds.",
        "[    3.1] I/O error, dev vda, sector 8 op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 2",
        "[    3.1] Buffer I/O error on dev vda, logical block 1, lost sync page write",
        "[    3.1] EXT4-fs error (device vda): ext4_lookup:1785: inode #2: comm ls: error",
        "[    3.1] virtio_blk virtio0: req.0:id 7 is not a head!",
        "[    3.1] irq 11: nobody cared (try booting with the \"irqpoll\" option)",
        "qemu-system-x86_64: vfio-user: no answer"})
    void complaints_are_kept(String line) throws Exception {
        assertEquals(List.of(line), console("before\n" + line + "\r\nafter\n").complaints());
    }

    @Test
    void ordinary_messages_are_no_complaints() throws Exception {
        GuestConsole console = console("""
            [    0.0] Linux version 7.2.12 (root@host) (gcc) #1 SMP PREEMPT_LAZY
            [    1.1] virtio_blk virtio0: [vda] 262144 512-byte logical blocks (134 MB/128 MiB)
            [    2.1] EXT4-fs (vda): mounted filesystem r/w with ordered data mode.
            [    3.1] reboot: Power down
            """);

        assertEquals(List.of(), console.complaints());
    }

    @Test
    void waiting_ends_when_the_text_or_the_end_has_come() throws Exception {
        GuestConsole console = console("[vda] new size: 327680\n");

        assertTrue(console.await("new size", ENOUGH));
        assertFalse(console.await("another size", ENOUGH));
    }

    @Test
    void keys_for_the_monitor_and_the_kernel_are_escaped() throws Exception {
        ByteArrayOutputStream keys = new ByteArrayOutputStream();
        GuestConsole console = GuestConsole.follow(new ByteArrayInputStream(new byte[0]), keys,
            directory.resolve("console.log"));

        console.monitor("info pci");
        console.systemRequest('w');

        assertEquals("\u0001cinfo pci\r\u0001c\u0001bw", keys.toString(StandardCharsets.US_ASCII));
    }
}
