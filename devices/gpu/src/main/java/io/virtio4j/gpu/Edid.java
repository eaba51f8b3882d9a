// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import java.nio.charset.StandardCharsets;

/**
 * The Extended Display Identification Data of a monitor, version 1.4 of VESA's standard: one block, with its native
 * mode first and the usual smaller modes after it.
 */
final class Edid {

    /** Bytes. */
    static final int SIZE = 128;

    private static final int DETAILED = 54;
    private static final int DESCRIPTOR = 18;

    /** Established timings: width, height, byte, bit; all with 60 Hz. */
    private static final int[][] ESTABLISHED = {{640, 480, 35, 5}, {800, 600, 35, 0}, {1024, 768, 36, 3}};

    /** Standard timings: width, height, code of the aspect ratio; all with 60 Hz. */
    private static final int[][] STANDARD = {
        {1920, 1080, 3}, {1680, 1050, 0}, {1600, 900, 3}, {1440, 900, 0}, {1280, 1024, 2}, {1280, 800, 0},
        {1280, 720, 3}, {1152, 864, 1},
    };

    private final byte[] bytes = new byte[SIZE];

    private Edid() {}

    static byte[] of(Monitor monitor, int serial) {
        Edid edid = new Edid();
        edid.header(serial);
        edid.basics(monitor);
        edid.established(monitor);
        edid.standard(monitor);
        edid.detailed(DETAILED, VideoTiming.reducedBlanking(
                monitor.width(), monitor.height(), monitor.refreshRate()), monitor);
        edid.range(DETAILED + DESCRIPTOR, monitor);
        edid.text(DETAILED + 2 * DESCRIPTOR, 0xFC, monitor.name());
        edid.text(DETAILED + 3 * DESCRIPTOR, 0xFF, "output " + serial);
        return edid.withChecksum();
    }

    private void put(int at, int... values) {
        for (int i = 0; i < values.length; i++) {
            bytes[at + i] = (byte) values[i];
        }
    }

    private void header(int serial) {
        put(0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0);
        int manufacturer = letter('V') << 10 | letter('I') << 5 | letter('O');
        put(8, manufacturer >> 8, manufacturer, 0x10, 0x00, serial, serial >> 8, 0, 0);
        put(16, 1, 2026 - 1990); // week and year
        put(18, 1, 4); // version
    }

    private static int letter(char letter) {
        return letter - 'A' + 1;
    }

    private void basics(Monitor monitor) {
        put(20, 0xA5, // digital, 8 bits a color, DisplayPort
                Math.clamp((monitor.widthMm() + 5) / 10, 1, 255), Math.clamp((monitor.heightMm() + 5) / 10, 1, 255),
                120, // gamma 2.2
                0x06); // sRGB; the first detailed timing is the native mode
        // The primaries and the white of sRGB.
        put(25, 0xEE, 0x91, 0xA3, 0x54, 0x4C, 0x99, 0x26, 0x0F, 0x50, 0x54);
    }

    private static boolean fits(Monitor monitor, int width, int height) {
        return width <= monitor.width() && height <= monitor.height();
    }

    private void established(Monitor monitor) {
        for (int[] mode : ESTABLISHED) {
            if (fits(monitor, mode[0], mode[1])) {
                bytes[mode[2]] |= (byte) (1 << mode[3]);
            }
        }
    }

    private void standard(Monitor monitor) {
        int at = 38;
        for (int[] mode : STANDARD) {
            if (fits(monitor, mode[0], mode[1])) {
                put(at, mode[0] / 8 - 31, mode[2] << 6);
                at += 2;
            }
        }
        for (; at < DETAILED; at += 2) {
            put(at, 1, 1); // unused
        }
    }

    private void detailed(int at, VideoTiming timing, Monitor monitor) {
        int clock = (int) timing.clock10kHz();
        int width = timing.width();
        int height = timing.height();
        int syncs = VideoTiming.VERTICAL_FRONT << 4 | timing.verticalSync() & 15;
        put(at, clock, clock >> 8,
                width, timing.horizontalBlank(), width >> 8 << 4 | timing.horizontalBlank() >> 8,
                height, timing.verticalBlank(), height >> 8 << 4 | timing.verticalBlank() >> 8,
                VideoTiming.HORIZONTAL_FRONT, VideoTiming.HORIZONTAL_SYNC, syncs, 0,
                monitor.widthMm(), monitor.heightMm(), monitor.widthMm() >> 8 << 4 | monitor.heightMm() >> 8,
                0, 0,
                0x1A); // separate syncs, horizontal positive: reduced blanking
    }

    private void range(int at, Monitor monitor) {
        VideoTiming timing = VideoTiming.reducedBlanking(monitor.width(), monitor.height(), monitor.refreshRate());
        long lines = (long) (timing.height() + timing.verticalBlank()) * monitor.refreshRate();
        int kiloHertz = (int) (lines / 1000 + 1);
        int tensOfMegaHertz = (int) (timing.clock10kHz() / 1000 + 1);
        put(at, 0, 0, 0, 0xFD, kiloHertz > 255 ? 0x08 : 0,
                Math.min(monitor.refreshRate(), 50), monitor.refreshRate(),
                15, kiloHertz > 255 ? kiloHertz - 255 : kiloHertz, tensOfMegaHertz,
                1, // only what is said here
                0x0A, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20);
    }

    private void text(int at, int tag, String text) {
        put(at, 0, 0, 0, tag, 0);
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 13; i++) {
            bytes[at + 5 + i] = (byte) (i < ascii.length ? ascii[i] : i == ascii.length ? 0x0A : 0x20);
        }
    }

    private byte[] withChecksum() {
        int sum = 0;
        for (byte each : bytes) {
            sum += each;
        }
        bytes[SIZE - 1] = (byte) -sum;
        return bytes;
    }
}
