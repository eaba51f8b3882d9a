// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.virtio4j.core.queue.Runner;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.fs.tree.TreeContent;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** [File System Device / Device Operation / Device Operation: High Priority Queue] */
class HighPriorityQueueTest {

    private static TreeContent waitingFor(CountDownLatch entered, CountDownLatch latch) {
        return new TreeContent() {
            @Override
            public byte[] read() {
                entered.countDown();
                try {
                    latch.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return new byte[0];
            }

            @Override
            public long size() {
                return 0;
            }
        };
    }

    @Test
    @Normative({"FS-3", "FS-4"})
    void lookups_are_forgotten_while_every_request_queue_waits_for_the_backend() throws Exception {
        CountDownLatch entered = new CountDownLatch(2);
        CountDownLatch latch = new CountDownLatch(1);
        TreeBackend tree = TreeBackend.create().computed("slow", waitingFor(entered, latch)).file("a", "A");
        Runner runner = Runner.workerPerQueue(Thread.ofPlatform().daemon().factory());
        try (Mount mount = Mount.of(tree, choices -> choices.requestQueues(2), DriverOptions.split(),
                instance -> instance.runner(runner));
                AutoCloseable _ = latch::countDown) {
            long slow = mount.find("slow");
            long a = mount.find("a");
            Submitted first = mount.submit(Fuse.OPEN, slow, mount.body().u32(0).u32(0), 16);
            mount.queue(2);
            Submitted second = mount.submit(Fuse.OPEN, slow, mount.body().u32(0).u32(0), 16);
            entered.await();

            mount.forget(a, 1);

            assertEquals(2, mount.device.nodes());
            mount.driver().queue(1).collect();
            mount.driver().queue(2).collect();
            assertFalse(first.isUsed() || second.isUsed());
            latch.countDown();
            mount.reply(mount.driver().queue(1).await(first)).ok();
            mount.reply(mount.driver().queue(2).await(second)).ok();
        }
    }

    @Test
    @Normative("FS-3")
    void an_executor_keeps_even_one_thread_free() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch latch = new CountDownLatch(1);
        TreeBackend tree = TreeBackend.create().computed("slow", waitingFor(entered, latch)).file("a", "A");
        try (ExecutorService threads = Executors.newFixedThreadPool(4);
                Mount mount = Mount.of(tree, choices -> choices.executor(threads), DriverOptions.packed(),
                        instance -> instance.runner(Runner.workerPerDevice(Thread.ofPlatform().daemon().factory())));
                AutoCloseable _ = latch::countDown) {
            long slow = mount.find("slow");
            long a = mount.find("a");
            Submitted waiting = mount.submit(Fuse.OPEN, slow, mount.body().u32(0).u32(0), 16);
            entered.await();

            assertEquals("A", mount.content("a"), "the same queue");
            mount.forget(a, 2);

            mount.driver().waitFor("the file to be forgotten", () -> mount.device.nodes() == 2);
            assertFalse(waiting.isUsed());
            latch.countDown();
            mount.reply(mount.driver().queue(1).await(waiting)).ok();
        }
    }

    @Test
    @HostileCase("FS-10")
    void what_is_opened_for_a_session_that_ends_meanwhile_is_given_back() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch latch = new CountDownLatch(1);
        TreeBackend tree = TreeBackend.create().computed("slow", waitingFor(entered, latch));
        RecordingBackend backend = new RecordingBackend(tree);
        try (Mount mount = Mount.of(backend, choices -> choices.requestQueues(2), DriverOptions.split(),
                instance -> instance.runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory())));
                AutoCloseable _ = latch::countDown) {
            Submitted open = mount.submit(Fuse.OPEN, mount.find("slow"), mount.body().u32(0).u32(0), 16);
            entered.await();
            mount.queue(2);
            mount.init();
            latch.countDown();
            mount.driver().queue(1).await(open);
            mount.driver().waitFor("the file to be given back", () -> backend.held() == 1);
            assertEquals(0, mount.device.handles());
        }
        assertEquals(0, backend.held());
    }

    @Test
    void requests_without_a_header_cost_an_executor_nothing() {
        try (ExecutorService threads = Executors.newFixedThreadPool(1);
                Mount mount = Mount.of(TreeBackend.create(), choices -> choices.executor(threads))) {
            for (int i = 0; i < 1000; i++) {
                assertEquals(0, mount.driver().queue(1).exchange(new byte[39], 100).usedLength());
            }
            assertEquals(Fuse.ROOT, mount.getattr(Fuse.ROOT).node());
        }
    }

    @Test
    @HostileCase("FS-6")
    void what_is_open_outlives_being_forgotten() {
        try (Mount mount = Mount.tree()) {
            Open file = mount.create(Fuse.ROOT, "a", Fuse.O_RDWR, 0600);
            mount.write(file, 0, "kept");
            mount.ask(Fuse.UNLINK, Fuse.ROOT, mount.body().name("a"), 0).ok();
            mount.forget(file.node(), -1);
            assertEquals(4, mount.read(file, 0, 10).length);
            assertEquals(2, mount.device.nodes());
            mount.release(file);
            assertEquals(1, mount.device.nodes());
        }
    }
}
