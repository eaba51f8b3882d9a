// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.RawQueue;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A client maps memory, has requests made in it, and unmaps it while a worker of the device may be anywhere
 * in them: each comes back, done or not, and once the unmap was answered the memory does not change.
 */
class UnmapUnderLoadTest {

    private static final long DATA = 0x40_0000_0000L;
    private static final int PAGE = SharedFile.PAGE;
    private static final int SIZE = 8;
    private static final int LENGTH = 512;

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase({"LM-1", "VF-4"})
    void requests_come_back_and_memory_stays_as_it_is(RingFormat format) {
        play(format, 1_000);
        HostileCases.count("LM-1", 1_000);
        HostileCases.count("VF-4", 1_000);
    }

    @Tag("slow")
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase({"LM-1", "VF-4"})
    void a_hundred_thousand_times(RingFormat format) {
        play(format, 100_000);
    }

    private static void play(RingFormat format, int cycles) {
        List<Throwable> errors = new ArrayList<>();
        try (DeviceInstance instance = DeviceInstance.of(new EchoDevice())
                        .runner(Runner.workerPerDevice(Thread.ofPlatform().daemon().factory()))
                        .onDeviceError(errors::add)
                        .build();
                GuestSide.Ram ram = new GuestSide.Ram();
                SharedFile file = SharedFile.sealed(3L * PAGE);
                GuestSide guest = GuestSide.of(instance, ram, builder -> builder)) {
            TestDriver driver = TestDriver.over(
                    guest.port(PciPort.Interrupts.MSIX, PciPort.Window.BARS), ram.ram);
            driver.reset().negotiate(DriverOptions.of(format));
            RawQueue queue = RawQueue.enable(driver, 0, SIZE);
            driver.driverOk();
            GuestBuffer request = ram.ram.allocate(LENGTH);
            for (int cycle = 0; cycle < cycles; cycle++) {
                cycle(guest, driver, queue, request, file, (byte) (cycle + 1));
            }
            assertFalse(driver.needsReset());
            ram.ram.check();
            assertArrayEquals(new byte[PAGE], file.segment().asSlice(0, PAGE).toArray(JAVA_BYTE));
            assertArrayEquals(new byte[PAGE], file.segment().asSlice(2L * PAGE, PAGE).toArray(JAVA_BYTE));
        }
        assertEquals(List.of(), errors);
        assertEquals(0, SharedFile.mappings());
    }

    private static void cycle(
            GuestSide guest, TestDriver driver, RawQueue queue, GuestBuffer request, SharedFile file, byte mark) {
        guest.client.map(3, PAGE, DATA, PAGE, file.descriptor());
        request.set(0, 1, mark);
        for (int i = 0; i < SIZE / 2; i++) {
            queue.chain(Raw.readable(request), new Raw(DATA + (long) i * LENGTH, LENGTH, RawQueue.WRITE));
        }
        queue.kick();
        guest.client.unmap(DATA, PAGE);
        byte[] answered = file.segment().asSlice(PAGE, PAGE).toArray(JAVA_BYTE);

        List<RawQueue.Used> used = new ArrayList<>();
        driver.waitFor("requests to come back", () -> {
            used.addAll(queue.takeUsed());
            return used.size() == SIZE / 2;
        });

        for (RawQueue.Used each : used) {
            assertTrue(each.length() == 0 || each.length() == LENGTH, "length " + each.length());
        }
        assertArrayEquals(answered, file.segment().asSlice(PAGE, PAGE).toArray(JAVA_BYTE));
        long done = used.stream().filter(each -> each.length() == LENGTH).count();
        for (int i = 0; i < done; i++) {
            assertEquals(mark, answered[i * LENGTH], "requests are served in their order");
        }
    }
}
