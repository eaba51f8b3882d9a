// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.fs.FsDevice;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Files are read as a FUSE driver does: by looking each name up, opening and reading. */
class SharedFilesTest {

    private static final int LOOKUP = 1;
    private static final int OPEN = 14;
    private static final int READ = 15;
    private static final int INIT = 26;

    private static ByteBuffer ask(TestDriver driver, int opcode, long node, ByteBuffer body, int room) {
        byte[] request = bytes(40 + body.capacity()).putInt(40 + body.capacity()).putInt(opcode).putLong(1)
                .putLong(node).position(40).put(body.array()).array();
        byte[] written = driver.queue(1).exchange(request, 16 + room).written();
        ByteBuffer reply = ByteBuffer.wrap(written).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(0, reply.getInt(4), "errno");
        return reply.position(16).slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer bytes(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String read(FsDevice device, String path) throws IOException {
        try (device; TestDriver driver = TestDriver.attach(device).start()) {
            ask(driver, INIT, 0, bytes(64).putInt(7).putInt(45), 64);
            long node = 1;
            for (String name : path.split("/")) {
                byte[] text = (name + '\0').getBytes(UTF_8);
                node = ask(driver, LOOKUP, node, bytes(text.length).put(text), 128).getLong(0);
            }
            long handle = ask(driver, OPEN, node, bytes(8), 16).getLong(0);
            ByteBuffer content = ask(driver, READ, node, bytes(40).putLong(handle).putLong(0).putInt(4096), 4096);
            return UTF_8.decode(content).toString();
        }
    }

    @Test
    void a_tree_has_files_and_computes_some() throws IOException {
        assertEquals("guest\n", read(SharedFiles.configuration(), "etc/hostname"));
        assertTrue(Instant.parse(read(SharedFiles.configuration(), "host/time")).isAfter(Instant.EPOCH));
    }

    @Test
    void an_archive_is_read(@TempDir Path directory) throws IOException {
        Path jar = directory.resolve("app.jar");
        try (FileSystem archive = FileSystems.newFileSystem(jar, Map.of("create", "true"))) {
            Files.writeString(archive.getPath("hello"), "from the archive");
        }
        assertEquals("from the archive", read(SharedFiles.archive(jar), "hello"));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void a_directory_is_read(@TempDir Path directory) throws IOException {
        Files.writeString(Files.createDirectory(directory.resolve("some")).resolve("file"), "from the host");
        assertEquals("from the host", read(SharedFiles.directory(directory), "some/file"));
    }
}
