// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** What the driver makes available is whole once the device can see it. */
public class AvailableBuffers {

    private static int look(RacingRing ring) {
        return !ring.take() ? 0 : ring.isWhole() ? 1 : 2;
    }

    /** Split. */
    @JCStressTest
    @Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "not seen yet")
    @Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "whole")
    @Outcome(id = "2", expect = Expect.FORBIDDEN, desc = "seen before it was written")
    @State
    public static class Split extends RacingRing.Split {

        public Split() {
            super(true);
        }

        @Actor
        public void driver() {
            makeAvailable();
        }

        @Actor
        public void device(I_Result result) {
            result.r1 = look(this);
        }
    }

    /** Packed. */
    @JCStressTest
    @Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "not seen yet")
    @Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "whole")
    @Outcome(id = "2", expect = Expect.FORBIDDEN, desc = "seen before it was written")
    @State
    public static class Packed extends RacingRing.Packed {

        public Packed() {
            super(true);
        }

        @Actor
        public void driver() {
            makeAvailable();
        }

        @Actor
        public void device(I_Result result) {
            result.r1 = look(this);
        }
    }
}
