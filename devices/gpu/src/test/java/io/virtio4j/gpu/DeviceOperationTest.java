// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import static io.virtio4j.gpu.GpuRig.ARGB;
import static io.virtio4j.gpu.GpuRig.INVALID_PARAMETER;
import static io.virtio4j.gpu.GpuRig.INVALID_RESOURCE_ID;
import static io.virtio4j.gpu.GpuRig.OK;
import static io.virtio4j.gpu.GpuRig.UNSPEC;
import static io.virtio4j.gpu.GpuRig.XRGB;
import static io.virtio4j.gpu.GpuRig.pixel;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.gpu.GpuRig.Response;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.Normative;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Framebuffers, transfers, flushes and page flips, with both rings. [Device Operation] */
@ParameterizedClass(name = "{0}")
@MethodSource("drivers")
class DeviceOperationTest {

    private static final int WIDTH = 70;
    private static final int HEIGHT = 50;

    @Parameter
    private DriverOptions options;

    private final RecordingListener listener = new RecordingListener();
    private GpuRig rig;

    static Stream<DriverOptions> drivers() {
        return Stream.of(DriverOptions.split().layout(Layout.AS_LINUX), DriverOptions.packed().layout(Layout.INDIRECT));
    }

    @BeforeEach
    void start() {
        rig = GpuRig.of(GpuDevice.builder().output(Monitor.of(640, 480)).emptyOutput().build(), options);
        rig.scanout().addListener(listener);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    // ── Create a framebuffer and configure scanout ─────────────────────────

    @Test
    @Normative({"GPU-7", "GPU-8"})
    void a_framebuffer_is_shown_pixel_by_pixel() {
        rig.show(1, WIDTH, HEIGHT);

        assertEquals("size 70x50 damage 0,0 70x50", listener.take());
        int[] shown = rig.scanout().read();
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                assertEquals(0xFF00_0000 | pixel(x, y), shown[y * WIDTH + x], "x=" + x + " y=" + y);
            }
        }
    }

    /** Each byte of a pixel as the format's name orders them. */
    @ParameterizedTest
    @EnumSource(PixelFormat.class)
    void every_format_shows_the_same_color(PixelFormat format) {
        byte[] pixel = new byte[4];
        for (int i = 0; i < 4; i++) {
            pixel[i] = switch (format.name().charAt(2 * i)) {
                case 'R' -> 0x12;
                case 'G' -> 0x34;
                case 'B' -> 0x56;
                default -> 0x78;
            };
        }
        GuestBuffer pages = rig.buffer(4);
        pages.write(0, pixel);
        assertEquals(OK, rig.create2d(1, format.code(), 1, 1));
        assertEquals(OK, rig.attach(1, pages));
        assertEquals(OK, rig.transfer(1, 0, 0, 0, 1, 1));
        assertEquals(OK, rig.setScanout(0, 1, 0, 0, 1, 1));

        assertEquals(format.hasAlpha() ? 0x7812_3456 : 0xFF12_3456, rig.shown(0, 0));
    }

    @Test
    void pages_may_be_scattered_and_end_in_the_middle_of_pixels() {
        SplittableRandom random = new SplittableRandom(13);
        int bytes = WIDTH * HEIGHT * 4;
        GuestBuffer whole = rig.buffer(bytes);
        GpuRig.paint(whole, WIDTH, HEIGHT);
        byte[] content = whole.bytes();
        long[] entries = new long[2 * 100];
        int done = 0;
        for (int i = 0; i < 100; i++) {
            int length = i == 99 ? bytes - done : random.nextInt(1, 2 * bytes / 100 - 1);
            length = Math.min(length, bytes - done - (99 - i));
            GuestBuffer part = rig.driver().ram().allocate(length, 1);
            part.write(0, Arrays.copyOfRange(content, done, done + length));
            entries[2 * i] = part.address();
            entries[2 * i + 1] = length;
            done += length;
        }
        assertEquals(OK, rig.create2d(1, XRGB, WIDTH, HEIGHT));
        assertEquals(OK, rig.attach(1, entries));
        assertEquals(OK, rig.transfer(1, 0, 0, 0, WIDTH, HEIGHT));
        assertEquals(OK, rig.setScanout(0, 1, 0, 0, WIDTH, HEIGHT));

        assertAllShown();
    }

    private void assertAllShown() {
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                assertEquals(0xFF00_0000 | pixel(x, y), rig.shown(x, y), "x=" + x + " y=" + y);
            }
        }
    }

    @Test
    void an_output_may_show_a_part_of_a_framebuffer() {
        rig.show(1, WIDTH, HEIGHT);
        listener.take();
        assertEquals(OK, rig.setScanout(0, 1, 10, 20, 30, 5));
        assertEquals("size 30x5", listener.take());
        assertEquals(OK, rig.flush(1, 0, 0, WIDTH, HEIGHT));

        assertEquals("damage 0,0 30x5", listener.take());
        assertEquals(0xFF00_0000 | pixel(10, 20), rig.shown(0, 0));
        assertEquals(0xFF00_0000 | pixel(39, 24), rig.shown(29, 4));
        assertFalse(rig.scanout().read(0, 0, 31, 5, new int[200], 0, 31));
    }

    // ── Update a framebuffer and scanout ───────────────────────────────────

    @Test
    void a_transfer_moves_its_rectangle_and_nothing_else() {
        GuestBuffer pages = rig.show(1, WIDTH, HEIGHT);
        pages.fill(0);
        assertEquals(OK, rig.transfer(1, (7 * WIDTH + 5) * 4, 5, 7, 11, 3));

        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                boolean inside = x >= 5 && x < 16 && y >= 7 && y < 10;
                assertEquals(0xFF00_0000 | (inside ? 0 : pixel(x, y)), rig.shown(x, y), "x=" + x + " y=" + y);
            }
        }
        assertEquals(WIDTH * HEIGHT * 4 + 11 * 3 * 4, rig.count(GpuCounter.TRANSFERRED_BYTES));
    }

    /** The offset says where the rectangle's first pixel is in the pages. */
    @Test
    void a_transfer_takes_pixels_from_where_its_offset_says() {
        rig.show(1, WIDTH, HEIGHT);
        assertEquals(OK, rig.transfer(1, (20L * WIDTH + 30) * 4, 0, 0, 2, 2));

        assertEquals(0xFF00_0000 | pixel(30, 20), rig.shown(0, 0));
        assertEquals(0xFF00_0000 | pixel(31, 21), rig.shown(1, 1));
    }

    @Test
    void a_flush_tells_of_what_is_shown_of_its_rectangle() {
        rig.show(1, WIDTH, HEIGHT);
        assertEquals(OK, rig.setScanout(0, 1, 10, 10, 20, 20));
        assertEquals(OK, rig.flush(1, 0, 0, 1, 1));
        assertEquals("size 70x50 damage 0,0 70x50 size 20x20 damage 0,0 20x20", listener.take());

        assertEquals(OK, rig.flush(1, 0, 0, 12, 13));
        assertEquals("damage 0,0 2x3", listener.take());
        assertEquals(OK, rig.flush(1, 25, 26, 30, 20));
        assertEquals("damage 15,16 5x4", listener.take());
        assertEquals(OK, rig.flush(1, 0, 0, 10, 50));
        assertEquals("", listener.take());
    }

    @Test
    void what_is_transferred_is_seen_but_not_told_before_the_flush() {
        GuestBuffer pages = rig.show(1, WIDTH, HEIGHT);
        listener.take();
        pages.fill(0x11);
        assertEquals(OK, rig.transfer(1, 0, 0, 0, WIDTH, HEIGHT));
        assertEquals("", listener.take());
        assertEquals(OK, rig.flush(1, 1, 2, 3, 4));
        assertEquals("damage 1,2 3x4", listener.take());
    }

    // ── Using pageflip ─────────────────────────────────────────────────────

    @Test
    void pages_are_flipped_without_a_change_of_size() {
        rig.show(1, WIDTH, HEIGHT);
        GuestBuffer pages = rig.buffer(WIDTH * HEIGHT * 4);
        pages.fill(0x22);
        assertEquals(OK, rig.create2d(2, XRGB, WIDTH, HEIGHT));
        assertEquals(OK, rig.attach(2, pages));
        assertEquals(OK, rig.transfer(2, 0, 0, 0, WIDTH, HEIGHT));
        listener.take();
        for (int i = 0; i < 5; i++) {
            int id = 2 - i % 2;
            assertEquals(OK, rig.setScanout(0, id, 0, 0, WIDTH, HEIGHT));
            assertEquals("", listener.take());
            // All of the picture changed, whatever is flushed.
            assertEquals(OK, rig.flush(id, 0, 0, 1, 1));
            assertEquals("damage 0,0 70x50", listener.take());
            assertEquals(id == 2 ? 0xFF22_2222 : 0xFF00_0000 | pixel(3, 4), rig.shown(3, 4));
        }
    }

    // ── Multihead setup ────────────────────────────────────────────────────

    @Test
    void outputs_show_the_same_or_different_parts() {
        RecordingListener second = new RecordingListener();
        rig.device().scanout(1).addListener(second);
        rig.show(1, WIDTH, HEIGHT);
        assertEquals(OK, rig.setScanout(1, 1, 0, 0, WIDTH, HEIGHT));
        assertEquals(OK, rig.flush(1, 1, 1, 2, 2));
        assertArrayEquals(rig.scanout().read(), rig.device().scanout(1).read());
        assertEquals("size 70x50 damage 0,0 70x50", second.take());

        assertEquals(OK, rig.setScanout(1, 1, 35, 0, 35, HEIGHT));
        listener.take();
        assertEquals(OK, rig.flush(1, 34, 0, 2, 1));
        assertEquals("damage 34,0 2x1", listener.take());
        assertEquals("size 35x50 damage 0,0 35x50", second.take());
    }

    // ── Command lifecycle and fencing ──────────────────────────────────────

    @Test
    @Normative({"GPU-8", "GPU-X5"})
    void a_fence_is_answered_with_its_id() {
        byte[] command = GpuRig.withHeader(0x101, 1, 0x1122_3344_5566_7788L, 7, 0, 1, XRGB, 4, 4);
        ByteBuffer answer = rig.send(command, 24).bytes();

        assertEquals(OK, answer.getInt());
        assertEquals(1, answer.getInt());
        assertEquals(0x1122_3344_5566_7788L, answer.getLong());
        assertEquals(7, answer.getInt());
        assertEquals(0, answer.getInt());
        assertEquals(1, rig.count(GpuCounter.FENCES));
    }

    @Test
    @Normative("GPU-X5")
    void a_fence_on_a_ring_is_answered_with_its_ring_also_with_an_error() {
        byte[] command = GpuRig.withHeader(0x102, 3, 9, 7, 63, 55, 0);
        ByteBuffer answer = rig.send(command, 24).bytes();

        assertEquals(INVALID_RESOURCE_ID, answer.getInt());
        assertEquals(3, answer.getInt());
        assertEquals(9, answer.getLong());
        assertEquals(7, answer.getInt());
        assertEquals(63, answer.getInt());
    }

    @Test
    void without_a_fence_nothing_of_it_is_answered() {
        ByteBuffer answer = rig.send(GpuRig.withHeader(0x102, 2, 9, 7, 63, 55, 0), 24).bytes();

        assertEquals(INVALID_RESOURCE_ID, answer.getInt());
        assertEquals(0, answer.getInt());
        assertEquals(0, answer.getLong());
        assertEquals(0, answer.getLong());
    }

    /** > The device MUST finish the processing before returning the command then. */
    @Test
    @Normative({"GPU-8", "GPU-X7"})
    void commands_with_fences_are_answered_in_order_and_were_done() {
        GuestBuffer pages = rig.show(1, WIDTH, HEIGHT);
        pages.fill(0x33);
        Submitted transfer = rig.queue().add(
                GpuRig.withHeader(0x105, 1, 1, 0, 0, 0, 0, WIDTH, HEIGHT, 0, 0, 1, 0), 24);
        Submitted unref = rig.queue().add(GpuRig.withHeader(0x102, 1, 2, 0, 0, 1, 0), 24);
        rig.queue().publish();
        rig.queue().kick();
        rig.queue().await(unref);

        assertTrue(transfer.isUsed());
        assertEquals(OK, new Response(transfer).type());
        assertEquals(OK, new Response(unref).type());
    }

    // ── Resources ──────────────────────────────────────────────────────────

    @Test
    void a_resource_keeps_its_pixels_when_its_pages_are_taken_away() {
        rig.show(1, WIDTH, HEIGHT);
        assertEquals(OK, rig.detach(1));

        assertAllShown();
        assertEquals(UNSPEC, rig.transfer(1, 0, 0, 0, 1, 1));
        GuestBuffer pages = rig.buffer(WIDTH * HEIGHT * 4);
        pages.fill(0x44);
        assertEquals(OK, rig.attach(1, pages));
        assertEquals(OK, rig.transfer(1, 0, 2, 2, 1, 1));
        assertEquals(0xFF44_4444, rig.shown(2, 2));
    }

    @Test
    void a_new_resource_is_black() {
        assertEquals(OK, rig.create2d(1, ARGB, 8, 8));
        assertEquals(OK, rig.setScanout(0, 1, 0, 0, 8, 8));
        for (int pixel : rig.scanout().read()) {
            assertEquals(0, pixel);
        }
    }

    @Test
    void an_output_is_disabled_with_resource_0() {
        rig.show(1, WIDTH, HEIGHT);
        listener.take();
        assertEquals(OK, rig.setScanout(0, 0, 0, 0, 0, 0));

        assertEquals("size 0x0", listener.take());
        assertFalse(rig.scanout().isOn());
        assertNull(rig.scanout().read());
        assertEquals(OK, rig.setScanout(0, 0, 0, 0, 0, 0));
        assertEquals("", listener.take());
    }

    @Test
    void a_listener_that_was_removed_is_told_nothing() {
        rig.scanout().removeListener(listener);
        rig.show(1, WIDTH, HEIGHT);
        assertEquals("", listener.take());
    }

    @Test
    void scanouts_are_refused_that_resources_do_not_cover() {
        assertEquals(OK, rig.create2d(1, XRGB, 8, 8));
        for (long[] area : new long[][] {{0, 0, 9, 8}, {0, 0, 8, 9}, {1, 0, 8, 8}, {0, 1, 8, 8}, {0, 0, 0, 8},
            {0, 0, 8, 0}, {0xFFFF_FFFFL, 0, 1, 1}, {1, 1, 0xFFFF_FFFFL, 1}}) {
            assertEquals(INVALID_PARAMETER, rig.setScanout(0, 1, area[0], area[1], area[2], area[3]));
        }
        assertFalse(rig.scanout().isOn());
        assertEquals(INVALID_RESOURCE_ID, rig.setScanout(0, 2, 0, 0, 8, 8));
    }

    // ── Configure mouse cursor ─────────────────────────────────────────────

    private void makeCursor(int id, int color) {
        GuestBuffer pages = rig.buffer(64 * 64 * 4);
        ByteBuffer bytes = ByteBuffer.allocate(64 * 64 * 4).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            bytes.putInt(color);
        }
        pages.write(0, bytes.array());
        assertEquals(OK, rig.create2d(id, ARGB, 64, 64));
        assertEquals(OK, rig.attach(id, pages));
        assertEquals(OK, rig.transfer(id, 0, 0, 0, 64, 64));
    }

    @Test
    void a_cursor_is_drawn_over_the_picture_and_moved() {
        rig.show(1, WIDTH, HEIGHT);
        makeCursor(2, 0xFF10_2030);
        listener.take();
        assertEquals(OK, rig.cursor(0x300, 0, 60, 40, 2, 3, 4));

        assertEquals("damage 60,40 10x10", listener.take());
        int[] all = rig.scanout().read();
        assertEquals(0xFF10_2030, all[40 * WIDTH + 60]);
        assertEquals(0xFF00_0000 | pixel(59, 40), all[40 * WIDTH + 59]);
        assertEquals(3, rig.scanout().cursorHotX());
        assertEquals(4, rig.scanout().cursorHotY());

        assertEquals(OK, rig.cursor(0x301, 0, -60, -62, 99, 99, 99));
        assertEquals("damage 60,40 10x10 damage 0,0 4x2", listener.take());
        all = rig.scanout().read();
        assertEquals(0xFF00_0000 | pixel(60, 40), all[40 * WIDTH + 60]);
        assertEquals(0xFF10_2030, all[WIDTH + 3]);
        assertEquals(0xFF00_0000 | pixel(4, 1), all[WIDTH + 4]);
        assertEquals(-60, rig.scanout().cursorX());
        assertEquals(-62, rig.scanout().cursorY());

        assertEquals(OK, rig.cursor(0x300, 0, 0, 0, 0, 0, 0));
        assertEquals("damage 0,0 4x2", listener.take());
        assertFalse(rig.scanout().isCursorVisible());
    }

    @Test
    void a_cursor_outlives_its_resource_and_blends_with_what_is_below() {
        rig.show(1, WIDTH, HEIGHT);
        makeCursor(2, 0x8020_4060);
        assertEquals(OK, rig.cursor(0x300, 0, 0, 0, 2, 0, 0));
        assertEquals(OK, rig.unref(2));

        int below = pixel(20, 30);
        int expected = 0xFF00_0000;
        for (int shift = 0; shift < 24; shift += 8) {
            int sum = (0x204060 >> shift & 255) + ((below >> shift & 255) * 127 + 127) / 255;
            expected |= Math.min(255, sum) << shift;
        }
        assertEquals(expected, rig.scanout().read()[30 * WIDTH + 20]);
        assertEquals(0x8020_4060, rig.scanout().cursor()[0]);
    }

    @Test
    void a_cursor_of_another_size_or_of_nothing_is_refused() {
        assertEquals(OK, rig.create2d(1, ARGB, 64, 63));
        assertEquals(INVALID_PARAMETER, rig.cursor(0x300, 0, 0, 0, 1, 0, 0));
        assertEquals(INVALID_RESOURCE_ID, rig.cursor(0x300, 0, 0, 0, 5, 0, 0));
        assertFalse(rig.scanout().isCursorVisible());
    }

    /** Linux leaves no room for an answer. */
    @Test
    void a_cursor_command_without_room_for_an_answer_is_done() {
        makeCursor(2, -1);
        Submitted sent = rig.driver().queue(1).exchange(GpuRig.command(0x300, 0, 5, 6, 0, 2, 0, 0, 0), 0);

        assertEquals(0, sent.usedLength());
        assertTrue(rig.scanout().isCursorVisible());
        assertEquals(5, rig.scanout().cursorX());
    }

    @Test
    void each_queue_has_its_own_commands() {
        assertEquals(UNSPEC, rig.sendCursor(GpuRig.command(0x100)));
        assertEquals(UNSPEC, rig.send(GpuRig.command(0x301, 0, 5, 6, 0, 2, 0, 0, 0)));
    }
}
