// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which threads work on queues. */
class RunnerTest {

    private static final int QUEUES = 3;

    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final Map<Integer, Set<Thread>> workers = new ConcurrentHashMap<>();

    private enum Kind {
        ON_CALLER(factory -> Runner.onCaller(), 0),
        WORKER_PER_DEVICE(Runner::workerPerDevice, 1),
        WORKER_PER_QUEUE(Runner::workerPerQueue, QUEUES),
        BUSY_POLLING(Runner::busyPolling, 1),
        MANUAL(factory -> Runner.manual(), 0);

        final Function<ThreadFactory, Runner> runner;
        final int threads;

        Kind(Function<ThreadFactory, Runner> runner, int threads) {
            this.runner = runner;
            this.threads = threads;
        }
    }

    private Thread newThread(Runnable work) {
        Thread thread = Thread.ofPlatform().daemon().unstarted(work);
        threads.add(thread);
        return thread;
    }

    private TestDriver attach(Kind kind) {
        ScriptedDevice device = new ScriptedDevice().queues(QUEUES, 64);
        device.handler(chain -> {
            workers.computeIfAbsent(chain.queue().index(), key -> ConcurrentHashMap.newKeySet())
                    .add(Thread.currentThread());
            ScriptedDevice.echo(chain);
        });
        return TestDriver.attach(device, builder -> builder.runner(kind.runner.apply(this::newThread)));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void every_buffer_is_served_on_the_threads_that_were_asked_for(Kind kind) throws Exception {
        for (RingFormat format : RingFormat.values()) {
            try (TestDriver driver = attach(kind)) {
                driver.start(DriverOptions.of(format));
                for (int round = 0; round < 100; round++) {
                    List<Submitted> all = new ArrayList<>();
                    for (DriverQueue queue : driver.queues()) {
                        for (int i = 0; i <= round % 5; i++) {
                            all.add(queue.submit(new byte[] {1, 2}, 2));
                        }
                    }
                    driver.queues().forEach(DriverQueue::awaitAll);
                    assertTrue(all.stream().allMatch(Submitted::isUsed));
                }
            }
            assertEquals(kind.threads, threads.size());
            for (int queue = 0; queue < QUEUES; queue++) {
                Set<Thread> here = workers.get(queue);
                assertEquals(kind.threads == 0 ? Set.of(Thread.currentThread()) : here, here);
                assertTrue(kind.threads == 0 || threads.containsAll(here) && here.size() == 1);
            }
            assertEquals(Math.max(1, kind.threads),
                    workers.values().stream().flatMap(Set::stream).distinct().count());
            for (Thread thread : threads) {
                thread.join(60_000); // they end with the device
                assertFalse(thread.isAlive());
            }
            threads.clear();
            workers.clear();
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_runner_that_polls_wants_no_notifications(RingFormat format) {
        try (TestDriver driver = attach(Kind.BUSY_POLLING)) {
            driver.start(DriverOptions.of(format));
            DriverQueue queue = driver.queue(0);
            queue.exchange(new byte[2], 2);
            for (int i = 0; i < 200; i++) {
                Submitted echo = queue.add(new byte[] {1, 2}, 2);
                queue.publish();
                assertFalse(queue.kick(), "asks for a notification");
                queue.await(echo);
            }
        }
    }

    /** A pending interrupt would make parking return at once, for ever. */
    @ParameterizedTest
    @EnumSource(value = Kind.class, names = {"WORKER_PER_DEVICE", "WORKER_PER_QUEUE", "BUSY_POLLING"})
    void a_worker_that_is_interrupted_goes_on(Kind kind) {
        try (TestDriver driver = attach(kind)) {
            driver.start();
            for (int i = 0; i < 50; i++) {
                threads.forEach(Thread::interrupt);
                driver.queue(i % QUEUES).exchange(new byte[2], 2);
            }
        }
    }

    /** The embedder's code that notifies, and the device's own, fail: the next buffer is served. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_device_that_throws_stops_no_thread(Kind kind) {
        ScriptedDevice device = new ScriptedDevice().queues(QUEUES, 64);
        device.handler(chain -> {
            if (chain.reader().readU8() == 0) {
                throw new IllegalStateException("expected by this test");
            }
            ScriptedDevice.echo(chain);
        });
        List<Throwable> errors = new CopyOnWriteArrayList<>();
        TestDriver driver = TestDriver.attach(device, builder -> builder
                .runner(kind.runner.apply(this::newThread))
                .onDeviceError(error -> {
                    errors.add(error);
                    throw new IllegalStateException("and so does who is told");
                }));
        try (driver) {
            driver.start();
            for (DriverQueue queue : driver.queues()) {
                assertEquals(0, queue.exchange(new byte[2], 2).usedLength());
                assertEquals(1, queue.exchange(new byte[] {1, 2}, 1).usedLength());
            }
            assertEquals(QUEUES, errors.size());
        }
    }
}
