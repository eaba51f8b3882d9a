// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.fs.Mount.Open;
import io.virtio4j.fs.Mount.Reply;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
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
                ByteBuffer out = mount.init(7, minor, Mount.ALL_FLAGS).ok().body();
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
            ByteBuffer out = mount.init(7, 45, Mount.ALL_FLAGS).ok().body();
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
            Reply reply = mount.ask(Mount.INIT, 0, mount.body().u32(7).u32(31).u32(0).u32(1), 64);
            assertEquals(31, reply.ok().body().getInt(4));
            assertEquals(1, reply.body().getInt(12));
        }
    }

    @Test
    @HostileCase("FS-10")
    void versions_that_cannot_be_are_refused_and_later_ones_asked_again() {
        try (Mount mount = fresh()) {
            int cases = 0;
            for (int[] version : new int[][] {{0, 0}, {6, 45}, {7, 0}, {7, 26}, {-1, -1}, {8, 0}}) {
                Reply reply = mount.init(version[0], version[1], 0);
                if (Integer.toUnsignedLong(version[0]) > 7) {
                    assertEquals(8, reply.ok().body().remaining());
                    assertEquals(7, reply.body().getInt(0));
                } else {
                    assertEquals(Mount.EPROTO, reply.error());
                }
                assertEquals(Mount.EIO, mount.error(Mount.STATFS, Mount.ROOT, mount.body(), 80), "no session yet");
                cases++;
            }
            HostileCases.count("FS-10", cases);
            mount.init();
            mount.ask(Mount.STATFS, Mount.ROOT, mount.body(), 80).ok();
        }
    }

    @Test
    @HostileCase("FS-10")
    void nothing_but_init_is_served_before_init_and_init_not_with_high_priority() {
        try (Mount mount = fresh()) {
            int cases = 0;
            for (int opcode = 0; opcode < 70; opcode++) {
                if (opcode != Mount.INIT) {
                    assertEquals(Mount.EIO, mount.error(opcode, Mount.ROOT, mount.body().raw(new byte[88]), 300));
                    cases++;
                }
            }
            mount.queue = Mount.HIPRIO;
            for (int opcode = 0; opcode < 70; opcode++) {
                assertEquals(Mount.EIO, mount.error(opcode, Mount.ROOT, mount.body().raw(new byte[88]), 300));
                cases++;
            }
            HostileCases.count("FS-10", cases);
            assertEquals(0, mount.device.counters().get(FsCounter.SESSIONS));
        }
    }

    @Test
    @HostileCase({"FS-10", "FS-7"})
    void the_next_init_ends_a_session_with_all_that_it_had() {
        TreeBackend tree = TreeBackend.create();
        try (Mount mount = Mount.of(tree)) {
            Open before = mount.create(Mount.ROOT, "a", Mount.O_RDWR, 0600);
            mount.write(before, 0, "x");
            mount.init();
            assertEquals(0, mount.device.handles());
            assertEquals(1, mount.device.nodes());
            assertEquals(Mount.EBADF, mount.tryRead(before, 0, 1, 1).error(), "a handle of the last session");
            assertEquals(Mount.ESTALE, mount.tryOpen(before.node(), 0).error(), "a node of the last session");
            Open after = mount.open(mount.find("a"), 0);
            assertNotEquals(before.node(), after.node());
            assertNotEquals(before.fh(), after.fh());
            assertEquals(1, mount.read(after, 0, 10).length);
        }
    }

    @Test
    void destroying_a_session_lets_the_next_driver_mount() {
        try (Mount mount = Mount.tree()) {
            mount.create(Mount.ROOT, "a", Mount.O_RDWR, 0600);
            mount.ask(Mount.DESTROY, 0, mount.body(), 0).ok();
            assertEquals(0, mount.device.nodes());
            assertEquals(Mount.EIO, mount.error(Mount.STATFS, Mount.ROOT, mount.body(), 80));
            mount.init();
            assertTrue(mount.find("a") > 1);
        }
    }

    @Test
    void a_reset_ends_the_session() {
        try (Mount mount = Mount.tree()) {
            mount.create(Mount.ROOT, "a", Mount.O_RDWR, 0600);
            mount.driver.reset();
            assertEquals(0, mount.device.nodes());
            mount.driver.start();
            assertEquals(Mount.EIO, mount.error(Mount.STATFS, Mount.ROOT, mount.body(), 80));
            mount.init();
            assertTrue(mount.find("a") > 1);
        }
    }
}
