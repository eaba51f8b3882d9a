// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Who owns a queue, what wakes it, and what is left of it when it stops. */
public class QueueTurns {

    /** A queue whose handler counts, with one buffer that was taken and deferred. */
    private abstract static class Turns extends RacingRing.Split implements QueueHandler {

        final Runner runner = Runner.manual();
        final VirtQueue queue = queue(runner);
        DescriptorChain deferred;
        boolean wanted; // what a turn has to see
        int seen;
        int inside;
        int together;

        Turns() {
            super(true);
            makeAvailable();
            queue.run(this);
            runner.poll(100);
        }

        @Override
        public void handle(DescriptorChain taken) {
            taken.defer();
            deferred = taken;
        }

        @Override
        public void service(VirtQueue serviced) {
            together |= inside++;
            if (wanted) {
                seen++;
            }
            serviced.drain(this);
            inside--;
        }
    }

    /** A wake-up is never lost: a turn that begins after it sees what was to be seen. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "lost")
    @Outcome(id = ".*, 0", expect = Expect.ACCEPTABLE, desc = "seen, by one owner at a time")
    @Outcome(expect = Expect.FORBIDDEN, desc = "two owners")
    @State
    public static class WakeUp extends Turns {

        public WakeUp() {
            queue.wake(); // so that a turn may be on
        }

        @Actor
        public void owner() {
            runner.poll(1);
        }

        @Actor
        public void waker() {
            wanted = true;
            queue.wake();
        }

        @Arbiter
        public void rest(II_Result result) {
            runner.poll(100);
            result.r1 = seen;
            result.r2 = together;
        }
    }

    /** A chain that is completed while its queue stops gives its memory back, one way or the other. */
    @JCStressTest
    @Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "nothing is deferred any more")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a reset would wait for ever")
    @State
    public static class CompletionAndStop extends Turns {

        @Actor
        public void host() {
            deferred.complete(0);
        }

        @Actor
        public void reset() {
            queue.stop();
        }

        @Arbiter
        public void rest(I_Result result) {
            result.r1 = queue.deferred();
        }
    }

    /** A chain that is completed while its queue is in a turn is used in it or in the next. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "used once")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, or twice")
    @State
    public static class CompletionAndTurn extends Turns {

        public CompletionAndTurn() {
            queue.wake();
        }

        @Actor
        public void host() {
            deferred.complete(0);
        }

        @Actor
        public void owner() {
            runner.poll(1);
        }

        @Arbiter
        public void rest(II_Result result) {
            runner.poll(100);
            result.r1 = VirtqUsed.IDX.get(deviceArea, 0);
            result.r2 = queue.deferred();
        }
    }

    /** A turn that is due is not lost when the queue is held and let go while the runner comes to it. */
    @JCStressTest
    @Outcome(id = "[12], 0", expect = Expect.ACCEPTABLE, desc = "a turn, or two if a hold cut one short")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost")
    @State
    public static class HoldAndTurn extends Turns {

        public HoldAndTurn() {
            wanted = true;
            queue.wake();
        }

        @Actor
        public void owner() {
            runner.poll(1);
        }

        @Actor
        public void lifecycle() {
            queue.hold();
            queue.unhold();
        }

        @Arbiter
        public void rest(II_Result result) {
            runner.poll(100);
            result.r1 = seen;
            result.r2 = together;
        }
    }
}
