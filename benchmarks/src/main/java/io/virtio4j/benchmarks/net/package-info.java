// SPDX-License-Identifier: Apache-2.0

/** What the network device does to packets in software. */
@NullMarked
package io.virtio4j.benchmarks.net;

import org.jspecify.annotations.NullMarked;
