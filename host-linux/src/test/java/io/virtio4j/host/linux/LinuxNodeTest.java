// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.LinuxNode.Access;
import io.virtio4j.host.linux.LinuxNode.Option;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What is done with names and attributes below a held directory, seen by the JDK. */
class LinuxNodeTest {
    private static final int NO_REPLACE = 1;
    private static final int EXCHANGE = 2;
    private static final int FIFO = 0x1000;

    @TempDir
    Path directory;

    private LinuxNode root;

    @BeforeEach
    void hold() throws IOException {
        root = LinuxNode.root(directory);
    }

    @AfterEach
    void giveUp() {
        root.close();
    }

    @Test
    void a_held_file_has_the_attributes_of_the_file() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "12345");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-x--x"));

        try (LinuxNode node = find(root, "file")) {
            FileAttributes attributes = node.attributes();

            assertEquals(0x8000 | 0651, attributes.mode());
            assertEquals(FileStatus.Type.REGULAR, attributes.type());
            assertEquals(5, attributes.size());
            assertEquals(1, attributes.links());
            assertEquals(Files.getAttribute(file, "unix:ino"), attributes.identity().inode());
            assertEquals(Files.getAttribute(file, "unix:uid"), attributes.uid());
            assertEquals(Files.getAttribute(file, "unix:gid"), attributes.gid());
            assertEquals(Files.getLastModifiedTime(file).toInstant().getEpochSecond(),
                    attributes.modified().seconds());
            assertEquals(Files.getLastModifiedTime(file).toInstant().getNano(), attributes.modified().nanos());
            assertTrue(attributes.mount() != 0);
        }
    }

    @Test
    void a_name_that_is_not_there_is_null() throws IOException {
        assertNull(root.find(bytes("none"), false));
    }

    @Test
    void a_held_file_stays_itself_when_its_name_is_anothers() throws IOException {
        Files.writeString(directory.resolve("file"), "first");
        try (LinuxNode node = find(root, "file")) {
            Files.move(directory.resolve("file"), directory.resolve("elsewhere"));
            Files.writeString(directory.resolve("file"), "the second");

            assertEquals(5, node.attributes().size());
            assertEquals("first", read(node));
        }
    }

    @Test
    void a_file_is_held_twice_and_given_up_twice() throws IOException {
        LinuxNode once = root.again();
        try (LinuxNode twice = once.again()) {
            once.close();
            assertEquals(root.attributes().identity(), twice.attributes().identity());
        }
    }

    @Test
    void files_are_created_written_and_opened_again() throws IOException {
        try (LinuxFile file = root.create(bytes("new"), 0640, Access.READ_WRITE)) {
            write(file, 0, "content");
            try (LinuxNode node = LinuxNode.of(file)) {
                assertEquals(file.descriptor().status().identity(), node.attributes().identity());
                assertEquals("content", read(node));
            }
        }
        assertEquals("content", Files.readString(directory.resolve("new")));
        assertError(Errno.EEXIST, () -> root.create(bytes("new"), 0640, Access.READ_WRITE));
    }

    @Test
    void options_of_opening_append_and_cut() throws IOException {
        Path path = Files.writeString(directory.resolve("file"), "abc");
        try (LinuxNode node = find(root, "file")) {
            try (LinuxFile file = node.open(Access.WRITE, Option.APPEND)) {
                write(file, 0, "def");
            }
            assertEquals("abcdef", Files.readString(path));

            node.open(Access.WRITE, Option.TRUNCATE).close();
            assertEquals("", Files.readString(path));
        }
    }

    @Test
    void a_file_without_a_name_gets_one() throws IOException {
        try (LinuxFile file = root.createUnnamed(0600, Access.READ_WRITE); LinuxNode node = LinuxNode.of(file)) {
            write(file, 0, "hidden");
            try (var names = Files.list(directory)) {
                assertEquals(0, names.count());
            }
            node.link(root, bytes("shown"));
        }
        assertEquals("hidden", Files.readString(directory.resolve("shown")));
    }

    @Test
    void names_are_bytes() throws IOException {
        byte[] name = {(byte) 0xff, (byte) 0xfe, '\n', (byte) 0x80};
        root.makeDirectory(name, 0700);

        try (LinuxDirectory entries = root.openDirectory()) {
            boolean seen = false;
            while (entries.next()) {
                seen |= Arrays.equals(name, entries.name());
            }
            assertTrue(seen);
        }
        root.removeDirectory(name);
        assertNull(root.find(name, false));
    }

    @Test
    void nodes_links_and_directories_are_made_and_removed() throws IOException {
        root.makeDirectory(bytes("dir"), 0700);
        root.makeNode(bytes("fifo"), FIFO | 0600, 0);
        root.makeSymbolicLink(bytes("link"), bytes("../anywhere"));

        try (LinuxNode dir = find(root, "dir"); LinuxNode fifo = find(root, "fifo");
                LinuxNode link = find(root, "link")) {
            assertEquals(FileStatus.Type.DIRECTORY, dir.type());
            assertEquals(FileStatus.Type.PIPE, fifo.type());
            assertEquals(FileStatus.Type.SYMBOLIC_LINK, link.type());
            assertArrayEquals(bytes("../anywhere"), link.readSymbolicLink());
            assertEquals(Path.of("../anywhere"), Files.readSymbolicLink(directory.resolve("link")));
            link.link(dir, bytes("again"));
        }
        assertEquals(Path.of("../anywhere"), Files.readSymbolicLink(directory.resolve("dir/again")));

        assertError(Errno.ENOTEMPTY, () -> root.removeDirectory(bytes("dir")));
        assertError(Errno.EISDIR, () -> root.remove(bytes("dir")));
        root.remove(bytes("fifo"));
        root.remove(bytes("link"));
        assertFalse(Files.exists(directory.resolve("link"), LinkOption.NOFOLLOW_LINKS));
        assertFalse(Files.exists(directory.resolve("fifo")));
    }

    @Test
    void renames_replace_refuse_and_exchange() throws IOException {
        Files.writeString(directory.resolve("a"), "a");
        Files.writeString(directory.resolve("b"), "b");
        Files.createDirectory(directory.resolve("dir"));
        try (LinuxNode dir = find(root, "dir")) {
            assertError(Errno.EEXIST, () -> root.rename(bytes("a"), root, bytes("b"), NO_REPLACE));
            root.rename(bytes("a"), root, bytes("b"), EXCHANGE);
            assertEquals("b", Files.readString(directory.resolve("a")));

            root.rename(bytes("a"), dir, bytes("c"), 0);
            assertEquals("b", Files.readString(directory.resolve("dir/c")));
            root.rename(bytes("b"), dir, bytes("c"), 0);
            assertEquals("a", Files.readString(directory.resolve("dir/c")));
        }
    }

    @Test
    void mode_and_times_are_changed_of_any_kind_of_file() throws IOException {
        root.makeNode(bytes("fifo"), FIFO | 0600, 0);
        try (LinuxNode fifo = find(root, "fifo")) {
            fifo.changeMode(0644);
            fifo.changeTimes(new FileAttributes.Time(-5, 7), LinuxNode.AS_IT_IS);

            FileAttributes attributes = fifo.attributes();
            assertEquals(FIFO | 0644, attributes.mode());
            assertEquals(new FileAttributes.Time(-5, 7), attributes.accessed());
            FileAttributes.Time before = attributes.modified();
            fifo.changeTimes(LinuxNode.AS_IT_IS, new FileAttributes.Time(1, 2));
            assertEquals(new FileAttributes.Time(-5, 7), fifo.attributes().accessed());
            assertEquals(new FileAttributes.Time(1, 2), fifo.attributes().modified());
            fifo.changeTimes(LinuxNode.AS_IT_IS, LinuxNode.NOW);
            assertTrue(fifo.attributes().modified().seconds() >= before.seconds());
        }
    }

    @Test
    void a_symbolic_link_is_changed_itself() throws IOException {
        Path target = Files.writeString(directory.resolve("target"), "x");
        long before = Files.getLastModifiedTime(target).toMillis();
        Files.createSymbolicLink(directory.resolve("link"), Path.of("target"));
        try (LinuxNode link = find(root, "link")) {
            link.changeTimes(new FileAttributes.Time(1, 0), new FileAttributes.Time(2, 0));
            link.changeOwner(LinuxNode.SAME, LinuxNode.SAME);
            try {
                link.changeMode(0600); // a file system may keep it, of the link
            } catch (LinuxException cannot) {
                assertEquals(Errno.EOPNOTSUPP, cannot.error());
            }
            assertEquals(new FileAttributes.Time(2, 0), link.attributes().modified());
        }
        assertEquals(before, Files.getLastModifiedTime(target).toMillis());
        assertEquals("rw-r--r--", PosixFilePermissions.toString(Files.getPosixFilePermissions(target)));
    }

    @Test
    void the_file_system_tells_its_size() throws IOException {
        FileSystemStatus status = root.fileSystem();

        assertEquals(Files.getFileStore(directory).getTotalSpace(), status.blocks() * status.fragmentSize());
        assertEquals(255, status.nameLength());
    }

    @Test
    void extended_attributes_are_set_listed_and_removed() throws IOException {
        Files.writeString(directory.resolve("file"), "x");
        try (LinuxNode node = find(root, "file"); Arena arena = Arena.ofConfined()) {
            ExtendedAttributes attributes = node.extendedAttributes();
            MemorySegment value = arena.allocateFrom("value", UTF_8).asSlice(0, 5);
            MemorySegment room = arena.allocate(64);

            assertEquals(-1, attributes.get(bytes("user.mime"), room));
            attributes.set(bytes("user.mime"), value, 0);
            assertError(Errno.EEXIST, () -> attributes.set(bytes("user.mime"), value, 1));

            assertEquals(5, attributes.get(bytes("user.mime"), MemorySegment.NULL));
            assertEquals(5, attributes.get(bytes("user.mime"), room));
            assertEquals(-1, value.mismatch(room.asSlice(0, 5)));
            assertError(Errno.ERANGE, () -> attributes.get(bytes("user.mime"), room.asSlice(0, 4)));
            assertEquals("user.mime".length() + 1, attributes.names(room));
            assertEquals("user.mime", room.getString(0));

            attributes.remove(bytes("user.mime"));
            assertError(Errno.ENODATA, () -> attributes.remove(bytes("user.mime")));
            assertEquals(0, attributes.names(room));
        }
    }

    @Test
    void a_node_that_was_given_up_is_ebadf() throws IOException {
        Files.writeString(directory.resolve("file"), "");
        LinuxNode node = find(root, "file");
        node.close();

        assertError(Errno.EBADF, node::attributes);
        assertError(Errno.EBADF, () -> node.open(Access.READ));
        assertError(Errno.EBADF, () -> node.link(root, bytes("again")));
    }

    static LinuxNode find(LinuxNode in, String name) throws IOException {
        return Objects.requireNonNull(in.find(bytes(name), false), name);
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    static String read(LinuxNode node) throws IOException {
        try (LinuxFile file = node.open(Access.READ); Arena arena = Arena.ofConfined()) {
            MemorySegment to = arena.allocate(64);
            long length = file.read(0, to);
            return UTF_8.decode(to.asSlice(0, length).asByteBuffer()).toString();
        }
    }

    static void write(LinuxFile file, long position, String text) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            file.write(position, arena.allocateFrom(text, UTF_8).asSlice(0, text.length()));
        }
    }

    static void assertError(Errno expected, Executable executable) {
        assertEquals(expected, assertThrows(LinuxException.class, executable).error());
    }
}
