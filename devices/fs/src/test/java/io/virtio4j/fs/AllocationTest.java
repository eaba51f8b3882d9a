// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.nio.PathBackend;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.AllocationCheck;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Data is read and written, and attributes are asked for, without an allocation. */
class AllocationTest {

    private static final int PAGES = 8;
    private static final int PAGE = 4096;

    private static Mount start(FsBackend backend, RingFormat format) {
        return Mount.of(backend, choices -> choices, DriverOptions.of(format).queueSize(256), instance -> {});
    }

    private static long turn(Mount mount, List<Descriptor> request, int count) {
        DriverQueue queue = mount.driver().queue(1);
        for (int i = 0; i < count; i++) {
            queue.add(request, request.size());
        }
        queue.publish();
        queue.kickAlways();
        long bytes = AllocationCheck.bytesOf(() -> mount.driver().instance().poll(100));
        assertEquals(count, queue.collect());
        return bytes;
    }

    private static Descriptor put(Mount mount, byte[] message) {
        GuestBuffer buffer = mount.driver().ram().allocate(message.length);
        buffer.write(0, message);
        return new Descriptor(buffer.address(), message.length, false);
    }

    private static Descriptor room(Mount mount, int length) {
        return new Descriptor(mount.driver().ram().allocate(length).address(), length, true);
    }

    private static void readsAndWrites(FsBackend backend, RingFormat format) {
        try (Mount mount = start(backend, format)) {
            Open file = mount.create(Fuse.ROOT, "f", 2, 0600);
            assertEquals(4, mount.write(file, PAGES * PAGE - 4, "last"));
            int length = PAGES * PAGE;
            List<Descriptor> read = List.of(put(mount,
                    mount.message(Fuse.READ, file.node(), mount.body().u64(file.fh())
                    .u64(0).u32(length).u32(0).u64(0).u64(0).toBytes())), room(mount, 16), room(mount, PAGE),
                    room(mount, length - PAGE));
            List<Descriptor> write = List.of(put(mount,
                    mount.message(Fuse.WRITE, file.node(), mount.body().u64(file.fh())
                    .u64(0).u32(length).u32(4).u64(0).u64(0).raw(new byte[length]).toBytes())), room(mount, 24));
            AllocationCheck.assertAllocatesNothing(count -> turn(mount, read, count));
            AllocationCheck.assertAllocatesNothing(count -> turn(mount, write, count));
            assertTrue(mount.device.counters().get(FsCounter.READ_BYTES) > 1000L * length);
            assertTrue(mount.device.counters().get(FsCounter.WRITTEN_BYTES) > 1000L * length);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void of_a_tree_in_memory(RingFormat format) {
        readsAndWrites(TreeBackend.create(), format);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void attributes_of_a_tree_in_memory(RingFormat format) {
        try (Mount mount = start(TreeBackend.create().file("f", "x"), format)) {
            long node = mount.find("f");
            List<Descriptor> getattr = List.of(put(mount, mount.message(Fuse.GETATTR, node,
                    mount.body().u64(0).u64(0).toBytes())), room(mount, 16 + 104));
            AllocationCheck.assertAllocatesNothing(count -> turn(mount, getattr, count));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void of_a_directory_of_the_host(RingFormat format, @TempDir Path directory) throws IOException {
        // A write that drops privileges has to look at the mode, by a path: not here.
        try (Mount mount = start(PathBackend.of(directory), format)) {
            Open file = mount.create(Fuse.ROOT, "f", 2, 0600);
            int length = PAGES * PAGE;
            mount.write(file, length - 4, "last");
            List<Descriptor> read = List.of(put(mount,
                    mount.message(Fuse.READ, file.node(), mount.body().u64(file.fh())
                    .u64(0).u32(length).u32(0).u64(0).u64(0).toBytes())), room(mount, 16), room(mount, PAGE),
                    room(mount, length - PAGE));
            List<Descriptor> write = List.of(put(mount,
                    mount.message(Fuse.WRITE, file.node(), mount.body().u64(file.fh())
                    .u64(0).u32(length).u32(0).u64(0).u64(0).raw(new byte[length]).toBytes())), room(mount, 24));
            AllocationCheck.assertAllocatesNothing(count -> turn(mount, read, count));
            AllocationCheck.assertAllocatesNothing(count -> turn(mount, write, count));
        }
    }
}
