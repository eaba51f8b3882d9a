// SPDX-License-Identifier: Apache-2.0

/** The memory balloon device. [Device Types / Traditional Memory Balloon Device] */
@NullMarked
package io.virtio4j.balloon;

import org.jspecify.annotations.NullMarked;
