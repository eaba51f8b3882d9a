// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.conformance.Normative;
import org.junit.jupiter.api.Test;

/** [Gratuitous Packet Sending] */
class GratuitousPacketSendingTest {

    private static final int STATUS = 6;

    @Test
    @Normative("NET-88")
    void the_bit_is_set_until_the_driver_acknowledges() {
        try (Card card = Card.start()) {
            long before = card.notifications(InterruptProbe.CONFIGURATION);
            assertEquals(true, card.device.announce());
            assertEquals(3, card.driver.port().readConfig(STATUS, 2));
            assertEquals(before + 1, card.notifications(InterruptProbe.CONFIGURATION));

            assertEquals(Card.OK, card.control(3, 0));

            assertEquals(1, card.driver.port().readConfig(STATUS, 2));
            assertEquals(Card.ERR, card.control(3, 1));
        }
    }

    @Test
    void a_driver_that_does_not_announce_is_not_asked() {
        try (Card card = Card.start(new Wire(), builder -> builder,
                DriverOptions.split().without(NetFeature.GUEST_ANNOUNCE))) {
            assertEquals(false, card.device.announce());
            assertEquals(1, card.driver.port().readConfig(STATUS, 2));
            assertEquals(Card.ERR, card.control(3, 0));
        }
    }

    @Test
    void a_migration_asks_by_itself() {
        try (Card card = Card.start()) {
            card.driver.migrateTo(NetDevice.of(new Wire()).mac(Packets.GUEST).build());
            assertEquals(3, card.driver.port().readConfig(STATUS, 2));
        }
    }
}
