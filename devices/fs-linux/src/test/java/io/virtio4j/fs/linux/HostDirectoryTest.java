// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static io.virtio4j.fs.linux.Tree.assertError;
import static io.virtio4j.fs.linux.Tree.attributes;
import static io.virtio4j.fs.linux.Tree.create;
import static io.virtio4j.fs.linux.Tree.find;
import static io.virtio4j.fs.linux.Tree.has;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsChange;
import io.virtio4j.fs.backend.FsCreated;
import io.virtio4j.fs.backend.FsDirectory;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.FsStatistics;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.fs.backend.RenameFlags;
import io.virtio4j.testkit.conformance.HostileCase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A directory of the host as the device sees it, and what the host sees of what the device does. */
@EnabledOnOs(OS.LINUX)
class HostDirectoryTest {

    @TempDir
    Path directory;

    private HostDirectory backend;
    private FsNode root;
    private final FsAttributes out = new FsAttributes();

    @BeforeEach
    void open() throws IOException {
        backend = HostDirectory.open(directory);
        root = backend.root();
    }

    @AfterEach
    void everythingIsGivenBack() {
        root.release();
        assertEquals(1, backend.openDescriptors());
        backend.close();
    }

    @Test
    void attributes_are_those_of_the_host() throws IOException {
        Path path = Files.writeString(directory.resolve("file"), "12345");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-x--x"));
        Files.setLastModifiedTime(path, FileTime.from(Instant.ofEpochSecond(1_000, 5_000)));

        FsNode node = find(root, "file");
        FsAttributes attributes = attributes(node);

        assertEquals(FsMode.REGULAR | 0751, attributes.mode);
        assertEquals(5, attributes.size);
        assertEquals(1_000, attributes.modifySeconds);
        assertEquals(5_000, attributes.modifyNanos);
        assertEquals(Files.getAttribute(path, "unix:ino"), attributes.inode);
        assertEquals(1, attributes.links);
        assertEquals(8, attributes.blocks);
        node.release();
    }

    @Test
    void hard_links_are_one_file() throws IOException {
        Files.writeString(directory.resolve("one"), "x");
        FsNode one = find(root, "one");
        root.link(Caller.ROOT, one, FsName.of("two"), out);
        FsNode two = find(root, "two");

        assertEquals(one.identity(), two.identity());
        assertNotEquals(one.identity(), root.identity());
        assertEquals(2, out.links);
        one.release();
        two.release();
    }

    @Test
    void files_directories_links_and_fifos_are_created() throws IOException {
        create(root, Caller.ROOT, "file", 0640, "content");
        root.createDirectory(Caller.ROOT, FsName.of("dir"), 0750, out).release();
        assertEquals(FsMode.DIRECTORY | 0750, out.mode);
        root.createSymbolicLink(Caller.ROOT, FsName.of("link"), "/etc/passwd".getBytes(UTF_8), out).release();
        assertEquals(FsMode.SYMBOLIC_LINK, out.mode & FsMode.TYPE);
        root.createSpecial(Caller.ROOT, FsName.of("fifo"), FsMode.FIFO | 0622, 0, 0, out).release();
        assertEquals(FsMode.FIFO | 0622, out.mode);
        root.createSpecial(Caller.ROOT, FsName.of("plain"), FsMode.REGULAR | 0606, 0, 0, out).release();

        assertEquals("content", Files.readString(directory.resolve("file")));
        assertEquals("rw-r-----", permissions("file"));
        assertEquals(Path.of("/etc/passwd"), Files.readSymbolicLink(directory.resolve("link")));
        assertEquals("rw----rw-", permissions("plain"));
    }

