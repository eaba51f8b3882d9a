// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import static io.virtio4j.gpu.GpuRig.OK;
import static io.virtio4j.gpu.GpuRig.XRGB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.ExportedObjects;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.gpu.crossdomain.CrossDomain;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.conformance.HostileCase;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A device that goes on elsewhere in the middle of its pictures. */
class SavedStateTest {

    private static GpuDeviceBuilder builder() {
        return GpuDevice.builder().output(Monitor.of(640, 480)).emptyOutput().contextType(new CrossDomain())
                .hostVisibleBytes(1 << 20).limits(GpuLimits.DEFAULT.withHostBytes(1 << 20));
    }

    private static GpuDevice device() {
        return builder().build();
    }

    private static byte[] saved(GpuDevice device) {
        StateWriter out = new StateWriter();
        device.save(out);
        return out.toByteArray();
    }

    @Test
    @HostileCase("MG-3")
    void a_scanout_goes_on_with_its_pixels_pages_and_cursor() {
        GpuDevice fresh = device();
        RecordingListener listener = new RecordingListener();
        fresh.scanout(0).addListener(listener);
        try (GpuRig rig = GpuRig.of(device())) {
            GuestBuffer pages = rig.show(1, 100, 80);
            assertEquals(OK, rig.create2d(2, GpuRig.ARGB, 64, 64));
            assertEquals(OK, rig.cursor(0x300, 0, 7, 8, 2, 1, 2));
            assertEquals(OK, rig.setScanout(1, 1, 50, 40, 20, 10));
            int[] before = rig.scanout().read();
            int[] second = rig.device().scanout(1).read();

            rig.driver().migrateTo(fresh);

            assertEquals("size 100x80 damage 0,0 100x80", listener.take());
            assertArrayEquals(before, fresh.scanout(0).read());
            assertArrayEquals(second, fresh.scanout(1).read());
            assertTrue(fresh.scanout(0).isCursorVisible());
            assertEquals(7, fresh.scanout(0).cursorX());
            assertEquals(2, fresh.scanout(0).cursorHotY());
            pages.fill(0x42);
            assertEquals(OK, rig.transfer(1, 0, 3, 4, 1, 1));
            assertEquals(OK, rig.flush(1, 3, 4, 1, 1));
            assertEquals("damage 3,4 1x1", listener.take());
            int[] pixel = new int[1];
            fresh.scanout(0).readWithoutCursor(3, 4, 1, 1, pixel, 0, 1);
            assertEquals(0xFF42_4242, pixel[0]);
            // The monitors may be others: the driver asks again.
            assertEquals(1, rig.driver().port().readConfig(0, 4));
            fresh.close();
        }
    }

    @Test
    @HostileCase("MG-3")
    void contexts_blobs_and_mappings_go_on() {
        GpuDevice fresh = device();
        try (GpuRig rig = GpuRig.of(device())) {
            GuestBuffer ring = ContextTest.open(rig, 3);
            assertEquals(OK, ContextTest.requirements(rig, 3, 16, 16, 0x34325258));
            assertEquals(OK, rig.createBlob(3, 2, 2, 3, 1, 4096));
            assertEquals(OK, rig.createBlob(3, 4, 2, 3, 1, 4096));
            assertEquals(0x1106, rig.send(GpuRig.command(0x208, 2, 0, 8192, 0), 32).type());
            rig.device().sharedMemory().getFirst().segment().set(ValueLayout.JAVA_INT_UNALIGNED, 8192 + 128, 0x77);
            assertEquals(OK, rig.setScanoutBlob(0, 2, new int[] {0, 0, 16, 16}, 16, 16, XRGB, 64, 0));

            rig.driver().migrateTo(fresh);

            assertEquals(0xFF00_0077, fresh.scanout(0).read()[32]);
            assertEquals(0x77, fresh.sharedMemory().getFirst().segment()
                    .get(ValueLayout.JAVA_INT_UNALIGNED, 8192 + 128));
            ring.fill(0);
            assertEquals(OK, ContextTest.requirements(rig, 3, 16, 16, 0x34325258));
            assertEquals(1, ring.get(48, 4));
            assertEquals(OK, rig.createBlob(3, 5, 2, 3, 1, 4096));
            assertEquals(GpuRig.INVALID_PARAMETER, rig.send(GpuRig.command(0x208, 5, 0, 8192, 0), 32).type());
            assertEquals(OK, rig.send(GpuRig.command(0x209, 2, 0)));
            fresh.close();
        }
    }

