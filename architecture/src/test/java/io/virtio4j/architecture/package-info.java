// SPDX-License-Identifier: Apache-2.0

/**
 * Checks what no single module can check about itself: who depends on whom, and the rules that every
 * source file keeps. Works on the source tree and on the classes compiled from it, not on the class
 * path, so that a new module is covered the moment it exists.
 */
@NullMarked
package io.virtio4j.architecture;

import org.jspecify.annotations.NullMarked;
