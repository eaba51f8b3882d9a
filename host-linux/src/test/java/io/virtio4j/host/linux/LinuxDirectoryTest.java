// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static io.virtio4j.host.linux.LinuxNodeTest.assertError;
import static io.virtio4j.host.linux.LinuxNodeTest.find;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Entries of directories, in one go and from the middle. */
class LinuxDirectoryTest {
    private static final int FILES = 3_000;

    @TempDir
    Path directory;

    @Test
    void every_entry_is_seen_once_over_many_buffers() throws IOException {
        for (int i = 0; i < FILES; i++) {
            Files.createFile(directory.resolve("a name of some length " + i));
        }
        try (LinuxNode root = LinuxNode.root(directory); LinuxDirectory entries = root.openDirectory()) {
            List<String> names = rest(entries);

            assertEquals(FILES + 2, names.size());
            assertEquals(FILES + 2, new TreeSet<>(names).size());
            assertTrue(names.containsAll(List.of(".", "..", "a name of some length 2999")));
        }
    }

    @Test
    void reading_goes_on_behind_any_entry() throws IOException {
        for (int i = 0; i < 20; i++) {
            Files.createFile(directory.resolve("file" + i));
        }
        try (LinuxNode root = LinuxNode.root(directory); LinuxDirectory entries = root.openDirectory()) {
            List<String> names = new ArrayList<>();
            List<Long> cookies = new ArrayList<>();
            while (entries.next()) {
                names.add(new String(entries.name(), UTF_8));
                cookies.add(entries.cookie());
            }
            for (int i = 0; i < names.size(); i++) {
                entries.rewind(cookies.get(i));
                assertEquals(names.subList(i + 1, names.size()), rest(entries));
            }
            entries.rewind(0);
            assertEquals(names, rest(entries));
        }
    }

    @Test
    void the_cursor_goes_back_by_one() throws IOException {
        Files.createFile(directory.resolve("file"));
        try (LinuxNode root = LinuxNode.root(directory); LinuxDirectory entries = root.openDirectory()) {
            entries.next();
            long cookie = entries.cookie();
            entries.next();
            byte[] name = entries.name();

            entries.back();

            assertEquals(cookie, entries.cookie());
            entries.rewind(cookie);
            entries.next();
            assertArrayEquals(name, entries.name());
        }
    }

    @Test
    void entries_tell_inode_and_kind() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        Files.createSymbolicLink(directory.resolve("link"), Path.of("file"));
        try (LinuxNode root = LinuxNode.root(directory); LinuxDirectory entries = root.openDirectory()) {
            int seen = 0;
            while (entries.next()) {
                switch (new String(entries.name(), UTF_8)) {
                    case "file" -> {
                        assertEquals(FileStatus.Type.REGULAR, entries.type());
                        assertEquals(8, entries.kind());
                        assertEquals(Files.getAttribute(file, "unix:ino"), entries.inode());
                        seen++;
                    }
                    case "link" -> {
                        assertEquals(FileStatus.Type.SYMBOLIC_LINK, entries.type());
                        seen++;
                    }
                    default -> assertEquals(FileStatus.Type.DIRECTORY, entries.type());
                }
            }
            assertEquals(2, seen);
        }
    }

    @Test
    void a_directory_is_made_durable_and_closed() throws IOException {
        try (LinuxNode root = LinuxNode.root(directory)) {
            LinuxDirectory entries = root.openDirectory();
            entries.force(true);
            entries.force(false);
            entries.forceFileSystem();
            entries.close();
            assertError(Errno.EBADF, entries::next);
            assertError(Errno.EBADF, () -> entries.rewind(0));
        }
    }

    @Test
    void a_removed_directory_has_no_entries() throws IOException {
        Files.createDirectory(directory.resolve("gone"));
        try (LinuxNode root = LinuxNode.root(directory); LinuxNode gone = find(root, "gone");
                LinuxDirectory entries = gone.openDirectory()) {
            Files.delete(directory.resolve("gone"));
            try {
                assertFalse(entries.next());
            } catch (LinuxException removed) {
                assertEquals(Errno.ENOENT, removed.error());
            }
        }
    }

    private static List<String> rest(LinuxDirectory entries) throws IOException {
        List<String> names = new ArrayList<>();
        while (entries.next()) {
            names.add(new String(entries.name(), UTF_8));
        }
        return names;
    }
}
