// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static io.virtio4j.host.linux.LinuxNodeTest.assertError;
import static io.virtio4j.host.linux.LinuxNodeTest.bytes;
import static io.virtio4j.host.linux.LinuxNodeTest.find;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.host.linux.LinuxNode.Access;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing outside of the root is reached, and nothing is opened that acts when it is. */
class LinuxNodeConfinementTest {
    @TempDir
    Path place;

    private Path outside;
    private Path inside;
    private LinuxNode root;

    @BeforeEach
    void makeATreeBesideAnother() throws IOException {
        outside = Files.createDirectory(place.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "secret");
        inside = Files.createDirectory(place.resolve("inside"));
        Files.createDirectory(inside.resolve("dir"));
        Files.createSymbolicLink(inside.resolve("absolute"), outside);
        Files.createSymbolicLink(inside.resolve("relative"), Path.of("../outside"));
        Files.createSymbolicLink(inside.resolve("file"), outside.resolve("secret"));
        root = LinuxNode.root(inside);
    }

    @AfterEach
    void giveUp() {
        root.close();
    }

    @FunctionalInterface
    private interface Named {
        void call(byte[] name) throws IOException;
    }

    private Stream<Named> callsWithNames(LinuxNode dir) {
        return Stream.of(name -> root.find(name, true), name -> root.create(name, 0600, Access.READ_WRITE),
                name -> root.makeDirectory(name, 0700), name -> root.makeNode(name, 0x1000 | 0600, 0),
                name -> root.makeSymbolicLink(name, bytes("t")), name -> dir.link(root, name), root::remove,
                root::removeDirectory, name -> root.rename(name, dir, bytes("x"), 0),
                name -> root.rename(bytes("absolute"), dir, name, 0));
    }

    @Test
    void names_that_are_not_one_name_are_refused_by_every_call() throws IOException {
        List<String> bad = List.of("", ".", "..", "/", "a/b", "../outside/secret", "/etc/passwd", "a\0", "dir/..");
        try (LinuxNode dir = find(root, "dir")) {
            for (Named call : callsWithNames(dir).toList()) {
                for (String name : bad) {
                    assertEquals("name", assertThrows(LinuxException.class, () -> call.call(bytes(name))).call(), name);
                    assertError(Errno.EINVAL, () -> call.call(bytes(name)));
                }
                assertError(Errno.ENAMETOOLONG, () -> call.call(bytes("x".repeat(256))));
            }
        }
    }

    @Test
    void a_link_is_held_itself_and_leads_nowhere() throws IOException {
        for (String name : List.of("absolute", "relative", "file")) {
            try (LinuxNode link = find(root, name)) {
                assertEquals(FileStatus.Type.SYMBOLIC_LINK, link.type());
                assertError(Errno.ELOOP, () -> link.open(Access.READ));
                assertError(Errno.ENOTDIR, link::openDirectory);
                assertError(Errno.ENOTDIR, () -> link.find(bytes("secret"), false));
                assertError(Errno.ENOTDIR, () -> link.create(bytes("new"), 0600, Access.READ_WRITE));
                assertError(Errno.ENOTDIR, () -> link.remove(bytes("secret")));
                assertError(Errno.ENOTDIR, () -> link.makeDirectory(bytes("new"), 0700));
                assertError(Errno.ENOTDIR, () -> link.rename(bytes("secret"), root, bytes("got"), 0));
            }
        }
        try (Stream<Path> left = Files.list(outside)) {
            assertEquals(List.of(outside.resolve("secret")), left.toList());
        }
    }

    @Test
    void creating_does_not_follow_a_link() throws IOException {
        Files.createSymbolicLink(inside.resolve("dangling"), outside.resolve("created"));

        assertError(Errno.EEXIST, () -> root.create(bytes("dangling"), 0600, Access.READ_WRITE));
        assertError(Errno.EEXIST, () -> root.create(bytes("file"), 0600, Access.READ_WRITE));

        assertEquals(false, Files.exists(outside.resolve("created")));
    }

    @Test
    void a_directory_that_was_swapped_for_a_link_stays_the_directory() throws IOException {
        try (LinuxNode dir = find(root, "dir")) {
            Files.move(inside.resolve("dir"), inside.resolve("moved"));
            Files.createSymbolicLink(inside.resolve("dir"), outside);

            dir.create(bytes("new"), 0600, Access.READ_WRITE).close();

            assertEquals(true, Files.exists(inside.resolve("moved/new")));
            assertEquals(false, Files.exists(outside.resolve("new")));
        }
    }

    @Test
    void what_is_neither_file_nor_directory_is_not_opened() throws IOException {
        root.makeNode(bytes("fifo"), 0x1000 | 0600, 0);
        root.makeNode(bytes("socket"), 0xc000 | 0600, 0);
        for (String name : List.of("fifo", "socket")) {
            try (LinuxNode node = find(root, name)) {
                assertError(Errno.EPERM, () -> node.open(Access.READ));
                assertError(Errno.EPERM, () -> node.open(Access.READ_WRITE));
            }
        }
        try (LinuxNode dir = find(root, "dir")) {
            assertError(Errno.EISDIR, () -> dir.open(Access.READ));
        }
    }

    @Test
    void a_device_is_not_opened() throws IOException {
        try (LinuxNode dev = LinuxNode.root(Path.of("/dev")); LinuxNode zero = find(dev, "zero")) {
            assertEquals(FileStatus.Type.CHARACTER_DEVICE, zero.type());
            assertError(Errno.EPERM, () -> zero.open(Access.READ));
        }
    }

    @Test
    void links_of_proc_lead_nowhere() throws IOException {
        try (LinuxNode proc = LinuxNode.root(Path.of("/proc")); LinuxNode itself = find(proc,
                Long.toString(ProcessHandle.current().pid())); LinuxNode link = find(itself, "root")) {
            assertError(Errno.ENOTDIR, () -> link.find(bytes("etc"), true));
            assertError(Errno.ELOOP, () -> link.open(Access.READ));
        }
    }

    @Test
    void another_file_system_is_entered_only_if_wanted() throws IOException {
        try (LinuxNode top = LinuxNode.root(Path.of("/"))) {
            assertError(Errno.EXDEV, () -> top.find(bytes("proc"), false));
            try (LinuxNode proc = Objects.requireNonNull(top.find(bytes("proc"), true))) {
                assertEquals(FileStatus.Type.DIRECTORY, proc.type());
            }
        }
    }

    @Test
    void a_root_must_be_a_directory() {
        assertError(Errno.ENOTDIR, () -> LinuxNode.root(outside.resolve("secret")));
    }
}
