// SPDX-License-Identifier: Apache-2.0

/**
 * Virtqueues: what the driver makes available, what the device uses. [Virtqueues], [Packed
 * Virtqueues]
 *
 * <p>A {@link io.virtio4j.core.queue.QueueConfig} is what the driver still programs; a {@link
 * io.virtio4j.core.queue.VirtQueue} is what runs. A {@link io.virtio4j.core.queue.DescriptorChain} is a
 * loan: completed, deferred or put back, exactly once.
 *
 * <h2>Threads</h2>
 *
 * A queue is owned by one thread at a time; ownership passes by compare-and-set, never by a lock. The
 * owner takes chains, hands them to the handler, and writes the ring. Other threads complete deferred
 * chains by pushing them on a list that the owner collects.
 *
 * <h2>Memory ordering</h2>
 *
 * The driver writes and reads rings at the same time. What pairs with what:
 *
 * <ul>
 *   <li>available {@code idx} (split) and the flags of an available descriptor (packed) are read with
 *       <em>acquire</em>: what they make available is read after them.
 *   <li>used {@code idx} (split) and the flags of a used descriptor (packed) are written with
 *       <em>release</em>: data, id and length are written before them.
 *   <li>A <em>full fence</em> stands at exactly three places. Between publishing used buffers and reading
 *       the driver's event suppression; between arming the device's own event suppression and looking
 *       for available buffers again; and between what the caller of {@code wake} did and the look at
 *       whether a turn is due already. At each, a store must be visible before a later load; without the
 *       fence both sides can go to sleep.
 * </ul>
 *
 * The module {@code jcstress} races both sides of each of these; without the fences, it fails.
 *
 * <p>Everything else in a ring is plain access. Each descriptor is read exactly once; what was checked is
 * what is used.
 */
@NullMarked
package io.virtio4j.core.queue;

import org.jspecify.annotations.NullMarked;
