// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** What the device used is whole once the driver can see it: bytes, length, and id. */
public class UsedBuffers {

    private static int look(RacingRing ring) {
        return !ring.isUsed() ? 0 : ring.usedLength() == 8 && ring.bytes() == RacingRing.DONE ? 1 : 2;
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
            makeAvailable();
            take();
        }

        @Actor
        public void device() {
            complete();
        }

        @Actor
        public void driver(I_Result result) {
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
            makeAvailable();
            take();
        }

        @Actor
        public void device() {
            complete();
        }

        @Actor
        public void driver(I_Result result) {
            result.r1 = look(this);
        }
    }
}
