// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.fs.backend.FsMapping;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** [File System Device / Device Operation / Device Operation: DAX Window] */
class DaxWindowTest {

    private static final long WINDOW = 2 << 20;
    private static final int PAGE = 4096;
    private static final int READ = 2;
    private static final int WRITE = 3;

    private static Mount mount(TreeBackend tree) {
        return Mount.of(tree, choices -> choices.daxWindow(WINDOW));
    }

    private static MemorySegment window(Mount mount) {
        return mount.device.sharedMemory().getFirst().segment();
    }

    private static int map(Mount mount, long node, long fh, long fileOffset, long length, int flags, long at) {
        return mount.error(Fuse.SETUPMAPPING, node,
                mount.body().u64(fh).u64(fileOffset).u64(length).u64(flags).u64(at), 0);
    }

    private static int unmap(Mount mount, long... ranges) {
        FuseDriver.Body body = mount.body().u32(ranges.length / 2);
        for (long value : ranges) {
            body.u64(value);
        }
        return mount.error(Fuse.REMOVEMAPPING, Fuse.ROOT, body, 0);
    }

    private static String text(Mount mount, long at, int length) {
        return new String(window(mount).asSlice(at, length).toArray(ValueLayout.JAVA_BYTE), UTF_8);
    }

    private static void put(Mount mount, long at, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        MemorySegment.copy(bytes, 0, window(mount), ValueLayout.JAVA_BYTE, at, bytes.length);
    }

    /** Pages of one letter each. */
    private static TreeBackend pages(String name, String letters) {
        StringBuilder content = new StringBuilder();
        letters.chars().forEach(letter -> content.append(String.valueOf((char) letter).repeat(PAGE)));
        return TreeBackend.create().file(name, content.toString());
    }

    @Test
    @Normative({"FS-5", "FS-6"})
    void the_window_is_shared_memory_region_0() {
        try (Mount mount = mount(TreeBackend.create())) {
            SharedMemoryRegion region = mount.device.sharedMemory().getFirst();
            assertEquals(0, region.id());
            assertEquals(WINDOW, region.length());
            assertEquals(12, mount.init().body().getShort(30), "map_alignment");
        }
        try (Mount mount = Mount.tree()) {
            assertEquals(List.of(), mount.device.sharedMemory());
            assertEquals(Fuse.ENOSYS, map(mount, Fuse.ROOT, -1, 0, PAGE, READ, 0));
            assertEquals(Fuse.ENOSYS, unmap(mount, 0, PAGE));
        }
        for (long bytes : new long[] {0, -1, PAGE, 3 << 20}) {
            assertThrows(IllegalArgumentException.class,
                    () -> FsDevice.of("x", TreeBackend.create()).daxWindow(bytes));
        }
    }

    @Test
    @Normative("FS-7")
    void what_is_written_in_the_window_and_by_requests_is_one_file() {
        TreeBackend tree = pages("f", "abcd");
        try (Mount mount = mount(tree)) {
            long node = mount.find("f");
            Open file = mount.open(node, 2);
            assertEquals(0, map(mount, node, -1, PAGE, 2 * PAGE, WRITE, 8 * PAGE));
            assertEquals("bb", text(mount, 8 * PAGE, 2));
            assertEquals("cc", text(mount, 9 * PAGE, 2));
            assertEquals(1, mount.device.counters().get(FsCounter.MAPPINGS));

            put(mount, 8 * PAGE + 1, "XY");
            assertEquals("bXYb", new String(mount.read(file, PAGE, 4), UTF_8), "a read sees the window");
            mount.write(file, 2 * PAGE - 1, "12");
            assertEquals("12c", text(mount, 9 * PAGE - 1, 3), "the window sees a write");
            put(mount, 9 * PAGE + 5, "kept");
            mount.write(file, 2 * PAGE + 100, "!");
            mount.ask(Fuse.FSYNC, node, mount.body().u64(file.fh()).u64(0), 0).ok();
            assertEquals("kept", new String(mount.read(file, 2 * PAGE + 5, 4), UTF_8));
            assertEquals("ab", new String(mount.read(file, PAGE - 1, 2), UTF_8));
        }
    }

