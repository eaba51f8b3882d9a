// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.memory.PageRelease;
import java.time.Duration;

/** Options of a {@link BalloonDevice}. */
public final class BalloonDeviceBuilder {

    private static final Duration LONGEST = Duration.ofDays(1);

    final PageRelease release;
    boolean demandsToBeTold;
    FeatureSet offered = FeatureSet.of(BalloonFeature.values()).without(BalloonFeature.DEFLATE_ON_OOM);
    boolean literalQueues;
    Duration interval = Duration.ZERO;
    DeviceClock clock = DeviceClock.system();

    BalloonDeviceBuilder(PageRelease release) {
        this.release = release;
    }

    /**
     * Refuses drivers that do not accept MUST_TELL_HOST. Not by default: this device changes pages of the balloon
     * only before it acknowledges that they are in.
     */
    public BalloonDeviceBuilder demandToBeTold() {
        demandsToBeTold = true;
        return this;
    }

    /**
     * Lets the driver take pages from the balloon when the guest runs out of memory: offers DEFLATE_ON_OOM. Linux then
     * shows as much memory in all as if there were no balloon, and counts what is in the balloon as used.
     */
    public BalloonDeviceBuilder deflateOnOom() {
        offered = offered.with(BalloonFeature.DEFLATE_ON_OOM);
        return this;
    }

    /** Does not offer some features. */
    public BalloonDeviceBuilder without(BalloonFeature... features) {
        for (BalloonFeature feature : features) {
            offered = offered.without(feature);
        }
        return this;
    }

    /**
     * Asks for statistics again and again; while a driver does not answer, it is not asked anew.
     *
     * @param polling 1 ms to a day
     */
    public BalloonDeviceBuilder statisticsEvery(Duration polling) {
        if (polling.toMillis() < 1 || polling.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("statistics can be asked for every 1 ms to a day: interval=" + polling);
        }
        interval = polling;
        return this;
    }

    /**
     * Numbers the queues as the specification's list does, whatever was negotiated. By default, as Linux and QEMU do,
     * a queue whose feature was not negotiated leaves no gap.
     */
    public BalloonDeviceBuilder literalQueueNumbers() {
        literalQueues = true;
        return this;
    }

    /** Replaces the system's time. */
    public BalloonDeviceBuilder clock(DeviceClock newClock) {
        clock = newClock;
        return this;
    }

    /**
     * Makes the device.
     *
     * @throws IllegalArgumentException if MUST_TELL_HOST is demanded and not offered
     */
    public BalloonDevice build() {
        if (demandsToBeTold && !offered.has(BalloonFeature.MUST_TELL_HOST)) {
            throw new IllegalArgumentException("MUST_TELL_HOST is demanded and not offered: offered=" + offered);
        }
        return new BalloonDevice(this);
    }
}
