// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;

/** One thread that takes turns of all tasks without waiting to be woken. */
final class BusyPollRunner implements Runner {

    private final CopyOnWriteArrayList<QueueTask> tasks = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    BusyPollRunner(ThreadFactory threads) {
        threads.newThread(this::loop).start();
    }

    private void loop() {
        while (!closed) {
            boolean more = false;
            for (int i = 0; i < tasks.size(); i++) {
                more |= pollAt(i);
            }
            if (!more) {
                Thread.onSpinWait();
            }
        }
    }

    private boolean pollAt(int index) {
        try {
            return tasks.get(index).poll();
        } catch (IndexOutOfBoundsException e) {
            return false; // removed meanwhile
        }
    }

    @Override
    public void schedule(QueueTask task) {
        // It is looked at anyway.
    }

    @Override
    public void added(QueueTask task) {
        tasks.add(task);
    }

    @Override
    public void removed(QueueTask task) {
        tasks.remove(task);
    }

    @Override
    public boolean polls() {
        return true;
    }

    @Override
    public void close() {
        closed = true;
    }
}
