// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.TestDriver;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SimulatedBoardTest {

    @Test
    void a_driver_asks_a_protocol_of_ones_own() {
        try (TestDriver driver = TestDriver.attach(
                SimulatedBoard.device(new AtomicLong(40_000), new AtomicLong(1200))).start()) {
            DriverQueue commands = driver.queue(0);
            // Message 3 of protocol 0x80, and its response: the header, SUCCESS, 1200.
            byte[] header = {3, 0, 2, 0};
            assertArrayEquals(new byte[] {3, 0, 2, 0, 0, 0, 0, 0, (byte) 0xB0, 4, 0, 0},
                    commands.exchange(header, 136).written());
        }
    }
}
