// SPDX-License-Identifier: Apache-2.0

/** Examples that the documentation quotes; each is compiled and run by a test. */
@NullMarked
package io.virtio4j.examples;

import org.jspecify.annotations.NullMarked;
