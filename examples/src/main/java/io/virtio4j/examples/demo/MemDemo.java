// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.mem.MemCounter;
import io.virtio4j.mem.MemDevice;
import io.virtio4j.testkit.TestDriver;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A machine that is given more memory, fills it, gives half of it back when it is asked to, has the rest unharmed, and
 * gives everything back.
 */
final class MemDemo implements DemoDevice {

    private final PageRelease release;

    MemDemo() {
        this((memory, offset, length) -> {
            memory.asSlice(offset, length).fill((byte) 0);
            return true;
        });
    }

    /** With another way to give memory back. */
    MemDemo(PageRelease release) {
        this.release = release;
    }

    @Override
    public String name() {
        return "mem";
    }

    @Override
    public Work prepare(DemoOptions options) {
        return new HotPlug(release, options);
    }

    /** One region. */
    private static final class HotPlug implements Work {

        private static final long ADDRESS = 4L << 30;
        private static final int BLOCK = 64 << 10;
        private static final int BLOCKS = 64;

        private final MemoryRegion region = MemoryRegion.allocate(ADDRESS, BLOCKS * BLOCK);
        private final MemDevice device;
        private final byte[][] contents = new byte[BLOCKS][BLOCK];

        HotPlug(PageRelease release, DemoOptions options) {
            device = MemDevice.of(region).blockSize(BLOCK).release(release).build();
            Random random = new Random(options.seed());
            for (byte[] content : contents) {
                random.nextBytes(content);
            }
        }

        @Override
        public VirtioDevice device() {
            return device;
        }

        @Override
        public void operate(TestDriver driver, List<TestDriver> peers, RunLog log) {
            driver.ram().memory().add(region);
            MemDriver memory = new MemDriver(driver, log);
            log.step("plug", BLOCKS * BLOCK);
            device.requestSize(BLOCKS * BLOCK);
            for (int block = 0; block < memory.requestedBlocks(); block += 4) {
                memory.plug(block, 4);
            }
            log.step("use", BLOCKS * BLOCK);
            for (int block = 0; block < BLOCKS; block++) {
                driver.ram().memory().write(ADDRESS + block * BLOCK, MemorySegment.ofArray(contents[block]));
            }
            log.step("unplug half of it", BLOCKS / 2 * BLOCK);
            device.requestSize(BLOCKS / 2 * BLOCK);
            for (int block = 1; block < BLOCKS; block += 2) {
                memory.unplug(block, 1);
            }
            look(driver, memory, log);
            log.step("unplug the rest", BLOCKS / 2 * BLOCK);
            memory.unplugAll();
            driver.ram().memory().remove(region);
        }

        private void look(TestDriver driver, MemDriver memory, RunLog log) {
            log.step("look at the other half", BLOCKS / 2 * BLOCK);
            if (memory.pluggedBytes() != BLOCKS / 2 * BLOCK) {
                log.error("another size is plugged: " + memory.pluggedBytes());
            }
            byte[] found = new byte[BLOCK];
            for (int block = 0; block < BLOCKS; block++) {
                boolean there = block % 2 == 0;
                if (memory.isPlugged(block) != there || isReachable(driver, block, found) != there
                        || there && !Arrays.equals(contents[block], found)) {
                    log.error("block " + block + " is not as it was left");
                }
            }
        }

        private static boolean isReachable(TestDriver driver, int block, byte[] found) {
            try {
                driver.ram().memory().read(ADDRESS + block * BLOCK, MemorySegment.ofArray(found));
                return true;
            } catch (IndexOutOfBoundsException withheld) {
                return false;
            }
        }

        @Override
        public void inspect(RunLog log) {
            log.step("look at what came back", 0);
            if (device.counters().get(MemCounter.RELEASED) != BLOCKS * BLOCK
                    || region.segment().mismatch(MemorySegment.ofArray(new byte[BLOCKS * BLOCK])) >= 0) {
                log.error("not all memory was given back: " + device.counters());
            }
        }

        @Override
        public void close() {
            region.close();
        }
    }
}