    @Test
    void what_is_shown_of_the_guests_pages_can_be_read_when_it_is_told() {
        GpuDevice fresh = device();
        int[] seen = new int[1];
        fresh.scanout(0).addListener(new ScanoutListener() {
            @Override
            public void changed(Scanout scanout) {
                seen[0] = 0;
            }

            @Override
            public void damaged(Scanout scanout, int x, int y, int width, int height) {
                assertTrue(scanout.read(0, 0, 1, 1, seen, 0, 1));
            }
        });
        try (GpuRig rig = GpuRig.of(device())) {
            GuestBuffer pages = rig.buffer(4096);
            pages.fill(0x19);
            assertEquals(OK, rig.createBlob(0, 1, 1, 0, 0, 4096, pages.address(), 4096));
            assertEquals(OK, rig.setScanoutBlob(0, 1, new int[] {0, 0, 16, 16}, 16, 16, XRGB, 64, 0));
            rig.driver().migrateTo(fresh);
            assertEquals(0xFF19_1919, seen[0]);
        }
        fresh.close();
    }

    @Test
    void exported_resources_keep_their_uuids() {
        ExportedObjects elsewhere = new ExportedObjects();
        GpuDevice fresh = builder().exports(elsewhere).build();
        try (GpuRig rig = GpuRig.of(builder().exports(new ExportedObjects()).build())) {
            rig.show(1, 8, 8);
            UUID uuid = ExportTest.uuid(rig.assignUuid(1));
            rig.driver().migrateTo(fresh);
            assertNotNull(elsewhere.find(uuid));
            assertEquals(uuid, ExportTest.uuid(rig.assignUuid(1)));
            assertEquals(OK, rig.unref(1));
            assertNull(elsewhere.find(uuid));
        }
        fresh.close();
    }

    @Test
    @HostileCase("MG-1")
    void a_uuid_that_another_object_has_is_refused_and_nothing_changes() {
        ExportedObjects shared = new ExportedObjects();
        GpuDevice fresh = builder().exports(shared).build();
        try (GpuRig rig = GpuRig.of(builder().exports(shared).build())) {
            rig.show(1, 8, 8);
            UUID uuid = ExportTest.uuid(rig.assignUuid(1));
            byte[] saved = saved(rig.device());
            assertThrows(StateException.class, () -> fresh.restore(new StateReader(saved)));
            assertEquals(0, fresh.resources());
            assertNotNull(shared.find(uuid));
        }
        fresh.close();
    }

    @Test
    @HostileCase({"MG-1", "GU-2"})
    void state_that_passes_budgets_or_fits_no_device_is_refused() {
        try (GpuRig rig = GpuRig.of(device())) {
            rig.show(1, 100, 100);
            byte[] saved = saved(rig.device());
            for (GpuDevice other : new GpuDevice[] {
                builder().limits(GpuLimits.DEFAULT.withHostBytes(39_999)).build(),
                builder().limits(new GpuLimits(1 << 20, 10, 99, 10, 1, 1)).build(),
                builder().emptyOutput().build()}) {
                assertThrows(StateException.class, () -> other.restore(new StateReader(saved)));
                assertEquals(0, other.resources());
                other.close();
            }
        }
    }

    /** Byte by byte: whatever is damaged, it is refused or harmless, and memory comes back. */
    @Test
    @HostileCase("MG-1")
    void damaged_pictures_are_refused_or_harmless() {
        try (GpuRig rig = GpuRig.of(device())) {
            rig.show(1, 4, 4);
            ContextTest.createContext(rig, 3, 5);
            assertEquals(OK, rig.create2d(2, XRGB, 4, 4));
            assertEquals(OK, ContextTest.attach(rig, 3, 2));
            byte[] saved = saved(rig.device());
            int refused = 0;
            GpuDevice fresh = device();
            for (int i = 0; i < saved.length; i++) {
                for (int change : new int[] {1, 0x80, 0xFF}) {
                    byte[] damaged = saved.clone();
                    damaged[i] ^= (byte) change;
                    try {
                        fresh.restore(new StateReader(damaged));
                        fresh.scanout(0).read();
                    } catch (StateException e) {
                        refused++;
                    }
                }
            }
            for (int length = 0; length < saved.length; length++) {
                byte[] cut = Arrays.copyOf(saved, length);
                assertThrows(StateException.class, () -> fresh.restore(new StateReader(cut)));
            }
            assertTrue(refused > saved.length, "refused=" + refused);
            fresh.restore(new StateReader(saved));
            assertEquals(2, fresh.resources());
            fresh.close();
        }
    }
}
