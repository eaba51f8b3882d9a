// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver.Dirent;
import io.virtio4j.testkit.fuse.FuseDriver.Entry;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** [File System Device / Device Operation / Device Operation: Request Queues] */
class RequestQueueTest {

    // ── Files ──────────────────────────────────────────────────────────────

    @Test
    void a_file_is_created_written_and_read() {
        try (Mount mount = Mount.tree()) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0640);
            assertEquals(5, mount.write(file, 0, "hello"));
            assertEquals(3, mount.write(file, 10_000, "far"));
            byte[] all = mount.read(file, 0, 20_000);
            assertEquals(10_003, all.length);
            assertEquals("hello", new String(all, 0, 5, UTF_8));
            assertEquals(0, all[5]);
            assertEquals("far", new String(all, 10_000, 3, UTF_8));
            mount.release(file);
            Entry entry = mount.lookup(Fuse.ROOT, "a");
            assertEquals(10_003, entry.size());
            assertEquals(0100640, entry.mode());
            assertEquals(1000, entry.user());
            assertEquals(file.node(), entry.node());
        }
    }

    @Test
    void a_big_endian_driver_is_served_in_its_order() {
        TreeBackend tree = TreeBackend.create().file("d/f", "content");
        try (Mount mount = Mount.of(tree)) {
            assertEquals("content", mount.content("d/f"));
            mount.order(ByteOrder.BIG_ENDIAN);
            ByteBuffer out = mount.init().body();
            assertEquals(7, out.getInt(0));
            assertEquals(45, out.getInt(4));
            assertEquals("content", mount.content("d/f"));
            assertEquals(List.of(".", "..", "f"),
                    mount.list(mount.find("d"), 4096, true).stream().map(Dirent::name).toList());
            Open file = mount.create(Fuse.ROOT, "g", Fuse.O_RDWR, 0600);
            assertEquals(3, mount.write(file, 1, "abc"));
        }
    }

    @Test
    void a_file_that_was_opened_to_append_is_appended_to() {
        try (Mount mount = Mount.tree()) {
            Open file = mount.create(Fuse.ROOT, "log", Fuse.O_WRONLY | Fuse.O_APPEND, 0600);
            mount.write(file, 0, "one");
            mount.write(file, 0, "two");
            assertEquals("onetwo", mount.content("log"));
        }
    }

    @Test
    void a_file_goes_on_without_its_name() {
        try (Mount mount = Mount.tree()) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            mount.write(file, 0, "still here");
            mount.ask(Fuse.UNLINK, Fuse.ROOT, mount.body().name("a"), 0).ok();
            assertEquals("still here", new String(mount.read(file, 0, 100), UTF_8));
            assertEquals(0, mount.getattr(file.node()).links());
            mount.release(file);
            mount.forget(file.node(), 1);
            assertEquals(Fuse.ESTALE, mount.error(Fuse.GETATTR, file.node(), mount.body().u32(0).u32(0).u64(0), 104));
        }
    }

    @Test
    void truncating_and_changing_attributes() {
        try (Mount mount = Mount.tree()) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0644);
            mount.write(file, 0, "0123456789");
            int size = 1 << 3;
            int mode = 1;
            int owner = 2 | 4;
            int times = 1 << 4 | 1 << 5;
            mount.ask(Fuse.SETATTR, file.node(), mount.change(size, 0, 4, 0, 0, 0), 104).ok();
            mount.ask(Fuse.SETATTR, file.node(), mount.change(mode | owner | times, 0, 0, 0600, 5, 6), 104).ok();
            Entry entry = mount.getattr(file.node());
            assertEquals(4, entry.size());
            assertEquals(0100600, entry.mode());
            assertEquals(5, entry.user());
            assertEquals(6, entry.group());
            assertEquals(11, entry.attributes().getLong(24));
            assertEquals(12, entry.attributes().getLong(32));
        }
    }

    // ── Names ──────────────────────────────────────────────────────────────

    @Test
    void names_are_made_moved_and_taken_away() {
        try (Mount mount = Mount.tree()) {
            long a = mount.mkdir(Fuse.ROOT, "a", 0755).node();
            long b = mount.mkdir(Fuse.ROOT, "b", 0755).node();
            Open file = mount.create(a, "f", Fuse.O_RDWR, 0600);
            mount.write(file, 0, "x");
            mount.ask(Fuse.RENAME, a, mount.body().u64(b).name("f").name("g"), 0).ok();
            assertEquals(Fuse.ENOENT, mount.error(Fuse.LOOKUP, a, mount.body().name("f"), 128));
            assertEquals(file.node(), mount.lookup(b, "g").node());
            assertEquals(Fuse.ENOTEMPTY, mount.error(Fuse.RMDIR, Fuse.ROOT, mount.body().name("b"), 0));
            assertEquals(Fuse.EISDIR, mount.error(Fuse.UNLINK, Fuse.ROOT, mount.body().name("b"), 0));
            assertEquals(Fuse.ENOTDIR, mount.error(Fuse.RMDIR, b, mount.body().name("g"), 0));
            Entry link = mount.entry(mount.ask(Fuse.LINK, a, mount.body().u64(file.node()).name("h"), 128));
            assertEquals(file.node(), link.node());
            assertEquals(2, link.links());
            mount.ask(Fuse.UNLINK, b, mount.body().name("g"), 0).ok();
            mount.ask(Fuse.RMDIR, Fuse.ROOT, mount.body().name("b"), 0).ok();
            assertEquals("x", mount.content("a/h"));
        }
    }

    @Test
    void renaming_with_flags() {
        TreeBackend tree = TreeBackend.create().file("a", "A").file("b", "B").file("d/c", "C");
        try (Mount mount = Mount.of(tree)) {
            assertEquals(Fuse.EEXIST, mount.error(Fuse.RENAME2, Fuse.ROOT,
                    mount.body().u64(Fuse.ROOT).u32(1).u32(0).name("a").name("b"), 0));
            mount.ask(Fuse.RENAME2, Fuse.ROOT, mount.body().u64(Fuse.ROOT).u32(2).u32(0).name("a").name("b"), 0)
                    .ok();
            assertEquals("B", mount.content("a"));
            assertEquals("A", mount.content("b"));
            long d = mount.find("d");
            mount.ask(Fuse.RENAME2, Fuse.ROOT, mount.body().u64(d).u32(2).u32(0).name("a").name("c"), 0).ok();
            assertEquals("C", mount.content("a"));
            assertEquals("B", mount.content("d/c"));
            assertEquals(Fuse.EINVAL, mount.error(Fuse.RENAME2, Fuse.ROOT,
                    mount.body().u64(Fuse.ROOT).u32(3).u32(0).name("a").name("b"), 0));
            assertEquals(Fuse.EPERM, mount.error(Fuse.RENAME2, Fuse.ROOT,
                    mount.body().u64(Fuse.ROOT).u32(4).u32(0).name("a").name("b"), 0));
            assertEquals(Fuse.EINVAL, mount.error(Fuse.RENAME, Fuse.ROOT,
                    mount.body().u64(d).name("d").name("into-itself"), 0));
        }
    }

    @Test
    void symbolic_links_are_text() {
        try (Mount mount = Mount.tree()) {
            Entry link = mount.entry(mount.ask(Fuse.SYMLINK, Fuse.ROOT,
                    mount.body().name("l").name("../../etc/passwd"), 128));
            assertEquals(0120777, link.mode());
            assertArrayEquals("../../etc/passwd".getBytes(UTF_8),
                    mount.ask(Fuse.READLINK, link.node(), mount.body(), 4096).ok().bytes());
            assertEquals(Fuse.EPERM, mount.tryOpen(link.node(), 0).error());
        }
    }

    // ── Directories ────────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_directory_is_listed_once_whatever_room_there_is(boolean plus) {
        TreeBackend tree = TreeBackend.create();
        Set<String> expected = new HashSet<>(Set.of(".", ".."));
        for (int i = 0; i < 100; i++) {
            tree.file("d/file-" + "x".repeat(i) + i, "content");
            expected.add("file-" + "x".repeat(i) + i);
        }
        try (Mount mount = Mount.of(tree)) {
            long d = mount.find("d");
            for (int room : new int[] {320, 1000, 4096, 60_000}) {
                List<Dirent> all = mount.list(d, room, plus);
                assertEquals(102, all.size());
                assertEquals(expected, new HashSet<>(all.stream().map(Dirent::name).toList()));
                if (plus) {
                    assertTrue(all.stream().filter(e -> !e.name().startsWith(".")).allMatch(e -> e.node() > 1));
                }
            }
            long fh = mount.ask(Fuse.OPENDIR, d, mount.body().u32(0).u32(0), 16).ok().body().getLong(0);
            assertEquals(Fuse.EINVAL, mount.error(Fuse.READDIR, d,
                    mount.body().u64(fh).u64(0).u32(8).u32(0).u64(0).u32(0).u32(0), 8), "room for no entry");
        }
    }

    @Test
    void entries_that_stay_are_listed_once_while_others_come_and_go() {
        TreeBackend tree = TreeBackend.create();
        for (int i = 0; i < 20; i++) {
            tree.file("d/" + i, "");
        }
        try (Mount mount = Mount.of(tree)) {
            long d = mount.find("d");
            long fh = mount.ask(Fuse.OPENDIR, d, mount.body().u32(0).u32(0), 16).ok().body().getLong(0);
            List<Dirent> first = mount.entries(d, fh, 0, 32 * 5, false);
            assertEquals(5, first.size());
            tree.remove("d/0");
            tree.remove("d/10");
            tree.file("d/new", "");
            Set<String> rest = new HashSet<>();
            for (List<Dirent> some = first; !some.isEmpty(); ) {
                some = mount.entries(d, fh, some.getLast().next(), 32 * 4, false);
                some.forEach(entry -> assertTrue(rest.add(entry.name())));
            }
            first.forEach(entry -> assertTrue(!rest.contains(entry.name())));
            for (int i = 3; i < 20; i++) {
                assertEquals(i != 10, rest.contains(String.valueOf(i)), "name=" + i);
            }
        }
    }

    // ── Numbers ────────────────────────────────────────────────────────────

    @Test
    void a_number_lives_for_as_many_lookups_as_are_not_forgotten() {
        TreeBackend tree = TreeBackend.create().file("a", "A");
        try (Mount mount = Mount.of(tree)) {
            long node = mount.lookup(Fuse.ROOT, "a").node();
            assertEquals(node, mount.lookup(Fuse.ROOT, "a").node());
            mount.list(Fuse.ROOT, 4096, true); // a third time
            assertEquals(2, mount.device.nodes());
            mount.forget(node, 2);
            assertEquals(1, mount.getattr(node).size());
            mount.tell(Fuse.BATCH_FORGET, 0, mount.body().u32(1).u32(0).u64(node).u64(1));
            assertEquals(1, mount.device.nodes());
            assertEquals(Fuse.ESTALE, mount.error(Fuse.GETATTR, node, mount.body().u32(0).u32(0).u64(0), 104));
            assertNotEquals(node, mount.lookup(Fuse.ROOT, "a").node(), "a number is not given twice");
        }
    }
}
