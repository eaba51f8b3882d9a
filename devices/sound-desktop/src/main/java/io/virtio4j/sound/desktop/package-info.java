// SPDX-License-Identifier: Apache-2.0

/** The host's speakers and microphones, by {@code javax.sound.sampled}. */
@NullMarked
package io.virtio4j.sound.desktop;

import org.jspecify.annotations.NullMarked;
