// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.conformance.Normative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [Memory Balloon Device / Free Page Reporting] and [Memory Balloon Device / Page Poison] */
class FreePageReportingTest {

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative("BLN-13")
    void reported_pages_are_given_back_before_the_report_is_acknowledged(RingFormat format) {
        ZeroingHost host = new ZeroingHost();
        DriverOptions options = DriverOptions.of(format).without(BalloonFeature.PAGE_POISON);
        try (Balloon balloon = Balloon.start(host, options)) {
            GuestBuffer pages = balloon.pages(8);
            DriverQueue queue = balloon.driver.queue(Balloon.REPORTING_VQ);
            Submitted report = queue.add(
                    new Descriptor(pages.address() + 5 * Balloon.PAGE, 2 * Balloon.PAGE, true),
                    new Descriptor(pages.address(), 3 * Balloon.PAGE, true));
            queue.publish();
            queue.kick();
            assertEquals(0, queue.await(report).usedLength());
            for (int i = 0; i < 8; i++) {
                boolean reported = i < 3 || i == 5 || i == 6;
                assertEquals(reported ? 0 : 0xA7, pages.get((long) i * Balloon.PAGE, 1), "page " + i);
            }
            assertEquals(5, balloon.count(BalloonCounter.REPORTED));
            assertEquals(5, balloon.count(BalloonCounter.RELEASED));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0xAAAA_AAAAL, 0x100, 0x8000_0000L})
    @Normative({"BLN-12", "BLN-14"})
    void poisoned_pages_are_given_back_only_if_they_read_as_poison_then(long poison) {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = Balloon.attach(new BalloonDevice(host))) {
            balloon.driver.reset().negotiate(DriverOptions.split());
            balloon.driver.port().writeConfig(Balloon.POISON_VAL, 4, poison);
            balloon.driver.setUpQueues().driverOk();
            balloon.driver.queue(Balloon.STATSQ).mayKeepBuffers();
            assertEquals(poison, balloon.device.poison());
            GuestBuffer pages = balloon.pages(2);
            balloon.offer(Balloon.REPORTING_VQ, pages);
            assertTrue(pages.isFilledWith(poison == 0 ? 0 : 0xA7));
            assertEquals(poison == 0 ? 2 : 0, host.pages());
            assertEquals(poison == 0 ? 0 : 2, balloon.count(BalloonCounter.KEPT));
            // Of pages of the balloon, the driver initializes what it takes back.
            balloon.inflate(Balloon.number(pages, 0));
            assertEquals(poison == 0 ? 3 : 1, host.pages());
        }
    }

    @Test
    void a_value_is_no_poison_without_the_feature() {
        ZeroingHost host = new ZeroingHost();
        try (Balloon balloon = Balloon.attach(new BalloonDevice(host))) {
            balloon.driver.reset().negotiate(DriverOptions.split().without(BalloonFeature.PAGE_POISON));
            balloon.driver.port().writeConfig(Balloon.POISON_VAL, 4, 0xAAAA_AAAAL);
            balloon.driver.setUpQueues().driverOk();
            balloon.driver.queue(Balloon.STATSQ).mayKeepBuffers();
            balloon.offer(Balloon.REPORTING_VQ, balloon.pages(1));
            assertEquals(1, host.pages());
            balloon.driver.reset();
            assertEquals(0, balloon.config(Balloon.POISON_VAL));
        }
    }

    @Test
    void memory_that_cannot_be_given_back_stays_as_it_is() {
        ZeroingHost host = new ZeroingHost();
        host.refuse();
        try (Balloon balloon = Balloon.start(host, DriverOptions.split())) {
            GuestBuffer pages = balloon.pages(2);
            balloon.offer(Balloon.REPORTING_VQ, pages);
            assertTrue(pages.isFilledWith(0xA7));
            assertEquals(2, balloon.count(BalloonCounter.KEPT));
        }
    }
}
