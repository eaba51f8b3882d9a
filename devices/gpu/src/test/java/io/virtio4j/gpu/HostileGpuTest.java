// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import static io.virtio4j.gpu.GpuRig.ARGB;
import static io.virtio4j.gpu.GpuRig.INVALID_PARAMETER;
import static io.virtio4j.gpu.GpuRig.INVALID_RESOURCE_ID;
import static io.virtio4j.gpu.GpuRig.INVALID_SCANOUT_ID;
import static io.virtio4j.gpu.GpuRig.OK;
import static io.virtio4j.gpu.GpuRig.OUT_OF_MEMORY;
import static io.virtio4j.gpu.GpuRig.UNSPEC;
import static io.virtio4j.gpu.GpuRig.XRGB;
import static io.virtio4j.gpu.GpuRig.command;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that no honest driver sends, with both rings. */
@ParameterizedClass(name = "{0}")
@MethodSource("drivers")
class HostileGpuTest {

    private static final int WIDTH = 16;
    private static final int HEIGHT = 12;
    private static final long NOWHERE = 0xDEAD_0000L;
    private static final long BUDGET = 1 << 20;

    @Parameter
    private DriverOptions options;

    private GpuRig rig;

    static Stream<DriverOptions> drivers() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed());
    }

    @BeforeEach
    void start() {
        rig = GpuRig.of(GpuDevice.builder().output(Monitor.of(640, 480)).emptyOutput()
                .limits(GpuLimits.DEFAULT.withHostBytes(BUDGET).withResources(50).withEntries(1000)).build(), options);
    }

    /** Whatever came before: a good driver's picture is shown. */
    @AfterEach
    void the_device_serves() {
        rig.driver().reset();
        assertEquals(0, rig.device().resources());
        rig.driver().start(options);
        rig.show(1, WIDTH, HEIGHT);
        assertEquals(0xFF00_0000 | GpuRig.pixel(3, 5), rig.shown(3, 5));
        rig.close();
    }

    // ── Sizes ──────────────────────────────────────────────────────────────

    @Test
    @HostileCase("GU-1")
    void images_that_cannot_be_are_refused() {
        long[] wrong = {0, 16385, 1 << 30, 1L << 31, 0xFFFF_FFFFL};
        int tried = 0;
        for (long size : wrong) {
            assertEquals(INVALID_PARAMETER, rig.create2d(1, XRGB, size, 1));
            assertEquals(INVALID_PARAMETER, rig.create2d(1, XRGB, 1, size));
            assertEquals(INVALID_PARAMETER, rig.create2d(1, XRGB, size, size));
            tried += 3;
        }
        // Products of 2^32 and of 2^32 + 4.
        assertEquals(INVALID_PARAMETER, rig.create2d(1, XRGB, 1 << 15, 1 << 15));
        assertEquals(OUT_OF_MEMORY, rig.create2d(1, XRGB, 16384, 16384));
        assertEquals(OUT_OF_MEMORY, rig.create2d(1, XRGB, 512, 513));
        HostileCases.count("GU-1", tried + 3);
        assertEquals(0, rig.device().resources());
        assertEquals(OK, rig.create2d(1, XRGB, 512, 512));
        assertEquals(OUT_OF_MEMORY, rig.create2d(2, XRGB, 1, 1));
        assertEquals(3, rig.count(GpuCounter.OVER_BUDGET));
    }

    @Test
    @HostileCase("GU-1")
    void formats_that_do_not_exist_are_refused() {
        for (int format = 0; format < 300; format++) {
            int code = format;
            boolean known = Arrays.stream(PixelFormat.values()).anyMatch(each -> each.code() == code);
            assertEquals(known ? OK : INVALID_PARAMETER, rig.create2d(1, format, 2, 2));
            assertEquals(known ? OK : INVALID_RESOURCE_ID, rig.unref(1));
        }
    }

    @Test
    @HostileCase("GU-1")
    void blobs_whose_pictures_overflow_are_not_scanned_out() {
        GuestBuffer pages = rig.buffer(4096);
        assertEquals(OK, rig.createBlob(0, 1, 1, 0, 0, 4096, pages.address(), 4096));
        int[] area = {0, 0, 4, 4};
        assertEquals(OK, rig.setScanoutBlob(0, 1, area, 32, 32, XRGB, 128, 0));
        for (long[] wrong : new long[][] {{32, 33, 128, 0}, {33, 32, 128, 0}, {32, 32, 127, 0}, {32, 32, 129, 0},
            {32, 32, 128, 1}, {32, 32, 0xFFFF_FFFFL, 0}, {32, 32, 128, 0xFFFF_FFFFL}, {0xFFFF_FFFFL, 32, 128, 0},
            {32, 0xFFFF_FFFFL, 128, 0}, {3, 32, 128, 0}, {32, 3, 128, 0}, {32, 32, 0, 0}, {1 << 30, 4, 0, 0}}) {
            int answer = rig.setScanoutBlob(0, 1, area, wrong[0], wrong[1], XRGB, wrong[2], wrong[3]);
            assertEquals(INVALID_PARAMETER, answer, Arrays.toString(wrong));
        }
        assertEquals(INVALID_PARAMETER, rig.setScanoutBlob(0, 1, area, 32, 32, 0, 128, 0));
        assertEquals(4, rig.scanout().width());
    }

    // ── Budgets ────────────────────────────────────────────────────────────

    @Test
    @HostileCase("GU-2")
    void resources_without_end_are_refused_and_go_with_a_reset() {
        int made = 0;
        while (rig.create2d(made + 1, XRGB, 4, 4) == OK) {
            made++;
        }
        assertEquals(50, made);
        assertEquals(50, rig.device().resources());
        assertEquals(OUT_OF_MEMORY, rig.createBlob(0, 99, 1, 0, 0, 4096));
        assertEquals(OK, rig.unref(7));
        assertEquals(OK, rig.create2d(100, XRGB, 4, 4));
        HostileCases.count("GU-2", made);
        for (int round = 0; round < 3; round++) {
            rig.driver().reset();
            assertEquals(0, rig.device().resources());
            rig.driver().start(options);
            assertEquals(OK, rig.create2d(1, XRGB, 512, 512));
        }
    }

    @Test
    @HostileCase("GU-2")
    void memory_comes_back_with_each_resource() {
        for (int i = 0; i < 200; i++) {
            assertEquals(OK, rig.create2d(i + 1, XRGB, 512, 512));
            assertEquals(OK, rig.unref(i + 1));
        }
    }

    @Test
    @HostileCase("GU-2")
    void an_id_is_used_once_and_is_not_0() {
        assertEquals(OK, rig.create2d(1, XRGB, 4, 4));
        assertEquals(INVALID_RESOURCE_ID, rig.create2d(1, XRGB, 4, 4));
        assertEquals(INVALID_RESOURCE_ID, rig.createBlob(0, 1, 1, 0, 0, 4096));
        assertEquals(INVALID_RESOURCE_ID, rig.create2d(0, XRGB, 4, 4));
        assertEquals(INVALID_RESOURCE_ID, rig.createBlob(0, 0, 1, 0, 0, 4096));
        assertEquals(OK, rig.create2d(-1, XRGB, 4, 4));
        assertEquals(OK, rig.unref(-1));
        assertEquals(INVALID_RESOURCE_ID, rig.unref(-1));
    }

    // ── Backing ────────────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(longs = {2, 3, 1 << 16, 1L << 28, 1L << 31, 0xFFFF_FFFFL})
    @HostileCase("GU-3")
    void more_entries_are_announced_than_there_are(long entries) {
        GuestBuffer pages = rig.buffer(4096);
        assertEquals(OK, rig.create2d(1, XRGB, 4, 4));
        assertEquals(INVALID_PARAMETER, rig.send(GpuRig.attachCommand(1, entries, pages.address(), 4096)));
        assertEquals(UNSPEC, rig.detach(1));
    }

    @Test
    @HostileCase("GU-3")
    void more_entries_than_the_budget_are_refused_and_their_room_comes_back() {
        GuestBuffer pages = rig.buffer(4096);
        long[] scattered = new long[2 * 600];
        for (int i = 0; i < 600; i++) {
            scattered[2 * i] = pages.address() + (i % 2) * 64;
            scattered[2 * i + 1] = 4;
        }
        assertEquals(OK, rig.create2d(1, XRGB, 4, 4));
        assertEquals(OK, rig.create2d(2, XRGB, 4, 4));
        for (int round = 0; round < 5; round++) {
            assertEquals(OK, rig.attach(1, scattered));
            assertEquals(OUT_OF_MEMORY, rig.attach(2, scattered));
            assertEquals(OK, round % 2 == 0 ? rig.detach(1) : rig.unref(1));
            if (round % 2 == 1) {
                assertEquals(OK, rig.create2d(1, XRGB, 4, 4));
            }
        }
    }

    @Test
    @HostileCase({"GU-3", "GU-8"})
    void pages_that_are_not_memory_are_refused() {
        GuestBuffer pages = rig.buffer(4096);
        assertEquals(OK, rig.create2d(1, XRGB, 4, 4));
        for (long[] wrong : new long[][] {{NOWHERE, 4096}, {pages.address(), 4096, NOWHERE, 1}, {-1, 1}, {-4096, 4096},
            {Long.MAX_VALUE, 2}, {pages.address(), 0xFFFF_FFFFL}, {0, 4096}, {-1, 0xFFFF_FFFFL}}) {
            assertEquals(INVALID_PARAMETER, rig.attach(1, wrong), Arrays.toString(wrong));
            assertEquals(UNSPEC, rig.detach(1));
        }
    }

    @Test
    @HostileCase("GU-3")
    void backing_is_attached_once_and_detached_once() {
        GuestBuffer pages = rig.buffer(4096);
        assertEquals(OK, rig.create2d(1, XRGB, 4, 4));
        assertEquals(UNSPEC, rig.detach(1));
        assertEquals(OK, rig.attach(1, pages));
        assertEquals(UNSPEC, rig.attach(1, pages));
        assertEquals(OK, rig.detach(1));
        assertEquals(UNSPEC, rig.detach(1));
        assertEquals(INVALID_RESOURCE_ID, rig.attach(9, pages));
        assertEquals(INVALID_RESOURCE_ID, rig.detach(9));
    }

    @Test
    @HostileCase("GU-3")
    void entries_of_nothing_are_no_backing_to_transfer_from() {
        assertEquals(OK, rig.create2d(1, XRGB, 4, 4));
        assertEquals(OK, rig.attach(1, NOWHERE, 0, 0, 0));
        assertEquals(INVALID_PARAMETER, rig.transfer(1, 0, 0, 0, 1, 1));
        assertEquals(OK, rig.detach(1));
        assertEquals(OK, rig.attach(1));
        assertEquals(INVALID_PARAMETER, rig.transfer(1, 0, 0, 0, 1, 1));
    }

    /** Memory that goes away afterwards: nothing of it is read any more, and nothing breaks. */
    @Test
    @HostileCase({"GU-3", "GU-8"})
    void pages_may_vanish_after_they_were_attached() {
        long far = 0x4000_0000L;
        rig.driver().ram().add(far, 1 << 20);
        assertEquals(OK, rig.create2d(1, XRGB, 16, 16));
        assertEquals(OK, rig.attach(1, far, 4096));
        assertEquals(OK, rig.createBlob(0, 2, 1, 0, 0, 4096, far, 4096));
        assertEquals(OK, rig.setScanoutBlob(0, 2, new int[] {0, 0, 16, 16}, 16, 16, XRGB, 64, 0));
        assertEquals(OK, rig.transfer(1, 0, 0, 0, 16, 16));
        rig.driver().ram().memory().remove(rig.driver().ram().regions().stream()
                .filter(region -> region.guestAddress() == far).findFirst().orElseThrow());

        assertEquals(UNSPEC, rig.transfer(1, 0, 0, 0, 16, 16));
        assertFalse(rig.scanout().read(0, 0, 1, 1, new int[1], 0, 1));
        assertEquals(UNSPEC, rig.cursor(0x300, 0, 0, 0, cursorBlobIn(far), 0, 0));
    }

    private int cursorBlobIn(long far) {
        // Made before memory vanished, it would be found; made now, it is refused, so one is made without pages.
        assertEquals(INVALID_PARAMETER, rig.createBlob(0, 3, 1, 0, 0, 64 * 64 * 4, far, 64 * 64 * 4));
        assertEquals(OK, rig.createBlob(0, 3, 1, 0, 0, 64 * 64 * 4));
        return 3;
    }

    // ── Blobs ──────────────────────────────────────────────────────────────

    @Test
    @HostileCase("GU-4")
    void blobs_are_not_larger_than_their_backing() {
        GuestBuffer pages = rig.buffer(8192);
        assertEquals(INVALID_PARAMETER, rig.createBlob(0, 1, 1, 0, 0, 8192, pages.address(), 8191));
        assertEquals(INVALID_PARAMETER, rig.createBlob(0, 1, 1, 0, 0, 12288, pages.address(), 4096,
                pages.address(), 4096, pages.address(), 4095));
        assertEquals(OK, rig.createBlob(0, 1, 1, 0, 0, 4096, pages.address(), 8192));
        assertEquals(OK, rig.createBlob(0, 2, 1, 0, 0, 1L << 40));
        assertEquals(INVALID_PARAMETER, rig.attach(2, pages));
        assertEquals(UNSPEC, rig.attach(1, pages));
    }

    @Test
    @HostileCase("GU-4")
    void blobs_of_impossible_sizes_kinds_and_flags_are_refused() {
        for (long size : new long[] {0, -1, -4096, Long.MIN_VALUE, 1, 4095, 4097}) {
            assertEquals(INVALID_PARAMETER, rig.createBlob(0, 1, 1, 0, 0, size));
        }
        for (int kind : new int[] {0, 2, 3, 4, -1}) {
            assertEquals(INVALID_PARAMETER, rig.createBlob(0, 1, kind, 0, 1, 4096), "kind=" + kind);
        }
        for (int bit = 3; bit < 32; bit++) {
            assertEquals(INVALID_PARAMETER, rig.createBlob(0, 1, 1, 1 << bit, 0, 4096));
        }
        // There is no region to map into.
        assertEquals(OK, rig.createBlob(0, 1, 1, 1, 0, 4096));
        assertEquals(UNSPEC, rig.send(command(0x208, 1, 0, 0, 0)));
        assertEquals(UNSPEC, rig.send(command(0x209, 1, 0)));
    }

    // ── Rectangles ─────────────────────────────────────────────────────────

    @Test
    @HostileCase("GU-5")
    void every_rectangle_near_the_edges_is_served_or_refused_as_it_should() {
        GuestBuffer pages = rig.buffer(WIDTH * HEIGHT * 4);
        assertEquals(OK, rig.create2d(1, XRGB, WIDTH, HEIGHT));
        assertEquals(OK, rig.attach(1, pages));
        assertEquals(OK, rig.setScanout(0, 1, 0, 0, WIDTH, HEIGHT));
        long[] horizontal = {0, 1, WIDTH - 1, WIDTH, WIDTH + 1, 1L << 31, 0xFFFF_FFFFL};
        long[] vertical = {0, 1, HEIGHT - 1, HEIGHT, HEIGHT + 1, 1L << 31, 0xFFFF_FFFFL};
        int tried = 0;
        for (long x : horizontal) {
            for (long width : horizontal) {
                for (long y : vertical) {
                    for (long height : vertical) {
                        boolean inside = x + width <= WIDTH && y + height <= HEIGHT;
                        int expected = inside ? OK : INVALID_PARAMETER;
                        long offset = inside && width > 0 && height > 0 ? (y * WIDTH + x) * 4 : 0;
                        assertEquals(expected, rig.transfer(1, offset, x, y, width, height));
                        assertEquals(expected, rig.flush(1, x, y, width, height));
                        tried++;
                    }
                }
            }
        }
        HostileCases.count("GU-5", tried);
    }

    @Test
    @HostileCase("GU-5")
    void transfers_from_beyond_the_backing_touch_no_pixel() {
        GuestBuffer pages = rig.show(1, WIDTH, HEIGHT);
        int[] before = rig.scanout().read();
        pages.fill(0x55);
        long end = WIDTH * HEIGHT * 4;
        for (long offset : new long[] {1, 4, end - 1, end, end + 1, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE, -1, -4}) {
            assertEquals(INVALID_PARAMETER, rig.transfer(1, offset, 0, 0, WIDTH, HEIGHT), "offset=" + offset);
        }
        assertEquals(INVALID_PARAMETER, rig.transfer(1, end - 3, 0, 0, 1, 1));
        assertTrue(Arrays.equals(before, rig.scanout().read()));
        assertEquals(OK, rig.transfer(1, end - 4, 0, 0, 1, 1));
        assertEquals(0xFF55_5555, rig.shown(0, 0));
    }

    @Test
    @HostileCase("GU-5")
    void rectangles_at_random_never_touch_another_pixel() {
        SplittableRandom random = new SplittableRandom(5);
        GuestBuffer pages = rig.show(1, WIDTH, HEIGHT);
        byte[] content = pages.bytes();
        int[] expected = rig.scanout().read();
        for (int i = 0; i < 500; i++) {
            int x = random.nextInt(WIDTH + 2);
            int y = random.nextInt(HEIGHT + 2);
            int width = random.nextInt(WIDTH + 2);
            int height = random.nextInt(HEIGHT + 2);
            int offset = random.nextInt(content.length + 20);
            boolean inside = x + width <= WIDTH && y + height <= HEIGHT;
            boolean empty = width == 0 || height == 0;
            long end = offset + (height - 1L) * WIDTH * 4 + width * 4L;
            int answer = rig.transfer(1, offset, x, y, width, height);
            assertEquals(inside && (empty || end <= content.length) ? OK : INVALID_PARAMETER, answer);
            if (answer == OK) {
                model(content, offset, x, y, width, height, expected);
            }
        }
        assertTrue(Arrays.equals(expected, rig.scanout().read()));
    }

    private static void model(byte[] content, int offset, int x, int y, int width, int height, int[] expected) {
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                int at = offset + (row * WIDTH + column) * 4;
                expected[(y + row) * WIDTH + x + column] = 0xFF00_0000 | (content[at] & 255)
                        | (content[at + 1] & 255) << 8 | (content[at + 2] & 255) << 16;
            }
        }
    }

    // ── Scanouts ───────────────────────────────────────────────────────────

    @Test
    @HostileCase("GU-6")
    void outputs_that_do_not_exist_are_refused() {
        assertEquals(OK, rig.create2d(1, ARGB, 64, 64));
        for (int output : new int[] {2, 15, 16, 17, 1 << 30, -1}) {
            assertEquals(INVALID_SCANOUT_ID, rig.setScanout(output, 1, 0, 0, 4, 4));
            assertEquals(INVALID_SCANOUT_ID, rig.setScanout(output, 0, 0, 0, 0, 0));
            assertEquals(INVALID_SCANOUT_ID,
                    rig.setScanoutBlob(output, 1, new int[] {0, 0, 4, 4}, 64, 64, XRGB, 256, 0));
            assertEquals(INVALID_SCANOUT_ID, rig.cursor(0x300, output, 0, 0, 1, 0, 0));
            assertEquals(INVALID_SCANOUT_ID, rig.cursor(0x301, output, 0, 0, 1, 0, 0));
            assertEquals(INVALID_SCANOUT_ID, rig.send(command(0x10A, output, 0), 1056).type());
        }
    }

    @Test
    @HostileCase("GU-6")
    void what_is_shown_may_be_destroyed() {
        rig.show(1, WIDTH, HEIGHT);
        assertEquals(OK, rig.setScanout(1, 1, 0, 0, 4, 4));
        assertEquals(OK, rig.unref(1));
        assertFalse(rig.scanout().isOn());
        assertFalse(rig.device().scanout(1).isOn());
        assertFalse(rig.scanout().read(0, 0, 1, 1, new int[1], 0, 1));
        assertEquals(INVALID_RESOURCE_ID, rig.flush(1, 0, 0, 1, 1));

        assertEquals(OK, rig.create2d(2, ARGB, 64, 64));
        assertEquals(OK, rig.cursor(0x300, 0, 1, 1, 2, 0, 0));
        assertEquals(OK, rig.unref(2));
        assertTrue(rig.scanout().isCursorVisible());
        assertEquals(OK, rig.cursor(0x301, 0, 2, 2, 2, 0, 0));
        assertEquals(INVALID_RESOURCE_ID, rig.cursor(0x300, 0, 1, 1, 2, 0, 0));
    }

    @Test
    @HostileCase("GU-6")
    void images_and_blobs_are_not_scanned_out_as_the_other() {
        GuestBuffer pages = rig.buffer(4096);
        assertEquals(OK, rig.create2d(1, XRGB, 8, 8));
        assertEquals(OK, rig.createBlob(0, 2, 1, 0, 0, 4096, pages.address(), 4096));
        assertEquals(INVALID_RESOURCE_ID, rig.setScanout(0, 2, 0, 0, 8, 8));
        assertEquals(INVALID_RESOURCE_ID, rig.setScanoutBlob(0, 1, new int[] {0, 0, 8, 8}, 8, 8, XRGB, 32, 0));
    }

    @Test
    @HostileCase("GU-6")
    void cursors_anywhere_harm_nothing() {
        rig.show(1, WIDTH, HEIGHT);
        assertEquals(OK, rig.create2d(2, ARGB, 64, 64));
        int[] places = {Integer.MIN_VALUE, Integer.MIN_VALUE + 1, -65, -64, -1, 0, 1, WIDTH, 1 << 16,
            Integer.MAX_VALUE - 63, Integer.MAX_VALUE};
        for (int x : places) {
            for (int y : places) {
                assertEquals(OK, rig.cursor(0x300, 0, x, y, 2, x, y));
                assertEquals(OK, rig.cursor(0x301, 0, y, x, 0, 0, 0));
                assertEquals(WIDTH * HEIGHT, rig.scanout().read().length);
            }
        }
    }

    // ── Capability sets ────────────────────────────────────────────────────

    @Test
    @HostileCase("GU-7")
    void without_contexts_there_are_no_capability_sets_and_no_3d_commands() {
        for (long index : new long[] {0, 1, 63, 0xFFFF_FFFFL}) {
            assertEquals(INVALID_PARAMETER, rig.send(command(0x108, index, 0), 40).type());
            assertEquals(INVALID_PARAMETER, rig.send(command(0x109, index, 0), 4096).type());
        }
        for (int type = 0x200; type < 0x20A; type++) {
            assertEquals(UNSPEC, rig.send(command(type, new long[18]), 32).type(), Integer.toHexString(type));
        }
    }

    // ── Shapes ─────────────────────────────────────────────────────────────

    @Test
    @HostileCase("GU-8")
    void commands_that_do_not_exist_are_refused() {
        for (int type : new int[] {0, 0xFF, 0x10E, 0x1FF, 0x20A, 0x302, 0x1100, 0x1200, -1}) {
            assertEquals(UNSPEC, rig.send(command(type, new long[20])));
        }
    }

    @Test
    @HostileCase("GU-8")
    void every_command_is_refused_when_it_is_cut_short() {
        int[] sizes = {40, 32, 48, 48, 56, 32, 32, 32, 32, 32, -1, 56, 96};
        for (int i = 0; i < sizes.length; i++) {
            for (int size = 24; size < sizes[i]; size++) {
                byte[] whole = command(0x101 + i, new long[18]);
                assertEquals(INVALID_PARAMETER, rig.send(Arrays.copyOf(whole, size), 1100).type(),
                        "type=0x" + Integer.toHexString(0x101 + i) + " size=" + size);
            }
        }
        for (int size = 24; size < 56; size++) {
            assertEquals(INVALID_PARAMETER, rig.sendCursor(Arrays.copyOf(command(0x300, new long[8]), size)));
        }
        for (int size = 0; size < 24; size++) {
            assertEquals(INVALID_PARAMETER, rig.send(Arrays.copyOf(command(0x100), size), 24).type());
        }
    }

    @Test
    @HostileCase("GU-8")
    void answers_without_room_are_refused_or_returned_empty() {
        assertEquals(INVALID_PARAMETER, rig.send(command(0x100), 407).type());
        assertEquals(INVALID_PARAMETER, rig.send(command(0x10A, 0, 0), 1055).type());
        for (int room = 0; room < 24; room++) {
            Submitted sent = rig.queue().exchange(command(0x101, 1, XRGB, 4, 4), room);
            assertEquals(0, sent.usedLength());
        }
        assertEquals(24, rig.count(GpuCounter.UNANSWERABLE));
        assertEquals(0, rig.device().resources());
    }

    @Test
    @HostileCase("GU-8")
    void buffers_that_are_not_memory_are_refused() {
        GuestBuffer command = rig.buffer(64);
        command.write(0, command(0x101, 1, XRGB, 4, 4));
        GuestBuffer answer = rig.buffer(24);
        assertEquals(24, exchange(new Descriptor(NOWHERE, 40, false), new Descriptor(answer.address(), 24, true)));
        assertEquals(INVALID_PARAMETER, answer.get(0, 4));
        assertEquals(24, exchange(new Descriptor(command.address(), 24, false), new Descriptor(NOWHERE, 16, false),
                new Descriptor(answer.address(), 24, true)));
        assertEquals(0, exchange(new Descriptor(command.address(), 40, false), new Descriptor(NOWHERE, 24, true)));
        assertEquals(0, rig.device().resources());
    }

    private long exchange(Descriptor... descriptors) {
        Submitted submitted = rig.queue().add(List.of(descriptors), descriptors.length);
        rig.queue().publish();
        rig.queue().kick();
        return rig.queue().await(submitted).usedLength();
    }

    // ── Inside of a command ────────────────────────────────────────────────

    /** A listener is called in the middle of a command: whatever it does there meets no lock that is held. */
    @Test
    @HostileCase("GU-8")
    void listeners_are_called_without_a_lock() {
        List<String> seen = new ArrayList<>();
        rig.scanout().addListener(new ScanoutListener() {
            @Override
            public void changed(Scanout scanout) {
                scanout.plug(Monitor.of(800, 600));
            }

            @Override
            public void damaged(Scanout scanout, int x, int y, int width, int height) {
                scanout.unplug();
                Thread other = Thread.ofPlatform().start(() -> seen.add(scanout.read().length + " pixels"));
                try {
                    other.join();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        rig.show(1, WIDTH, HEIGHT);
        assertEquals(List.of(WIDTH * HEIGHT + " pixels"), seen);
        assertEquals(2, rig.count(GpuCounter.DISPLAY_EVENTS));
    }

    /** The same thread that serves the queue, in the middle of a flush. */
    @Test
    @HostileCase("GU-8")
    void a_reset_may_come_inside_of_a_command() {
        rig.show(1, WIDTH, HEIGHT);
        rig.scanout().addListener(new ScanoutListener() {
            @Override
            public void changed(Scanout scanout) {
                // The size changes by the reset.
            }

            @Override
            public void damaged(Scanout scanout, int x, int y, int width, int height) {
                rig.driver().port().writeStatus(0);
                assertEquals(null, scanout.read());
            }
        });
        rig.queue().mayKeepBuffers().submit(command(0x104, 0, 0, WIDTH, HEIGHT, 1, 0), 24);
        rig.driver().runDevice();
        assertEquals(0, rig.device().resources());
        assertFalse(rig.scanout().isOn());
        rig = recovered();
    }

    /** With a device of its own, whose listener does not reset it again. */
    private GpuRig recovered() {
        rig.close();
        return GpuRig.of(new GpuDevice(Monitor.of(640, 480)), options);
    }
}
