// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

/** Runs tasks on the thread that schedules them. */
final class CallerRunner implements Runner {

    /** Turns on the caller's thread before the rest moves to a helper. */
    private static final int TURNS = 8;

    @Override
    public void schedule(QueueTask task) {
        for (int turn = 0; turn < TURNS; turn++) {
            if (!task.run()) {
                return;
            }
        }
        Thread.ofVirtual().name("virtio4j-" + task.queueName()).start(() -> {
            while (task.run()) {
                Thread.yield();
            }
        });
    }

    @Override
    public void close() {}
}
