// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.conformance.Normative;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Memory Balloon Device / Free Page Hinting] */
class FreePageHintingTest {

    private static final long STOP = 0;
    private static final long DONE = 1;

    private static Balloon start(PageRelease release, RingFormat format) {
        return Balloon.start(release, DriverOptions.of(format));
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"BLN-9", "BLN-10", "BLN-11"})
    void a_round_collects_free_pages_and_changes_none(RingFormat format) throws InterruptedException {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = start(host, format)) {
            assertEquals(STOP, balloon.config(Balloon.CMD_ID));
            GuestBuffer pages = balloon.pages(8);
            balloon.driver.port().takeNotifications();
            HintingRound round = balloon.device.hint();
            assertTrue(balloon.driver.port().takeNotifications().configurationChanged());
            assertEquals(round.id(), balloon.config(Balloon.CMD_ID));
            balloon.command(round.id());
            balloon.offer(Balloon.FREE_PAGE_VQ,
                    balloon.driver.ram().view(pages.address() + Balloon.PAGE, 3 * Balloon.PAGE));
            balloon.offer(Balloon.FREE_PAGE_VQ,
                    balloon.driver.ram().view(pages.address() + 3 * Balloon.PAGE, 2 * Balloon.PAGE));
            assertFalse(round.isComplete());
            balloon.command(STOP);

            assertTrue(round.await(Duration.ZERO));
            assertEquals(4, round.pages(), "one was named twice");
            for (int i = 0; i < 8; i++) {
                assertEquals(i >= 1 && i <= 4, round.isFree(pages.address() + (long) i * Balloon.PAGE + 17));
            }
            assertEquals(round.id(), balloon.config(Balloon.CMD_ID), "the pages are needed still");
            balloon.driver.port().takeNotifications();
            round.close();
            assertEquals(DONE, balloon.config(Balloon.CMD_ID));
            assertTrue(balloon.driver.port().takeNotifications().configurationChanged());
            round.close();
            assertFalse(balloon.driver.port().takeNotifications().configurationChanged());
            assertTrue(pages.isFilledWith(0xA7));
            assertEquals(0, host.pages());
        }
    }

    @Test
    @Normative("BLN-8")
    void pages_of_another_command_are_ignored() {
        try (Balloon balloon = start(PageRelease.NONE, RingFormat.SPLIT)) {
            GuestBuffer pages = balloon.pages(1);
            balloon.offer(Balloon.FREE_PAGE_VQ, pages); // no command at all
            HintingRound first = balloon.device.hint();
            balloon.offer(Balloon.FREE_PAGE_VQ, pages); // before the command
            balloon.command(first.id() + 7);
            balloon.offer(Balloon.FREE_PAGE_VQ, pages);
            balloon.command(first.id());
            HintingRound second = balloon.device.hint();
            balloon.offer(Balloon.FREE_PAGE_VQ, pages); // still of the first
            balloon.command(first.id());
            balloon.offer(Balloon.FREE_PAGE_VQ, pages);
            assertEquals(0, first.pages() + second.pages());
            assertEquals(5, balloon.count(BalloonCounter.STALE_HINTS));
            assertTrue(first.isAborted());
            balloon.command(second.id());
            balloon.offer(Balloon.FREE_PAGE_VQ, pages);
            assertEquals(1, second.pages());
            second.close();
            balloon.offer(Balloon.FREE_PAGE_VQ, pages);
            assertEquals(1, second.pages());
        }
    }

    @Test
    @Normative("BLN-6")
    void hints_that_are_of_no_use_are_stopped() {
        try (Balloon balloon = start(PageRelease.NONE, RingFormat.SPLIT)) {
            GuestBuffer pages = balloon.pages(2);
            HintingRound round = balloon.device.hint();
            balloon.command(round.id());
            balloon.offer(Balloon.FREE_PAGE_VQ, balloon.driver.ram().view(pages.address(), Balloon.PAGE));
            round.stop();
            assertEquals(STOP, balloon.config(Balloon.CMD_ID));
            balloon.offer(Balloon.FREE_PAGE_VQ,
                    balloon.driver.ram().view(pages.address() + Balloon.PAGE, Balloon.PAGE));
            balloon.command(STOP);
            assertTrue(round.isComplete());
            assertTrue(round.isFree(pages.address()), "what came before is good");
            assertFalse(round.isFree(pages.address() + Balloon.PAGE));
            round.close();
            assertEquals(DONE, balloon.config(Balloon.CMD_ID));
        }
    }

    @Test
    @Normative("BLN-7")
    void command_ids_are_not_used_again() {
        try (Balloon balloon = start(PageRelease.NONE, RingFormat.SPLIT)) {
            Set<Long> seen = new HashSet<>();
            for (int i = 0; i < 1000; i++) {
                HintingRound round = balloon.device.hint();
                assertTrue(round.id() >= 2 && seen.add(round.id()), "id " + round.id());
                switch (i % 4) {
                    case 0 -> round.close();
                    case 1 -> round.stop();
                    case 2 -> balloon.driver.reset().start(DriverOptions.split());
                    default -> { }
                }
                balloon.driver.queue(Balloon.STATSQ).mayKeepBuffers();
            }
        }
    }

    @Test
    void a_reset_ends_the_round() throws InterruptedException {
        try (Balloon balloon = start(PageRelease.NONE, RingFormat.SPLIT)) {
            GuestBuffer pages = balloon.pages(1);
            HintingRound round = balloon.device.hint();
            balloon.command(round.id());
            balloon.offer(Balloon.FREE_PAGE_VQ, pages);
            balloon.driver.reset();
            assertEquals(STOP, balloon.config(Balloon.CMD_ID));
            assertFalse(round.await(Duration.ofSeconds(1)));
            assertTrue(round.isAborted());
            assertFalse(round.isFree(pages.address()));
            balloon.begin(DriverOptions.split());
            round.close();
            assertEquals(STOP, balloon.config(Balloon.CMD_ID), "the round was ended before");
            assertNotEquals(round.id(), balloon.device.hint().id());
        }
    }

    @Test
    void pages_are_whole_ones_of_memory_that_was_there() {
        try (Balloon balloon = start(PageRelease.NONE, RingFormat.SPLIT)) {
            GuestBuffer pages = balloon.pages(4);
            HintingRound round = balloon.device.hint();
            balloon.driver.ram().add(0x4000_0000L, 1 << 20);
            balloon.command(round.id());
            DriverQueue queue = balloon.driver.queue(Balloon.FREE_PAGE_VQ);
            Submitted ragged = queue.add(
                    new Descriptor(pages.address() + 1, 2 * Balloon.PAGE, true),
                    new Descriptor(0x4000_0000L, Balloon.PAGE, true));
            queue.publish();
            queue.kick();
            queue.await(ragged);
            assertEquals(1, round.pages());
            assertTrue(round.isFree(pages.address() + Balloon.PAGE));
            assertFalse(round.isFree(0x4000_0000L));
            assertFalse(round.isFree(-1));
        }
    }

    @Test
    void a_whole_region_is_hinted_at_once() {
        try (Balloon balloon = start(PageRelease.NONE, RingFormat.SPLIT)) {
            GuestBuffer pages = balloon.pages(200);
            HintingRound round = balloon.device.hint();
            balloon.command(round.id());
            balloon.offer(Balloon.FREE_PAGE_VQ, pages);
            assertEquals(200, round.pages());
            for (int i = -1; i <= 200; i++) {
                assertEquals(i >= 0 && i < 200, round.isFree(pages.address() + (long) i * Balloon.PAGE));
            }
        }
    }
}
