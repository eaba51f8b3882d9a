// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.conformance.Normative;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Memory Balloon Device / Device Operation] */
class DeviceOperationTest {

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"BLN-2", "BLN-3"})
    void pages_are_given_back_before_the_request_is_acknowledged(RingFormat format) {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = Balloon.start(host, DriverOptions.of(format))) {
            GuestBuffer pages = balloon.pages(6);
            assertEquals(0, balloon.inflate(Balloon.number(pages, 4), Balloon.number(pages, 1),
                    Balloon.number(pages, 2)).usedLength());
            for (int i = 0; i < 6; i++) {
                boolean inside = i == 1 || i == 2 || i == 4;
                assertEquals(inside ? 0 : 0xA7, pages.get((long) i * Balloon.PAGE, 1), "page " + i);
            }
            assertEquals(List.of(1L, 2L), pieces(host), "neighbors in one piece");
            assertEquals(3, balloon.count(BalloonCounter.INFLATED));
            assertEquals(3, balloon.count(BalloonCounter.RELEASED));
        }
    }

    private static List<Long> pieces(ZeroingHost host) {
        return host.taken().stream().map(range -> range.length() / Balloon.PAGE).toList();
    }

    @Test
    void runs_of_pages_go_back_in_one_piece_in_both_directions() {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = Balloon.start(host, DriverOptions.split())) {
            GuestBuffer pages = balloon.pages(10);
            long first = Balloon.number(pages, 0);
            balloon.inflate(first + 9, first + 8, first + 7, first, first + 1, first + 2, first + 5, first + 5,
                    first + 3);
            assertEquals(List.of(3L, 3L, 1L, 1L, 1L), pieces(host));
            for (int i = 0; i < 10; i++) {
                assertEquals(i == 4 || i == 6 ? 0xA7 : 0, pages.get((long) i * Balloon.PAGE, 1), "page " + i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void pages_that_leave_the_balloon_are_not_touched(RingFormat format) {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = Balloon.start(host, DriverOptions.of(format))) {
            GuestBuffer pages = balloon.pages(2);
            balloon.inflate(Balloon.number(pages, 0), Balloon.number(pages, 1));
            pages.fill(0x5C);
            balloon.deflate(Balloon.number(pages, 0), Balloon.number(pages, 1));
            assertTrue(pages.isFilledWith(0x5C));
            assertEquals(2, balloon.count(BalloonCounter.DEFLATED));
            assertEquals(2, host.pages());
        }
    }

    @Test
    void the_target_is_shown_and_its_change_is_notified() {
        try (Balloon balloon = Balloon.start(PageRelease.NONE, DriverOptions.split())) {
            int generation = balloon.driver.port().configGeneration();
            balloon.driver.port().takeNotifications();
            balloon.device.target(1234);
            assertEquals(1234, balloon.config(Balloon.NUM_PAGES));
            assertEquals(1234, balloon.device.target());
            assertTrue(balloon.driver.port().takeNotifications().configurationChanged());
            assertFalse(balloon.driver.port().configGeneration() == generation);
            balloon.driver.port().writeConfig(Balloon.ACTUAL, 4, 1200);
            assertEquals(1200, balloon.device.actual());
            balloon.driver.port().writeConfig(Balloon.NUM_PAGES, 4, 1);
            assertEquals(1234, balloon.device.target(), "the target is not the driver's");
            balloon.driver.reset();
            assertEquals(0, balloon.device.actual());
            assertEquals(1234, balloon.config(Balloon.NUM_PAGES), "what the host wants, it wants of the next driver");
        }
    }

    @Test
    void without_a_host_that_takes_them_pages_are_counted() {
        try (Balloon balloon = Balloon.start(PageRelease.NONE, DriverOptions.split())) {
            GuestBuffer pages = balloon.pages(3);
            balloon.inflate(Balloon.number(pages, 0), Balloon.number(pages, 2));
            assertTrue(pages.isFilledWith(0xA7));
            assertEquals(2, balloon.count(BalloonCounter.INFLATED));
            assertEquals(2, balloon.count(BalloonCounter.KEPT));
            assertEquals(0, balloon.count(BalloonCounter.RELEASED));
        }
    }

    @Test
    void only_whole_pages_of_a_host_with_large_pages_are_given_back() {
        ZeroingHost host = new ZeroingHost(16_384);
        GuestRam ram = GuestRam.empty()
                .add(MemoryRegion.of(GuestRam.BASE, Arena.ofAuto().allocate(2 << 20, 16_384)));
        try (Balloon balloon = Balloon.attach(new BalloonDevice(host), ram).begin(DriverOptions.split())) {
            GuestBuffer pages = ram.allocate(8 * Balloon.PAGE, 16_384);
            pages.fill(0xA7);
            balloon.inflate(Balloon.number(pages, 1), Balloon.number(pages, 2), Balloon.number(pages, 3),
                    Balloon.number(pages, 4), Balloon.number(pages, 5), Balloon.number(pages, 6),
                    Balloon.number(pages, 7));
            assertEquals(4, host.pages());
            assertEquals(3, balloon.count(BalloonCounter.KEPT));
            assertEquals(0xA7, pages.get(3L * Balloon.PAGE, 1));
            assertEquals(0, pages.get(4L * Balloon.PAGE, 1));
        }
    }

    @Test
    void memory_that_may_only_be_read_stays() {
        ZeroingHost host = new ZeroingHost();
        long rom = 0x800_0000;
        GuestRam ram = GuestRam.allocate();
        try (Balloon balloon = Balloon.attach(new BalloonDevice(host), ram).begin(DriverOptions.split())) {
            ram.memory().add(MemoryRegion.readOnly(rom, Arena.ofAuto().allocate(8 * Balloon.PAGE, Balloon.PAGE)));
            balloon.inflate(rom / Balloon.PAGE, rom / Balloon.PAGE + 1);
            assertEquals(0, host.pages());
            assertEquals(2, balloon.count(BalloonCounter.KEPT));
        }
    }

    @Test
    void a_host_that_fails_is_counted_and_the_queue_goes_on() {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = Balloon.start(host, DriverOptions.split())) {
            GuestBuffer pages = balloon.pages(2);
            host.fail(new IOException("no"));
            balloon.inflate(Balloon.number(pages, 0));
            balloon.inflate(Balloon.number(pages, 1));
            assertEquals(2, balloon.count(BalloonCounter.RELEASE_ERRORS));
            assertEquals(2, balloon.count(BalloonCounter.KEPT));
        }
    }

    /** Zeroes that the host puts there are a change, for whoever copies memory meanwhile. */
    @Test
    void pages_that_are_given_back_are_logged_as_written() {
        try (Balloon balloon = Balloon.start(new ZeroingHost(), DriverOptions.split())) {
            GuestBuffer pages = balloon.pages(4);
            List<Long> marks = new ArrayList<>();
            balloon.driver.ram().memory().dirtyLog((address, length) -> {
                if (address >= pages.address() && address < pages.address() + pages.length()) {
                    marks.add(address - pages.address());
                    marks.add(length);
                }
            });
            balloon.inflate(Balloon.number(pages, 1), Balloon.number(pages, 2));
            balloon.offer(Balloon.REPORTING_VQ, balloon.driver.ram().view(pages.address(), Balloon.PAGE));
            assertEquals(List.of(4096L, 8192L, 0L, 4096L), marks);
        }
    }

    @Test
    void a_list_may_be_long() {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = Balloon.start(host, DriverOptions.split())) {
            GuestBuffer pages = balloon.pages(2);
            long[] numbers = new long[50_000];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = Balloon.number(pages, i & 1);
            }
            balloon.inflate(numbers);
            assertEquals(50_000, balloon.count(BalloonCounter.INFLATED));
            assertArrayEquals(new byte[2 * Balloon.PAGE], pages.bytes());
        }
    }
}
