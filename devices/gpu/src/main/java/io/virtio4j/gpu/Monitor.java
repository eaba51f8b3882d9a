// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import java.nio.charset.StandardCharsets;

/**
 * A monitor that is plugged into an output: what the driver learns from its EDID, and from the display information.
 *
 * @param width its native width in pixels; 1 to 4095
 * @param height its native height in pixels; 1 to 4095
 * @param refreshRate in Hz; 24 to 240
 * @param widthMm the picture's width in millimeters; 1 to 4095
 * @param heightMm the picture's height in millimeters; 1 to 4095
 * @param x where the output lies beside others; pixels from the left
 * @param y where the output lies beside others; pixels from the top
 * @param name its name, up to 13 characters of ASCII
 */
public record Monitor(
        int width, int height, int refreshRate, int widthMm, int heightMm, int x, int y, String name) {

    private static final int MOST = 4095;
    private static final int NAME = 13;

    /** Millimeters of a pixel at 96 dots an inch, times 96. */
    private static final double INCH = 25.4;
    private static final int DOTS = 96;

    /** Checks the values: an EDID has to be able to tell them. */
    public Monitor {
        check("width", width, 1, MOST);
        check("height", height, 1, MOST);
        check("refreshRate", refreshRate, 24, 240);
        check("widthMm", widthMm, 1, MOST);
        check("heightMm", heightMm, 1, MOST);
        check("x", x, 0, 1 << 20);
        check("y", y, 0, 1 << 20);
        if (name.length() > NAME || !StandardCharsets.US_ASCII.newEncoder().canEncode(name)) {
            throw new IllegalArgumentException(
                    "a monitor's name has to be at most " + NAME + " characters of ASCII: name=" + name);
        }
        VideoTiming timing = VideoTiming.reducedBlanking(width, height, refreshRate);
        if (timing.clock10kHz() > 0xFFFF) {
            throw new IllegalArgumentException("an EDID cannot tell of so fast a mode, choose a lower refresh rate:"
                    + " width=" + width + " height=" + height + " refreshRate=" + refreshRate + " kHz="
                    + timing.clock10kHz() * 10);
        }
    }

    private static void check(String what, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException("a monitor's " + what + " has to be " + least + " to " + most + ": "
                    + what + "=" + value);
        }
    }

    /** A monitor of a size in pixels, with 60 Hz and 96 dots an inch. */
    public static Monitor of(int width, int height) {
        return new Monitor(width, height, 60, toMm(width), toMm(height), 0, 0, "virtio4j");
    }

    private static int toMm(int pixels) {
        return Math.max(1, (int) Math.round(pixels * INCH / DOTS));
    }

    /** The same monitor with another refresh rate. */
    public Monitor withRefreshRate(int hertz) {
        return new Monitor(width, height, hertz, widthMm, heightMm, x, y, name);
    }

    /** The same monitor somewhere else on the desk. */
    public Monitor at(int newX, int newY) {
        return new Monitor(width, height, refreshRate, widthMm, heightMm, newX, newY, name);
    }

    /** The same monitor with another name. */
    public Monitor named(String newName) {
        return new Monitor(width, height, refreshRate, widthMm, heightMm, x, y, newName);
    }
}
