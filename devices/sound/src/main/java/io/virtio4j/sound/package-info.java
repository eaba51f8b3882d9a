// SPDX-License-Identifier: Apache-2.0

/**
 * Sound device. [Device Types / Sound Device]
 *
 * <p>{@link io.virtio4j.sound.SoundDevice} is the device: streams with their states, jacks, channel maps, control
 * elements. What plays and records is a {@link io.virtio4j.sound.pcm.PcmOutput} or a {@link
 * io.virtio4j.sound.pcm.PcmInput}, which knows nothing of virtio; some are in {@link io.virtio4j.sound.backend}.
 */
@NullMarked
package io.virtio4j.sound;

import org.jspecify.annotations.NullMarked;
