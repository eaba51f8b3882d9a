// SPDX-License-Identifier: Apache-2.0

/**
 * Frames of audio: formats, rates, and where they come from and go to. Knows nothing of virtio.
 *
 * <p>Samples are interleaved: a frame holds one sample of each channel. All of them are little-endian.
 */
@NullMarked
package io.virtio4j.sound.pcm;

import org.jspecify.annotations.NullMarked;
