// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** Scheduled tasks: pushed by any thread, taken in order by one. Allocates nothing. */
final class TaskList {

    private static final VarHandle TOP;

    static {
        try {
            TOP = MethodHandles.lookup().findVarHandle(TaskList.class, "top", QueueTask.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile @Nullable QueueTask top; // the latest first
    private @Nullable QueueTask ready; // the taker's: the earliest first

    /** A task is in at most one list, at most once: its state says so. */
    void push(QueueTask task) {
        QueueTask below;
        do {
            below = top;
            task.next = below;
        } while (!TOP.compareAndSet(this, below, task));
    }

    boolean isEmpty() {
        return ready == null && top == null;
    }

    /** Takes the earliest; for one thread at a time. */
    @Nullable QueueTask take() {
        if (ready == null) {
            QueueTask task = (QueueTask) TOP.getAndSet(this, null);
            while (task != null) {
                QueueTask below = task.next;
                task.next = ready;
                ready = task;
                task = below;
            }
        }
        QueueTask first = ready;
        if (first != null) {
            ready = first.next;
            first.next = null;
        }
        return first;
    }
}
