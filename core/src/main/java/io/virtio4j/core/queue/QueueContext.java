// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import io.virtio4j.core.memory.GuestMemory;
import org.jspecify.annotations.Nullable;

/**
 * What a queue needs from the device instance that starts it.
 *
 * @param memory the memory that the device sees
 * @param listener what learns of notifications and faults
 * @param counters what counts
 * @param runner what runs the queue
 * @param journal what is told of chains in work, and knows of those from before; or {@code null}
 */
public record QueueContext(
        GuestMemory memory, QueueListener listener, QueueCounters counters, Runner runner,
        @Nullable ChainJournal journal) {

    /** Without a journal. */
    public QueueContext(GuestMemory memory, QueueListener listener, QueueCounters counters, Runner runner) {
        this(memory, listener, counters, runner, null);
    }
}
