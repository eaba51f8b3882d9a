// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The process is killed in the middle of writes: what it said was done has left it. The host's cache
 * survives, so this says nothing of power cuts; {@link PowerCutTest} does.
 */
class KillTest {

    private static final int SECTORS = 4096;

    @TempDir
    private Path directory;

    /** Writes one sector after the other, and says so. */
    public static void main(String[] arguments) throws IOException {
        try (FileBackend file = FileBackend.open(Path.of(arguments[0])); Disk disk = Disk.of(file)) {
            for (int sector = 0; sector < SECTORS; sector++) {
                if (disk.write(sector, Disk.pattern(sector + 1, 512)).status() != Disk.OK) {
                    throw new IOException("not written: sector=" + sector);
                }
                System.out.println(sector);
            }
        }
    }

    @Test
    void what_was_written_has_left_the_process() throws Exception {
        killAfter(100);
    }

    @Tag("slow")
    @RepeatedTest(100)
    void very_often(RepetitionInfo repetition) throws Exception {
        killAfter(repetition.getCurrentRepetition() * 10);
    }

    private void killAfter(int lines) throws Exception {
        Path image = directory.resolve("disk");
        FileBackend.create(image, SECTORS * 512).close();
        Process process = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", classPath(), KillTest.class.getName(), image.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        List<Integer> written = new ArrayList<>();
        try (BufferedReader lineReader = new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lineReader.readLine(); line != null; line = lineReader.readLine()) {
                written.add(Integer.parseInt(line));
                if (written.size() > lines) {
                    process.destroyForcibly();
                }
            }
        } catch (IOException | NumberFormatException e) {
            // The line in which the process was killed.
        }
        process.destroyForcibly().waitFor();

        assertTrue(written.size() > lines, "written=" + written.size());
        try (FileBackend file = FileBackend.open(image); Disk disk = Disk.of(file)) {
            for (int sector : written.subList(0, written.size() - 1)) {
                Disk.Reply reply = disk.read(sector, 512);
                assertEquals(Disk.OK, reply.status());
                assertArrayEquals(Disk.pattern(sector + 1, 512), reply.data(), "sector " + sector);
            }
        }
    }

    private static String classPath() throws Exception {
        List<String> names = List.of("io.virtio4j.blk.KillTest", "io.virtio4j.blk.BlockDevice",
                "io.virtio4j.core.device.VirtioDevice", "io.virtio4j.testkit.TestDriver",
                "io.netty.buffer.ByteBuf", "io.netty.util.ReferenceCounted", "org.slf4j.Logger",
                "org.slf4j.simple.SimpleLogger", "org.junit.jupiter.api.Test");
        List<String> paths = new ArrayList<>();
        for (String name : names) {
            Class<?> type = Class.forName(name);
            paths.add(Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
        }
        return Stream.concat(paths.stream(), paths.stream().map(path -> path.replace("test-classes", "classes")))
                .distinct().collect(Collectors.joining(File.pathSeparator));
    }
}
