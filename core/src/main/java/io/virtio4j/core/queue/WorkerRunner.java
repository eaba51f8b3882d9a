// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;

/** Threads that sleep until a task is scheduled: one for the device, or one for each queue. */
final class WorkerRunner implements Runner {

    private static final Integer DEVICE = -1;

    private final ThreadFactory threads;
    private final boolean perQueue;
    private final Map<Integer, Worker> workers = new ConcurrentHashMap<>();
    private volatile boolean closed;

    WorkerRunner(ThreadFactory threads, boolean perQueue) {
        this.threads = threads;
        this.perQueue = perQueue;
    }

    @Override
    public void added(QueueTask task) {
        workers.computeIfAbsent(key(task), key -> new Worker());
    }

    @Override
    public void schedule(QueueTask task) {
        Worker worker = workers.get(key(task));
        if (worker != null) {
            worker.schedule(task);
        }
    }

    private Integer key(QueueTask task) {
        // Boxes of small numbers are shared: nothing is allocated for the first 128 queues.
        return perQueue ? Integer.valueOf(task.queueIndex()) : DEVICE;
    }

    @Override
    public void close() {
        closed = true;
        workers.values().forEach(worker -> LockSupport.unpark(worker.thread));
    }

    private final class Worker implements Runnable {

        private final TaskList tasks = new TaskList();
        private final Thread thread;
        private volatile boolean asleep;

        Worker() {
            thread = threads.newThread(this);
            thread.start();
        }

        void schedule(QueueTask task) {
            tasks.push(task);
            if (asleep) {
                LockSupport.unpark(thread);
            }
        }

        @Override
        public void run() {
            while (!closed) {
                QueueTask task = tasks.take();
                if (task == null) {
                    sleep();
                } else if (task.run()) {
                    tasks.push(task);
                }
            }
        }

        private void sleep() {
            asleep = true;
            if (tasks.isEmpty() && !closed) {
                LockSupport.park(this);
            }
            asleep = false;
            // Nothing here waits on an interrupt, and parking would not wait with one pending.
            Thread.interrupted();
        }
    }
}
