// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.Normative;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** [Packet Receive Filtering], [Setting MAC Address Filtering], [VLAN Filtering] */
class ReceiveFilteringTest {

    private static final int PROMISC = 0;
    private static final int ALLMULTI = 1;
    private static final int ALLUNI = 2;
    private static final int NOMULTI = 3;
    private static final int NOUNI = 4;
    private static final int NOBCAST = 5;

    private static final MacAddress OTHER = MacAddress.of("52:54:00:99:99:99");
    private static final MacAddress GROUP = MacAddress.of("33:33:00:00:00:01");
    private static final MacAddress OTHER_GROUP = MacAddress.of("01:00:5e:00:00:01");

    private static Card card() {
        return Card.start(new Wire(), builder -> builder, DriverOptions.split().queueSize(256)).post(100, 2048);
    }

    /** Which of five destinations get through: own, another, broadcast, two groups. */
    private static String through(Card card) {
        StringBuilder text = new StringBuilder();
        MacAddress[] destinations = {Packets.GUEST, OTHER, MacAddress.BROADCAST, GROUP, OTHER_GROUP};
        for (int i = 0; i < destinations.length; i++) {
            card.wire.receive(Packets.plain(destinations[i], 60));
            text.append(card.received().size() == 1 ? "oabgh".charAt(i) : '-');
        }
        return text.toString();
    }

    private static void mode(Card card, int command, boolean on) {
        assertEquals(Card.OK, card.control(0, command, (byte) (on ? 1 : 0)));
    }

    private static byte[] table(List<MacAddress> unicast, List<MacAddress> multicast) {
        byte[] bytes = Card.le32(unicast.size());
        for (MacAddress address : unicast) {
            bytes = Card.join(bytes, address.bytes());
        }
        bytes = Card.join(bytes, Card.le32(multicast.size()));
        for (MacAddress address : multicast) {
            bytes = Card.join(bytes, address.bytes());
        }
        return bytes;
    }

    @Nested
    class Modes {

        @Test
        @Normative({"NET-69", "NET-70", "NET-72", "NET-85"})
        void promiscuous_and_all_multicast() {
            try (Card card = card()) {
                assertEquals("o-b--", through(card));
                mode(card, ALLMULTI, true);
                assertEquals("o-bgh", through(card));
                mode(card, ALLMULTI, false);
                assertEquals("o-b--", through(card));
                mode(card, PROMISC, true);
                assertEquals("oabgh", through(card));
                mode(card, PROMISC, false);
                assertEquals("o-b--", through(card));
                assertEquals(3 + 1 + 3 + 3, card.counter(NetCounter.RX_FILTERED));
            }
        }

        @Test
        @Normative({"NET-73", "NET-74", "NET-75", "NET-76", "NET-77", "NET-78", "NET-79", "NET-80", "NET-81"})
        void more_modes_and_their_order() {
            try (Card card = card()) {
                mode(card, ALLUNI, true);
                mode(card, ALLMULTI, true);
                assertEquals("oabgh", through(card));
                mode(card, NOMULTI, true);
                assertEquals("oab--", through(card));
                mode(card, NOUNI, true);
                assertEquals("--b--", through(card));
                mode(card, NOBCAST, true);
                assertEquals("-----", through(card));
                mode(card, NOMULTI, false);
                assertEquals("---gh", through(card));
                mode(card, NOUNI, false);
                assertEquals("oa-gh", through(card));
                mode(card, NOBCAST, false);
                assertEquals("oabgh", through(card));
            }
        }

        @Test
        @Normative({"NET-70", "NET-71"})
        void promiscuous_beats_all_others() {
            try (Card card = card()) {
                mode(card, NOMULTI, true);
                mode(card, NOUNI, true);
                mode(card, NOBCAST, true);
                mode(card, PROMISC, true);
                assertEquals("oabgh", through(card));
            }
        }

