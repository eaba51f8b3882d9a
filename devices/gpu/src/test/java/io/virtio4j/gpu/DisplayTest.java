// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import static io.virtio4j.gpu.GpuRig.OK_DISPLAY_INFO;
import static io.virtio4j.gpu.GpuRig.OK_EDID;
import static io.virtio4j.gpu.GpuRig.UNSPEC;
import static io.virtio4j.gpu.GpuRig.command;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.Normative;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Monitors that come and go, and what they say of themselves. [Device configuration layout], [Events] */
class DisplayTest {

    private final GpuRig rig = GpuRig.of(GpuDevice.builder().output(Monitor.of(1280, 800).at(3, 4)).emptyOutput()
            .output(Monitor.of(640, 480)).build());

    @AfterEach
    void close() {
        rig.close();
    }

    private int config(int offset) {
        return (int) rig.driver().port().readConfig(offset, 4);
    }

    // ── Device configuration layout ────────────────────────────────────────

    @Test
    void the_configuration_tells_of_outputs_and_capability_sets() {
        assertEquals(20, rig.driver().instance().configSize());
        assertEquals(0, config(0));
        assertEquals(3, config(8));
        assertEquals(0, config(12));
        assertEquals(4096, config(16));
    }

    @Test
    void a_display_event_stays_until_it_is_cleared() {
        int generation = rig.driver().port().configGeneration();
        rig.device().scanout(1).plug(Monitor.of(800, 600));
        assertEquals(1, config(0));
        assertTrue(generation != rig.driver().port().configGeneration());

        rig.driver().port().writeConfig(0, 4, 0);
        assertEquals(1, config(0), "the driver cannot write events_read");
        rig.driver().port().writeConfig(4, 4, 2);
        assertEquals(1, config(0));
        rig.driver().port().writeConfig(4, 4, 1);
        assertEquals(0, config(0));
        assertEquals(0, config(4));
        rig.device().scanout(1).unplug();
        assertEquals(1, config(0));
        rig.driver().reset();
        assertEquals(0, config(0));
    }

    // ── VIRTIO_GPU_CMD_GET_DISPLAY_INFO ────────────────────────────────────

    @Test
    void display_information_tells_what_is_plugged_in_where() {
        ByteBuffer info = displayInfo();
        assertEquals(List.of(3, 4, 1280, 800, 1, 0), display(info, 0));
        assertEquals(List.of(0, 0, 0, 0, 0, 0), display(info, 1));
        assertEquals(List.of(0, 0, 640, 480, 1, 0), display(info, 2));
        for (int i = 3; i < 16; i++) {
            assertEquals(List.of(0, 0, 0, 0, 0, 0), display(info, i));
        }

        rig.device().scanout(0).unplug();
        rig.device().scanout(1).plug(Monitor.of(1920, 1080).at(1280, 0));
        info = displayInfo();
        assertEquals(List.of(0, 0, 0, 0, 0, 0), display(info, 0));
        assertEquals(List.of(1280, 0, 1920, 1080, 1, 0), display(info, 1));
    }

    private ByteBuffer displayInfo() {
        GpuRig.Response response = rig.send(command(0x100), 408);
        assertEquals(OK_DISPLAY_INFO, response.type());
        assertEquals(408, response.submitted().usedLength());
        return response.bytes();
    }

