// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import static io.virtio4j.gpu.GpuRig.INVALID_CONTEXT_ID;
import static io.virtio4j.gpu.GpuRig.INVALID_PARAMETER;
import static io.virtio4j.gpu.GpuRig.INVALID_RESOURCE_ID;
import static io.virtio4j.gpu.GpuRig.OK;
import static io.virtio4j.gpu.GpuRig.OK_CAPSET;
import static io.virtio4j.gpu.GpuRig.OK_CAPSET_INFO;
import static io.virtio4j.gpu.GpuRig.OK_MAP_INFO;
import static io.virtio4j.gpu.GpuRig.OUT_OF_MEMORY;
import static io.virtio4j.gpu.GpuRig.UNSPEC;
import static io.virtio4j.gpu.GpuRig.XRGB;
import static io.virtio4j.gpu.GpuRig.command;
import static io.virtio4j.gpu.GpuRig.inContext;
import static io.virtio4j.gpu.GpuRig.join;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.gpu.crossdomain.CrossDomain;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.testkit.conformance.Normative;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Contexts, 3D commands, and blobs of the host's memory that are mapped. [Device Operation: controlq (3d)] */
class ContextTest {

    private static final long REGION = 1 << 20;
    private static final int XR24 = 0x34325258;

    private GpuRig rig;
    private MemorySegment region;

    @BeforeEach
    void start() {
        rig = GpuRig.of(device());
        region = rig.device().sharedMemory().getFirst().segment();
    }

    static GpuDevice device() {
        return GpuDevice.builder().output(Monitor.of(640, 480)).contextType(new CrossDomain()).hostVisibleBytes(REGION)
                .limits(new GpuLimits(4 << 20, 100, 16384, 1000, 5, 4096)).build();
    }

    @AfterEach
    void close() {
        rig.close();
    }

    static int createContext(GpuRig rig, int id, int capset) {
        return rig.send(join(inContext(id, 0x200, 4, capset), Arrays.copyOf("test".getBytes(), 64)));
    }

    static int attach(GpuRig rig, int context, int resource) {
        return rig.send(inContext(context, 0x202, resource, 0));
    }

