// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static io.virtio4j.fs.linux.Tree.assertError;
import static io.virtio4j.fs.linux.Tree.read;
import static io.virtio4j.fs.linux.Tree.write;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.fs.backend.DataSource;
import io.virtio4j.fs.backend.DataTarget;
import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsChange;
import io.virtio4j.fs.backend.FsCreated;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsFile.Allocation;
import io.virtio4j.fs.backend.FsMapping;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.host.linux.Linux;
import io.virtio4j.host.linux.Mapping;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The content of files. */
@EnabledOnOs(OS.LINUX)
class HostFileTest {
    private static final int PAGE = Linux.pageSize();
    private static final int APPEND = 02000;
    private static final int DSYNC = 010000;
    private static final int SYNC = 04010000;

    @TempDir
    Path directory;

    private final FsAttributes out = new FsAttributes();
    private HostDirectory backend;
    private FsNode root;
    private FsNode node;
    private FsFile file;
    private Path path;

    @BeforeEach
    void open() throws IOException {
        backend = HostDirectory.builder(directory).mapping().open();
        root = backend.root();
        FsCreated created = root.create(Caller.ROOT, FsName.of("file"), 0600, OpenFlags.READ_AND_WRITE, out);
        node = created.node();
        file = created.file();
        path = directory.resolve("file");
    }

    @AfterEach
    void everythingIsGivenBack() {
        file.release();
        node.release();
        root.release();
        assertEquals(1, backend.openDescriptors());
        backend.close();
    }

    @Test
    void reading_stops_at_the_end() throws IOException {
        assertEquals(10, write(file, 2, "0123456789", false));

        assertEquals("\0\0" + "0123456789", read(file, 0));
        assertEquals("89", read(file, 10));
        assertEquals("", read(file, 12));
        assertEquals("", read(file, 1L << 40));
    }

    @Test
    void appending_goes_to_the_end_that_others_made() throws IOException {
        FsFile appending = node.open(Caller.ROOT, new OpenFlags(1 | APPEND, false));
        write(file, 0, "longer", false);

        write(appending, 0, "+end", false);
        appending.release();

        assertEquals("longer+end", Files.readString(path));
    }

    @Test
    void synchronous_files_are_written() throws IOException {
        for (int flags : new int[] {2 | DSYNC, 2 | SYNC}) {
            FsFile synchronous = node.open(Caller.ROOT, new OpenFlags(flags, false));
            write(synchronous, 0, "durable", false);
            synchronous.release();
            assertEquals("durable", Files.readString(path));
        }
        file.sync(true);
        file.sync(false);
    }

    @Test
    void a_file_that_is_open_for_reading_is_not_written() throws IOException {
        FsFile reading = node.open(Caller.ROOT, OpenFlags.READ);
        assertError(FsErrno.EBADF, () -> write(reading, 0, "x", false));
        reading.release();
    }

    @Test
    void an_open_file_is_cut_by_itself() throws IOException {
        write(file, 0, "0123456789", false);
        FsChange change = new FsChange();
        change.what = FsChange.SIZE;
        change.size = 4;
        change.dropPrivileges = true;

        assertEquals(true, file.change(Caller.ROOT, change, out));

        assertEquals(4, out.size);
        assertEquals("0123", Files.readString(path));
        assertEquals(true, file.attributes(out));
    }

    @Test
    void space_is_set_aside_zeroed_and_given_back() throws IOException {
        file.allocate(Allocation.ALLOCATE, 0, 1 << 20, true, false);
        node.attributes(out);
        assertEquals(0, out.size);
        assertEquals(1 << 11, out.blocks);
        file.allocate(Allocation.ALLOCATE, 0, 1 << 20, false, true);
        node.attributes(out);
        assertEquals(1 << 20, out.size);

        write(file, 0, "abcdef", false);
        file.allocate(Allocation.PUNCH_HOLE, 2, 2, true, false);
        assertEquals("ab\0\0ef", read(file, 0).substring(0, 6));
        file.allocate(Allocation.PUNCH_HOLE, PAGE, (1 << 20) - PAGE, true, false);
        node.attributes(out);
        assertEquals(PAGE / 512, out.blocks);
    }

