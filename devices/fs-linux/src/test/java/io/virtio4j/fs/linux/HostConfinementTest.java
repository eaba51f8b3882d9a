// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static io.virtio4j.fs.linux.Tree.assertError;
import static io.virtio4j.fs.linux.Tree.find;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsChange;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.fs.backend.RenameFlags;
import io.virtio4j.testkit.conformance.HostileCase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Nothing outside of the directory is opened, changed or told of, whatever happens inside. */
@EnabledOnOs(OS.LINUX)
class HostConfinementTest {
    private static final byte[] OUTSIDE = "the secret".getBytes(UTF_8);

    @TempDir
    Path place;

    private final FsAttributes out = new FsAttributes();
    private Path inside;
    private Path outside;
    private HostDirectory backend;
    private FsNode root;

    @BeforeEach
    void serveATreeBesideAnother() throws IOException {
        outside = Files.createDirectory(place.resolve("outside"));
        Files.write(outside.resolve("secret"), OUTSIDE);
        inside = Files.createDirectory(place.resolve("inside"));
        backend = HostDirectory.open(inside);
        root = backend.root();
    }

    @AfterEach
    void nothingOutsideWasTouched() throws IOException {
        root.release();
        assertEquals(1, backend.openDescriptors());
        backend.close();
        assertArrayEquals(OUTSIDE, Files.readAllBytes(outside.resolve("secret")));
        try (var names = Files.list(outside)) {
            assertEquals(List.of(outside.resolve("secret")), names.toList());
        }
    }

    @Test
    @HostileCase("FS-2")
    void links_are_never_followed() throws IOException {
        Files.createSymbolicLink(inside.resolve("dir"), outside);
        Files.createSymbolicLink(inside.resolve("file"), outside.resolve("secret"));
        Files.createSymbolicLink(inside.resolve("up"), Path.of(".."));
        for (String name : List.of("dir", "file", "up")) {
            FsNode link = find(root, name);
            link.attributes(out);
            assertTrue(FsMode.isSymbolicLink(out.mode));
            assertError(FsErrno.ELOOP, () -> link.open(Caller.ROOT, OpenFlags.READ));
            assertError(FsErrno.ENOTDIR, () -> link.openDirectory(Caller.ROOT));
            assertError(FsErrno.ENOTDIR, () -> find(link, "secret"));
            assertError(FsErrno.ENOTDIR,
                    () -> link.create(Caller.ROOT, FsName.of("new"), 0600, OpenFlags.READ_AND_WRITE, out));
            assertError(FsErrno.ENOTDIR,
                    () -> link.createTemporary(Caller.ROOT, 0600, OpenFlags.READ_AND_WRITE, out));
            assertError(FsErrno.ENOTDIR, () -> link.createDirectory(Caller.ROOT, FsName.of("new"), 0700, out));
            assertError(FsErrno.ENOTDIR, () -> link.unlink(Caller.ROOT, FsName.of("secret")));
            assertError(FsErrno.ENOTDIR,
                    () -> link.rename(Caller.ROOT, FsName.of("secret"), root, FsName.of("got"), RenameFlags.NONE));
            assertError(FsErrno.ELOOP, () -> link.change(Caller.ROOT, size(0), out));
            link.release();
        }
        assertError(FsErrno.ELOOP,
                () -> root.create(Caller.ROOT, FsName.of("file"), 0600, OpenFlags.READ_AND_WRITE, out));
    }

    private static FsChange size(long size) {
        FsChange change = new FsChange();
        change.what = FsChange.SIZE;
        change.size = size;
        return change;
    }

    @Test
    @HostileCase("FS-2")
    void extended_attributes_and_times_of_a_link_are_not_those_of_its_target() throws IOException {
        Files.createSymbolicLink(inside.resolve("link"), outside.resolve("secret"));
        FsNode link = find(root, "link");
        byte[] name = "user.mark".getBytes(UTF_8);
        assertError(FsErrno.EPERM, () -> link.setAttribute(Caller.ROOT, name, new byte[] {1}, false, false, false));
        long before = Files.getLastModifiedTime(outside.resolve("secret")).toMillis();
        FsChange change = new FsChange();
        change.what = FsChange.MODIFY_TIME;
        link.change(Caller.ROOT, change, out);
        link.release();

        assertEquals(before, Files.getLastModifiedTime(outside.resolve("secret")).toMillis());
    }