    private static List<Integer> display(ByteBuffer info, int index) {
        List<Integer> values = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            values.add(info.getInt(24 + 24 * index + 4 * i));
        }
        return values;
    }

    // ── VIRTIO_GPU_CMD_GET_EDID ────────────────────────────────────────────

    private byte[] edid(int output) {
        GpuRig.Response response = rig.send(command(0x10A, output, 0), 1056);
        assertEquals(OK_EDID, response.type());
        assertEquals(1056, response.submitted().usedLength());
        int size = response.le32(24);
        byte[] all = response.submitted().written();
        for (int i = 32 + size; i < all.length; i++) {
            assertEquals(0, all[i]);
        }
        return Arrays.copyOfRange(all, 32, 32 + size);
    }

    /** Width, height, refresh rate; the timing is that of CVT with reduced blanking. */
    @ParameterizedTest
    @CsvSource({"640,480,60,2350", "1024,768,60,5600", "1280,800,60,7100", "1920,1080,60,13850", "1920,1200,60,15400",
        "2560,1600,60,26850", "3840,2160,60,53325", "1366,768,75,9100", "4095,2160,60,56725"})
    void an_edid_tells_of_the_native_mode(int width, int height, int hertz, int clock10kHz) {
        rig.device().scanout(0).plug(Monitor.of(width, height).withRefreshRate(hertz));
        byte[] edid = edid(0);
        assertEquals(128, edid.length);
        int sum = 0;
        for (byte each : edid) {
            sum += each;
        }
        assertEquals(0, sum & 255);
        assertEquals(0x00FF_FFFF_FFFF_FF00L, ByteBuffer.wrap(edid).getLong());

        int[] timing = new int[18];
        for (int i = 0; i < 18; i++) {
            timing[i] = edid[54 + i] & 255;
        }
        int total = width + (timing[3] | (timing[4] & 15) << 8);
        int lines = height + (timing[6] | (timing[7] & 15) << 8);
        assertEquals(width, timing[2] | (timing[4] & 0xF0) << 4);
        assertEquals(height, timing[5] | (timing[7] & 0xF0) << 4);
        int clock = timing[0] | timing[1] << 8;
        assertEquals(clock10kHz, clock);
        assertEquals(hertz, clock * 10_000.0 / total / lines, 0.6);
        assertEquals(160, total - width);
        assertTrue((lines - height) / (double) lines / hertz >= 0.000_459, "vertical blank is too short");
    }

    @Test
    void an_edid_has_a_name_and_smaller_modes() {
        rig.device().scanout(0).plug(Monitor.of(1280, 1024).named("Desk 1"));
        byte[] edid = edid(0);
        String text = new String(edid, StandardCharsets.ISO_8859_1);
        assertTrue(text.contains("\0\0\0\u00fc\0Desk 1\n      "), text);
        // 640 x 480, 800 x 600 and 1024 x 768; then 1280 x 1024, 1280 x 800, 1280 x 720 and 1152 x 864.
        assertEquals(0x21, edid[35]);
        assertEquals(0x08, edid[36]);
        assertEquals("8180 8100 81c0 7140", "%02x%02x %02x%02x %02x%02x %02x%02x".formatted(
                edid[38], edid[39], edid[40], edid[41], edid[42], edid[43], edid[44], edid[45]));
        assertEquals(0x0101, edid[46] << 8 | edid[47]);
    }

    @Test
    void an_output_without_a_monitor_has_an_edid_of_no_bytes() {
        assertEquals(0, edid(1).length);
    }

    @Test
    void small_monitors_tell_of_no_larger_modes() {
        rig.device().scanout(0).plug(Monitor.of(320, 200));
        byte[] edid = edid(0);
        assertEquals(0, edid[35] | edid[36]);
        assertEquals(0x0101, edid[38] << 8 | edid[39]);
    }

    @Test
    void without_edid_negotiated_there_is_none() {
        rig.driver().reset();
        rig.driver().start(DriverOptions.split().without(GpuFeature.EDID));
        assertEquals(UNSPEC, rig.send(command(0x10A, 0, 0), 1056).type());
        assertEquals(OK_DISPLAY_INFO, rig.send(command(0x100), 408).type());
    }

    // ── What an embedder may ask for ───────────────────────────────────────

    @Test
    void monitors_that_an_edid_cannot_tell_of_are_refused() {
        for (Runnable wrong : List.<Runnable>of(
                () -> Monitor.of(0, 480), () -> Monitor.of(640, 0), () -> Monitor.of(4096, 480),
                () -> Monitor.of(640, 4096), () -> Monitor.of(3840, 2160).withRefreshRate(120),
                () -> Monitor.of(640, 480).withRefreshRate(23),
                () -> Monitor.of(640, 480).named("much too long a name"),
                () -> Monitor.of(640, 480).named("h\u00e4"), () -> Monitor.of(640, 480).at(-1, 0))) {
            assertThrows(IllegalArgumentException.class, wrong::run);
        }
    }

    @Test
    @Normative("GPU-5")
    void choices_that_contradict_each_other_are_refused() {
        assertThrows(IllegalArgumentException.class, () -> GpuDevice.builder().build());
        GpuDeviceBuilder many = GpuDevice.builder();
        for (int i = 0; i < 17; i++) {
            many.emptyOutput();
        }
        assertThrows(IllegalArgumentException.class, many::build);
        assertThrows(IllegalArgumentException.class,
                () -> GpuDevice.builder().emptyOutput().hostVisibleBytes(1 << 20).build());
        assertThrows(IllegalArgumentException.class,
                () -> GpuDevice.builder().emptyOutput().blobAlignment(3000).build());
        assertThrows(IllegalArgumentException.class, () -> new GpuLimits(-1, 1, 1, 1, 1, 1));
        assertThrows(IllegalArgumentException.class,
                () -> GpuDevice.builder().hostVisible(MemorySegment.ofArray(new byte[1 << 20])));
        // Without contexts nothing could be mapped: there is no region.
        assertEquals(List.of(), rig.device().sharedMemory());
    }
}
