// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.net.packet.Offload;
import io.virtio4j.net.packet.OffloadSet;
import io.virtio4j.testkit.DriverOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the driver set goes with the device. */
class SavedStateTest {

    private static final MacAddress OTHER = MacAddress.of("52:54:00:99:99:99");
    private static final byte[] KEY = Packets.random(1, 40);

    private static NetDevice device(Wire wire) {
        return NetDevice.of(wire).mac(Packets.GUEST).queuePairs(2).build();
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void everything_that_was_set_holds_elsewhere(RingFormat format) {
        Wire there = new Wire();
        try (Card card = Card.start(new Wire(), builder -> builder.queuePairs(2), DriverOptions.of(format))) {
            card.control(1, 1, OTHER.bytes());
            card.control(0, 5, (byte) 1); // NOBCAST
            card.control(2, 0, Card.le16(9));
            card.control(4, 1, Card.rss(0x1FF, 1, new int[] {1, 1}, 2, KEY));
            card.control(5, 0, Card.le64(1 << 1 | 1 << 7));
            card.control(6, 1, Card.le32(3, 33));
            card.control(6, 2, Card.join(Card.le16(3, 0), Card.le32(4, 44)));
            card.control(7, 0, Card.le32(0x40));
            card.control(9, 1, Card.join(Card.le16(2), new byte[6], Card.rss(1, 0, new int[] {0}, 1, KEY)));
            card.post(1, 4, 2048);

            card.driver.migrateTo(device(there));

            assertEquals(OTHER.bytes()[5], (byte) card.driver.port().readConfig(5, 1));
            assertEquals(OffloadSet.of(Offload.CSUM, Offload.TSO4), there.driverTakes);
            assertEquals(2, there.pairs);
            there.receive(Packets.plain(MacAddress.BROADCAST, 60));
            there.receive(Packets.plain(Packets.GUEST, 60));
            there.receive(Packets.tagged(Packets.plain(OTHER, 60), 8));
            there.receive(Packets.tagged(Packets.plain(OTHER, 60), 9));
            there.receive(Packets.udp4(OTHER, 60, 7000));
            assertEquals(2, card.received(1).size(), "on the pair that the table says");
            assertEquals(33, card.command(6, 3, Card.le16(0, 0), 8).data().getInt(4));
            assertEquals(44, card.command(6, 3, Card.le16(3, 0), 8).data().getInt(4));
            assertEquals(Card.OK, card.control(9, 3, Card.le16(2)));
        }
    }

    @Test
    void a_queue_that_holds_packets_back_is_saved_without_them() {
        try (Card card = Card.start(new Wire(), builder -> builder.queuePairs(2), DriverOptions.split())) {
            card.wire.receive(Packets.plain(Packets.GUEST, 60));
            Wire there = new Wire();
            card.driver.migrateTo(device(there));
            card.post(1, 2048);
            there.receive(Packets.plain(Packets.GUEST, 70));
            assertEquals(70, card.receivedOne().packet().length);
        }
    }

    @Test
    void a_state_of_another_device_is_refused_and_changes_nothing() {
        NetDevice device = device(new Wire());
        StateWriter other = new StateWriter();
        NetDevice.of(new Wire()).queuePairs(3).build().save(other);
        StateReader in = new StateReader(other.toByteArray());
        assertThrows(StateException.class, () -> device.restore(in));
        assertEquals(Packets.GUEST, device.mac());
    }
}
