// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static io.virtio4j.fs.linux.Tree.assertError;
import static io.virtio4j.fs.linux.Tree.attributes;
import static io.virtio4j.fs.linux.Tree.find;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsChange;
import io.virtio4j.fs.backend.FsCreated;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.fs.backend.RenameFlags;
import io.virtio4j.fs.linux.HostDirectory.Ownership;
import io.virtio4j.host.linux.ThreadIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** More files are known than descriptors may be open. Needs root, and file systems that have handles. */
@EnabledOnOs(OS.LINUX)
class HostHandlesTest {

    private static final int LIMIT = 64;
    private static final int FILES = 10_000;

    /** Where files are. */
    private enum Place { DISK, MEMORY }

    @TempDir
    Path directory;

    private final FsAttributes out = new FsAttributes();
    private boolean mounted;

    private HostDirectory open(Place place, int limit) throws Exception {
        if (place == Place.MEMORY) {
            mounted = SmallFileSystem.mount(directory, 64 << 20);
            assumeTrue(mounted, "not root: no file system in memory");
        }
        HostDirectory backend = HostDirectory.builder(directory).limit(limit).open();
        assumeTrue(backend.hasHandles(), "not root, or no handles here");
        return backend;
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            SmallFileSystem.unmount(directory);
        }
    }

    private static void close(HostDirectory backend, FsNode root) {
        root.release();
        assertTrue(backend.openDescriptors() <= 2, "the root, and a directory to find others in its mount");
        backend.close();
        assertEquals(1, backend.openDescriptors());
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void ten_thousand_files_are_known_with_64_descriptors(Place place) throws Exception {
        HostDirectory backend = open(place, LIMIT);
        FsNode root = backend.root();
        FsNode[] files = new FsNode[FILES];
        Path dir = Files.createDirectory(directory.resolve("dir"));
        for (int i = 0; i < FILES; i++) {
            Files.writeString((i % 2 == 0 ? directory : dir).resolve("f" + i), "content " + i);
        }
        FsNode within = find(root, "dir");
        for (int i = 0; i < FILES; i++) {
            files[i] = find(i % 2 == 0 ? root : within, "f" + i);
            assertTrue(backend.openDescriptors() <= LIMIT);
        }
        for (int i = 0; i < FILES; i += 5) {
            switch (i / 5 % 4) {
                case 0 -> Files.move(directory.resolve("f" + i), dir.resolve("moved" + i));
                case 1 -> Files.delete((i % 2 == 0 ? directory : dir).resolve("f" + i));
                case 2 -> Files.createLink(dir.resolve("linked" + i), directory.resolve("f" + i));
                default -> root.rename(Caller.ROOT, FsName.of("dir"), root, FsName.of("dir"), RenameFlags.NONE);
            }
        }
        int stale = 0;
        for (int i = 0; i < FILES; i++) {
            if (i % 5 == 0 && i / 5 % 4 == 1) {
                stale += isGone(files[i]) ? 1 : 0;
            } else {
                assertEquals("content " + i, Tree.read(files[i]));
                assertEquals(i % 5 == 0 && i / 5 % 4 == 2 ? 2 : 1, attributes(files[i]).links);
            }
            assertTrue(backend.openDescriptors() <= LIMIT);
        }
        assertTrue(stale >= FILES / 20 - LIMIT, "but those that were held: stale=" + stale);
        for (int i = 0; i < FILES; i += 20) {
            FsNode moved = find(within, "moved" + i);
            assertEquals(files[i].identity(), moved.identity());
            moved.release();
        }
        for (FsNode file : files) {
            file.release();
        }
        within.release();
        close(backend, root);
    }

    /** Whether a removed file is gone, and not one that was held then. */
    private static boolean isGone(FsNode removed) throws IOException {
        try {
            assertEquals(0, attributes(removed).links);
            return false;
        } catch (FsException e) {
            assertEquals(FsErrno.ESTALE.number(), e.number());
            assertError(FsErrno.ESTALE, () -> removed.open(Caller.ROOT, OpenFlags.READ));
            return true;
        }
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void a_file_that_gets_the_number_of_one_that_is_gone_is_another(Place place) throws Exception {
        HostDirectory backend = open(place, 5);
        FsNode root = backend.root();
        for (int i = 0; i < 30; i++) {
            Path path = Files.writeString(directory.resolve("f"), "old");
            FsNode old = find(root, "f");
            giveUp(root);
            Files.delete(path);
            Files.writeString(path, "new");
            FsNode fresh = find(root, "f");

            assertNotEquals(old.identity(), fresh.identity());
            assertEquals("new", Tree.read(fresh));
            assertError(FsErrno.ESTALE, () -> old.attributes(out));
            old.release();
            fresh.release();
            Files.delete(path);
        }
        close(backend, root);
    }

    /** Has other files held, so that none of before is. */
    private void giveUp(FsNode root) throws IOException {
        List<FsNode> others = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Path path = directory.resolve("other" + i);
            if (!Files.exists(path)) {
                Files.createFile(path);
            }
            others.add(find(root, "other" + i));
        }
        others.forEach(FsNode::release);
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void what_is_open_goes_on_without_its_name(Place place) throws Exception {
        HostDirectory backend = open(place, 6);
        FsNode root = backend.root();
        FsCreated created = root.create(Caller.ROOT, FsName.of("f"), 0640, OpenFlags.READ_AND_WRITE, out);
        FsFile file = created.file();
        giveUp(root);
        root.unlink(Caller.ROOT, FsName.of("f"));
        Tree.write(file, 0, "still here", false);

        assertTrue(file.attributes(out));
        assertEquals(0, out.links);
        assertEquals(10, out.size);
        FsChange change = new FsChange();
        change.what = FsChange.SIZE | FsChange.MODE;
        change.size = 5;
        change.mode = 0600;
        assertTrue(file.change(Caller.ROOT, change, out));
        assertEquals(5, out.size);
        assertEquals(FsMode.REGULAR | 0600, out.mode);
        assertEquals(5, attributes(created.node()).size);
        file.release();
        giveUp(root);
        assertEquals(5, attributes(created.node()).size, "what has no name is held while it is known");
        created.node().release();
        close(backend, root);
    }

    @Test
    void files_without_a_name_are_given_up_last() throws Exception {
        HostDirectory backend = open(Place.DISK, 16);
        FsNode root = backend.root();
        List<FsNode> known = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Path path = Files.writeString(directory.resolve("f" + i), "x");
            known.add(find(root, "f" + i));
            Files.delete(path);
            assertTrue(backend.openDescriptors() <= 16);
        }
        FsNode named = root.createDirectory(Caller.ROOT, FsName.of("named"), 0700, out);
        FsCreated created = root.create(Caller.ROOT, FsName.of("open"), 0640, OpenFlags.READ_AND_WRITE, out);
        root.unlink(Caller.ROOT, FsName.of("open"));
        Tree.write(created.file(), 0, "open", false);
        for (int i = 100; i < 150; i++) {
            Path path = Files.writeString(directory.resolve("f" + i), "x");
            known.add(find(root, "f" + i));
            Files.delete(path);
        }

        assertEquals(2, attributes(named).links);
        assertEquals(4, attributes(created.node()).size, "open files are found for as long as they are open");
        int gone = 0;
        for (FsNode node : known) {
            gone += isGone(node) ? 1 : 0;
        }
        assertTrue(gone >= 150 - 16, "gone=" + gone);
        known.forEach(FsNode::release);
        created.file().release();
        created.node().release();
        named.release();
        close(backend, root);
    }

    @Test
    void a_directory_that_is_known_by_its_handle_leads_where_it_did() throws Exception {
        Path inside = Files.createDirectories(directory.resolve("tree/a/b"));
        Files.writeString(inside.resolve("f"), "within");
        Path outside = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(outside.resolve("f"), "secret");
        try (HostDirectory backend = HostDirectory.builder(directory.resolve("tree")).limit(6).open()) {
            assumeTrue(backend.hasHandles(), "not root, or no handles here");
            FsNode root = backend.root();
            FsNode a = find(root, "a");
            FsNode b = find(a, "b");
            giveUp(root, backend);
            Files.move(directory.resolve("tree/a"), directory.resolve("tree/moved"));
            Files.createSymbolicLink(directory.resolve("tree/a"), outside);

            FsNode f = find(b, "f");
            assertEquals("within", Tree.read(f));
            giveUp(root, backend);
            Tree.create(b, Caller.ROOT, "new", 0600, "x");
            b.rename(Caller.ROOT, FsName.of("new"), a, FsName.of("newer"), RenameFlags.NONE);
            b.link(Caller.ROOT, f, FsName.of("linked"), out);

            assertEquals("x", Files.readString(directory.resolve("tree/moved/newer")));
            assertEquals("within", Files.readString(directory.resolve("tree/moved/b/linked")));
            try (var names = Files.list(outside)) {
                assertEquals(1, names.count());
            }
            List.of(f, b, a, root).forEach(FsNode::release);
        }
    }

    private static void giveUp(FsNode root, HostDirectory backend) throws IOException {
        List<FsNode> others = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            others.add(root.createDirectory(Caller.ROOT, FsName.of("other"), 0700, new FsAttributes()));
            assertTrue(backend.openDescriptors() <= 6);
            root.removeDirectory(Caller.ROOT, FsName.of("other"));
            others.removeLast().release();
            others.add(backend.root());
            others.removeLast().release();
        }
    }

    @Test
    void files_of_a_mount_below_are_found_in_it_and_the_mount_is_let_go() throws Exception {
        Path below = Files.createDirectory(directory.resolve("below"));
        assumeTrue(SmallFileSystem.mount(below, 1 << 20), "not root: no other file system");
        try (HostDirectory backend = HostDirectory.builder(directory).acrossMounts().limit(8).open()) {
            assumeTrue(backend.hasHandles(), "no handles here");
            FsNode root = backend.root();
            FsNode top = find(root, "below");
            List<FsNode> files = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                Files.writeString(below.resolve("f" + i), "below " + i);
                Files.writeString(directory.resolve("f" + i), "above " + i);
                files.add(find(top, "f" + i));
                files.add(find(root, "f" + i));
                assertTrue(backend.openDescriptors() <= 8);
            }
            for (int i = 0; i < 50; i++) {
                assertEquals("below " + i, Tree.read(files.get(2 * i)));
                assertEquals("above " + i, Tree.read(files.get(2 * i + 1)));
                assertTrue(attributes(files.get(2 * i)).inode > 0);
            }
            files.forEach(FsNode::release);
            top.release();
            root.release();
            assertEquals(2, backend.openDescriptors(), "none in the mount below");
        } finally {
            SmallFileSystem.unmount(below);
        }
    }

    @Test
    void threads_that_use_the_same_files_find_each_of_them_once() throws Exception {
        HostDirectory backend = open(Place.DISK, 16);
        FsNode root = backend.root();
        FsNode[] files = new FsNode[60];
        for (int i = 0; i < files.length; i++) {
            Files.writeString(directory.resolve("f" + i), "content " + i);
            files[i] = find(root, "f" + i);
        }
        int threads = 4;
        try (ExecutorService workers = Executors.newFixedThreadPool(threads)) {
            List<Callable<Void>> work = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                SplittableRandom random = new SplittableRandom(thread);
                work.add(() -> use(root, files, random, backend, threads));
            }
            for (Future<Void> done : workers.invokeAll(work)) {
                done.get();
            }
        }
        assertTrue(backend.openDescriptors() <= 16);
        for (FsNode file : files) {
            file.release();
        }
        close(backend, root);
    }

    private static Void use(FsNode root, FsNode[] files, SplittableRandom random, HostDirectory backend, int threads)
            throws IOException {
        for (int i = 0; i < 5000; i++) {
            int which = random.nextInt(files.length);
            switch (random.nextInt(3)) {
                case 0 -> assertEquals(("content " + which).length(), attributes(files[which]).size);
                case 1 -> assertEquals("content " + which, Tree.read(files[which]));
                default -> {
                    FsNode again = find(root, "f" + which);
                    assertEquals(files[which].identity(), again.identity());
                    again.release();
                }
            }
            assertTrue(backend.openDescriptors() <= 16 + 2 * threads, "those in use may be more");
        }
        return null;
    }

    @Test
    void files_beyond_the_limit_are_refused_if_they_are_known_by_descriptors_only() throws Exception {
        try (HostDirectory chosen = HostDirectory.builder(directory).limit(8).descriptorsOnly().open()) {
            assertFalse(chosen.hasHandles());
            assertRefuses(chosen);
        }
    }

    @Test
    void files_beyond_the_limit_are_refused_without_the_capability() throws Exception {
        ThreadIdentity identity = ThreadIdentity.ofProcess();
        HostDirectory unable;
        if (identity.canAssume()) {
            identity.assume(12_345, 12_345, ThreadIdentity.NO_GROUP);
        }
        try {
            unable = HostDirectory.builder(directory).ownership(Ownership.PROCESS).limit(8).open();
        } finally {
            if (identity.canAssume()) {
                identity.restore();
            }
        }
        try (unable) {
            assumeFalse(unable.hasHandles(), "not root, but with CAP_DAC_READ_SEARCH");
            assertRefuses(unable);
        }
    }

    private void assertRefuses(HostDirectory backend) throws IOException {
        for (int i = 0; i < 10; i++) {
            Files.createFile(directory.resolve("f" + i));
        }
        FsNode root = backend.root();
        List<FsNode> known = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            known.add(find(root, "f" + i));
        }
        assertError(FsErrno.ENFILE, () -> find(root, "f7"));
        for (FsNode node : known) {
            node.attributes(out);
            node.release();
        }
        root.release();
        assertEquals(1, backend.openDescriptors());
    }
}
