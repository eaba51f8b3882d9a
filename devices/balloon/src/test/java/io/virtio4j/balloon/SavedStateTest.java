// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the driver said goes with the device; what the host wants is the new host's. */
class SavedStateTest {

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void statistics_that_are_held_are_asked_for_elsewhere(RingFormat format) {
        try (Balloon balloon = Balloon.start(PageRelease.NONE, DriverOptions.of(format))) {
            Submitted buffer = balloon.supply(Balloon.statistics(4, 55));
            BalloonDevice there = new BalloonDevice(PageRelease.NONE);

            balloon.driver.migrateTo(there);

            assertFalse(balloon.isReturned(buffer));
            assertEquals(55, there.statistics().orElseThrow().get(BalloonStatistic.MEMFREE).orElseThrow());
            there.askForStatistics();
            assertTrue(balloon.isReturned(buffer));
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_long_list_goes_on_elsewhere(RingFormat format) {
        for (int turns = 0; turns < 6; turns++) {
            ZeroingHost here = new ZeroingHost();
            ZeroingHost elsewhere = new ZeroingHost();
            try (Balloon balloon = Balloon.start(here, DriverOptions.of(format))) {
                GuestBuffer pages = balloon.pages(1);
                long[] numbers = new long[4000];
                numbers[3999] = Balloon.number(pages, 0);
                Submitted list = balloon.driver.queue(Balloon.INFLATEQ).submit(Balloon.numbers(numbers), 0);
                balloon.driver.instance().poll(turns);

                balloon.driver.migrateTo(new BalloonDevice(elsewhere));

                balloon.driver.queue(Balloon.INFLATEQ).await(list);
                assertEquals(1, here.pages() + elsewhere.pages(), "after " + turns + " turns");
            }
        }
    }

    @Test
    void what_the_driver_wrote_is_there_and_a_round_is_stopped() {
        try (Balloon balloon = Balloon.attach(new BalloonDevice(PageRelease.NONE))) {
            balloon.device.target(100);
            balloon.driver.reset().negotiate(DriverOptions.split());
            balloon.driver.port().writeConfig(Balloon.POISON_VAL, 4, 0xAAAA_AAAAL);
            balloon.driver.setUpQueues().driverOk();
            balloon.driver.queue(Balloon.STATSQ).mayKeepBuffers();
            balloon.driver.port().writeConfig(Balloon.ACTUAL, 4, 90);
            HintingRound round = balloon.device.hint();
            BalloonDevice there = new BalloonDevice(PageRelease.NONE);
            there.target(200);

            balloon.driver.migrateTo(there);

            assertEquals(90, there.actual());
            assertEquals(0xAAAA_AAAAL, there.poison());
            assertEquals(200, balloon.config(Balloon.NUM_PAGES));
            assertEquals(0, balloon.config(Balloon.CMD_ID), "STOP");
            assertEquals(round.id() + 1, there.hint().id(), "no ID is used again");
        }
    }

    @Test
    void pages_that_are_not_needed_any_more_are_not_needed_elsewhere() {
        try (Balloon balloon = Balloon.start(PageRelease.NONE, DriverOptions.split())) {
            balloon.device.hint().close();
            balloon.driver.migrateTo(new BalloonDevice(PageRelease.NONE));
            assertEquals(1, balloon.config(Balloon.CMD_ID), "DONE");
        }
    }

    @Test
    void a_state_that_cannot_be_is_refused() {
        BalloonDevice device = new BalloonDevice(PageRelease.NONE);
        assertThrows(StateException.class, () -> device.restore(state(2, 1, 0)));
        assertThrows(StateException.class, () -> device.restore(state(1, 0, 0)));
        assertThrows(StateException.class, () -> device.restore(state(1, 5, 2)));
        device.restore(state(1, 5, 1));
    }

    private static StateReader state(int version, long last, int done) {
        return new StateReader(new StateWriter().le16(version).le32(last).u8(done).toByteArray());
    }
}
