// SPDX-License-Identifier: Apache-2.0

/** An output of a GPU device as a {@link java.awt.image.BufferedImage}, a PNG file and a Swing component. */
@NullMarked
package io.virtio4j.gpu.desktop;

import org.jspecify.annotations.NullMarked;
