// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.fs.nio.PathBackend;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver.Dirent;
import io.virtio4j.testkit.fuse.FuseDriver.Entry;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import io.virtio4j.testkit.fuse.FuseDriver.Reply;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** File systems of Java for a guest: a directory of the host, one in memory, a ZIP file. */
class PathBackendTest {

    @TempDir
    private Path temporary;

    private enum Kind { DIRECTORY, MEMORY, ZIP }

    private PathBackend open(Kind kind) throws IOException {
        return switch (kind) {
            case DIRECTORY -> PathBackend.of(Files.createDirectories(temporary.resolve("root")));
            case MEMORY -> {
                FileSystem memory = Jimfs.newFileSystem(Configuration.unix().toBuilder()
                        .setAttributeViews("basic", "unix").build());
                yield PathBackend.of(Files.createDirectory(memory.getPath("/root"))).closing(memory);
            }
            case ZIP -> {
                FileSystem zip = FileSystems.newFileSystem(URI.create("jar:" + temporary.resolve("a.zip").toUri()),
                        Map.of("create", "true"));
                yield PathBackend.of(zip.getPath("/")).closing(zip);
            }
        };
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void files_are_created_written_read_and_cut(Kind kind) throws IOException {
        try (Mount mount = Mount.of(open(kind))) {
            long d = mount.mkdir(Fuse.ROOT, "d", 0755).node();
            Open file = mount.create(d, "f", Fuse.O_RDWR, 0644);
            assertEquals(5, mount.write(file, 0, "hello"));
            byte[] large = new byte[200_000];
            for (int i = 0; i < large.length; i++) {
                large[i] = (byte) (i * 31);
            }
            assertEquals(large.length, mount.tryWrite(file, 10, large, 0).ok().body().getInt(0));
            assertEquals(200_010, mount.getattr(file.node()).size(), "seen before it is closed");
            mount.ask(Fuse.FSYNC, file.node(), mount.body().u64(file.fh()).u64(0), 0).ok();
            mount.release(file);
            Open again = mount.open(mount.find("d/f"), 0);
            byte[] read = mount.read(again, 10, large.length);
            assertArrayEquals(large, read);
            assertEquals("hello", new String(mount.read(again, 0, 5), UTF_8));
            mount.release(again);
            mount.ask(Fuse.SETATTR, file.node(), mount.change(1 << 3, 0, 3, 0, 0, 0), 104).ok();
            assertEquals("hel", mount.content("d/f"));
            mount.ask(Fuse.SETATTR, file.node(), mount.change(1 << 3, 0, 5, 0, 0, 0), 104).ok();
            assertEquals("hel\0\0", mount.content("d/f"));
            assertEquals(0, mount.getattr(mount.open(file.node(), Fuse.O_RDWR | Fuse.O_TRUNC).node()).size());
        }
    }

    /** A worker of a queue has written nothing before. */
    @Test
    void the_first_data_in_pages_that_a_thread_writes_is_written() throws Exception {
        FutureTask<Void> first = new FutureTask<>(() -> {
            try (Mount mount = Mount.of(open(Kind.MEMORY))) {
                Open file = mount.create(Fuse.ROOT, "f", Fuse.O_RDWR, 0644);
                assertEquals(8192, mount.write(file, 0, "a".repeat(4096) + "b".repeat(4096)));
                assertEquals("ab", new String(mount.read(file, 4095, 2), UTF_8));
            }
            return null;
        });
        new Thread(first).start();
        first.get();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void names_are_listed_moved_and_removed(Kind kind) throws IOException {
        try (Mount mount = Mount.of(open(kind))) {
            Set<String> expected = new HashSet<>(Set.of(".", ".."));
            for (int i = 0; i < 50; i++) {
                mount.release(mount.create(Fuse.ROOT, "file é " + i, Fuse.O_RDWR, 0644));
                expected.add("file é " + i);
            }
            mount.mkdir(Fuse.ROOT, "dir", 0755);
            expected.add("dir");
            for (boolean plus : new boolean[] {false, true}) {
                List<Dirent> all = mount.list(Fuse.ROOT, 700, plus);
                assertEquals(expected.size(), all.size());
                assertEquals(expected, new HashSet<>(all.stream().map(Dirent::name).toList()));
            }
            long dir = mount.find("dir");
            long first = mount.find("file é 1");
            mount.ask(Fuse.RENAME, Fuse.ROOT, mount.body().u64(dir).name("file é 1").name("moved"), 0).ok();
            assertEquals(Fuse.EEXIST, mount.error(Fuse.RENAME2, Fuse.ROOT,
                    mount.body().u64(dir).u64(1).name("file é 2").name("moved"), 0));
            assertEquals(first, mount.find("dir/moved"), "the same file");
            assertEquals(0, mount.getattr(first).size());
            mount.ask(Fuse.RENAME, Fuse.ROOT, mount.body().u64(dir).name("file é 2").name("moved"), 0).ok();
            assertNotEquals(first, mount.find("dir/moved"));
            assertEquals(Fuse.ESTALE, mount.error(Fuse.GETATTR, first, mount.body().u64(0).u64(0), 104));
            assertEquals(Fuse.ENOTEMPTY, mount.error(Fuse.RMDIR, Fuse.ROOT, mount.body().name("dir"), 0));
            assertEquals(Fuse.EISDIR, mount.error(Fuse.UNLINK, Fuse.ROOT, mount.body().name("dir"), 0));
            mount.ask(Fuse.UNLINK, dir, mount.body().name("moved"), 0).ok();
            assertEquals(Fuse.ENOTDIR, mount.error(Fuse.RMDIR, Fuse.ROOT, mount.body().name("file é 3"), 0));
            mount.ask(Fuse.RMDIR, Fuse.ROOT, mount.body().name("dir"), 0).ok();
            assertEquals(Fuse.ENOENT, mount.error(Fuse.LOOKUP, Fuse.ROOT, mount.body().name("dir"), 128));
            assertTrue(mount.ask(Fuse.STATFS, Fuse.ROOT, mount.body(), 80).ok().body().getLong(0) >= 0);
        }
    }

    @Test
    void a_zip_file_has_what_was_written_when_its_device_is_closed() throws IOException {
        try (Mount mount = Mount.of(open(Kind.ZIP))) {
            Open file = mount.create(mount.mkdir(Fuse.ROOT, "d", 0755).node(), "f", Fuse.O_RDWR, 0644);
            mount.write(file, 0, "in the archive");
            mount.release(file);
        }
        try (FileSystem zip = FileSystems.newFileSystem(temporary.resolve("a.zip"))) {
            assertEquals("in the archive", Files.readString(zip.getPath("/d/f")));
        }
        FileSystem readOnly = FileSystems.newFileSystem(URI.create("jar:" + temporary.resolve("a.zip").toUri()),
                Map.of("accessMode", "readOnly"));
        try (Mount mount = Mount.of(PathBackend.of(readOnly.getPath("/")).closing(readOnly))) {
            assertEquals("in the archive", mount.content("d/f"));
            assertEquals(Fuse.EROFS, mount.error(Fuse.MKDIR, Fuse.ROOT, mount.body().u64(0755).name("x"), 128));
            assertEquals(Fuse.EROFS, mount.tryOpen(mount.find("d/f"), 2).error());
        }
        assertFalse(readOnly.isOpen());
    }

    // ── What a directory of a host has ─────────────────────────────────────

    @ParameterizedTest
    @EnumSource(value = Kind.class, names = {"DIRECTORY", "MEMORY"})
    void links_modes_and_times_are_the_files_own(Kind kind) throws IOException {
        try (Mount mount = Mount.of(open(kind))) {
            Open file = mount.create(Fuse.ROOT, "f", Fuse.O_RDWR, 0640);
            mount.write(file, 0, "x");
            Entry link = mount.entry(mount.ask(Fuse.SYMLINK, Fuse.ROOT, mount.body().name("l").name("../f"), 128));
            assertEquals(0120000, link.mode() & 0170000);
            assertEquals("../f", new String(mount.ask(Fuse.READLINK, link.node(), mount.body(), 100).ok().bytes(),
                    UTF_8));
            Entry hard = mount.entry(mount.ask(Fuse.LINK, Fuse.ROOT, mount.body().u64(file.node()).name("h"), 128));
            assertEquals(file.node(), hard.node());
            assertEquals(2, hard.links());
            assertEquals(file.node(), mount.find("h"));
            mount.ask(Fuse.UNLINK, Fuse.ROOT, mount.body().name("f"), 0).ok();
            assertEquals(1, mount.getattr(file.node()).links());
            assertEquals("x", mount.content("h"));
            if (kind == Kind.DIRECTORY) {
                mount.ask(Fuse.SETATTR, file.node(), mount.change(1 | 1 << 4 | 1 << 5, 0, 0, 04755, 0, 0), 104).ok();
                Entry entry = mount.getattr(file.node());
                assertEquals(0104755, entry.mode());
                assertEquals(11, entry.attributes().getLong(24));
                assertEquals(15, entry.attributes().getInt(52));
                mount.tryWrite(file, 0, new byte[1], 1 << 2).ok();
                assertEquals(0100755, mount.getattr(file.node()).mode(), "privileges went");
            }
        }
    }

    @Test
    void a_file_that_is_open_goes_on_without_its_name() throws IOException {
        try (Mount mount = Mount.of(open(Kind.DIRECTORY))) {
            Open file = mount.create(Fuse.ROOT, "f", Fuse.O_RDWR, 0640);
            mount.write(file, 0, "still here");
            mount.ask(Fuse.UNLINK, Fuse.ROOT, mount.body().name("f"), 0).ok();
            Open other = mount.create(Fuse.ROOT, "f", Fuse.O_RDWR, 0640);
            assertNotEquals(file.node(), other.node(), "even if the host gives its number again");
            assertEquals("still here", new String(mount.read(file, 0, 100), UTF_8));
            Reply status = mount.ask(Fuse.GETATTR, file.node(), mount.body().u32(1).u32(0).u64(file.fh()), 104).ok();
            assertEquals(10, status.body().getLong(16 + 8));
            assertEquals(0, status.body().getInt(16 + 64), "no link");
            mount.ask(Fuse.SETATTR, file.node(), mount.change(1 << 3 | 1 << 6, file.fh(), 5, 0, 0, 0), 104).ok();
            assertEquals("still", new String(mount.read(file, 0, 100), UTF_8));
        }
    }

    /** The JDK's own modules are such files: none can be read at a position. */
    @Test
    void files_that_are_read_forward_only_are_read_anywhere() throws IOException {
        Path module = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules/java.base");
        byte[] expected = Files.readAllBytes(module.resolve("java/lang/String.class"));
        try (Mount mount = Mount.of(PathBackend.of(module))) {
            Open file = mount.open(mount.find("java/lang/String.class"), 0);
            assertEquals(expected.length, mount.getattr(file.node()).size());
            assertArrayEquals(Arrays.copyOfRange(expected, 20_000, 20_100), mount.read(file, 20_000, 100));
            assertArrayEquals(Arrays.copyOfRange(expected, 7, 18_000), mount.read(file, 7, 17_993));
            assertArrayEquals(Arrays.copyOfRange(expected, 18_000, 18_500), mount.read(file, 18_000, 500));
            assertEquals(0, mount.read(file, expected.length, 10).length);
            assertEquals(0, mount.read(file, expected.length + 5000, 10).length);
            mount.release(file);
        }
    }

    @Test
    void only_directories_are_served() throws IOException {
        Path file = Files.writeString(temporary.resolve("file"), "x");
        assertThrows(NotDirectoryException.class, () -> PathBackend.of(file));
    }

    // ── Confinement ────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(value = Kind.class, names = {"DIRECTORY", "MEMORY"})
    @HostileCase({"FS-1", "FS-2"})
    void links_that_lead_out_are_never_followed(Kind kind) throws IOException {
        PathBackend backend = open(kind);
        Path outside = kind == Kind.DIRECTORY ? temporary.resolve("outside") : null;
        if (outside != null) {
            Files.createDirectory(outside);
            Files.writeString(outside.resolve("secret"), "secret");
        }
        String target = outside == null ? "/work" : outside.toString();
        try (Mount mount = Mount.of(backend)) {
            long link = mount.entry(mount.ask(Fuse.SYMLINK, Fuse.ROOT, mount.body().name("l").name(target), 128))
                    .node();
            long inner = mount.entry(mount.ask(Fuse.SYMLINK, Fuse.ROOT,
                    mount.body().name("m").name(target + "/secret"), 128)).node();
            assertEquals(Fuse.ENOTDIR, mount.error(Fuse.LOOKUP, link, mount.body().name("secret"), 128));
            assertEquals(Fuse.ENOTDIR, mount.error(Fuse.OPENDIR, link, mount.body().u64(0), 16));
            assertEquals(Fuse.ENOTDIR, mount.error(Fuse.CREATE, link,
                    mount.body().u32(2).u32(0100600).u64(0).name("new"), 144));
            assertEquals(Fuse.ENOTDIR, mount.error(Fuse.UNLINK, link, mount.body().name("secret"), 0));
            assertEquals(Fuse.EPERM, mount.tryOpen(inner, 2).error());
            assertEquals(Fuse.EINVAL, mount.error(Fuse.SETATTR, inner, mount.change(1 << 3, 0, 0, 0, 0, 0), 104));
            mount.ask(Fuse.SETATTR, inner, mount.change(1 << 4 | 1 << 5, 0, 0, 0, 0, 0), 104);
            int create = mount.error(Fuse.CREATE, Fuse.ROOT,
                    mount.body().u32(2 | Fuse.O_TRUNC).u32(0100600).u64(0).name("m"), 144);
            assertEquals(40, create, "ELOOP");
            HostileCases.count("FS-2", 8);
        }
        if (outside != null) {
            assertEquals("secret", Files.readString(outside.resolve("secret")));
            assertNotEquals(12, Files.getLastModifiedTime(outside.resolve("secret")).toMillis() / 1000);
            try (var names = Files.list(outside)) {
                assertEquals(1, names.count());
            }
        }
    }

    @Test
    @HostileCase("FS-3")
    void a_directory_that_becomes_a_link_meanwhile_leads_nowhere() throws Exception {
        Path outside = Files.createDirectory(temporary.resolve("outside"));
        Files.writeString(outside.resolve("f"), "SECRET");
        PathBackend backend = open(Kind.DIRECTORY);
        int rounds = 1000;
        try (Mount mount = Mount.of(backend, choices -> choices.requestQueues(2), DriverOptions.split(),
                instance -> instance.runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory())))) {
            int outcomes = 0;
            for (int i = 0; i < rounds; i++) {
                mount.queue(1);
                long d = mount.mkdir(Fuse.ROOT, "d", 0755).node();
                Submitted rmdir = mount.submit(Fuse.RMDIR, Fuse.ROOT, mount.body().name("d"), 0);
                Submitted link = mount.submit(Fuse.SYMLINK, Fuse.ROOT,
                        mount.body().name("d").name(outside.toString()), 128);
                mount.queue(2);
                Submitted create = mount.submit(Fuse.CREATE, d, mount.body().u32(2 | Fuse.O_TRUNC).u32(0100600).u64(0)
                        .name("f"), 144);
                Submitted look = mount.submit(Fuse.LOOKUP, d, mount.body().name("f"), 128);
                Reply created = mount.reply(mount.driver().queue(2).await(create));
                Reply found = mount.reply(mount.driver().queue(2).await(look));
                mount.reply(mount.driver().queue(1).await(rmdir));
                mount.reply(mount.driver().queue(1).await(link));
                outcomes |= created.error() == 0 ? 1 : 2;
                if (created.error() != 0) {
                    assertNotEquals(0, found.error(), "found without being made");
                }
                mount.queue(1);
                if (created.error() == 0) {
                    mount.release(new Open(created.body().getLong(0), created.body().getLong(128), 0));
                    mount.ask(Fuse.UNLINK, d, mount.body().name("f"), 0);
                    mount.ask(Fuse.RMDIR, Fuse.ROOT, mount.body().name("d"), 0);
                }
                mount.ask(Fuse.UNLINK, Fuse.ROOT, mount.body().name("d"), 0);
                assertEquals("SECRET", Files.readString(outside.resolve("f")), "round=" + i);
            }
            assertEquals(3, outcomes, "both orders happened");
            HostileCases.count("FS-3", rounds);
        }
        assertTrue(Files.exists(outside.resolve("f"), LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    @HostileCase("FS-1")
    void names_that_the_file_system_takes_apart_are_refused() throws IOException {
        FileSystem windows = Jimfs.newFileSystem(Configuration.windows());
        PathBackend backend = PathBackend.of(Files.createDirectory(windows.getPath("C:\\root"))).closing(windows);
        Files.writeString(windows.getPath("C:\\secret"), "secret");
        try (Mount mount = Mount.of(backend)) {
            int cases = 0;
            for (String name : new String[] {"..\\secret", "a\\b", "C:\\secret", "C:", "\\secret", "a:b", "a*"}) {
                assertEquals(Fuse.ENOENT, mount.error(Fuse.LOOKUP, Fuse.ROOT, mount.body().name(name), 128), name);
                assertEquals(Fuse.EINVAL, mount.error(Fuse.MKDIR, Fuse.ROOT, mount.body().u64(0755).name(name),
                        128));
                assertEquals(Fuse.EINVAL, mount.error(Fuse.CREATE, Fuse.ROOT,
                        mount.body().u32(2).u32(0100600).u64(0).name(name), 144));
                cases += 3;
            }
            HostileCases.count("FS-1", cases);
            assertEquals(Fuse.ENOENT, mount.error(Fuse.LOOKUP, Fuse.ROOT,
                    mount.body().raw(new byte[] {(byte) 0xFF, 'a', 0}), 128), "no UTF-8");
            assertEquals(Fuse.EINVAL, mount.error(Fuse.MKDIR, Fuse.ROOT,
                    mount.body().u64(0755).raw(new byte[] {(byte) 0xFF, 'a', 0}), 128));
        }
    }
}
