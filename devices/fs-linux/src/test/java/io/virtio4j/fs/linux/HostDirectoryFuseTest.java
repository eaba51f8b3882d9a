// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.fs.FsDevice;
import io.virtio4j.host.linux.LinuxNode;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import io.virtio4j.testkit.fuse.FuseDriver.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The contract, where the temporary directory is: on a disk, most often. */
@EnabledOnOs(OS.LINUX)
class HostDirectoryFuseTest extends HostFuseContract {

    private static final int SWAPS = 5000;

    @Override
    Path place(Path directory) {
        return directory;
    }

    /** Anything at all may fill a disk: see {@link SmallFileSystemFuseTest}. */
    @Override
    protected int operations() {
        return 0;
    }

    @Test
    @HostileCase("FS-3")
    void a_name_that_is_a_directory_or_a_link_by_turns_leads_to_the_directory_or_nowhere() throws Exception {
        Path real = Files.createDirectory(tree().resolve("real"));
        Files.writeString(real.resolve("secret"), "within");
        Files.createSymbolicLink(tree().resolve("link"), neighbor().path());
        FutureTask<Void> swapping = new FutureTask<>(() -> swap(tree()), null);
        int reached = 0;
        int refused = 0;
        try (FsDevice device = FsDevice.of("swap", HostDirectory.open(tree())).build();
                FuseDriver fuse = FuseDriver.mount(device)) {
            new Thread(swapping, "swapper").start();
            for (int round = 0; !swapping.isDone(); round++) {
                if (goThrough(fuse, round)) {
                    reached++;
                } else {
                    refused++;
                }
            }
        }
        swapping.get();
        assertTrue(reached > 0 && refused > 0, "reached=" + reached + " refused=" + refused);
    }

    private static void swap(Path tree) {
        try (LinuxNode directory = LinuxNode.root(tree)) {
            for (int i = 0; i < SWAPS; i++) {
                directory.rename("real".getBytes(), directory, "link".getBytes(), 2);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean goThrough(FuseDriver fuse, int round) {
        long node = fuse.lookup(Fuse.ROOT, "real").node();
        Reply inner = round % 2 == 0
                ? fuse.ask(Fuse.LOOKUP, node, fuse.body().name("secret"), Fuse.ENTRY_OUT)
                : fuse.ask(Fuse.MKNOD, node, fuse.body().u32(0100600).u32(0).u64(0).name("new"), Fuse.ENTRY_OUT);
        if (inner.error() == 0 && round % 2 == 0) {
            Open file = fuse.open(inner.body().getLong(0), Fuse.O_RDWR);
            assertEquals("within", new String(fuse.read(file, 0, 100)));
            fuse.write(file, 0, "within");
            fuse.release(file);
        } else if (inner.error() == 0) {
            fuse.ask(Fuse.UNLINK, node, fuse.body().name("new"), 0).ok();
        }
        if (inner.error() == 0) {
            fuse.forget(inner.body().getLong(0), 1);
        }
        fuse.forget(node, 1);
        assertTrue(Set.of(0, Fuse.ENOTDIR).contains(inner.error()), "errno=" + inner.error());
        return inner.error() == 0;
    }

    @Test
    @HostileCase("FS-12")
    void nothing_is_moved_or_linked_from_one_file_system_to_another() throws Exception {
        Path other = Files.createDirectory(tree().resolve("other"));
        assumeTrue(SmallFileSystem.mount(other, 1 << 20), "not root: no other file system");
        try (FsDevice device = FsDevice.of("two", HostDirectory.builder(tree()).acrossMounts().open()).build();
                FuseDriver fuse = FuseDriver.mount(device)) {
            long there = fuse.find("other");
            Open here = fuse.create(Fuse.ROOT, "f", Fuse.O_RDWR, 0600);
            fuse.release(fuse.create(there, "g", Fuse.O_RDWR, 0600));
            for (int flags = 0; flags < 3; flags++) {
                assertEquals(Fuse.EXDEV, fuse.error(Fuse.RENAME2, Fuse.ROOT,
                        fuse.body().u64(there).u64(flags).name("f").name(flags == 2 ? "g" : "new"), 0));
            }
            assertEquals(Fuse.EXDEV, fuse.error(Fuse.LINK, there, fuse.body().u64(here.node()).name("new"), 128));
            assertEquals(4 + 1, fuse.list(Fuse.ROOT, 4096, false).size() + fuse.list(there, 4096, false).size() - 2);
            fuse.release(here);
        } finally {
            SmallFileSystem.unmount(other);
        }
    }
}
