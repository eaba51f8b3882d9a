// SPDX-License-Identifier: Apache-2.0

/** The memory device. [Device Types / Memory Device] */
@NullMarked
package io.virtio4j.mem;

import org.jspecify.annotations.NullMarked;