    private String permissions(String name) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(name)));
    }

    @Test
    void permissions_are_those_that_the_guest_asks_for_whatever_the_umask_of_this_process() throws IOException {
        create(root, Caller.ROOT, "open", 0666, "");
        root.createDirectory(Caller.ROOT, FsName.of("dir"), 0777, out).release();
        assertEquals(FsMode.DIRECTORY | 0777, out.mode);

        assertEquals("rw-rw-rw-", permissions("open"));
        assertEquals("rwxrwxrwx", permissions("dir"));
    }

    @Test
    void a_file_that_exists_is_opened_unless_that_is_refused() throws IOException {
        Files.writeString(directory.resolve("file"), "there");
        FsCreated opened = root.create(Caller.ROOT, FsName.of("file"), 0600, OpenFlags.READ_AND_WRITE, out);
        assertEquals("there", Tree.read(opened.file(), 0));
        opened.file().release();
        opened.node().release();

        FsCreated cut = root.create(Caller.ROOT, FsName.of("file"), 0600, new OpenFlags(2 | 01000, false), out);
        assertEquals(0, out.size);
        cut.file().release();
        cut.node().release();

        assertError(FsErrno.EEXIST, () -> root.create(Caller.ROOT, FsName.of("file"), 0600,
                new OpenFlags(2 | 0200, false), out));
    }

    @Test
    void a_temporary_file_gets_a_name_later() throws IOException {
        FsCreated hidden = root.createTemporary(Caller.ROOT, 0644, OpenFlags.READ_AND_WRITE, out);
        assertEquals(0, out.links);
        Tree.write(hidden.file(), 0, "hidden", false);
        root.link(Caller.ROOT, hidden.node(), FsName.of("shown"), out);
        assertEquals(1, out.links);
        hidden.file().release();
        hidden.node().release();
        assertEquals("hidden", Files.readString(directory.resolve("shown")));

        FsCreated never = root.createTemporary(Caller.ROOT, 0644, new OpenFlags(2 | 0200, false), out);
        assertError(FsErrno.ENOENT, () -> root.link(Caller.ROOT, never.node(), FsName.of("no"), out));
        never.file().release();
        never.node().release();
    }

    @Test
    void renames_follow_their_flags() throws IOException {
        Files.writeString(directory.resolve("a"), "a");
        Files.writeString(directory.resolve("b"), "b");
        FsName a = FsName.of("a");
        FsName b = FsName.of("b");

        assertError(FsErrno.EEXIST, () -> root.rename(Caller.ROOT, a, root, b, new RenameFlags(true, false, false)));
        root.rename(Caller.ROOT, a, root, b, new RenameFlags(false, true, false));
        assertEquals("b", Files.readString(directory.resolve("a")));
        root.rename(Caller.ROOT, a, root, b, RenameFlags.NONE);
        assertEquals("b", Files.readString(directory.resolve("b")));
        assertFalse(has(root, "a"));
    }

    @Test
    void a_whiteout_is_left_behind() throws IOException {
        Files.writeString(directory.resolve("a"), "a");
        try {
            root.rename(Caller.ROOT, FsName.of("a"), root, FsName.of("b"), new RenameFlags(false, false, true));
        } catch (FsException cannot) { // some file systems, and some processes
            assertTrue(List.of(FsErrno.EINVAL.number(), FsErrno.EPERM.number()).contains(cannot.number()));
            return;
        }
        FsNode left = find(root, "a");
        assertEquals(FsMode.CHARACTER_DEVICE, attributes(left).mode & FsMode.TYPE);
        assertEquals(0, attributes(left).nodeMajor);
        assertError(FsErrno.EPERM, () -> left.open(Caller.ROOT, OpenFlags.READ));
        left.release();
    }

    @Test
    void names_go_and_what_is_not_empty_stays() throws IOException {
        Files.createDirectories(directory.resolve("dir/inner"));
        Files.writeString(directory.resolve("file"), "x");

        assertError(FsErrno.ENOTEMPTY, () -> root.removeDirectory(Caller.ROOT, FsName.of("dir")));
        assertError(FsErrno.ENOTDIR, () -> root.removeDirectory(Caller.ROOT, FsName.of("file")));
        assertError(FsErrno.EISDIR, () -> root.unlink(Caller.ROOT, FsName.of("dir")));
        root.unlink(Caller.ROOT, FsName.of("file"));
        assertFalse(Files.exists(directory.resolve("file")));
    }

    @Test
    void an_open_file_outlives_its_name() throws IOException {
        FsCreated created = root.create(Caller.ROOT, FsName.of("file"), 0600, OpenFlags.READ_AND_WRITE, out);
        root.unlink(Caller.ROOT, FsName.of("file"));

        Tree.write(created.file(), 0, "still", false);

        assertEquals("still", Tree.read(created.file(), 0));
        assertEquals(0, attributes(created.node()).links);
        created.file().release();
        created.node().release();
    }

    @Test
    void names_that_are_no_utf_8_pass() throws IOException {
        byte[] bytes = {(byte) 0xFF, (byte) 0xFE, '\n', ' '};
        root.createDirectory(Caller.ROOT, FsName.of(bytes), 0700, out).release();

        List<byte[]> names = new ArrayList<>();
        FsDirectory listing = root.openDirectory(Caller.ROOT);
        listing.list(0, (name, inode, type, next) -> names.add(name));
        listing.release();

        assertArrayEquals(bytes, names.stream().filter(name -> name[0] != '.').findFirst().orElseThrow());
        root.removeDirectory(Caller.ROOT, FsName.of(bytes));
    }

    @Test
    void a_listing_goes_on_where_there_was_no_more_room() throws IOException {
        for (int i = 0; i < 100; i++) {
            Files.createFile(directory.resolve("file" + i));
        }
        FsDirectory listing = root.openDirectory(Caller.ROOT);
        List<String> names = new ArrayList<>();
        long[] position = {0};
        int[] room = {0};
        for (int before = -1; before < names.size();) {
            before = names.size();
            room[0] = 7;
            listing.list(position[0], (name, inode, type, next) -> {
                if (room[0]-- == 0) {
                    return false;
                }
                position[0] = next;
                return names.add(new String(name, UTF_8));
            });
        }
        listing.release();

        assertEquals(102, names.size());
        assertEquals(102, new TreeSet<>(names).size());
    }

    @Test
    void a_listing_does_not_tell_what_is_above_the_root() throws IOException {
        Files.createDirectory(directory.resolve("dir"));
        FsDirectory listing = root.openDirectory(Caller.ROOT);
        long own = attributes(root).inode;
        List<Long> parents = new ArrayList<>();
        listing.list(0, (name, inode, type, next) -> new String(name, UTF_8).equals("..") ? parents.add(inode) : true);
        listing.sync(true);
        listing.sync(false);
        listing.release();
        FsNode inner = find(root, "dir");
        listing = inner.openDirectory(Caller.ROOT);
        listing.list(0, (name, inode, type, next) -> new String(name, UTF_8).equals("..") ? parents.add(inode) : true);
        listing.release();
        inner.release();

        assertEquals(List.of(own, own), parents);
    }

    @Test
    void attributes_are_changed() throws IOException {
        Path path = Files.writeString(directory.resolve("file"), "12345");
        FsNode node = find(root, "file");
        FsChange change = new FsChange();
        change.what = FsChange.MODE | FsChange.SIZE | FsChange.MODIFY_TIME | FsChange.ACCESS_NOW;
        change.mode = 0604;
        change.size = 3;
        change.modifySeconds = 7;
        change.modifyNanos = 9;

        node.change(Caller.ROOT, change, out);

        assertEquals(FsMode.REGULAR | 0604, out.mode);
        assertEquals(3, out.size);
        assertEquals(7, out.modifySeconds);
        assertEquals(9, out.modifyNanos);
        assertTrue(out.accessSeconds > 1_000_000);
        assertEquals("123", Files.readString(path));
        node.release();
    }

    @Test
    void extended_attributes_are_those_that_mean_nothing_to_the_host() throws IOException {
        Files.writeString(directory.resolve("file"), "x");
        FsNode node = find(root, "file");
        byte[] name = "user.comment".getBytes(UTF_8);
        byte[] value = {1, 2, 0, 3};

        assertError(FsErrno.ENODATA, () -> node.attribute(Caller.ROOT, name));
        node.setAttribute(Caller.ROOT, name, value, false, false, false);
        assertArrayEquals(value, node.attribute(Caller.ROOT, name));
        assertArrayEquals(name, node.attributeNames(Caller.ROOT).getFirst());
        assertError(FsErrno.EEXIST, () -> node.setAttribute(Caller.ROOT, name, value, true, false, false));
        node.setAttribute(Caller.ROOT, name, new byte[0], false, true, false);
        assertEquals(0, node.attribute(Caller.ROOT, name).length);
        node.removeAttribute(Caller.ROOT, name);
        assertEquals(0, node.attributeNames(Caller.ROOT).size());

        for (String other : List.of("trusted.overlay.opaque", "security.selinux", "system.posix_acl_access")) {
            byte[] refused = other.getBytes(UTF_8);
            assertError(FsErrno.EOPNOTSUPP, () -> node.setAttribute(Caller.ROOT, refused, value, false, false, false));
            assertError(FsErrno.EOPNOTSUPP, () -> node.attribute(Caller.ROOT, refused));
            assertError(FsErrno.EOPNOTSUPP, () -> node.removeAttribute(Caller.ROOT, refused));
        }
        node.release();
    }

    @Test
    void the_size_of_the_file_system_is_told() throws IOException {
        FsStatistics statistics = new FsStatistics();
        backend.statistics(root, statistics);

        assertEquals(Files.getFileStore(directory).getTotalSpace(), statistics.blocks * statistics.fragmentSize);
        assertEquals(255, statistics.nameLength);
        backend.sync();
    }

    @Test
    void what_the_builder_leaves_out_is_no_capability() throws IOException {
        assertFalse(backend.capabilities().contains(FsCapability.MAPPING));
        assertFalse(backend.capabilities().contains(FsCapability.ACCESS_CONTROL_LISTS));
        try (HostDirectory all = HostDirectory.builder(directory).mapping().accessControlLists().open()) {
            assertEquals(FsCapability.values().length, all.capabilities().size());
        }
    }

    @Test
    @HostileCase("FS-5")
    void descriptors_are_limited_for_one_directory_and_there_for_another() throws IOException {
        for (int i = 0; i < 10; i++) {
            Files.createFile(directory.resolve("file" + i));
        }
        try (HostDirectory small = HostDirectory.builder(directory).limit(8).descriptorsOnly().open()) {
            FsNode top = small.root();
            List<FsNode> held = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                held.add(find(top, "file" + i));
            }
            assertError(FsErrno.ENFILE, () -> find(top, "file6"));
            assertError(FsErrno.ENFILE, () -> top.openDirectory(Caller.ROOT));
            assertError(FsErrno.ENFILE, () -> held.getFirst().open(Caller.ROOT, OpenFlags.READ));
            assertError(FsErrno.ENFILE, () -> top.create(Caller.ROOT, FsName.of("new"), 0600, OpenFlags.READ, out));
            assertError(FsErrno.ENFILE, small::root);
            assertFalse(Files.exists(directory.resolve("new"), LinkOption.NOFOLLOW_LINKS));

            find(root, "file6").release(); // another session's
            held.removeFirst().release();
            held.add(find(top, "file6"));
            held.forEach(FsNode::release);
            top.release();
            assertEquals(1, small.openDescriptors());
        }
    }

    @Test
    void another_file_system_is_entered_only_if_wanted() throws IOException {
        try (HostDirectory top = HostDirectory.open(Path.of("/"));
                HostDirectory across = HostDirectory.builder(Path.of("/")).acrossMounts().open()) {
            FsNode closed = top.root();
            assertError(FsErrno.EXDEV, () -> find(closed, "proc"));
            closed.release();

            FsNode open = across.root();
            FsNode proc = Objects.requireNonNull(open.lookup(Caller.ROOT, FsName.of("proc"), out));
            assertTrue(out.submount);
            FsNode itself = Objects.requireNonNull(proc.lookup(Caller.ROOT, FsName.of("sys"), out));
            assertFalse(out.submount);
            itself.release();
            proc.release();
            open.release();
        }
    }
}
