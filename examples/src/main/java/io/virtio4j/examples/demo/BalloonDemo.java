// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.balloon.BalloonCounter;
import io.virtio4j.balloon.BalloonDevice;
import io.virtio4j.balloon.BalloonStatistic;
import io.virtio4j.balloon.HintingRound;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * A balloon that takes half of some memory, page by page at random, and gives it back; statistics, hints and reports of
 * free pages. What was given back reads as zeroes, and everything else as it was written.
 */
final class BalloonDemo implements DemoDevice {

    private final UnaryOperator<PageRelease> around;

    BalloonDemo() {
        this(release -> release);
    }

    /** With something between the device and the host. */
    BalloonDemo(UnaryOperator<PageRelease> around) {
        this.around = around;
    }

    @Override
    public String name() {
        return "balloon";
    }

    @Override
    public Work prepare(DemoOptions options) {
        return new Memory(around, options);
    }

    private static final class Memory implements Work {

        private static final int INFLATEQ = 0;
        private static final int DEFLATEQ = 1;
        private static final int STATSQ = 2;
        private static final int FREE_PAGE_VQ = 3;
        private static final int REPORTING_VQ = 4;
        private static final int NUM_PAGES = 0;
        private static final int ACTUAL = 4;
        private static final int COMMAND = 8;

        private static final int PAGE = BalloonDevice.PAGE_SIZE;
        private static final int PAGES = 1024;
        private static final int AT_ONCE = 64;

        private final BalloonDevice device;
        private final Random random;
        private final boolean[] away = new boolean[PAGES];

        Memory(UnaryOperator<PageRelease> around, DemoOptions options) {
            device = new BalloonDevice(around.apply((memory, offset, length) -> {
                memory.asSlice(offset, length).fill((byte) 0);
                return true;
            }));
            random = new Random(options.seed());
        }

        @Override
        public VirtioDevice device() {
            return device;
        }

        @Override
        public long memory() {
            return 16L << 20;
        }

        @Override
        public void operate(TestDriver driver, List<TestDriver> peers, RunLog log) {
            driver.queue(STATSQ).mayKeepBuffers();
            GuestBuffer pages = driver.ram().allocate((long) PAGES * PAGE, PAGE);
            for (int page = 0; page < PAGES; page++) {
                write(pages, page);
            }
            inflate(driver, pages, log);
            statistics(driver, log);
            deflate(driver, pages, log);
            report(driver, pages, log);
            hint(driver, pages, log);
        }

        private static void write(GuestBuffer pages, int page) {
            pages.set((long) page * PAGE, 8, mark(page));
            pages.set((long) page * PAGE + PAGE - 8, 8, mark(page));
        }

        private static long mark(int page) {
            return 0x5A5A_0000_0000L + page;
        }

        private void compare(GuestBuffer pages, RunLog log) {
            for (int page = 0; page < PAGES; page++) {
                long expected = away[page] ? 0 : mark(page);
                long first = pages.get((long) page * PAGE, 8);
                long last = pages.get((long) page * PAGE + PAGE - 8, 8);
                if (first != expected || last != expected) {
                    log.error("page " + page + " is " + Long.toHexString(first) + " " + Long.toHexString(last)
                            + " instead of " + Long.toHexString(expected));
                }
            }
        }

        /** Half of the pages, at random; the driver says how many there are. */
        private void inflate(TestDriver driver, GuestBuffer pages, RunLog log) {
            device.target(PAGES / 2);
            log.step("inflate", (long) PAGES / 2 * PAGE);
            long wanted = driver.port().readConfig(NUM_PAGES, 4);
            for (int done = 0; done < wanted; done += AT_ONCE) {
                ByteBuffer numbers = ByteBuffer.allocate(4 * AT_ONCE).order(ByteOrder.LITTLE_ENDIAN);
                while (numbers.hasRemaining()) {
                    int page = random.nextInt(PAGES);
                    if (!away[page]) {
                        away[page] = true;
                        numbers.putInt((int) (pages.address() / PAGE) + page);
                    }
                }
                driver.queue(INFLATEQ).exchange(numbers.array(), 0);
                driver.port().writeConfig(ACTUAL, 4, done + AT_ONCE);
                log.operation((long) AT_ONCE * PAGE);
            }
            compare(pages, log);
            if (device.actual() != device.target()) {
                log.error("in the balloon are " + device.actual() + " pages instead of " + device.target());
            }
        }

