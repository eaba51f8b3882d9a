// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

/**
 * What a control element's value is, VIRTIO_SND_CTL_TYPE_*; the ordinal is the value on the wire. [Control Elements /
 * Query information]
 */
public enum ControlType {
    /** 0 or 1. */
    BOOLEAN(4, 128),
    /** 32 bits, signed. */
    INTEGER(4, 128),
    /** 64 bits, signed. */
    INTEGER64(8, 64),
    /** The number of an item. */
    ENUMERATED(4, 128),
    /** Bytes. */
    BYTES(1, 512),
    /** {@code struct virtio_snd_ctl_iec958}: channel status, subcode and subframe bits of digital audio. */
    IEC958(176, 1);

    private final int size;
    private final int most;

    ControlType(int size, int most) {
        this.size = size;
        this.most = most;
    }

    /** Bytes of a member. */
    int size() {
        return size;
    }

    /** The largest count of members. */
    int most() {
        return most;
    }

    boolean isNumber() {
        return size <= 8 && this != BYTES;
    }
}