    @Test
    void zeroing_keeps_or_extends_the_length() throws IOException {
        write(file, 0, "abcdef", false);
        try {
            file.allocate(Allocation.ZERO, 4, 4, true, false);
        } catch (IOException cannot) {
            assumeTrue(false, "the file system cannot zero ranges");
        }
        assertEquals("abcd\0\0", read(file, 0));
        file.allocate(Allocation.ZERO, 4, 4, false, false);
        assertEquals("abcd\0\0\0\0", read(file, 0));
    }

    @Test
    void data_and_holes_are_found() throws IOException {
        write(file, 4L * PAGE, "x", false);

        assertEquals(4L * PAGE, file.seek(0, false));
        assertEquals(0, file.seek(0, true));
        assertEquals(4L * PAGE + 1, file.seek(4L * PAGE, true));
        assertError(FsErrno.ENXIO, () -> file.seek(4L * PAGE + 1, false));
        assertError(FsErrno.ENXIO, () -> file.seek(1L << 40, true));
    }

    @Test
    void ranges_are_copied_in_the_host() throws IOException {
        write(file, 0, "0123456789", false);
        FsCreated other = root.create(Caller.ROOT, FsName.of("other"), 0600, OpenFlags.READ_AND_WRITE, out);

        assertEquals(5, file.copy(3, other.file(), 1, 5, false));
        assertEquals(0, file.copy(10, other.file(), 0, 5, true));

        assertEquals("\00034567", read(other.file(), 0));
        other.file().release();
        other.node().release();
    }

    @Test
    void a_file_appears_in_memory_and_goes_again() throws IOException {
        write(file, PAGE, "second page", false);
        write(file, 3L * PAGE - 1, "e", false);
        try (Mapping window = Mapping.anonymous(4L * PAGE)) {
            MemorySegment place = window.segment().asSlice(PAGE, 2L * PAGE);
            FsMapping mapping = file.map(PAGE, place, true);
            assertEquals('s', place.get(JAVA_BYTE, 0));
            place.set(JAVA_BYTE, 0, (byte) 'S');
            assertEquals("Second page", read(file, PAGE).substring(0, 11));

            mapping.remove(0, PAGE);
            assertEquals(0, place.get(JAVA_BYTE, 0));
            assertEquals('e', place.get(JAVA_BYTE, 2L * PAGE - 1));
            FsMapping other = file.map(PAGE, place.asSlice(0, PAGE), false); // where a part was taken out
            mapping.close();
            assertEquals('S', place.get(JAVA_BYTE, 0));
            assertEquals(0, place.get(JAVA_BYTE, 2L * PAGE - 1));
            other.close();
            assertEquals(0, place.get(JAVA_BYTE, 0));
        }
    }

    @Test
    void a_full_disk_is_a_short_count_and_then_an_error() throws Exception {
        Path small = Files.createDirectory(directory.resolve("small"));
        int size = 256 << 10;
        assumeTrue(SmallFileSystem.mount(small, size), "not root: no small file system");
        try (HostDirectory full = HostDirectory.open(small); Arena arena = Arena.ofConfined()) {
            FsNode top = full.root();
            FsCreated created = top.create(Caller.ROOT, FsName.of("big"), 0600, OpenFlags.READ_AND_WRITE, out);
            MemorySegment data = arena.allocate(2L * size).fill((byte) 7);

            DataSource source = DataSource.of(data);
            created.file().write(0, source, false);
            assertEquals(size, source.position());
            assertError(FsErrno.ENOSPC, () -> created.file().write(size, DataSource.of(data), false));

            DataTarget target = DataTarget.of(arena.allocate(2L * size));
            created.file().read(0, target);
            assertEquals(size, target.position());
            created.file().release();
            created.node().release();
            top.release();
        } finally {
            SmallFileSystem.unmount(small);
        }
    }
}