        private void deflate(TestDriver driver, GuestBuffer pages, RunLog log) {
            device.target(0);
            log.step("deflate", (long) PAGES / 2 * PAGE);
            for (int page = 0; page < PAGES; page++) {
                if (away[page]) {
                    byte[] number = number((int) (pages.address() / PAGE) + page);
                    driver.queue(DEFLATEQ).exchange(number, 0);
                    away[page] = false;
                    write(pages, page);
                    log.operation(PAGE);
                }
            }
            driver.port().writeConfig(ACTUAL, 4, 0);
            compare(pages, log);
        }

        private static byte[] number(int value) {
            return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
        }

        private void statistics(TestDriver driver, RunLog log) {
            log.step("statistics", 0);
            DriverQueue queue = driver.queue(STATSQ);
            for (long value = 1; value <= 50; value++) {
                byte[] entry = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN)
                        .putShort((short) BalloonStatistic.MEMFREE.tag()).putLong(value).array();
                Submitted buffer = queue.submit(entry, 0);
                long expected = value;
                driver.waitFor("statistics", () -> device.statistics()
                        .filter(now -> now.get(BalloonStatistic.MEMFREE).orElse(-1) == expected).isPresent());
                device.askForStatistics();
                queue.await(buffer);
                log.operation(entry.length);
            }
        }

        private void report(TestDriver driver, GuestBuffer pages, RunLog log) {
            log.step("report free pages", (long) PAGES / 2 * PAGE);
            for (int page = 0; page < PAGES; page += 2 * AT_ONCE) {
                offer(driver, REPORTING_VQ, pages, page);
                for (int i = 0; i < AT_ONCE; i++) {
                    away[page + i] = true;
                }
                log.operation((long) AT_ONCE * PAGE);
            }
            compare(pages, log);
        }

        private void hint(TestDriver driver, GuestBuffer pages, RunLog log) {
            log.step("hint at free pages", (long) PAGES / 2 * PAGE);
            try (HintingRound round = device.hint()) {
                byte[] command = number((int) driver.port().readConfig(COMMAND, 4));
                driver.queue(FREE_PAGE_VQ).exchange(command, 0);
                for (int page = AT_ONCE; page < PAGES; page += 2 * AT_ONCE) {
                    offer(driver, FREE_PAGE_VQ, pages, page);
                    log.operation((long) AT_ONCE * PAGE);
                }
                driver.queue(FREE_PAGE_VQ).exchange(number(0), 0);
                for (int page = 0; page < PAGES; page++) {
                    if (round.isFree(pages.address() + (long) page * PAGE) != (page / AT_ONCE % 2 == 1)) {
                        log.error("page " + page + " is not as the driver hinted");
                    }
                }
                if (!round.isComplete()) {
                    log.error("the round has no end");
                }
            }
            compare(pages, log);
        }

        private static void offer(TestDriver driver, int index, GuestBuffer pages, int page) {
            DriverQueue queue = driver.queue(index);
            Submitted buffer = queue.add(
                    new Descriptor(pages.address() + (long) page * PAGE, (long) AT_ONCE * PAGE, true));
            queue.publish();
            queue.kick();
            queue.await(buffer);
        }

        @Override
        public void inspect(RunLog log) {
            log.step("look at the balloon", 0);
            long released = device.counters().get(BalloonCounter.RELEASED);
            if (released != PAGES) {
                log.error("pages given back are " + released + " instead of " + PAGES);
            }
        }

        @Override
        public void close() {
            // Nothing was made outside of this process.
        }
    }
}
