// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** One turn of a queue's owner. */
@Name("io.virtio4j.Drain")
@Label("Queue Drain")
@Category({"virtio4j", "Queue"})
@Description("A queue's owner worked on the queue")
@Enabled(false)
@StackTrace(false)
final class DrainEvent extends Event {

    /** Never committed: it says whether anybody records, and costs no object. */
    private static final DrainEvent ASKED = new DrainEvent();

    @Label("Queue")
    String queue = "";

    @Label("Chains Used")
    long chains;

    /** Begins to measure; {@code null} if nobody records. */
    static @Nullable DrainEvent start() {
        if (!ASKED.isEnabled()) {
            return null;
        }
        DrainEvent event = new DrainEvent();
        event.begin();
        return event;
    }

    void finish(String name, long used) {
        end();
        queue = name;
        chains = used;
        commit();
    }
}