        @Test
        void values_other_than_0_and_1_and_modes_that_were_not_negotiated_are_refused() {
            try (Card card = card()) {
                assertEquals(Card.ERR, card.control(0, PROMISC, (byte) 2));
                assertEquals(Card.ERR, card.control(0, PROMISC));
                assertEquals(Card.ERR, card.control(0, 6, (byte) 1));
                assertEquals("o-b--", through(card));
            }
            try (Card card = Card.start(new Wire(), builder -> builder,
                    Card.accepting(NetFeature.CTRL_VQ, NetFeature.CTRL_RX_EXTRA))) {
                assertEquals(Card.ERR, card.control(0, PROMISC, (byte) 1));
                assertEquals(Card.OK, card.control(0, NOBCAST, (byte) 1));
            }
        }

        @Test
        void a_driver_that_cannot_filter_receives_everything() {
            try (Card card = Card.start(new Wire(), builder -> builder, Card.accepting())) {
                card.post(10, 2048);
                assertEquals("oabgh", through(card));
            }
        }
    }

    @Nested
    class MacAddressFiltering {

        @Test
        @Normative({"NET-82", "NET-83", "NET-85"})
        void the_table_takes_effect_with_the_command_and_is_empty_after_a_reset() {
            try (Card card = card()) {
                assertEquals(Card.OK, card.control(1, 0, table(List.of(OTHER), List.of(GROUP))));
                assertEquals("oabg-", through(card));
                assertEquals(Card.OK, card.control(1, 0, table(List.of(), List.of(OTHER_GROUP))));
                assertEquals("o-b-h", through(card));
                card.begin(DriverOptions.split().queueSize(256)).post(20, 2048);
                assertEquals("o-b--", through(card));
            }
        }

        @Test
        void more_addresses_than_there_is_room_for_let_all_of_their_kind_through() {
            try (Card card = card()) {
                List<MacAddress> many = Collections.nCopies(65, OTHER_GROUP);
                assertEquals(Card.OK, card.control(1, 0, table(List.of(), many)));
                assertEquals("o-bgh", through(card));
                assertEquals(Card.OK, card.control(1, 0,
                        table(Collections.nCopies(65, Packets.PEER), List.of())));
                assertEquals("oab--", through(card));
            }
        }

        @Test
        @Normative("NET-84")
        void the_address_is_shown_before_the_command_is_used() {
            try (Card card = card()) {
                assertEquals(Card.OK, card.control(1, 1, OTHER.bytes()));
                assertEquals(OTHER, card.device.mac());
                assertEquals("-ab--", through(card));
                assertEquals(Card.ERR, card.control(1, 1, GROUP.bytes()));
                assertEquals(Card.ERR, card.control(1, 1, new byte[5]));
                assertEquals(OTHER, card.device.mac());
                card.driver.reset();
                assertEquals(Packets.GUEST, card.device.mac());
            }
        }
    }

    @Nested
    class VlanFiltering {

        private boolean passes(Card card, int id) {
            card.wire.receive(Packets.tagged(Packets.plain(Packets.GUEST, 60), id));
            return card.received().size() == 1;
        }

        @Test
        @Normative("NET-87")
        void only_vlans_of_the_table_get_through() {
            try (Card card = card()) {
                assertEquals(false, passes(card, 5));
                assertEquals(true, passes(card, 0), "a priority and no VLAN");
                assertEquals(Card.OK, card.control(2, 0, Card.le16(5)));
                assertEquals(Card.OK, card.control(2, 0, Card.le16(4095)));
                assertEquals(true, passes(card, 5));
                assertEquals(true, passes(card, 4095));
                assertEquals(false, passes(card, 6));
                assertEquals(Card.OK, card.control(2, 1, Card.le16(5)));
                assertEquals(false, passes(card, 5));
                assertEquals("o-b--", through(card), "no tag, no filter");
            }
        }

        @Test
        @Normative("NET-86")
        void without_the_feature_all_vlans_get_through() {
            try (Card card = Card.start(new Wire(), builder -> builder,
                    DriverOptions.split().without(NetFeature.CTRL_VLAN))) {
                card.post(4, 2048);
                assertEquals(Card.ERR, card.control(2, 0, Card.le16(5)));
                assertEquals(true, passes(card, 7));
            }
        }
    }
}
