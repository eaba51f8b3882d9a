// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.AllocationCheck;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted.Descriptor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pages come and go, and are reported and hinted at, without an allocation. */
class AllocationTest {

    private static final PageRelease TAKING = (memory, offset, length) -> true;

    private static Balloon start(RingFormat format) {
        return Balloon.start(TAKING, DriverOptions.of(format).queueSize(256));
    }

    private static long turn(Balloon balloon, int index, Descriptor buffer, int count) {
        DriverQueue queue = balloon.driver.queue(index);
        for (int i = 0; i < count; i++) {
            queue.add(buffer);
        }
        queue.publish();
        queue.kickAlways();
        long bytes = AllocationCheck.bytesOf(() -> balloon.driver.instance().poll(100));
        assertEquals(count, queue.collect());
        return bytes;
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void pages_are_put_in(RingFormat format) {
        try (Balloon balloon = start(format)) {
            GuestBuffer pages = balloon.pages(64);
            GuestBuffer list = balloon.driver.ram().allocate(4 * 64);
            for (int i = 0; i < 64; i++) {
                list.set(4L * i, 4, Balloon.number(pages, i * 37 % 64 & ~1));
            }
            Descriptor buffer = new Descriptor(list.address(), list.length(), false);
            AllocationCheck.assertAllocatesNothing(count -> turn(balloon, Balloon.INFLATEQ, buffer, count));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void pages_are_reported(RingFormat format) {
        try (Balloon balloon = start(format)) {
            GuestBuffer pages = balloon.pages(16);
            Descriptor buffer = new Descriptor(pages.address(), pages.length(), true);
            AllocationCheck.assertAllocatesNothing(count -> turn(balloon, Balloon.REPORTING_VQ, buffer, count));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void pages_are_hinted_at(RingFormat format) {
        try (Balloon balloon = start(format)) {
            GuestBuffer pages = balloon.pages(16);
            Descriptor buffer = new Descriptor(pages.address(), pages.length(), true);
            balloon.command(balloon.device.hint().id());
            AllocationCheck.assertAllocatesNothing(count -> turn(balloon, Balloon.FREE_PAGE_VQ, buffer, count));
        }
    }
}