    @Test
    void nothing_is_written_behind_the_end_of_a_file() throws Exception {
        TreeBackend tree = TreeBackend.create().file("f", "short");
        try (Mount mount = mount(tree)) {
            long node = mount.find("f");
            assertEquals(0, map(mount, node, -1, 0, 4 * PAGE, WRITE, 0));
            put(mount, 0, "SHORT and more");
            assertEquals(0, unmap(mount, 0, 4 * PAGE));
            assertEquals("SHORT", new String(tree.content("f"), UTF_8));
            assertEquals(0, window(mount).get(ValueLayout.JAVA_BYTE, 0), "nothing of it is left");
        }
    }

    @Test
    void a_file_that_is_cut_or_grows_is_seen_so() {
        try (Mount mount = mount(pages("f", "a"))) {
            long node = mount.find("f");
            assertEquals(0, map(mount, node, -1, 0, PAGE, WRITE, 0));
            mount.ask(Fuse.SETATTR, node, mount.change(1 << 3, 0, 10, 0, 0, 0), 104).ok();
            assertEquals("a\0", text(mount, 9, 2));
            mount.ask(Fuse.SETATTR, node, mount.change(1 << 3, 0, 100, 0, 0, 0), 104).ok();
            put(mount, 50, "grown");
            assertEquals("grown", new String(mount.read(mount.open(node, 0), 50, 5), UTF_8));
        }
    }

    @Test
    @Normative("FS-8")
    void mappings_replace_split_and_are_cut_by_others() throws Exception {
        TreeBackend tree = pages("f", "abcdefgh").file("g", "G".repeat(4 * PAGE));
        try (Mount mount = mount(tree)) {
            long f = mount.find("f");
            long g = mount.find("g");
            assertEquals(0, map(mount, f, -1, 0, 8 * PAGE, WRITE, 0));
            assertEquals(0, map(mount, g, -1, 0, PAGE, WRITE, 3 * PAGE), "in the middle");
            assertEquals("c", text(mount, 3 * PAGE - 1, 1));
            assertEquals("GG", text(mount, 3 * PAGE, 2));
            assertEquals("e", text(mount, 4 * PAGE, 1));
            assertEquals(0, map(mount, g, -1, 0, 2 * PAGE, WRITE, 7 * PAGE), "over an end");
            assertEquals(0, map(mount, g, -1, PAGE, PAGE, WRITE, 3 * PAGE), "over the same");
            put(mount, 0, "1");
            put(mount, 4 * PAGE, "2");
            put(mount, 3 * PAGE, "3");
            put(mount, 7 * PAGE, "4");
            assertEquals(0, unmap(mount, 0, PAGE, 2 * PAGE, 8 * PAGE), "parts of several");
            assertEquals(0, unmap(mount, 0, WINDOW), "what is not mapped too");
            byte[] content = tree.content("f");
            assertEquals('1', content[0]);
            assertEquals('d', content[3 * PAGE]);
            assertEquals('2', content[4 * PAGE]);
            assertEquals('h', content[7 * PAGE]);
            byte[] other = tree.content("g");
            assertEquals('4', other[0]);
            assertEquals('3', other[PAGE]);
        }
    }

