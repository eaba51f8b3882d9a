// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

/** Keeps scheduled tasks until the embedder polls. */
final class ManualRunner implements Runner {

    private final TaskList tasks = new TaskList();

    @Override
    public void schedule(QueueTask task) {
        tasks.push(task);
    }

    @Override
    public int poll(int limit) {
        int turns = 0;
        while (turns < limit) {
            QueueTask task = tasks.take();
            if (task == null) {
                return turns;
            }
            turns++;
            if (task.run()) {
                tasks.push(task);
            }
        }
        return turns;
    }

    @Override
    public void close() {}
}