    @Test
    @HostileCase("FS-1")
    void what_a_link_says_is_text() throws IOException {
        for (String target : List.of("/etc/passwd", "../../..", "a//b/../c", ".", "x".repeat(4000))) {
            root.createSymbolicLink(Caller.ROOT, FsName.of("link"), target.getBytes(UTF_8), out).release();
            FsNode link = find(root, "link");
            assertArrayEquals(target.getBytes(UTF_8), link.symbolicLink());
            link.release();
            root.unlink(Caller.ROOT, FsName.of("link"));
        }
    }

    @Test
    @HostileCase("FS-4")
    void what_blocks_or_acts_when_it_is_opened_is_not_opened() throws IOException {
        root.createSpecial(Caller.ROOT, FsName.of("fifo"), FsMode.FIFO | 0666, 0, 0, out).release();
        root.createSpecial(Caller.ROOT, FsName.of("socket"), FsMode.SOCKET | 0666, 0, 0, out).release();
        for (String name : List.of("fifo", "socket")) {
            FsNode node = find(root, name);
            assertError(FsErrno.EPERM, () -> node.open(Caller.ROOT, OpenFlags.READ));
            assertError(FsErrno.EPERM, () -> node.open(Caller.ROOT, OpenFlags.READ_AND_WRITE));
            assertError(FsErrno.EPERM, () -> node.change(Caller.ROOT, size(0), out));
            assertError(FsErrno.ENOTDIR, () -> node.openDirectory(Caller.ROOT));
            assertError(FsErrno.EPERM,
                    () -> root.create(Caller.ROOT, FsName.of(name), 0600, new OpenFlags(1, false), out));
            node.release();
        }
    }

    @Test
    @HostileCase("FS-3")
    void a_directory_that_was_swapped_for_a_link_is_not_the_link() throws IOException {
        Files.createDirectory(inside.resolve("dir"));
        FsNode dir = find(root, "dir");
        Files.move(inside.resolve("dir"), inside.resolve("moved"));
        Files.createSymbolicLink(inside.resolve("dir"), outside);

        Tree.create(dir, Caller.ROOT, "new", 0600, "x");

        assertTrue(Files.exists(inside.resolve("moved/new")));
        assertFalse(Tree.has(dir, "secret"));
        dir.release();
    }

    @Test
    @HostileCase("FS-3")
    void a_link_and_a_directory_that_change_places_never_lead_outside() throws Exception {
        swap(root, 20_000, () -> {});
    }

    @Test
    @Tag("slow")
    @HostileCase("FS-3")
    void nor_do_they_in_a_million_swaps() throws Exception {
        swap(root, 1_000_000, () -> {});
    }

    @Test
    @HostileCase("FS-3")
    void nor_where_files_are_known_by_handles() throws Exception {
        swapWithHandles(20_000);
    }

    @Test
    @Tag("slow")
    @HostileCase("FS-3")
    void nor_there_in_a_million_swaps() throws Exception {
        swapWithHandles(1_000_000);
    }

    /** Each file that was found gives its descriptor up before it is used, and is found again by its handle. */
    private void swapWithHandles(int swaps) throws Exception {
        try (HostDirectory few = HostDirectory.builder(inside).limit(7).open()) {
            assumeTrue(few.hasHandles(), "no handles here");
            FsNode top = few.root();
            for (int i = 0; i < 5; i++) {
                Files.createFile(inside.resolve("other" + i));
            }
            swap(top, swaps, () -> {
                List<FsNode> others = new ArrayList<>();
                for (int i = 0; i < 5; i++) {
                    others.add(find(top, "other" + i));
                }
                others.forEach(FsNode::release);
            });
            top.release();
            assertEquals(2, few.openDescriptors(), "the root, and a directory to find others in its mount");
        }
    }

    private void swap(FsNode top, int swaps, SwapRace.Step between) throws Exception {
        Path marker = Files.createDirectory(inside.resolve("real"));
        Files.writeString(marker.resolve("secret"), "within");
        Files.createSymbolicLink(inside.resolve("link"), outside);
        Files.copy(marker.resolve("secret"), inside.resolve("plain"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.createSymbolicLink(inside.resolve("leading"), outside.resolve("secret"));
        SwapRace race = new SwapRace(top, inside, swaps, between);

        race.run();

        System.out.println(race);
        assertTrue(race.reached() > 0, race::toString);
        assertTrue(race.refused() > 0, race::toString);
        assertFalse(Files.exists(outside.resolve("new"), LinkOption.NOFOLLOW_LINKS));
    }
}
