// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [File System Device / Device Operation / Device Operation: Notification Queue] */
class NotificationQueueTest {

    private static final int NOTIFICATION = 1;
    private static final int SIZE = 4096 + 40;

    private static Mount mount(TreeBackend tree, RingFormat format) {
        Mount mount = Mount.attach(tree, FsDeviceBuilder::notifications, DriverOptions.of(format), instance -> {});
        mount.queue(2);
        mount.init();
        mount.driver().queue(NOTIFICATION).mayKeepBuffers();
        return mount;
    }

    private static ByteBuffer await(Mount mount, Submitted buffer, int code) {
        byte[] message = mount.driver().queue(NOTIFICATION).await(buffer).written();
        ByteBuffer fields = ByteBuffer.wrap(message).order(mount.order());
        assertEquals(message.length, fields.getInt(0));
        assertEquals(code, fields.getInt(4));
        assertEquals(0, fields.getLong(8), "unique");
        return fields.slice(16, message.length - 16).order(mount.order());
    }

    private static String name(ByteBuffer message, int at) {
        byte[] bytes = new byte[message.remaining() - at - 1];
        message.get(at, bytes);
        assertEquals(0, message.get(message.remaining() - 1));
        return new String(bytes, UTF_8);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void the_driver_learns_of_what_the_host_changes(RingFormat format) {
        TreeBackend tree = TreeBackend.create().file("d/f", "F").file("d/g", "G");
        try (Mount mount = mount(tree, format)) {
            long d = mount.find("d");
            long f = mount.find("d/f");
            DriverQueue queue = mount.driver().queue(NOTIFICATION);
            Submitted first = queue.submit(new byte[0], SIZE);
            Submitted second = queue.submit(new byte[0], SIZE);
            Submitted third = queue.submit(new byte[0], SIZE);
            tree.mode("d/f", 0600);
            tree.file("d/new", "x");
            tree.remove("d/f");

            ByteBuffer inode = await(mount, first, 2);
            assertEquals(f, inode.getLong(0));
            assertEquals(-1, inode.getLong(8));
            ByteBuffer entry = await(mount, second, 3);
            assertEquals(d, entry.getLong(0));
            assertEquals(3, entry.getInt(8));
            assertEquals("new", name(entry, 16));
            ByteBuffer delete = await(mount, third, 6);
            assertEquals(d, delete.getLong(0));
            assertEquals(f, delete.getLong(8));
            assertEquals("f", name(delete, 24));

            Submitted fourth = queue.submit(new byte[0], SIZE);
            tree.mode("d/g", 0600); // the driver does not know it
            tree.remove("d/g");
            assertEquals("g", name(await(mount, fourth, 3), 16));
            assertEquals(4, mount.device.counters().get(FsCounter.NOTIFICATIONS));
        }
    }

    @Test
    void data_is_put_into_the_drivers_cache() throws Exception {
        TreeBackend tree = TreeBackend.create().file("f", "F");
        try (Mount mount = mount(tree, RingFormat.SPLIT)) {
            mount.order(ByteOrder.BIG_ENDIAN);
            mount.init();
            long f = mount.find("f");
            FsNode root = tree.root();
            Object identity = root.lookup(SystemCaller.INSTANCE, FsName.of("f"),
                    new FsAttributes()).identity();
            Submitted buffer = mount.driver().queue(NOTIFICATION).submit(new byte[0], SIZE);
            assertTrue(mount.device.store(identity, 100, "stored".getBytes(UTF_8)));
            ByteBuffer message = await(mount, buffer, 4);
            assertEquals(f, message.getLong(0));
            assertEquals(100, message.getLong(8));
            assertEquals(6, message.getInt(16));
            assertEquals("stored", UTF_8.decode(message.slice(24, 6)).toString());
            assertFalse(mount.device.store("of nobody", 0, new byte[1]));
            assertThrows(IllegalArgumentException.class, () -> mount.device.store(identity, 0, new byte[4097]));
        }
    }

    @Test
    void messages_wait_for_buffers_that_hold_them_and_are_dropped_at_last() {
        TreeBackend tree = TreeBackend.create().file("f", "F");
        try (Mount mount = mount(tree, RingFormat.SPLIT)) {
            mount.find("f");
            for (int i = 0; i < 5000; i++) {
                tree.mode("f", 0600);
            }
            assertEquals(5000 - 4096, mount.device.counters().get(FsCounter.DROPPED_NOTIFICATIONS));
            DriverQueue queue = mount.driver().queue(NOTIFICATION);
            assertEquals(0, queue.exchange(new byte[0], 39).usedLength(), "too short");
            await(mount, queue.submit(new byte[0], 40), 2);
            await(mount, queue.submit(new byte[0], SIZE), 2);
        }
    }

    @Test
    void without_the_feature_nothing_is_said() {
        TreeBackend tree = TreeBackend.create().file("f", "F");
        DriverOptions without = DriverOptions.split().without(FsFeature.NOTIFICATION);
        try (Mount mount = Mount.of(tree, FsDeviceBuilder::notifications, without, instance -> {})) {
            mount.find("f");
            tree.mode("f", 0600);
            assertEquals(0, mount.device.counters().get(FsCounter.NOTIFICATIONS));
            assertFalse(Mount.tree().device.offeredFeatures().has(FsFeature.NOTIFICATION), "off unless asked for");
        }
    }
}