    @Test
    @Normative("FS-9")
    @HostileCase("FS-13")
    void mappings_outside_of_the_window_or_the_file_are_rejected() {
        try (Mount mount = mount(pages("f", "ab"))) {
            long node = mount.find("f");
            Open readOnly = mount.open(node, 0);
            int cases = 0;
            for (long[] range : new long[][] {{WINDOW, PAGE}, {WINDOW - PAGE, 2 * PAGE}, {0, WINDOW + PAGE},
                {-PAGE, PAGE}, {-PAGE, 2 * PAGE}, {0, 0}, {0, -1}, {1, PAGE}, {0, 100}, {Long.MAX_VALUE & -PAGE, PAGE},
                {PAGE, Long.MAX_VALUE & -PAGE}, {Long.MIN_VALUE, PAGE}}) {
                assertEquals(Fuse.EINVAL, map(mount, node, -1, 0, range[1], READ, range[0]), "at=" + range[0]);
                assertEquals(Fuse.EINVAL, unmap(mount, range[0], range[1]));
                cases += 2;
            }
            for (long offset : new long[] {3 * PAGE, -PAGE, Long.MIN_VALUE, Long.MAX_VALUE & -PAGE, 1, PAGE + 512}) {
                assertEquals(Fuse.EINVAL, map(mount, node, -1, offset, PAGE, READ, 0), "offset=" + offset);
                cases++;
            }
            assertEquals(Fuse.EBADF, map(mount, node, readOnly.fh(), 0, PAGE, WRITE, 0));
            assertEquals(Fuse.EBADF, map(mount, node, 12345, 0, PAGE, READ, 0));
            assertEquals(Fuse.EBADF, map(mount, Fuse.ROOT, -1, 0, PAGE, READ, 0), "a directory");
            assertEquals(Fuse.EINVAL, mount.error(Fuse.REMOVEMAPPING, node, mount.body().u32(1000).u64(0).u64(PAGE),
                    0));
            assertEquals(0, map(mount, node, readOnly.fh(), 0, PAGE, READ, 0));
            assertEquals("aa", text(mount, 0, 2));
            HostileCases.count("FS-13", cases + 4);
        }
    }

    @Test
    void a_mapping_keeps_its_file_until_it_is_removed() {
        RecordingBackend backend = new RecordingBackend(pages("f", "abc"));
        try (Mount mount = Mount.of(backend, choices -> choices.daxWindow(WINDOW))) {
            long node = mount.find("f");
            map(mount, node, -1, 0, 3 * PAGE, WRITE, 0);
            map(mount, node, -1, 0, PAGE, READ, PAGE);
            mount.forget(node, 1);
            assertEquals(2, mount.device.nodes());
            unmap(mount, 0, WINDOW);
            assertEquals(1, mount.device.nodes());
            assertEquals(1, backend.held(), "the root");
            mount.find("f");
            map(mount, mount.find("f"), -1, 0, PAGE, WRITE, 0);
        }
        assertEquals(0, backend.held());
    }

    // ── A backend that maps by itself ──────────────────────────────────────

    private final List<String> mapped = new ArrayList<>();

    /** Notes what is mapped, and fills it with a letter. */
    private final class Mapping implements FsMapping {

        private final String name;

        Mapping(long offset, MemorySegment place, boolean writable) {
            name = offset / PAGE + "+" + place.byteSize() / PAGE + (writable ? "w" : "r");
            place.fill((byte) 'M');
            mapped.add("map " + name);
        }

        @Override
        public void remove(long offset, long length) {
            mapped.add("remove " + name + " " + offset / PAGE + "+" + length / PAGE);
        }

        @Override
        public void close() {
            mapped.add("close " + name);
        }
    }

    @Test
    @Normative("FS-8")
    void a_backend_that_maps_is_told_of_every_part() throws Exception {
        TreeBackend tree = pages("f", "abcdefgh");
        RecordingBackend backend = new RecordingBackend(tree, Mapping::new);
        try (Mount mount = Mount.of(backend, choices -> choices.daxWindow(WINDOW))) {
            long node = mount.find("f");
            assertEquals(0, map(mount, node, -1, 2 * PAGE, 6 * PAGE, WRITE, 0));
            assertEquals("MM", text(mount, 0, 2));
            assertEquals(0, unmap(mount, PAGE, PAGE));
            assertEquals(0, map(mount, node, -1, 0, 2 * PAGE, READ, 5 * PAGE));
            assertEquals(List.of("map 2+6w", "remove 2+6w 1+1", "remove 2+6w 5+1", "map 0+2r"), mapped);
        }
        assertTrue(mapped.containsAll(List.of("remove 2+6w 0+1", "remove 2+6w 2+3", "remove 0+2r 0+2")),
                mapped.toString());
    }
}
