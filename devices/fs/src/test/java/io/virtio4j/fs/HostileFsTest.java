// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver.Entry;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import org.junit.jupiter.api.Test;

/** What no honest driver asks for, beyond the contract of FUSE. */
class HostileFsTest {

    @Test
    @HostileCase("FS-4")
    void device_nodes_that_may_be_made_are_not_opened() {
        RecordingBackend backend = new RecordingBackend(TreeBackend.create());
        try (Mount mount = Mount.of(backend, choices -> choices.deviceNodes())) {
            for (int type : new int[] {FsMode.CHARACTER_DEVICE, FsMode.BLOCK_DEVICE}) {
                int number = 259 << 8 | 0x45 | 0x123 << 20;
                Entry made = mount.entry(mount.ask(Fuse.MKNOD, Fuse.ROOT, mount.body().u32(type | 0600)
                        .u32(number).u32(0).u32(0).name("special" + type), 128));
                assertEquals(type, made.mode() & FsMode.TYPE);
                assertEquals(number, made.attributes().getInt(76));
                assertEquals(Fuse.EPERM, mount.tryOpen(made.node(), 2).error());
            }
            assertEquals(0, backend.opened());
            HostileCases.count("FS-4", 2);
        }
    }

    @Test
    @HostileCase("FS-11")
    void a_privileged_writer_keeps_the_mode_and_a_group_that_may_not_execute_its_bit() {
        TreeBackend tree = TreeBackend.create().file("g", "x").mode("g", 06755).file("h", "x").mode("h", 02644);
        try (Mount mount = Mount.of(tree)) {
            Open g = mount.open(mount.find("g"), 2);
            mount.write(g, 0, "y");
            assertEquals(0106755, mount.getattr(g.node()).mode());
            Open h = mount.open(mount.find("h"), 2);
            mount.tryWrite(h, 0, new byte[1], 1 << 2).ok();
            assertEquals(0102644, mount.getattr(h.node()).mode());
            HostileCases.count("FS-11", 2);
        }
    }
}
