// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * The driver asks for a notification, looks once more and sleeps, while the device uses a buffer: it is
 * notified, or it sees the buffer.
 */
public class UsedBufferNotificationSuppression {

    /** Split, Flags. */
    @JCStressTest
    @Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "lost: the driver sleeps for ever")
    @Outcome(expect = Expect.ACCEPTABLE, desc = "notified, or seen, or both")
    @State
    public static class SplitFlags extends RacingRing.Split {

        public SplitFlags() {
            super(false);
            makeAvailable();
            take();
        }

        @Actor
        public void device(ZZ_Result result) {
            complete();
            result.r1 = ring.isNotificationDue();
        }

        @Actor
        public void driver(ZZ_Result result) {
            wantInterrupt();
            fullFence();
            result.r2 = isUsed();
        }
    }

    /** Split, EventIndex. */
    @JCStressTest
    @Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "lost: the driver sleeps for ever")
    @Outcome(expect = Expect.ACCEPTABLE, desc = "notified, or seen, or both")
    @State
    public static class SplitEventIndex extends RacingRing.Split {

        public SplitEventIndex() {
            super(true);
            makeAvailable();
            take();
        }

        @Actor
        public void device(ZZ_Result result) {
            complete();
            result.r1 = ring.isNotificationDue();
        }

        @Actor
        public void driver(ZZ_Result result) {
            wantInterrupt();
            fullFence();
            result.r2 = isUsed();
        }
    }

    /** Packed, Flags. */
    @JCStressTest
    @Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "lost: the driver sleeps for ever")
    @Outcome(expect = Expect.ACCEPTABLE, desc = "notified, or seen, or both")
    @State
    public static class PackedFlags extends RacingRing.Packed {

        public PackedFlags() {
            super(false);
            makeAvailable();
            take();
        }

        @Actor
        public void device(ZZ_Result result) {
            complete();
            result.r1 = ring.isNotificationDue();
        }

        @Actor
        public void driver(ZZ_Result result) {
            wantInterrupt();
            fullFence();
            result.r2 = isUsed();
        }
    }

    /** Packed, EventIndex. */
    @JCStressTest
    @Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "lost: the driver sleeps for ever")
    @Outcome(expect = Expect.ACCEPTABLE, desc = "notified, or seen, or both")
    @State
    public static class PackedEventIndex extends RacingRing.Packed {

        public PackedEventIndex() {
            super(true);
            makeAvailable();
            take();
        }

        @Actor
        public void device(ZZ_Result result) {
            complete();
            result.r1 = ring.isNotificationDue();
        }

        @Actor
        public void driver(ZZ_Result result) {
            wantInterrupt();
            fullFence();
            result.r2 = isUsed();
        }
    }
}
