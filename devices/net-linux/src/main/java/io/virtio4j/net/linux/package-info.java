// SPDX-License-Identifier: Apache-2.0

/** Backends of the network device that use what Linux has beyond the JDK: a TAP. */
@NullMarked
package io.virtio4j.net.linux;

import org.jspecify.annotations.NullMarked;
