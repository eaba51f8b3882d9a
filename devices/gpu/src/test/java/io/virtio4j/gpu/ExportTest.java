// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import static io.virtio4j.gpu.GpuRig.INVALID_RESOURCE_ID;
import static io.virtio4j.gpu.GpuRig.OK;
import static io.virtio4j.gpu.GpuRig.OK_RESOURCE_UUID;
import static io.virtio4j.gpu.GpuRig.UNSPEC;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.ExportedObject;
import io.virtio4j.core.device.ExportedObjects;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.Normative;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Resources that other devices use, by UUID. [Exporting Objects], [VIRTIO_GPU_CMD_RESOURCE_ASSIGN_UUID] */
class ExportTest {

    private final ExportedObjects exports = new ExportedObjects();
    private final GpuRig rig = GpuRig.of(GpuDevice.builder().output(Monitor.of(640, 480)).exports(exports).build());

    @AfterEach
    void close() {
        rig.close();
    }

    /** The bytes of an answer, in the order in which a UUID is printed. */
    static UUID uuid(GpuRig.Response response) {
        assertEquals(OK_RESOURCE_UUID, response.type());
        assertEquals(40, response.submitted().usedLength());
        ByteBuffer bytes = ByteBuffer.wrap(response.submitted().written(), 24, 16);
        return new UUID(bytes.getLong(), bytes.getLong());
    }

    @Test
    @Normative("COR-X6")
    void a_resource_gets_a_random_uuid_and_keeps_it() {
        rig.show(1, 8, 8);
        assertEquals(OK, rig.create2d(2, GpuRig.XRGB, 8, 8));
        UUID uuid = uuid(rig.assignUuid(1));
        assertEquals(4, uuid.version());
        assertEquals(2, uuid.variant());
        assertEquals(uuid, uuid(rig.assignUuid(1)));
        assertNotEquals(uuid, uuid(rig.assignUuid(2)));
        assertEquals(INVALID_RESOURCE_ID, rig.assignUuid(3).type());
        assertEquals(2, exports.count());
    }

    @Test
    void an_export_ends_with_its_resource_and_with_a_reset() {
        rig.show(1, 8, 8);
        assertEquals(OK, rig.create2d(2, GpuRig.XRGB, 8, 8));
        UUID first = uuid(rig.assignUuid(1));
        UUID second = uuid(rig.assignUuid(2));
        ExportedObject kept = Objects.requireNonNull(exports.find(first));
        assertEquals(OK, rig.unref(1));
        assertNull(exports.find(first));
        assertFalse(kept.read(0, MemorySegment.ofArray(new byte[4])));
        assertFalse(kept.write(0, MemorySegment.ofArray(new byte[4])));
        rig.driver().reset();
        assertNull(exports.find(second));
    }

    @Test
    void without_a_registry_nothing_is_exported() {
        try (GpuRig alone = GpuRig.of(new GpuDevice(Monitor.of(640, 480)))) {
            alone.show(1, 8, 8);
            assertEquals(UNSPEC, alone.assignUuid(1).type());
        }
    }

    @Test
    void ranges_outside_of_the_object_are_refused() {
        rig.show(1, 8, 8);
        ExportedObject object = Objects.requireNonNull(exports.find(uuid(rig.assignUuid(1))));
        assertEquals(256, object.size());
        MemorySegment four = MemorySegment.ofArray(new byte[4]);
        for (long offset : new long[] {-1, 253, 256, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertFalse(object.read(offset, four));
            assertFalse(object.write(offset, four));
        }
        assertTrue(object.read(252, four));
        assertFalse(object.read(0, MemorySegment.ofArray(new byte[257])));
    }

    /** A guest's pages may be exported too: another device then reads and writes them. */
    @Test
    void a_blob_of_the_guests_is_read_and_written_where_it_is() {
        GuestBuffer pages = rig.buffer(4096);
        pages.fill(0x61);
        assertEquals(OK, rig.createBlob(0, 1, 1, 4, 0, 4096, pages.address(), 4096));
        ExportedObject object = Objects.requireNonNull(exports.find(uuid(rig.assignUuid(1))));
        byte[] read = new byte[3];
        assertTrue(object.read(1000, MemorySegment.ofArray(read)));
        assertEquals(0x61, read[2]);
        assertTrue(object.write(7, MemorySegment.ofArray(new byte[] {1, 2})));
        assertEquals(0x6102_0161, pages.get(6, 4));
    }

    // ── Another device ─────────────────────────────────────────────────────

    /** Paints an exported object in the color that a driver asks for, as a decoder of video would. */
    private record Painter(ExportedObjects imports) implements VirtioDevice {

        @Override
        public DeviceType type() {
            return new DeviceType(31, "painter");
        }

        @Override
        public List<QueueSpec> queues() {
            return List.of(QueueSpec.named("paintq"));
        }

        @Override
        public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
            return chain -> {
                UUID uuid = new UUID(Long.reverseBytes(chain.reader().readLe64()),
                        Long.reverseBytes(chain.reader().readLe64()));
                byte color = (byte) chain.reader().readU8();
                ExportedObject object = imports.find(uuid);
                boolean painted = false;
                if (object != null) {
                    byte[] paint = new byte[(int) object.size()];
                    Arrays.fill(paint, color);
                    painted = object.write(0, MemorySegment.ofArray(paint));
                }
                chain.writer().writeU8(painted ? 1 : 0);
                chain.complete();
            };
        }
    }

    @Test
    void another_device_draws_into_an_exported_resource() {
        rig.show(1, 8, 8);
        UUID uuid = uuid(rig.assignUuid(1));
        ByteBuffer request = ByteBuffer.allocate(17).putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits()).put((byte) 0x3C);
        try (TestDriver painter = TestDriver.attach(new Painter(exports)).start()) {
            assertEquals(1, painter.queue(0).exchange(request.array(), 1).written()[0]);
            assertEquals(0xFF3C_3C3C, rig.shown(7, 7));
            assertEquals(OK, rig.unref(1));
            assertEquals(0, painter.queue(0).exchange(request.array(), 1).written()[0]);
        }
    }
}
