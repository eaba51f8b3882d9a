// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.nio.PathBackend;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.fs.tree.TreeContent;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** Linux mounts what is no directory of the host: a ZIP file, the JDK's own modules, files that Java computes. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class FileSystemBackendsGuestTest {

    private static final String TAG = "java";
    private static final Duration LONG = Duration.ofMinutes(3);

    @FunctionalInterface
    private interface Work {
        void on(LinuxGuest guest) throws Exception;
    }

    private static void with(Wiring wiring, String name, FsBackend backend, GuestReport.Row row, Work work)
        throws Exception {
        try (SharedDirectory shared = SharedDirectory.create();
             ServedFileSystem served = ServedFileSystem.serve(shared, 3, wiring, TAG, backend, device -> device);
             LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared)).name("fs-" + name + "-" + wiring)
                 .start()) {
            row.shows(served);
            assertEquals(wiring.ring() == Wiring.Ring.PACKED, served.accepted().has(CoreFeature.RING_PACKED));
            run(guest, "mount -t virtiofs " + TAG + " /mnt");
            work.on(guest);
            run(guest, "umount /mnt");
            assertEquals(0, served.device().handles(), "all is closed");
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
            assertEquals(0, served.errors());
            row.note("Linux " + guest.release());
        }
    }

    private static String run(LinuxGuest guest, String script) {
        return guest.run(script, LONG).success();
    }

    private static String sum(byte[] content) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    private static byte[] content(int bytes) {
        byte[] content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        return content;
    }

    @OnEachWiring
    void a_zip_file_is_read_and_written(Wiring wiring, GuestReport.Row row) throws Exception {
        Path file = Files.createDirectories(Path.of("target")).resolve("guest-" + wiring + ".zip").toAbsolutePath();
        Files.deleteIfExists(file);
        URI uri = URI.create("jar:" + file.toUri());
        byte[] large = content(1_500_000);
        try (FileSystem zip = FileSystems.newFileSystem(uri, Map.of("create", "true"))) {
            Files.createDirectories(zip.getPath("/some/where"));
            Files.write(zip.getPath("/some/where/large"), large);
            Files.writeString(zip.getPath("/greeting"), "hello\n");
        }
        FileSystem zip = FileSystems.newFileSystem(uri, Map.of());
        with(wiring, "zip", PathBackend.of(zip.getPath("/")).closing(zip), row, guest -> {
            assertEquals("hello", run(guest, "cat /mnt/greeting"));
            assertEquals("greeting some", run(guest, "ls /mnt | tr '\\n' ' '").strip());
            assertEquals(sum(large), run(guest, "sha256sum < /mnt/some/where/large").split(" ")[0]);
            run(guest, """
                set -e; cd /mnt
                mkdir new
                cp some/where/large new/copy
                cmp some/where/large new/copy
                printf 'from the guest' > new/text
                mv new/text new/renamed
                rm greeting
                [ ! -e greeting ]""");
        });
        try (FileSystem after = FileSystems.newFileSystem(uri, Map.of())) {
            assertEquals("from the guest", Files.readString(after.getPath("/new/renamed")));
            assertArrayEquals(large, Files.readAllBytes(after.getPath("/new/copy")));
            assertFalse(Files.exists(after.getPath("/greeting")));
        }
    }

    /** A file system that nobody has on a disk, and that cannot be written. */
    @OnEachWiring
    void the_modules_of_the_jdk_are_read(Wiring wiring, GuestReport.Row row) throws Exception {
        Path module = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules/java.logging");
        List<Path> classes;
        try (Stream<Path> all = Files.walk(module)) {
            classes = all.filter(Files::isRegularFile).sorted().toList();
        }
        StringBuilder expected = new StringBuilder();
        for (Path one : classes) {
            expected.append(sum(Files.readAllBytes(one))).append("  ./").append(module.relativize(one)).append('\n');
        }
        with(wiring, "jrt", PathBackend.of(module), row, guest -> {
            assertEquals(expected.toString().strip(),
                run(guest, "cd /mnt && find . -type f | LC_ALL=C sort | xargs sha256sum"));
            assertNotEquals(0, guest.run("echo no > /mnt/file").status());
        });
        assertTrue(classes.size() > 50);
    }

    @OnEachWiring
    void files_are_computed(Wiring wiring, GuestReport.Row row) throws Exception {
        AtomicInteger asked = new AtomicInteger();
        AtomicReference<String> told = new AtomicReference<>("");
        TreeBackend tree = TreeBackend.create();
        tree.file("etc/hostname", "guest\n").symbolicLink("name", "etc/hostname");
        tree.computed("count", new TreeContent() {
            @Override
            public byte[] read() {
                return (asked.incrementAndGet() + "\n").getBytes(StandardCharsets.UTF_8);
            }

            @Override
            public long size() {
                return 2;
            }
        });
        tree.computed("say", new TreeContent() {
            @Override
            public byte[] read() {
                return told.get().getBytes(StandardCharsets.UTF_8);
            }

            @Override
            public void write(byte[] content) {
                told.set(new String(content, StandardCharsets.UTF_8));
            }
        }).mode("say", 0644);
        with(wiring, "tree", tree, row, guest -> {
            assertEquals("guest", run(guest, "cat /mnt/name"));
            assertEquals("1 2 3", run(guest, "for i in 1 2 3; do cat /mnt/count; done | tr '\\n' ' '").strip());
            run(guest, "echo 'from the guest' > /mnt/say");
            assertEquals("from the guest\n", told.get());
            assertEquals("from the guest", run(guest, "cat /mnt/say"));
            run(guest, """
                set -e; cd /mnt
                mkdir dir
                dd if=/dev/urandom of=dir/random bs=64k count=16 2>/dev/null
                sha256sum < dir/random > dir/sum
                setfattr -n user.color -v red dir/random
                [ "$(getfattr --only-values -n user.color dir/random)" = red ]
                ln dir/random dir/second
                [ "$(stat -c %h dir/second)" = 2 ]
                for kind in '' --fcntl; do
                    flock $kind dir/sum true
                    flock $kind -n dir/sum true
                done
                """);
            assertEquals(new String(tree.content("dir/sum"), StandardCharsets.UTF_8).split(" ")[0],
                sum(tree.content("dir/random")));
            tree.file("dir/late", "from Java\n");
            assertEquals("from Java", run(guest, "cat /mnt/dir/late"));
        });
    }
}
