// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.TestDriver;
import org.junit.jupiter.api.Test;

class OwnDeviceTest {

    // tag::test[]
    @Test
    void dice_show_1_to_6() {
        try (TestDriver driver = TestDriver.attach(new OwnDevice.Dice()).start()) {
            byte[] thrown = driver.queue(0).exchange(new byte[0], 100).written();
            assertEquals(100, thrown.length);
            for (byte die : thrown) {
                assertTrue(die >= 1 && die <= 6, "die " + die);
            }
        }
    }
    // end::test[]
}
