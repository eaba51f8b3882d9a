// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.RegionRemoval;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.TestDriver;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Chains that a device keeps without their memory, until something happens that may never happen. */
class ParkedChainsTest {

    private static final long SPARE = 0x5_0000_0000L;

    /** Keeps every chain; ends those that the test names, in the queue's next turn. */
    private static final class KeepingDevice extends ScriptedDevice {

        final List<DescriptorChain> parked = new ArrayList<>();
        private final List<DescriptorChain> due = new ArrayList<>();
        private QueueHandler end = ScriptedDevice::echo;

        KeepingDevice() {
            handler(new QueueHandler() {
                @Override
                public void service(VirtQueue queue) {
                    for (DescriptorChain chain : due) {
                        chain.unpark();
                        end.handle(chain);
                    }
                    due.clear();
                    queue.drain(this);
                }

                @Override
                public void handle(DescriptorChain chain) {
                    chain.park();
                    parked.add(chain);
                }
            });
        }

        void finish(int index) {
            due.add(parked.remove(index));
            queue().wake();
        }
    }

    static List<DriverOptions> options() {
        List<DriverOptions> all = new ArrayList<>();
        for (RingFormat format : RingFormat.values()) {
            for (Layout layout : List.of(Layout.AS_LINUX, Layout.BYTE_BY_BYTE, Layout.INDIRECT)) {
                all.add(DriverOptions.of(format).layout(layout));
            }
        }
        return all;
    }

    private static List<Submitted> submit(DriverQueue queue, int count) {
        List<Submitted> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(queue.submit(new byte[] {(byte) i, 3}, 2));
        }
        return all;
    }

    private static void assertEchoed(TestDriver driver, Submitted echo) {
        driver.runDevice();
        driver.queue(0).collect();
        assertArrayEquals(echo.readable(), echo.written());
    }

    @ParameterizedTest
    @MethodSource("options")
    void they_are_used_in_any_order(DriverOptions options) {
        KeepingDevice device = new KeepingDevice();
        try (TestDriver driver = TestDriver.attach(device).start(options)) {
            List<Submitted> all = submit(driver.queue(0), 4);
            driver.runDevice();
            for (int index : new int[] {2, 0, 1, 0}) {
                device.finish(index);
                assertEchoed(driver, all.remove(index));
            }
            assertEquals(0, device.queue().deferred());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void neither_a_suspension_nor_a_reset_waits_for_them(RingFormat format) {
        KeepingDevice device = new KeepingDevice();
        try (TestDriver driver = TestDriver.attach(device, builder -> builder.resetGrace(Duration.ofDays(1)))) {
            driver.start(DriverOptions.of(format));
            Submitted echo = submit(driver.queue(0), 1).getFirst();
            driver.runDevice();

            driver.suspend();
            device.finish(0);
            driver.runDevice();
            driver.queue(0).collect();
            assertFalse(echo.isUsed());
            driver.resume();
            assertEchoed(driver, echo);

            submit(driver.queue(0), 3);
            driver.runDevice();
            driver.start(DriverOptions.of(format));
            device.parked.clear();
            assertTrue(driver.instance().pauseUntilQuiet());
            driver.instance().unpause();
        }
    }

    @ParameterizedTest
    @MethodSource("options")
    void they_go_with_a_saved_state(DriverOptions options) {
        KeepingDevice source = new KeepingDevice();
        try (TestDriver driver = TestDriver.attach(source).start(options)) {
            List<Submitted> all = submit(driver.queue(0), 3);
            driver.runDevice();
            source.finish(1);
            assertEchoed(driver, all.remove(1));

            KeepingDevice destination = new KeepingDevice();
            driver.migrateTo(destination);
            driver.runDevice();

            destination.finish(1);
            assertEchoed(driver, all.get(1));
            destination.finish(0);
            assertEchoed(driver, all.get(0));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void they_hold_no_memory_and_find_it_where_it_is_later(RingFormat format) {
        KeepingDevice device = new KeepingDevice();
        try (TestDriver driver = TestDriver.attach(device).start(DriverOptions.of(format))) {
            MemoryRegion before = MemoryRegion.of(SPARE, Arena.ofAuto().allocate(4096));
            MemoryRegion after = MemoryRegion.of(SPARE, Arena.ofAuto().allocate(4096));
            GuestBuffer readable = driver.ram().allocate(2);
            readable.write(0, new byte[] {5, 6});
            driver.ram().memory().add(before);
            DriverQueue queue = driver.queue(0);
            Submitted echo = queue.add(new Descriptor(readable.address(), 2, false),
                    new Descriptor(SPARE + 8, 1, true), new Descriptor(SPARE + 16, 1, true));
            queue.publish();
            queue.kick();
            driver.runDevice();

            RegionRemoval removal = driver.ram().memory().remove(before);
            assertTrue(removal.isQuiescent());
            driver.ram().memory().add(after);
            device.finish(0);
            driver.runDevice();
            queue.collect();

            assertEquals(2, echo.usedLength());
            assertEquals(0, before.segment().get(JAVA_BYTE, 8));
            assertEquals(5, after.segment().get(JAVA_BYTE, 8));
            assertEquals(6, after.segment().get(JAVA_BYTE, 16));
        }
    }

    @Test
    void one_whose_memory_is_gone_can_be_given_back() {
        KeepingDevice device = new KeepingDevice();
        try (TestDriver driver = TestDriver.attach(device).start()) {
            MemoryRegion spare = MemoryRegion.of(SPARE, Arena.ofAuto().allocate(4096));
            driver.ram().memory().add(spare);
            DriverQueue queue = driver.queue(0);
            Submitted lost = queue.add(new Descriptor(SPARE, 8, true));
            queue.publish();
            queue.kick();
            driver.runDevice();
            driver.ram().memory().remove(spare);
            List<Boolean> unmapped = new ArrayList<>();
            device.end = chain -> {
                unmapped.add(chain.hasUnmapped());
                chain.complete(0);
            };
            device.finish(0);
            driver.runDevice();
            queue.collect();
            assertEquals(List.of(true), unmapped);
            assertEquals(0, lost.usedLength());
        }
    }

    @Test
    void nobody_touches_one_before_it_is_taken_up_again() {
        KeepingDevice device = new KeepingDevice();
        try (TestDriver driver = TestDriver.attach(device).start()) {
            Submitted echo = submit(driver.queue(0), 1).getFirst();
            driver.runDevice();
            DescriptorChain chain = device.parked.getFirst();
            assertThrows(IllegalStateException.class, () -> chain.reader().readU8());
            assertThrows(IllegalStateException.class, () -> chain.complete(0));
            assertThrows(IllegalStateException.class, chain::park);
            assertThrows(IllegalStateException.class, chain::unpark, "not in the queue's turn");
            device.finish(0);
            assertEchoed(driver, echo);
        }
    }
}
