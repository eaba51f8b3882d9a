// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver.Reply;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** [File System Device / Device Initialization] */
class DeviceInitializationTest {

    private static Mount fresh() {
        return Mount.attach(TreeBackend.create(), choices -> choices, DriverOptions.split(), instance -> {});
    }

    @Test
    void a_session_is_of_the_lower_version() {
        try (Mount mount = fresh()) {
            for (int minor : new int[] {27, 31, 38, 45, 46, 1000}) {
                ByteBuffer out = mount.init(7, minor, Fuse.ALL_FLAGS).ok().body();
                assertEquals(7, out.getInt(0));
                assertEquals(Math.min(45, minor), out.getInt(4));
                assertEquals(1 << 20, out.getInt(20), "max_write");
                assertEquals(256, out.getShort(28), "max_pages");
            }
        }
    }

    @Test
    void flags_are_those_that_both_know() {
        try (Mount mount = fresh()) {
            ByteBuffer out = mount.init(7, 45, Fuse.ALL_FLAGS).ok().body();
            long flags = Integer.toUnsignedLong(out.getInt(12)) | Integer.toUnsignedLong(out.getInt(32)) << 32;
            for (InitFlag flag : InitFlag.values()) {
                boolean optional = switch (flag) {
                    case WRITEBACK_CACHE, POSIX_ACL, MAP_ALIGNMENT, HAS_INODE_DAX -> true;
                    default -> false;
                };
                assertEquals(!optional, (flags & flag.bit) != 0, flag.toString());
            }
            out = mount.init(7, 45, 1 << 3).ok().body();
            assertEquals(1 << 3, out.getInt(12), "nothing that the driver does not know");
            assertEquals(0, out.getInt(32));
        }
    }

    @Test
    void a_driver_of_before_the_extension_sends_less() {
        try (Mount mount = fresh()) {
            Reply reply = mount.ask(Fuse.INIT, 0, mount.body().u32(7).u32(31).u32(0).u32(1), 64);
            assertEquals(31, reply.ok().body().getInt(4));
            assertEquals(1, reply.body().getInt(12));
        }
    }

    @Test
    void destroying_a_session_lets_the_next_driver_mount() {
        try (Mount mount = Mount.tree()) {
            mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            mount.ask(Fuse.DESTROY, 0, mount.body(), 0).ok();
            assertEquals(0, mount.device.nodes());
            assertEquals(Fuse.EIO, mount.error(Fuse.STATFS, Fuse.ROOT, mount.body(), 80));
            mount.init();
            assertTrue(mount.find("a") > 1);
        }
    }

    @Test
    void a_reset_ends_the_session() {
        try (Mount mount = Mount.tree()) {
            mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            mount.driver().reset();
            assertEquals(0, mount.device.nodes());
            mount.driver().start();
            assertEquals(Fuse.EIO, mount.error(Fuse.STATFS, Fuse.ROOT, mount.body(), 80));
            mount.init();
            assertTrue(mount.find("a") > 1);
        }
    }
}
