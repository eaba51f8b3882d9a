// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.board;

/** A resistor: the level of a line that nobody drives. */
public enum Pull {
    /** None: such a line floats. */
    NONE,
    /** To high. */
    UP,
    /** To low; wins over another line's pull to high. */
    DOWN
}
