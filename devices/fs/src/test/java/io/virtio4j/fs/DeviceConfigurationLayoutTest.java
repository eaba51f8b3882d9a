// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.Normative;
import io.virtio4j.testkit.fuse.Fuse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** [File System Device / Device configuration layout] */
class DeviceConfigurationLayoutTest {

    private static long field(Mount mount, int offset) {
        return mount.driver().port().readConfig(offset, 4);
    }

    private static Mount notifying(int largestStore) {
        return Mount.attach(TreeBackend.create(), choices -> choices.notifications().largestStore(largestStore),
                DriverOptions.split(), instance -> {});
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 64})
    @Normative("FS-1")
    void there_is_a_request_queue_at_least(int queues) {
        try (Mount mount = Mount.of(TreeBackend.create(), choices -> choices.requestQueues(queues))) {
            assertEquals(queues, field(mount, 36));
            for (int i = 0; i < queues; i++) {
                mount.queue(Fuse.REQUESTS + i);
                assertEquals(Fuse.ROOT, mount.getattr(Fuse.ROOT).node());
            }
        }
        assertThrows(IllegalArgumentException.class,
                () -> FsDevice.of("none", TreeBackend.create()).requestQueues(0).build());
    }

    @Test
    void a_tag_is_padded_with_zeroes_and_not_longer_than_its_field() {
        String longest = "é".repeat(18);
        FsDevice device = FsDevice.of(longest, TreeBackend.create()).build();
        byte[] expected = longest.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 36; i++) {
            assertEquals(expected[i] & 0xFF, device.configSpace().read(i, 1));
        }
        try (Mount mount = Mount.tree()) {
            assertEquals('t', mount.driver().port().readConfig(0, 1));
            assertEquals(0, mount.driver().port().readConfig(4, 1));
        }
        for (String tag : new String[] {"", longest + "x", "a\0b"}) {
            assertThrows(IllegalArgumentException.class, () -> FsDevice.of(tag, TreeBackend.create()).build());
        }
    }

    @Test
    @Normative("FS-2")
    void a_buffer_for_notifications_holds_the_largest() {
        try (Mount mount = notifying(8000)) {
            assertEquals(8000 + 16 + 24, field(mount, 40));
        }
        try (Mount mount = notifying(1)) {
            assertTrue(field(mount, 40) >= 16 + 24 + 255 + 1, "a name of the longest");
        }
        try (Mount mount = Mount.tree()) {
            assertEquals(0, field(mount, 40));
        }
    }

    @Test
    void request_queues_begin_at_1_for_a_driver_without_notifications() {
        DriverOptions without = DriverOptions.split().without(FsFeature.NOTIFICATION);
        try (Mount mount = Mount.of(TreeBackend.create(), choices -> choices.notifications().requestQueues(2), without,
                instance -> {})) {
            mount.queue(2);
            assertEquals(Fuse.ROOT, mount.getattr(Fuse.ROOT).node());
        }
    }
}
