// SPDX-License-Identifier: Apache-2.0

/**
 * The demo: a machine in one process, in which every device does real work on every transport.
 *
 * <p>A new device adds a {@link io.virtio4j.examples.demo.DemoDevice} to the list in {@link
 * io.virtio4j.examples.demo.Demo}.
 */
@NullMarked
package io.virtio4j.examples.demo;

import org.jspecify.annotations.NullMarked;
