// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.conformance.Normative;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** [Memory Balloon Device / Feature bits] */
class FeatureBitsTest {

    private static final BalloonFeature[] OF_QUEUES =
            {BalloonFeature.STATS_VQ, BalloonFeature.FREE_PAGE_HINT, BalloonFeature.PAGE_REPORTING};

    @Test
    void everything_is_offered_but_what_is_a_policy() {
        try (Balloon balloon = Balloon.attach(new BalloonDevice(PageRelease.NONE))) {
            FeatureSet offered = balloon.driver.reset().offered();
            for (BalloonFeature feature : BalloonFeature.values()) {
                assertEquals(feature != BalloonFeature.DEFLATE_ON_OOM, offered.has(feature), feature.toString());
            }
        }
        BalloonDevice lenient = BalloonDevice.of(PageRelease.NONE).deflateOnOom().build();
        assertTrue(lenient.offeredFeatures().has(BalloonFeature.DEFLATE_ON_OOM));
        BalloonDevice less = BalloonDevice.of(PageRelease.NONE)
                .without(BalloonFeature.PAGE_REPORTING, BalloonFeature.STATS_VQ).build();
        assertFalse(less.offeredFeatures().has(BalloonFeature.PAGE_REPORTING));
    }

    @Test
    @Normative("BLN-1")
    void a_driver_that_does_not_tell_is_refused_on_demand() {
        DriverOptions silent = DriverOptions.split().without(BalloonFeature.MUST_TELL_HOST);
        BalloonDevice strict = BalloonDevice.of(PageRelease.NONE).demandToBeTold().build();
        try (Balloon balloon = Balloon.attach(strict)) {
            assertFalse(balloon.driver.reset().tryNegotiate(silent));
            assertTrue(balloon.driver.reset().tryNegotiate(DriverOptions.split()));
        }
        try (Balloon balloon = Balloon.attach(new BalloonDevice(PageRelease.NONE))) {
            assertTrue(balloon.driver.reset().tryNegotiate(silent));
        }
    }

    /** A queue without its feature leaves no gap, as Linux and QEMU have it. */
    @Test
    void queues_are_numbered_by_what_was_negotiated() {
        for (int without = 0; without < 1 << OF_QUEUES.length; without++) {
            ZeroingHost host = new ZeroingHost();
            try (Balloon balloon = Balloon.attach(new BalloonDevice(host))) {
                DriverOptions options = DriverOptions.split();
                int queues = 2;
                for (int i = 0; i < OF_QUEUES.length; i++) {
                    if ((without >> i & 1) != 0) {
                        options = options.without(OF_QUEUES[i]);
                    } else {
                        queues++;
                    }
                }
                balloon.driver.start(options);
                GuestBuffer page = balloon.pages(1);
                if ((without & 1) == 0) {
                    balloon.driver.queue(2).mayKeepBuffers();
                    balloon.driver.queue(2).submit(Balloon.statistics(4, 77), 0);
                    balloon.driver.runDevice();
                    assertEquals(77, balloon.device.statistics().orElseThrow()
                            .get(BalloonStatistic.MEMFREE).orElseThrow());
                }
                if ((without & 4) == 0) {
                    balloon.offer(queues - 1, page);
                    assertEquals(1, host.pages(), "the last one reports");
                }
                if ((without & 2) == 0) {
                    int hints = (without & 1) == 0 ? 3 : 2;
                    try (HintingRound round = balloon.device.hint()) {
                        balloon.driver.queue(hints).exchange(Balloon.numbers(round.id()), 0);
                        balloon.offer(hints, page);
                        assertTrue(round.isFree(page.address()));
                    }
                } else {
                    assertThrows(IllegalStateException.class, balloon.device::hint);
                }
            }
        }
    }

    @Test
    void queues_can_be_numbered_by_the_list_of_the_specification() {
        ZeroingHost host = new ZeroingHost();
        BalloonDevice literal = BalloonDevice.of(host).literalQueueNumbers().build();
        try (Balloon balloon = Balloon.attach(literal)) {
            balloon.driver.start(DriverOptions.split()
                    .without(BalloonFeature.STATS_VQ, BalloonFeature.FREE_PAGE_HINT));
            balloon.offer(Balloon.REPORTING_VQ, balloon.pages(1));
            assertEquals(1, host.pages());
        }
    }

    @Test
    void what_cannot_be_is_refused_when_the_device_is_made() {
        assertThrows(IllegalArgumentException.class, () -> new BalloonDevice(new ZeroingHost(2048)));
        assertThrows(IllegalArgumentException.class, () -> new BalloonDevice(new ZeroingHost(12_288)));
        BalloonDeviceBuilder deaf = BalloonDevice.of(PageRelease.NONE).demandToBeTold()
                .without(BalloonFeature.MUST_TELL_HOST);
        assertThrows(IllegalArgumentException.class, deaf::build);
        BalloonDeviceBuilder builder = BalloonDevice.of(PageRelease.NONE);
        assertThrows(IllegalArgumentException.class, () -> builder.statisticsEvery(Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> builder.statisticsEvery(Duration.ofDays(2)));
        BalloonDevice device = builder.build();
        assertThrows(IllegalArgumentException.class, () -> device.target(-1));
        assertThrows(IllegalArgumentException.class, () -> device.target(1L << 32));
        assertThrows(IllegalStateException.class, device::hint);
    }
}
