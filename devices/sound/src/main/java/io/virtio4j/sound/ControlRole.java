// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

/** What a control element is for, VIRTIO_SND_CTL_ROLE_*. [Query information] */
public enum ControlRole {
    /** Something else. */
    UNDEFINED,
    /** A volume. */
    VOLUME,
    /** A mute switch. */
    MUTE,
    /** A gain. */
    GAIN
}
