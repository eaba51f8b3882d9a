// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A disk of ours under libblkio's {@code virtio-blk-vhost-user} driver, in fio, beside the export of the same file by
 * qemu-storage-daemon.
 */
@Tag("guest")
@ExtendWith(GuestReport.class)
class LibblkioGuestTest {

    private static final long SIZE = 64L << 20;
    private static final String IMAGE = "disk.img";
    private static final String SOCKET = "disk.sock";
    private static final String WARM = "--ramp_time=4";
    private static final String MEASURED = "--runtime=2";
    private static final Pattern RATE = Pattern.compile("(?:read|write): IOPS=([0-9.]+k?)");

    @Test
    void a_disk_of_ours_keeps_what_is_written(GuestReport.Row row) throws Exception {
        row.with("vhost-user, libblkio", "split", 1);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, IMAGE, SIZE);
            try (BackEndProcess back =
                     VhostUserDisk.start(image.path(), shared.path(SOCKET), 1, "split", "trusted")) {
                work(shared, row);
                assertTrue(back.alive());
            }
        }
    }

    @Test
    void so_does_the_export_of_qemu_storage_daemon(GuestReport.Row row) throws Exception {
        row.with("vhost-user, libblkio, QEMU's disk", "split", 1);
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage.create(shared, IMAGE, SIZE);
            Process daemon = inside(shared, "qemu-storage-daemon",
                "--blockdev", "driver=file,node-name=file,filename=" + shared.inside(IMAGE),
                "--blockdev", "driver=raw,node-name=disk,file=file",
                "--export", "type=vhost-user-blk,id=export,node-name=disk,writable=on,num-queues=1,"
                    + "addr.type=unix,addr.path=" + shared.inside(SOCKET)).start();
            try {
                for (int i = 0; i < 600 && daemon.isAlive() && !Files.exists(shared.path(SOCKET)); i++) {
                    daemon.waitFor(100, TimeUnit.MILLISECONDS);
                }
                work(shared, row);
            } finally {
                daemon.destroyForcibly().waitFor();
            }
        }
    }

    /**
     * Writes at random, as deep as the queue, and verifies; then reads and writes, to be seen in the table: not
     * before our back-end's code is compiled, which takes long where others are busy. {@code benchmarks/vhost-user}
     * compares.
     */
    private static void work(SharedDirectory shared, GuestReport.Row row) throws Exception {
        for (String block : List.of("--bs=4k", "--bsrange=4k-128k")) {
            String verified = fio(shared, "--rw=randwrite", block, "--size=16m", "--iodepth=64", "--verify=crc32c",
                "--verify_fatal=1", "--do_verify=1");
            assertTrue(verified.contains("err= 0"), verified);
        }
        String read = fio(shared, "--rw=randread", "--bs=4k", "--iodepth=32", "--time_based", WARM, MEASURED);
        String written = fio(shared, "--rw=randwrite", "--bs=4k", "--iodepth=32", "--time_based", WARM, MEASURED);
        row.note("4 KiB at random, depth 32: read " + rate(read) + ", written " + rate(written) + " IOPS");
    }

    private static String rate(String output) {
        Matcher rate = RATE.matcher(output);
        assertTrue(rate.find(), output);
        return rate.group(1);
    }

    private static String fio(SharedDirectory shared, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("/virtio4j/bin/fio-libblkio", "--name=disk",
            "--ioengine=libblkio", "--libblkio_driver=virtio-blk-vhost-user",
            "--libblkio_path=" + shared.inside(SOCKET), "--thread=1", "--eta=never", "--size=" + SIZE));
        command.addAll(List.of(options));
        Process fio = inside(shared, command.toArray(String[]::new)).redirectErrorStream(true)
            .redirectOutput(output(shared).toFile()).start();
        if (!fio.waitFor(2, TimeUnit.MINUTES)) {
            fio.destroyForcibly().waitFor();
            throw new IOException("fio does not end: " + Files.readString(output(shared)));
        }
        String said = Files.readString(output(shared), StandardCharsets.UTF_8);
        assertEquals(0, fio.exitValue(), said);
        return said;
    }

    private static Path output(SharedDirectory shared) {
        return shared.path("fio.log");
    }

    private static ProcessBuilder inside(SharedDirectory shared, String... command) {
        List<String> whole = new ArrayList<>(List.of("chroot", shared.tree().toString()));
        whole.addAll(List.of(command));
        return new ProcessBuilder(whole);
    }
}
