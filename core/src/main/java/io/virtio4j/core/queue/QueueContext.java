// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.memory.GuestMemory;

/**
 * What a queue needs from the device instance that starts it.
 *
 * @param memory the memory that the device sees
 * @param listener what learns of notifications and faults
 * @param counters what counts
 * @param runner what runs the queue
 */
public record QueueContext(
        GuestMemory memory, QueueListener listener, QueueCounters counters, Runner runner) {}
