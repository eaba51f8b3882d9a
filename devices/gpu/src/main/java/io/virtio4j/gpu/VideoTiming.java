// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

/**
 * When pixels, blanks and pulses come, by VESA's Coordinated Video Timings with reduced blanking.
 *
 * @param clock10kHz pixels in 100 microseconds
 * @param width visible pixels of a line
 * @param horizontalBlank the rest of a line, in pixels
 * @param height visible lines
 * @param verticalBlank the rest of a picture, in lines
 * @param verticalSync lines of the vertical pulse
 */
record VideoTiming(
        long clock10kHz, int width, int horizontalBlank, int height, int verticalBlank, int verticalSync) {

    static final int HORIZONTAL_FRONT = 48;
    static final int HORIZONTAL_SYNC = 32;
    static final int VERTICAL_FRONT = 3;

    private static final int HORIZONTAL_BLANK = 160;
    private static final int LEAST_VERTICAL_BACK = 6;
    private static final double LEAST_BLANK_SECONDS = 460e-6;
    private static final long CLOCK_STEP = 25; // of 10 kHz

    static VideoTiming reducedBlanking(int width, int height, int hertz) {
        int sync = verticalSync(width, height);
        double line = (1.0 / hertz - LEAST_BLANK_SECONDS) / height;
        int blank = Math.max((int) (LEAST_BLANK_SECONDS / line) + 1, VERTICAL_FRONT + sync + LEAST_VERTICAL_BACK);
        long pixels = (long) (width + HORIZONTAL_BLANK) * (height + blank);
        long clock = Math.max(1, pixels * hertz / 10_000);
        if (clock >= CLOCK_STEP) {
            clock = clock / CLOCK_STEP * CLOCK_STEP;
        }
        return new VideoTiming(clock, width, HORIZONTAL_BLANK, height, blank, sync);
    }

    /** Tells the aspect ratio. */
    private static int verticalSync(int width, int height) {
        if (width * 3 == height * 4) {
            return 4;
        }
        if (width * 9 == height * 16) {
            return 5;
        }
        if (width * 10 == height * 16) {
            return 6;
        }
        if (width * 4 == height * 5 || width * 9 == height * 15) {
            return 7;
        }
        return 10;
    }
}