    static int submit(GpuRig rig, int context, int... words) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int word : words) {
            bytes.putInt(word);
        }
        return rig.send(join(inContext(context, 0x207, 4L * words.length, 0), bytes.array()));
    }

    /** A context with its ring, which is resource 1. */
    static GuestBuffer open(GpuRig rig, int context) {
        GuestBuffer ring = rig.buffer(4096);
        assertEquals(OK, createContext(rig, context, 5));
        assertEquals(OK, rig.createBlob(0, 1, 1, 1, 0, 4096, ring.address(), 4096));
        assertEquals(OK, attach(rig, context, 1));
        assertEquals(OK, submit(rig, context, 1 | 24 << 16, 0, 1, 1, 0, 0));
        return ring;
    }

    static int requirements(GpuRig rig, int context, int width, int height, int fourcc) {
        return submit(rig, context, 2 | 24 << 16, 0, width, height, fourcc, 0);
    }

    private GpuRig.Response map(int id, long offset) {
        return rig.send(command(0x208, id, 0, offset, offset >>> 32), 32);
    }

    private int unmap(int id) {
        return rig.send(command(0x209, id, 0));
    }

    @Test
    void the_region_may_be_memory_of_the_embedders() {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(REGION, 4096);
            GpuDevice device = GpuDevice.builder().output(Monitor.of(640, 480)).contextType(new CrossDomain())
                    .hostVisible(memory).build();

            assertEquals(List.of(new SharedMemoryRegion(HostVisibleRegion.ID, memory)), device.sharedMemory());
            device.close();
            assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, 0), "it stays the embedder's");
        }
    }

    // ── Capability sets ────────────────────────────────────────────────────

    @Test
    @Normative("GPU-X9")
    void the_capability_set_says_that_memory_can_be_shared() {
        assertEquals(1, rig.driver().port().readConfig(12, 4));
        GpuRig.Response info = rig.send(command(0x108, 0, 0), 40);
        assertEquals(OK_CAPSET_INFO, info.type());
        assertEquals(5, info.le32(24));
        assertEquals(1, info.le32(28));
        assertEquals(16, info.le32(32));
        assertEquals(0, info.le32(36));

        GpuRig.Response set = rig.send(command(0x109, 5, 1), 40);
        assertEquals(OK_CAPSET, set.type());
        assertEquals(40, set.submitted().usedLength());
        assertEquals(1, set.le32(24));
        assertEquals(0, set.le32(28));
        assertEquals(0, set.le32(32));
        assertEquals(1, set.le32(36));
    }

    @Test
    @HostileCase("GU-7")
    void capability_sets_out_of_range_are_refused_and_what_is_left_of_the_room_is_not_written() {
        for (long index : new long[] {1, 2, 63, 1L << 31, 0xFFFF_FFFFL}) {
            assertEquals(INVALID_PARAMETER, rig.send(command(0x108, index, 0), 40).type());
        }
        for (long id : new long[] {0, 1, 2, 3, 4, 6, 255, 0xFFFF_FFFFL}) {
            assertEquals(INVALID_PARAMETER, rig.send(command(0x109, id, 1), 40).type());
        }
        assertEquals(INVALID_PARAMETER, rig.send(command(0x109, 5, 2), 40).type());
        assertEquals(INVALID_PARAMETER, rig.send(command(0x109, 5, 0xFFFF_FFFFL), 40).type());
        assertEquals(INVALID_PARAMETER, rig.send(command(0x109, 5, 1), 39).type());
        assertEquals(INVALID_PARAMETER, rig.send(command(0x108, 0, 0), 39).type());
        rig.send(command(0x109, 5, 1), 4096).submitted().assertNothingBeyond();
        HostileCases.count("GU-7", 17);
    }

    // ── Contexts ───────────────────────────────────────────────────────────

    @Test
    @Normative({"GPU-X15", "GPU-X17"})
    void contexts_are_made_of_the_type_that_is_asked_for() {
        assertEquals(OK, createContext(rig, 1, 5));
        assertEquals(OK, createContext(rig, 2, 0));
        assertEquals(INVALID_PARAMETER, createContext(rig, 3, 1));
        assertEquals(INVALID_CONTEXT_ID, createContext(rig, 1, 5));
        assertEquals(INVALID_CONTEXT_ID, createContext(rig, 0, 5));
        assertEquals(OK, submit(rig, 2, 3 | 8 << 16, 0));
        assertEquals(INVALID_CONTEXT_ID, submit(rig, 3, 3 | 8 << 16, 0));
        assertEquals(OK, rig.send(inContext(1, 0x201)));
        assertEquals(INVALID_CONTEXT_ID, rig.send(inContext(1, 0x201)));
        assertEquals(INVALID_CONTEXT_ID, submit(rig, 1, 3 | 8 << 16, 0));
    }

    @Test
    @HostileCase("GU-2")
    void contexts_without_end_are_refused() {
        for (int id = 1; id <= 5; id++) {
            assertEquals(OK, createContext(rig, id, 5));
        }
        assertEquals(OUT_OF_MEMORY, createContext(rig, 6, 5));
        rig.driver().reset();
        rig.driver().start(DriverOptions.split());
        assertEquals(OK, createContext(rig, 6, 5));
    }

    @Test
    void resources_are_attached_and_detached() {
        assertEquals(OK, createContext(rig, 1, 5));
        assertEquals(OK, rig.create2d(9, XRGB, 4, 4));
        assertEquals(INVALID_CONTEXT_ID, attach(rig, 2, 9));
        assertEquals(INVALID_RESOURCE_ID, attach(rig, 1, 8));
        assertEquals(INVALID_RESOURCE_ID, rig.send(inContext(1, 0x203, 9, 0)));
        assertEquals(OK, attach(rig, 1, 9));
        assertEquals(OK, attach(rig, 1, 9));
        assertEquals(OK, rig.send(inContext(1, 0x203, 9, 0)));
        assertEquals(INVALID_RESOURCE_ID, rig.send(inContext(1, 0x203, 9, 0)));
    }

    @Test
    @HostileCase("GU-8")
    void command_streams_that_are_wrong_are_refused() {
        open(rig, 1);
        assertEquals(OK, submit(rig, 1));
        assertEquals(INVALID_PARAMETER, submit(rig, 1, 0));
        assertEquals(INVALID_PARAMETER, submit(rig, 1, 3 | 7 << 16, 0));
        assertEquals(INVALID_PARAMETER, submit(rig, 1, 3 | 12 << 16, 0));
        assertEquals(INVALID_PARAMETER, submit(rig, 1, 3 | 0xFFFF << 16, 0));
        assertEquals(INVALID_PARAMETER, submit(rig, 1, 4 | 8 << 16, 0));
        assertEquals(INVALID_PARAMETER, submit(rig, 1, 1 | 20 << 16, 0, 1, 1, 1));
        assertEquals(INVALID_PARAMETER, submit(rig, 1, 1 | 8 << 16, 0));
        assertEquals(INVALID_PARAMETER, submit(rig, 1, 2 | 20 << 16, 0, 4, 4, XR24));
        assertEquals(INVALID_PARAMETER, rig.send(inContext(1, 0x207, 4, 0)));
        assertEquals(INVALID_PARAMETER, rig.send(inContext(1, 0x207, 0xFFFF_FFFFL, 0)));
        assertEquals(OUT_OF_MEMORY, submit(rig, 1, new int[1025]));
    }

    @Test
    void without_context_init_the_device_chooses_the_type() {
        rig.driver().reset();
        rig.driver().start(DriverOptions.split().without(GpuFeature.CONTEXT_INIT));
        assertEquals(OK, createContext(rig, 1, 77));
    }

    @Test
    void without_virgl_there_are_no_contexts_and_no_blobs_of_the_hosts() {
        rig.driver().reset();
        FeatureSet offered = rig.driver().offered();
        assertFalse(rig.driver().tryNegotiate(DriverOptions.split().exactly(offered.without(GpuFeature.VIRGL))));
        rig.driver().reset();
        rig.driver().start(DriverOptions.split().without(GpuFeature.VIRGL, GpuFeature.CONTEXT_INIT));
        assertEquals(UNSPEC, createContext(rig, 1, 5));
        assertEquals(INVALID_PARAMETER, rig.createBlob(1, 1, 2, 1, 1, 4096));
    }

    // ── Images in the host's memory ────────────────────────────────────────

    @Test
    void what_an_image_needs_is_written_into_the_ring() {
        GuestBuffer ring = open(rig, 1);
        assertEquals(OK, requirements(rig, 1, 100, 10, XR24));
        assertEquals(448, ring.get(0, 4));
        assertEquals(0, ring.get(16, 4));
        assertEquals(0, ring.get(32, 8));
        assertEquals(8192, ring.get(40, 8));
        assertEquals(1, ring.get(48, 4));
        assertEquals(1, ring.get(52, 4));
        assertEquals(-1, (int) ring.get(56, 4));

        // NV12: a plane of brightness, and one of colors with half as many rows.
        assertEquals(OK, requirements(rig, 1, 101, 11, 0x3231564E));
        assertEquals(128, ring.get(0, 4));
        assertEquals(128, ring.get(4, 4));
        assertEquals(128 * 11, ring.get(20, 4));
        assertEquals(4096, ring.get(40, 8));
        assertEquals(2, ring.get(48, 4));

        // YV12: two planes of colors, each with half as many columns.
        assertEquals(OK, requirements(rig, 1, 200, 40, 0x32315659));
        assertEquals(128, ring.get(8, 4));
        assertEquals(256 * 40 + 128 * 20, ring.get(24, 4));
        assertEquals(16384, ring.get(40, 8));
        assertEquals(OK, requirements(rig, 1, 100, 10, XR24));
        assertEquals(1, ring.get(48, 4));
    }

    @Test
    @HostileCase("GU-1")
    void images_that_cannot_be_have_no_requirements() {
        open(rig, 1);
        for (int[] wrong : new int[][] {{0, 1}, {1, 0}, {-1, -1}, {1 << 31, 1 << 31}, {65537, 1}, {1, 65537}}) {
            assertEquals(INVALID_PARAMETER, requirements(rig, 1, wrong[0], wrong[1], XR24));
        }
        assertEquals(INVALID_PARAMETER, requirements(rig, 1, 4, 4, 0));
        assertEquals(OK, requirements(rig, 1, 65536, 65536, XR24));
        // A ring that is gone takes no answer.
        assertEquals(OK, rig.unref(1));
        assertEquals(INVALID_PARAMETER, requirements(rig, 1, 4, 4, XR24));
    }

    @Test
    @Normative({"GPU-X11", "GPU-5", "GPU-6"})
    void a_blob_of_a_contexts_is_mapped_drawn_and_scanned_out_without_a_copy() {
        open(rig, 1);
        assertEquals(OK, requirements(rig, 1, 16, 16, XR24));
        assertEquals(OK, rig.createBlob(1, 2, 2, 3, 1, 4096));
        GpuRig.Response mapped = map(2, 8192);
        assertEquals(OK_MAP_INFO, mapped.type());
        assertEquals(1, mapped.le32(24));
        for (int i = 0; i < 256; i++) {
            region.set(ValueLayout.JAVA_INT_UNALIGNED, 8192 + 4L * i, i * 0x010203);
        }
        assertEquals(OK, rig.setScanoutBlob(0, 2, new int[] {0, 0, 16, 16}, 16, 16, XRGB, 64, 0));
        assertEquals(OK, rig.flush(2, 0, 0, 16, 16));
        assertEquals(0xFF00_0000 | 37 * 0x010203, rig.shown(5, 2));
        region.set(ValueLayout.JAVA_INT_UNALIGNED, 8192, 0x99);
        assertEquals(0xFF00_0099, rig.shown(0, 0));
        assertEquals(0, rig.count(GpuCounter.TRANSFERS));
        SharedMemoryRegion shared = rig.device().sharedMemory().getFirst();
        assertEquals(1, shared.id());
        assertEquals(REGION, shared.length());
    }

    @Test
    void a_blob_keeps_its_bytes_when_it_is_unmapped_and_leaves_none_behind() {
        open(rig, 1);
        assertEquals(OK, requirements(rig, 1, 32, 32, XR24));
        assertEquals(OK, rig.createBlob(1, 2, 2, 1, 1, 4096));
        assertEquals(OK_MAP_INFO, map(2, 0).type());
        region.set(ValueLayout.JAVA_INT_UNALIGNED, 4092, 0x123456);
        assertEquals(OK, unmap(2));
        assertEquals(0, region.get(ValueLayout.JAVA_INT_UNALIGNED, 4092));
        assertEquals(OK, rig.setScanoutBlob(0, 2, new int[] {0, 0, 32, 32}, 32, 32, XRGB, 128, 0));
        assertEquals(0xFF12_3456, rig.shown(31, 31));
        assertEquals(OK_MAP_INFO, map(2, 4096).type());
        assertEquals(0x123456, region.get(ValueLayout.JAVA_INT_UNALIGNED, 8188));
        assertEquals(OK, rig.unref(2));
        assertEquals(0, region.get(ValueLayout.JAVA_INT_UNALIGNED, 8188));
    }

    @Test
    @HostileCase("GU-4")
    @Normative("GPU-X11")
    void blobs_of_contexts_that_do_not_fit_are_refused() {
        open(rig, 1);
        assertEquals(OK, requirements(rig, 1, 16, 16, XR24));
        assertEquals(INVALID_PARAMETER, rig.createBlob(1, 2, 2, 1, 1, 8192));
        assertEquals(INVALID_PARAMETER, rig.createBlob(1, 2, 2, 1, 0, 4096));
        assertEquals(INVALID_PARAMETER, rig.createBlob(1, 2, 2, 1, 2, 4096));
        assertEquals(INVALID_PARAMETER, rig.createBlob(1, 2, 2, 1, -1, 4096));
        assertEquals(INVALID_CONTEXT_ID, rig.createBlob(0, 2, 2, 1, 1, 4096));
        assertEquals(INVALID_CONTEXT_ID, rig.createBlob(7, 2, 2, 1, 1, 4096));
        GuestBuffer pages = rig.buffer(4096);
        assertEquals(INVALID_PARAMETER, rig.createBlob(1, 2, 2, 1, 1, 4096, pages.address(), 4096));
        assertEquals(OK, requirements(rig, 1, 65536, 65536, XR24));
        assertEquals(OUT_OF_MEMORY, rig.createBlob(1, 2, 2, 1, 2, 1L << 34));
        assertEquals(OK, rig.createBlob(1, 2, 2, 1, 1, 4096));
        assertEquals(UNSPEC, rig.attach(2, pages));
    }

    @Test
    @HostileCase("GU-4")
    @Normative("GPU-6")
    void mappings_lie_in_the_region_aligned_and_apart() {
        open(rig, 1);
        assertEquals(OK, requirements(rig, 1, 32, 64, XR24));
        for (int id = 2; id < 5; id++) {
            assertEquals(OK, rig.createBlob(1, id, 2, 1, 1, 8192));
        }
        assertEquals(OK, rig.createBlob(1, 6, 2, 0, 1, 8192));
        int tried = 0;
        for (long wrong : new long[] {REGION, REGION - 4096, -4096, -8192, Long.MIN_VALUE, 1, 4095, 1L << 40,
            Long.MAX_VALUE - 4095}) {
            assertEquals(INVALID_PARAMETER, map(2, wrong).type(), "offset=" + wrong);
            tried++;
        }
        assertEquals(OK_MAP_INFO, map(2, 16384).type());
        assertEquals(INVALID_PARAMETER, map(2, 65536).type());
        for (long overlapping : new long[] {16384, 12288, 20480}) {
            assertEquals(INVALID_PARAMETER, map(3, overlapping).type());
        }
        assertEquals(OK_MAP_INFO, map(3, 8192).type());
        assertEquals(OK_MAP_INFO, map(4, 24576).type());
        assertEquals(INVALID_PARAMETER, map(6, 0).type(), "not mappable");
        assertEquals(INVALID_PARAMETER, map(1, 0).type(), "the guest's own");
        assertEquals(INVALID_RESOURCE_ID, map(9, 0).type());
        assertEquals(INVALID_RESOURCE_ID, unmap(9));
        assertEquals(INVALID_PARAMETER, unmap(6));
        assertEquals(OK, unmap(2));
        assertEquals(INVALID_PARAMETER, unmap(2));
        assertEquals(OK_MAP_INFO, map(2, REGION - 8192).type());
        HostileCases.count("GU-4", tried + 9);
        rig.driver().reset();
        rig.driver().start(DriverOptions.split());
        assertEquals(0, rig.device().resources());
    }

    // ── 3D resources and transfers ─────────────────────────────────────────

    private int create3d(int id, int target, int width, int height, int depth, int layers, int level, int samples) {
        return rig.send(command(0x204, id, target, XRGB, 2, width, height, depth, layers, level, samples, 0, 0));
    }

    private int transfer3d(int type, int id, long[] box, long offset, long stride, int level) {
        return rig.send(command(type, box[0], box[1], box[2], box[3], box[4], box[5], offset, offset >>> 32, id, level,
                stride, 0));
    }

    @Test
    void images_are_made_moved_both_ways_and_shown_by_3d_commands() {
        GuestBuffer pages = rig.buffer(20 * 40);
        pages.fill(0x31);
        assertEquals(OK, create3d(2, 2, 10, 10, 1, 1, 0, 0));
        assertEquals(OK, rig.attach(2, pages));
        // Rows of three pixels, 20 bytes apart.
        assertEquals(OK, transfer3d(0x205, 2, new long[] {1, 2, 0, 3, 4, 1}, 8, 20, 0));
        assertEquals(OK, rig.setScanout(0, 2, 0, 0, 10, 10));
        assertEquals(0xFF31_3131, rig.shown(3, 5));
        assertEquals(0xFF00_0000, rig.shown(4, 5));
        assertEquals(0xFF00_0000, rig.shown(3, 6));

        pages.fill(0x77);
        assertEquals(OK, transfer3d(0x206, 2, new long[] {0, 2, 0, 2, 1, 1}, 0, 0, 0));
        assertEquals(0, pages.get(0, 4));
        assertEquals(0x31313131, pages.get(4, 4));
        assertEquals(0x77777777, pages.get(8, 4));
    }

    @Test
    @HostileCase({"GU-1", "GU-5"})
    void images_and_boxes_of_other_shapes_are_refused() {
        assertEquals(INVALID_PARAMETER, create3d(2, 3, 10, 10, 1, 1, 0, 0));
        assertEquals(INVALID_PARAMETER, create3d(2, 2, 10, 10, 2, 1, 0, 0));
        assertEquals(INVALID_PARAMETER, create3d(2, 2, 10, 10, 1, 2, 0, 0));
        assertEquals(INVALID_PARAMETER, create3d(2, 2, 10, 10, 1, 1, 1, 0));
        assertEquals(INVALID_PARAMETER, create3d(2, 2, 10, 10, 1, 1, 0, 4));
        assertEquals(OUT_OF_MEMORY, create3d(2, 2, 10000, 10000, 1, 1, 0, 0));
        assertEquals(OK, create3d(2, 2, 10, 10, 1, 1, 0, 1));
        GuestBuffer pages = rig.buffer(400);
        assertEquals(UNSPEC, transfer3d(0x206, 2, new long[] {0, 0, 0, 1, 1, 1}, 0, 0, 0));
        assertEquals(OK, rig.attach(2, pages));
        for (long[] box : new long[][] {{0, 0, 1, 1, 1, 1}, {0, 0, 0, 1, 1, 2}, {0, 0, 0, 11, 1, 1},
            {1, 0, 0, 10, 1, 1}, {0, 10, 0, 1, 1, 1}, {0xFFFF_FFFFL, 0, 0, 1, 1, 1}}) {
            assertEquals(INVALID_PARAMETER, transfer3d(0x205, 2, box, 0, 0, 0), Arrays.toString(box));
            assertEquals(INVALID_PARAMETER, transfer3d(0x206, 2, box, 0, 0, 0), Arrays.toString(box));
        }
        long[] whole = {0, 0, 0, 10, 10, 1};
        assertEquals(INVALID_PARAMETER, transfer3d(0x206, 2, whole, 0, 0, 1));
        assertEquals(INVALID_PARAMETER, transfer3d(0x206, 2, whole, 1, 0, 0));
        assertEquals(INVALID_PARAMETER, transfer3d(0x206, 2, whole, 0, 0xFFFF_FFFFL, 0));
        assertEquals(INVALID_PARAMETER, transfer3d(0x206, 2, whole, Long.MAX_VALUE, 4, 0));
        assertEquals(OK, transfer3d(0x206, 2, whole, 0, 0, 0));
        assertEquals(INVALID_RESOURCE_ID, transfer3d(0x205, 3, whole, 0, 0, 0));
    }

    /** Pages as a shadow of a context's memory. */
    @Test
    void a_default_blob_is_moved_both_ways_byte_by_byte() {
        open(rig, 1);
        assertEquals(OK, requirements(rig, 1, 16, 16, XR24));
        GuestBuffer pages = rig.buffer(4096);
        pages.fill(0x21);
        assertEquals(OK, rig.createBlob(1, 2, 3, 0, 1, 4096, pages.address(), 4096));
        assertEquals(OK, rig.setScanoutBlob(0, 2, new int[] {0, 0, 16, 16}, 16, 16, XRGB, 64, 0));
        assertEquals(0xFF00_0000, rig.shown(0, 0));
        assertEquals(OK, transfer3d(0x205, 2, new long[] {4, 0, 0, 8, 1, 1}, 100, 0, 0));
        assertEquals(0xFF00_0000, rig.shown(0, 0));
        assertEquals(0xFF21_2121, rig.shown(1, 0));
        assertEquals(0xFF00_0000, rig.shown(3, 0));
        assertEquals(OK, transfer3d(0x206, 2, new long[] {8, 0, 0, 8, 1, 1}, 0, 0, 0));
        assertEquals(0x21212121, pages.get(0, 4));
        assertEquals(0, pages.get(4, 4));
        assertEquals(INVALID_PARAMETER, transfer3d(0x205, 2, new long[] {4090, 0, 0, 8, 1, 1}, 0, 0, 0));
        assertEquals(INVALID_PARAMETER, transfer3d(0x205, 2, new long[] {0, 0, 0, 8, 1, 1}, 4089, 0, 0));
        assertEquals(INVALID_PARAMETER, transfer3d(0x205, 2, new long[] {0, 0, 0, 8, 2, 1}, 0, 0, 0));
        assertEquals(OK, rig.detach(2));
        assertEquals(UNSPEC, transfer3d(0x205, 2, new long[] {0, 0, 0, 8, 1, 1}, 0, 0, 0));
        assertTrue(rig.scanout().isOn());
    }
}
