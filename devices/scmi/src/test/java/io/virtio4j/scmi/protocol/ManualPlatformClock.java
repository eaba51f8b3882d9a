// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;

/** Time that passes when a test says so. */
public final class ManualPlatformClock implements PlatformClock {

    private record Task(long due, long order, Runnable work) {}

    private final PriorityQueue<Task> tasks = new PriorityQueue<>(
            Comparator.comparingLong(Task::due).thenComparingLong(Task::order));
    private long now = 1_000_000_000;
    private long order;

    /** A clock that stands. */
    public ManualPlatformClock() {}

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public void schedule(long delayNanos, Runnable task) {
        tasks.add(new Task(now + delayNanos, order++, task));
    }

    @Override
    public void close() {
        tasks.clear();
    }

    /** How many tasks wait. */
    public int waiting() {
        return tasks.size();
    }

    /** Lets time pass, and does what becomes due, in order. */
    public void advance(Duration time) {
        long end = now + time.toNanos();
        while (!tasks.isEmpty() && tasks.peek().due <= end) {
            Task task = tasks.poll();
            now = Math.max(now, task.due);
            task.work.run();
        }
        now = end;
    }
}
