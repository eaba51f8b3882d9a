// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * The device asks for a notification, looks once more and rests, while the driver makes a buffer available:
 * the device sees it, or is notified.
 */
public class AvailableBufferNotificationSuppression {

    /** Split, Flags. */
    @JCStressTest
    @Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "lost: the device rests for ever")
    @Outcome(expect = Expect.ACCEPTABLE, desc = "seen, or notified, or both")
    @State
    public static class SplitFlags extends RacingRing.Split {

        public SplitFlags() {
            super(false);
        }

        @Actor
        public void device(ZZ_Result result) {
            result.r1 = ring.arm();
        }

        @Actor
        public void driver(ZZ_Result result) {
            makeAvailable();
            fullFence();
            result.r2 = isKickWanted();
        }
    }

    /** Split, EventIndex. */
    @JCStressTest
    @Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "lost: the device rests for ever")
    @Outcome(expect = Expect.ACCEPTABLE, desc = "seen, or notified, or both")
    @State
    public static class SplitEventIndex extends RacingRing.Split {

        public SplitEventIndex() {
            super(true);
        }

        @Actor
        public void device(ZZ_Result result) {
            result.r1 = ring.arm();
        }

        @Actor
        public void driver(ZZ_Result result) {
            makeAvailable();
            fullFence();
            result.r2 = isKickWanted();
        }
    }

    /** Packed, Flags. */
    @JCStressTest
    @Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "lost: the device rests for ever")
    @Outcome(expect = Expect.ACCEPTABLE, desc = "seen, or notified, or both")
    @State
    public static class PackedFlags extends RacingRing.Packed {

        public PackedFlags() {
            super(false);
        }

        @Actor
        public void device(ZZ_Result result) {
            result.r1 = ring.arm();
        }

        @Actor
        public void driver(ZZ_Result result) {
            makeAvailable();
            fullFence();
            result.r2 = isKickWanted();
        }
    }

    /** Packed, EventIndex. */
    @JCStressTest
    @Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "lost: the device rests for ever")
    @Outcome(expect = Expect.ACCEPTABLE, desc = "seen, or notified, or both")
    @State
    public static class PackedEventIndex extends RacingRing.Packed {

        public PackedEventIndex() {
            super(true);
        }

        @Actor
        public void device(ZZ_Result result) {
            result.r1 = ring.arm();
        }

        @Actor
        public void driver(ZZ_Result result) {
            makeAvailable();
            fullFence();
            result.r2 = isKickWanted();
        }
    }
}
