// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import com.sun.management.ThreadMXBean;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.QueueCounters;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * A driver that breaks every rule, the same way for the same seed: rings of both formats, chains, indirect
 * tables, event suppression, notifications, status, features, queue configuration and reset, memory that
 * comes and goes.
 *
 * <p>After each operation, and at the end, these have to hold: nothing escapes from the device; it comes to
 * rest, and allocates no more than 16 MiB on the way; it wrote only to what it was given; a reset ends, and a
 * good driver is served afterwards. In a quarter of its lives it keeps the rings whole, and breaks all else:
 * then every chain comes back, once, and the device needs no reset. A violation is an {@link AssertionError}
 * that names the seed.
 *
 * <pre>{@code
 * new HostileDriver(seed)
 *         .template(0, goodRequest, 1)
 *         .run(device, 1_000, driver -> exchangeSomethingGood(driver));
 * }</pre>
 */
public final class HostileDriver {

    /** Turns of queues after which a device that nobody disturbs has come to rest. */
    private static final int MOST_TURNS = 20_000;

    private static final int LONGEST_LIFE = 48;

    /** Bytes that a device may allocate on its thread for what one operation asked. */
    private static final long MOST_ALLOCATED = 16 << 20;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final long seed;
    private final List<Template> templates = new ArrayList<>();
    private final Set<Integer> keeping = new HashSet<>();
    private boolean flipping;

    /** Where good requests come from, to be damaged. */
    record Template(int queue, byte[] readable, int writable) {}

    /**
     * What a run did.
     *
     * @param seed the seed
     * @param operations how many operations
     * @param lives how often the device was initialized
     * @param chains how many chains the device used
     * @param chainFaults how many of them it could not serve
     * @param ringFaults how often it found a ring inconsistent
     */
    public record Report(
            long seed, int operations, int lives, long chains, long chainFaults, long ringFaults) {}

    /** Creates a driver that draws every choice from this seed. */
    public HostileDriver(long seed) {
        this.seed = seed;
    }

    /** Knows a good request: most of its own are damaged copies of it. */
    public HostileDriver template(int queue, byte[] readable, int writable) {
        templates.add(new Template(queue, readable.clone(), writable));
        return this;
    }

    /** Says that the device may keep buffers of a queue until it is reset, such as for packets to come. */
    public HostileDriver mayKeep(int queue) {
        keeping.add(queue);
        return this;
    }

    /**
     * Lets a second thread change rings and buffers while the device reads them. Everything has to hold
     * all the same; only what a seed does is not the same in every run.
     */
    public HostileDriver flipping() {
        flipping = true;
        return this;
    }

    /**
     * Runs against a device.
     *
     * @param smoke exchanges something with a driver that was just initialized, and checks it
     */
    public Report run(VirtioDevice device, int operations, Consumer<TestDriver> smoke) {
        return run(device, builder -> {}, operations, smoke);
    }

    /** As {@link #run(VirtioDevice, int, Consumer)}, with choices for the instance. */
    public Report run(
            VirtioDevice device, Consumer<DeviceInstanceBuilder> choices, int operations,
            Consumer<TestDriver> smoke) {
        Run run = new Run(device, choices, smoke);
        try (run) {
            run.perform(operations);
        } catch (RuntimeException | Error e) {
            throw new AssertionError("hostile driver: seed=" + seed + " flipping=" + flipping
                    + " operation=" + run.done + " life=" + run.lives, e);
        }
        return run.report(operations);
    }

    @Override
    public String toString() {
        return "HostileDriver seed=" + seed;
    }

    private final class Run implements AutoCloseable {

        private final SplittableRandom random = new SplittableRandom(seed);
        private final HostileMemory memory = new HostileMemory(random);
        private final TestDriver driver;
        private final DeviceInstance instance;
        private final Consumer<TestDriver> smoke;
        private int done;
        private int lives;

        Run(VirtioDevice device, Consumer<DeviceInstanceBuilder> choices,
                Consumer<TestDriver> smoke) {
            this.smoke = smoke;
            driver = TestDriver.attach(device, memory.ram,
                    choices.andThen(builder -> builder.resetGrace(Duration.ZERO)));
            instance = driver.instance();
        }

        void perform(int operations) {
            while (done < operations) {
                live(Math.min(operations - done, 1 + random.nextInt(LONGEST_LIFE)));
                if (random.nextInt(4) == 0) {
                    smoke.accept(driver.start());
                }
            }
            smoke.accept(driver.start());
        }

        private void live(int operations) {
            lives++;
            HostileLife life = new HostileLife(driver, memory, random, templates);
            boolean whole = !flipping && random.nextInt(4) == 0;
            life.begin(whole);
            Flipper flipper = flipping ? new Flipper(memory, random.nextLong()) : null;
            try {
                for (int i = 0; i < operations; i++, done++) {
                    life.act();
                    settle();
                    life.account();
                }
                // A queue without a known request may be one that waits for something else.
                life.awaitAll(queue -> !keeping.contains(queue)
                        && templates.stream().anyMatch(template -> template.queue() == queue));
            } finally {
                if (flipper != null) {
                    flipper.end();
                }
            }
            driver.reset();
            driver.errors().check();
            memory.check();
            life.end();
        }

        private void settle() {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            if (instance.poll(MOST_TURNS) == MOST_TURNS) {
                throw new AssertionError("device does not come to rest: " + instance);
            }
            long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
            if (allocated > MOST_ALLOCATED) {
                throw new AssertionError("device allocates as much as a driver wishes: bytes=" + allocated);
            }
        }

        Report report(int operations) {
            long chains = 0;
            long chainFaults = 0;
            long ringFaults = 0;
            for (int queue = 0; queue < instance.queueCount(); queue++) {
                QueueCounters counters = instance.counters(queue);
                chains += counters.chains();
                chainFaults += counters.chainFaults();
                ringFaults += counters.ringFaults();
            }
            return new Report(seed, operations, lives, chains, chainFaults, ringFaults);
        }

        @Override
        public void close() {
            driver.close();
        }
    }

    /** Changes what the device reads, as fast as it can. */
    private static final class Flipper {

        private final Thread thread;
        private volatile boolean ended;

        Flipper(HostileMemory memory, long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            thread = Thread.ofPlatform().name("flipper").start(() -> {
                while (!ended) {
                    memory.flip(random);
                    Thread.yield();
                }
            });
        }

        void end() {
            ended = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
