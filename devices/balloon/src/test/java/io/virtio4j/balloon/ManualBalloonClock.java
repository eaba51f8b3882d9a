// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Time that the test moves. */
final class ManualBalloonClock implements BalloonClock {

    private record Task(long due, Runnable work) {}

    private final List<Task> tasks = new ArrayList<>();
    private long now;

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public void after(long nanos, Runnable task) {
        tasks.add(new Task(now + nanos, task));
    }

    int waiting() {
        return tasks.size();
    }

    void advance(Duration time) {
        long end = now + time.toNanos();
        while (true) {
            Task next = tasks.stream().min(Comparator.comparingLong(Task::due)).orElse(null);
            if (next == null || next.due > end) {
                now = end;
                return;
            }
            tasks.remove(next);
            now = next.due;
            next.work.run();
        }
    }
}
