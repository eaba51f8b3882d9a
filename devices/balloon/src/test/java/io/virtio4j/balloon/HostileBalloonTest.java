// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.HostileDriver;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drivers that mean no good. After each case, the queue goes on. */
class HostileBalloonTest {

    private static final long NOWHERE = 0x7FFF_0000_0000L;

    private static void assertGoesOn(Balloon balloon, ZeroingHost host) {
        long before = host.pages();
        GuestBuffer page = balloon.pages(1);
        balloon.inflate(Balloon.number(page, 0));
        assertTrue(page.isFilledWith(0));
        balloon.deflate(Balloon.number(page, 0));
        balloon.offer(Balloon.REPORTING_VQ, page);
        assertEquals(before + 2, host.pages());
        assertFalse(balloon.driver.needsReset());
    }

    /** 2^30 numbers, less some: 256 descriptors of the same 16 MiB, in one table. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("BA-1")
    void four_gibibytes_of_page_numbers_take_turns_with_everything_else(RingFormat format) {
        ZeroingHost host = new ZeroingHost();
        int size = 16 << 20;
        GuestRam ram = GuestRam.empty().add(GuestRam.BASE, 24 << 20);
        try (Balloon balloon = Balloon.attach(new BalloonDevice(host), ram).begin(DriverOptions.of(format))) {
            GuestBuffer list = ram.allocate(size, Balloon.PAGE);
            List<Descriptor> chain = new ArrayList<>();
            for (int i = 0; i < 255; i++) {
                chain.add(new Descriptor(list.address(), size, false));
            }
            DriverQueue queue = balloon.driver.queue(Balloon.INFLATEQ);
            queue.mayKeepBuffers();
            Submitted endless = queue.add(chain, 0);
            queue.publish();
            queue.kick();
            for (int turn = 0; turn < 1000; turn++) {
                long before = balloon.count(BalloonCounter.INFLATED);
                balloon.driver.instance().poll(1);
                assertTrue(balloon.count(BalloonCounter.INFLATED) - before <= 1024, "a turn has an end");
            }
            DriverQueue other = balloon.driver.queue(Balloon.DEFLATEQ);
            Submitted small = other.submit(Balloon.numbers(1, 2, 3), 0);
            balloon.driver.instance().poll(4);
            other.collect();
            assertTrue(small.isUsed(), "the other queue has its turns");
            assertFalse(endless.isUsed());
            balloon.device.askForStatistics();
            HostileCases.count("BA-1", 1);

            balloon.driver.reset();
            balloon.begin(DriverOptions.of(format));
            assertGoesOn(balloon, host);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase({"BA-1", "DC-6"})
    void a_list_that_ends_outside_of_memory_is_read_as_far_as_it_goes(RingFormat format) {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = Balloon.start(host, DriverOptions.of(format))) {
            GuestBuffer page = balloon.pages(1);
            GuestBuffer list = balloon.driver.ram().allocate(4);
            list.set(0, 4, Balloon.number(page, 0));
            DriverQueue queue = balloon.driver.queue(Balloon.INFLATEQ);
            for (long length : new long[] {4096, 1 << 20, 0xFFFF_F000L, 0xFFFF_FFFBL}) {
                Submitted cut = queue.add(new Descriptor(list.address(), 4, false),
                        new Descriptor(NOWHERE, length, false));
                queue.publish();
                queue.kick();
                assertEquals(0, queue.await(cut).usedLength());
            }
            HostileCases.count("BA-1", 4);
            assertGoesOn(balloon, host);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("BA-2")
    void pages_outside_of_memory_are_skipped_and_duplicates_do_nothing_new(RingFormat format) {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = Balloon.start(host, DriverOptions.of(format))) {
            GuestBuffer page = balloon.pages(1);
            long good = Balloon.number(page, 0);
            long[] wrong = {0, 1, 0xFF, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL, GuestRam.BASE / Balloon.PAGE - 1,
                (GuestRam.BASE + (2 << 20)) / Balloon.PAGE, 0x10_0000, 0xFFFF_F000L};
            for (long number : wrong) {
                balloon.inflate(number);
            }
            assertEquals(wrong.length, balloon.count(BalloonCounter.NOWHERE));
            assertEquals(0, host.pages());
            balloon.inflate(wrong[5], good, wrong[0], good, good, wrong[5]);
            balloon.inflate(good);
            assertEquals(4, host.pages(), "zeroes again");
            assertTrue(page.isFilledWith(0));
            for (long number : new long[] {0, good, good, good + 1, 0xFFFF_FFFFL}) {
                balloon.deflate(number); // of what never was in it, too
            }
            HostileCases.count("BA-2", wrong.length + 7);
            assertGoesOn(balloon, host);
        }
    }

    /** The driver destroys its own rings; the device finds nonsense there, and goes on after a reset. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase({"BA-2", "BA-4"})
    void rings_that_are_put_into_the_balloon_or_reported_harm_their_driver_alone(RingFormat format) {
        int cases = 0;
        for (int index = 0; index < 5; index++) {
            for (int area = 0; area < 3; area++) {
                losesRing(format, index, area, Balloon.INFLATEQ);
                losesRing(format, index, area, Balloon.REPORTING_VQ);
                cases += 2;
            }
        }
        HostileCases.count("BA-2", cases);
    }

    private static void losesRing(RingFormat format, int index, int area, int by) {
        List<GuestBuffer> lost = new ArrayList<>();
        // What shares the page with the ring is left alone: the test's guards are there.
        PageRelease host = (memory, offset, length) -> {
            lost.forEach(each -> each.fill(0));
            return true;
        };
        try (Balloon balloon = Balloon.start(host, DriverOptions.of(format))) {
            DriverQueue victim = balloon.driver.queue(index);
            balloon.driver.queues().forEach(DriverQueue::mayKeepBuffers);
            GuestBuffer ring = List.of(victim.descriptorArea(), victim.driverArea(), victim.deviceArea()).get(area);
            lost.add(ring);
            long page = ring.address() & -Balloon.PAGE;
            DriverQueue queue = balloon.driver.queue(by);
            if (by == Balloon.INFLATEQ) {
                queue.add(Balloon.numbers(page / Balloon.PAGE), 0);
            } else {
                queue.add(new Descriptor(page, Balloon.PAGE, true));
            }
            queue.publish();
            queue.kickAlways();
            balloon.driver.runDevice();
            assertEquals(1, balloon.count(BalloonCounter.RELEASED));
            lost.clear();
            balloon.driver.reset();
            balloon.begin(DriverOptions.of(format));
            assertEquals(0, balloon.inflate(0x100).usedLength());
            assertFalse(balloon.driver.needsReset());
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase({"BA-3", "DC-8", "DC-9"})
    void lists_of_odd_lengths_in_odd_pieces_are_read_as_whole_numbers(RingFormat format) {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = Balloon.start(host, DriverOptions.of(format))) {
            GuestBuffer pages = balloon.pages(2);
            byte[] numbers = Balloon.numbers(Balloon.number(pages, 0), Balloon.number(pages, 1));
            DriverQueue queue = balloon.driver.queue(Balloon.INFLATEQ);
            for (int length = 1; length <= numbers.length; length++) {
                long before = balloon.count(BalloonCounter.INFLATED);
                queue.exchange(Arrays.copyOf(numbers, length), 0);
                assertEquals(length / 4, balloon.count(BalloonCounter.INFLATED) - before, "length " + length);
            }
            GuestBuffer bytes = balloon.driver.ram().allocate(numbers.length);
            bytes.write(0, numbers);
            long before = host.pages();
            Descriptor[] pieces = new Descriptor[numbers.length];
            for (int i = 0; i < pieces.length; i++) {
                pieces[i] = new Descriptor(bytes.address() + i, 1, false);
            }
            Submitted cut = queue.add(pieces);
            queue.publish();
            queue.kick();
            queue.await(cut);
            assertEquals(before + 2, host.pages());

            for (int index : new int[] {Balloon.INFLATEQ, Balloon.DEFLATEQ, Balloon.STATSQ}) {
                Submitted writable = balloon.driver.queue(index).exchange(new byte[0], 8);
                assertEquals(0, writable.usedLength());
                writable.assertNothingBeyond();
                Submitted both = balloon.driver.queue(index == 2 ? 0 : index).exchange(new byte[4], 8);
                assertEquals(0, both.usedLength());
            }
            for (int index : new int[] {Balloon.FREE_PAGE_VQ, Balloon.REPORTING_VQ}) {
                for (int length : new int[] {1, 3, 5, 4096}) {
                    assertEquals(0, balloon.driver.queue(index).exchange(new byte[length], 0).usedLength());
                }
            }
            HostileCases.count("BA-3", numbers.length + 1 + 6 + 8);
            assertGoesOn(balloon, host);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("BA-4")
    void statistics_of_any_size_are_read_and_one_buffer_is_held(RingFormat format) {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = Balloon.start(host, DriverOptions.of(format))) {
            Submitted held = balloon.supply(Balloon.statistics(4, 1));
            int cases = 0;
            for (int length = 1; length <= 45; length++) {
                Submitted next = balloon.supply(Arrays.copyOf(Balloon.statistics(4, 9, 5, 9, 6, 9, 7, 9),
                        length));
                assertTrue(balloon.isReturned(held), "another one is held");
                assertFalse(balloon.isReturned(next));
                assertEquals(Math.min(4, length / 10), balloon.device.statistics().orElseThrow().values().size());
                held = next;
                cases++;
            }
            Submitted large = balloon.supply(new byte[30_000]);
            assertTrue(balloon.isReturned(held));
            assertEquals(1, balloon.device.statistics().orElseThrow().values().size());
            DriverQueue queue = balloon.driver.queue(Balloon.STATSQ);
            Submitted lost = queue.add(new Descriptor(NOWHERE, 10, false));
            queue.publish();
            queue.kick();
            assertEquals(0, queue.await(lost).usedLength());
            assertFalse(balloon.isReturned(large), "what cannot be read takes nobody's place");
            HostileCases.count("BA-4", cases + 2);
            assertGoesOn(balloon, host);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("BA-4")
    void reports_of_pages_that_are_no_pages_or_no_memory_do_nothing(RingFormat format) {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = Balloon.start(host, DriverOptions.of(format))) {
            GuestBuffer pages = balloon.pages(3);
            DriverQueue queue = balloon.driver.queue(Balloon.REPORTING_VQ);
            Descriptor[] wrong = {
                new Descriptor(pages.address() + 1, Balloon.PAGE, true),
                new Descriptor(pages.address() + 1, 2 * Balloon.PAGE - 2, true),
                new Descriptor(pages.address(), Balloon.PAGE - 1, true),
                new Descriptor(NOWHERE, Balloon.PAGE, true),
                new Descriptor(pages.address(), Balloon.PAGE, false)};
            for (Descriptor each : wrong) {
                Submitted done = queue.add(each);
                queue.publish();
                queue.kick();
                assertEquals(0, queue.await(done).usedLength());
            }
            assertTrue(pages.isFilledWith(0xA7));
            HostileCases.count("BA-4", wrong.length);
            assertGoesOn(balloon, host);
        }
    }

    // ── At random ──────────────────────────────────────────────────────────

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @HostileCase({"BA-1", "BA-2", "BA-3", "BA-4"})
    void the_balloon_survives_a_hostile_driver(long seed) {
        hostile(seed).run(new BalloonDevice(PageRelease.NONE), 600, HostileBalloonTest::smoke);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @HostileCase("DC-10")
    void the_balloon_survives_memory_that_changes_meanwhile(long seed) {
        hostile(seed).flipping().run(new BalloonDevice(PageRelease.NONE), 200, HostileBalloonTest::smoke);
    }

    private static HostileDriver hostile(long seed) {
        return new HostileDriver(seed).mayKeep(Balloon.STATSQ)
                .template(Balloon.INFLATEQ, Balloon.numbers(0x100, 0x101, 0x103, 0), 0)
                .template(Balloon.DEFLATEQ, Balloon.numbers(0x100, 0x101), 0)
                .template(Balloon.STATSQ, Balloon.statistics(4, 1, 5, 2, 99, 3), 0)
                .template(Balloon.FREE_PAGE_VQ, Balloon.numbers(2), 0)
                .template(Balloon.REPORTING_VQ, new byte[0], 64);
    }

    private static void smoke(TestDriver driver) {
        driver.queue(Balloon.STATSQ).mayKeepBuffers();
        assertEquals(0, driver.queue(Balloon.INFLATEQ).exchange(Balloon.numbers(0x100), 0).usedLength());
        assertEquals(0, driver.queue(Balloon.REPORTING_VQ).exchange(new byte[0], 64).usedLength());
    }
}
