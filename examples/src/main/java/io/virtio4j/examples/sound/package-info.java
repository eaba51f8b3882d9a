// SPDX-License-Identifier: Apache-2.0

/** Sound as a picture. */
@NullMarked
package io.virtio4j.examples.sound;

import org.jspecify.annotations.NullMarked;
