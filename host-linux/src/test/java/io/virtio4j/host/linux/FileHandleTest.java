// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static io.virtio4j.host.linux.LinuxNodeTest.assertError;
import static io.virtio4j.host.linux.LinuxNodeTest.bytes;
import static io.virtio4j.host.linux.LinuxNodeTest.find;
import static io.virtio4j.host.linux.LinuxNodeTest.read;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.host.linux.LinuxNode.Access;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files are held again by what the kernel calls them. Needs root, and a file system that has handles. */
class FileHandleTest {
    @TempDir
    Path directory;

    private LinuxNode root;
    private LinuxDirectory mount;

    @BeforeEach
    void open() throws IOException {
        root = LinuxNode.root(directory);
        mount = root.openDirectory();
        assumeTrue(works(), "not root, or no handles here");
    }

    private boolean works() throws LinuxException {
        FileHandle handle = FileHandle.of(root);
        try (LinuxNode again = handle == null ? null : handle.hold(mount.descriptor())) {
            return again != null;
        } catch (LinuxException notAllowed) {
            return false;
        }
    }

    @AfterEach
    void close() {
        mount.close();
        root.close();
    }

    private FileHandle handle(String name) throws IOException {
        try (LinuxNode node = find(root, name)) {
            return Objects.requireNonNull(FileHandle.of(node));
        }
    }

    @Test
    void a_file_is_found_whatever_its_name_and_place() throws IOException {
        Files.writeString(directory.resolve("file"), "content");
        FileHandle file = handle("file");
        Files.createDirectory(directory.resolve("dir"));
        Files.move(directory.resolve("file"), directory.resolve("dir/other"));

        try (LinuxNode again = file.hold(mount.descriptor()); LinuxNode dir = find(root, "dir");
                LinuxNode other = find(dir, "other")) {
            assertEquals("content", read(again));
            assertEquals(other.attributes(), again.attributes());
            again.link(root, bytes("linked"));
        }
        assertEquals("content", Files.readString(directory.resolve("linked")));
        assertEquals(file, handle("linked"));
        assertNotEquals(file, handle("dir"));
    }

    @Test
    void directories_and_links_are_held_as_they_are_by_their_names() throws IOException {
        Files.createDirectory(directory.resolve("dir"));
        Files.writeString(directory.resolve("dir/file"), "within");
        Files.createSymbolicLink(directory.resolve("link"), Path.of("dir"));

        try (LinuxNode dir = handle("dir").hold(mount.descriptor()); LinuxNode file = find(dir, "file");
                LinuxNode link = handle("link").hold(mount.descriptor())) {
            assertEquals("within", read(file));
            assertEquals(FileStatus.Type.SYMBOLIC_LINK, link.type());
            assertError(Errno.ELOOP, () -> link.open(Access.READ));
            assertError(Errno.ENOTDIR, () -> link.find(bytes("file"), false));
            assertError(Errno.EINVAL, () -> dir.find(bytes(".."), false));
            dir.create(bytes("new"), 0600, Access.WRITE).close();
        }
        assertEquals(0, Files.size(directory.resolve("dir/new")));
    }

    @Test
    void a_file_that_is_gone_is_stale_even_if_another_gets_its_number() throws IOException {
        for (int i = 0; i < 50; i++) {
            Path path = Files.writeString(directory.resolve("file"), "old");
            FileHandle old = handle("file");
            Files.delete(path);
            assertError(Errno.ESTALE, () -> old.hold(mount.descriptor()));
            Files.writeString(path, "new");
            assertNotEquals(old, handle("file"));
            assertError(Errno.ESTALE, () -> old.hold(mount.descriptor()));
            Files.delete(path);
        }
    }

    @Test
    void some_file_systems_have_none() throws IOException {
        try (LinuxNode proc = LinuxNode.root(Path.of("/proc"))) {
            assertNull(FileHandle.of(proc));
        }
    }

    @Test
    void nobody_without_the_capability_uses_one() throws IOException {
        ThreadIdentity identity = ThreadIdentity.ofProcess();
        assumeTrue(identity.canAssume(), "not root of its user namespace");
        Files.writeString(directory.resolve("file"), "content");
        FileHandle file = handle("file");
        identity.assume(12_345, 12_345, ThreadIdentity.NO_GROUP);
        try {
            assertError(Errno.EPERM, () -> file.hold(mount.descriptor()));
        } finally {
            identity.restore();
        }
        file.hold(mount.descriptor()).close();
    }

    @Test
    void what_is_only_held_is_no_mount_to_open_in() throws IOException {
        Files.writeString(directory.resolve("file"), "content");
        FileHandle file = handle("file");
        assertError(Errno.EBADF, () -> file.hold(root.descriptor));
    }
}
