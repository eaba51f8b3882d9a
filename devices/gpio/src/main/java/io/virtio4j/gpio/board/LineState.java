// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.board;

/** What is on a line, or on all lines that are wired together. */
public enum LineState {
    /** Driven or pulled low. */
    LOW('0'),
    /** Driven or pulled high. */
    HIGH('1'),
    /** Nobody drives or pulls it. Reads as low. */
    FLOATING('z'),
    /** Driven high and low at once. Reads as low, as with open drains. */
    CONTENDED('x');

    private final char sign;

    LineState(char sign) {
        this.sign = sign;
    }

    /** Whether it reads as high. */
    public boolean isHigh() {
        return this == HIGH;
    }

    /** The character for it in a waveform. */
    char sign() {
        return sign;
    }
}
