// SPDX-License-Identifier: Apache-2.0

/**
 * What happens when the driver breaks the rules.
 *
 * <p>A {@link io.virtio4j.core.fault.DriverFault} is thrown where a rule is found broken and caught
 * in one place, the queue's drain loop. It never reaches the embedder:
 *
 * <ul>
 *   <li>{@link io.virtio4j.core.fault.ChainFault}: one chain cannot be served. Its head goes back
 *       with length 0 and the queue goes on.
 *   <li>{@link io.virtio4j.core.fault.RingFault}: the ring itself cannot be trusted. The queue stops
 *       and the device sets DEVICE_NEEDS_RESET.
 * </ul>
 *
 * <p>A request that can be parsed but is wrong is no fault: the device answers it with its own error
 * status.
 */
@NullMarked
package io.virtio4j.core.fault;

import org.jspecify.annotations.NullMarked;
