// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.pcm;

/** Where data flows, VIRTIO_SND_D_*; the ordinal is the value on the wire. [Device Operation] */
public enum PcmDirection {
    /** From the driver: playback. */
    OUTPUT,
    /** To the driver: capture. */
    INPUT
}
