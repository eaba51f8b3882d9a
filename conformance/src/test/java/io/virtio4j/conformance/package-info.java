// SPDX-License-Identifier: Apache-2.0

/** The last thing the build does: the page that says which requirement is covered by which test. */
@NullMarked
package io.virtio4j.conformance;

import org.jspecify.annotations.NullMarked;
