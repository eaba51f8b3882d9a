// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.jspecify.annotations.Nullable;

class AddressTableTest {

    private static final long A = 0x0200_0000_000AL;

    @Test
    void stations_are_found_in_their_vlan_only() {
        AddressTable table = new AddressTable(64, 4, 64, 100);
        table.learn(1, A, 2, 0);
        table.learn(2, A, 3, 0);

        assertEquals(2, table.port(1, A, 100));
        assertEquals(3, table.port(2, A, 100));
        assertEquals(AddressTable.UNKNOWN, table.port(3, A, 0));
        assertEquals(AddressTable.UNKNOWN, table.port(1, A + 1, 0));
        assertEquals(AddressTable.UNKNOWN, table.port(1, A, 101));
    }

    @Test
    void a_station_that_goes_on_sending_lives_on() {
        AddressTable table = new AddressTable(64, 4, 64, 100);
        for (long now = 0; now < 1000; now += 50) {
            table.learn(1, A, 2, now);
        }

        assertEquals(2, table.port(1, A, 1000));
        assertEquals(1, table.size());
    }

    @Test
    void a_full_table_learns_nothing_more_until_stations_are_silent() {
        AddressTable table = new AddressTable(8, 4, 100, 100);
        for (int i = 0; i < 8; i++) {
            table.learn(1, A + i, 1, 0);
        }
        table.learn(1, A + 8, 2, 100);
        assertEquals(AddressTable.UNKNOWN, table.port(1, A + 8, 100));
        assertEquals(8, table.size());

        table.learn(1, A + 8, 2, 101);

        assertEquals(2, table.port(1, A + 8, 101));
        assertEquals(8, table.size());
    }

    @Test
    void a_share_comes_back_when_its_stations_are_silent_or_move_or_the_port_goes() {
        AddressTable table = new AddressTable(1024, 4, 2, 1000);
        table.learn(1, A, 1, 0);
        table.learn(1, A + 1, 1, 0);
        table.learn(1, A + 2, 1, 0);
        assertEquals(AddressTable.UNKNOWN, table.port(1, A + 2, 0));

        table.learn(1, A, 2, 1); // moves
        table.learn(1, A + 2, 1, 1);
        assertEquals(1, table.port(1, A + 2, 1));
        assertEquals(2, table.port(1, A, 1));

        table.learn(1, A + 3, 1, 2000); // the others are silent
        assertEquals(1, table.port(1, A + 3, 2000));

        table.forget(1);
        assertEquals(AddressTable.UNKNOWN, table.port(1, A + 3, 2000));
        assertEquals(0, table.size());
    }

    @Test
    @Timeout(60)
    void a_lookup_during_changes_finds_a_port_where_the_station_was() throws InterruptedException {
        AddressTable table = new AddressTable(8, 4, 8, 10);
        AtomicBoolean end = new AtomicBoolean();
        AtomicReference<@Nullable String> wrong = new AtomicReference<>();
        Thread reader = Thread.ofPlatform().start(() -> {
            while (!end.get()) {
                for (int i = 0; i < 32; i++) {
                    int port = table.port(1, A + i, Long.MIN_VALUE / 2); // never too late
                    if (port != AddressTable.UNKNOWN && port != i % 3) {
                        wrong.set("station=" + i + " port=" + port);
                    }
                }
            }
        });
        // Eight places for thirty-two stations, which take each other's when they are silent.
        for (int round = 0; round < 200_000; round++) {
            int i = round * 7 % 32;
            table.learn(1, A + i, i % 3, round * 3L);
        }
        end.set(true);
        reader.join();

        assertEquals(null, wrong.get());
        assertTrue(table.size() <= 8);
    }
}
