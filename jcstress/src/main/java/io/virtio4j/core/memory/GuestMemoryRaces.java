// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Memory that is taken away while it is used, and writes that are logged while the log is read. */
public class GuestMemoryRaces {

    private static final MemorySegment PAGE = Arena.global().allocate(4096);
    private static final MemoryRegion REGION = MemoryRegion.of(0, PAGE);

    /** Memory is given back only while nobody uses it, and then for certain. */
    @JCStressTest
    @Outcome(id = "[01], 1", expect = Expect.ACCEPTABLE, desc = "used before, or not found")
    @Outcome(id = "2, .*", expect = Expect.FORBIDDEN, desc = "given back in the middle of a use")
    @Outcome(expect = Expect.FORBIDDEN, desc = "never given back")
    @State
    public static class UseAndRemoval {

        private final GuestMemory memory = GuestMemory.of(REGION);
        private volatile boolean givenBack;

        @Actor
        public void device(II_Result result) {
            MemoryMap map = memory.pin();
            if (map.find(0) != null) {
                result.r1 = givenBack ? 2 : 1;
            }
            map.unpin();
        }

        @Actor
        public void owner() {
            memory.remove(REGION).whenQuiescent(() -> givenBack = true);
        }

        @Arbiter
        public void rest(II_Result result) {
            result.r2 = givenBack ? 1 : 0;
        }
    }

    /** A page whose new bytes a harvest did not see is in the next harvest. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "the write is lost to a migration")
    @Outcome(expect = Expect.ACCEPTABLE, desc = "seen, or logged again")
    @State
    public static class WriteAndHarvest {

        private final DirtyBitmap log = new DirtyBitmap(List.of(REGION), 4096);
        private int bytes;

        public WriteAndHarvest() {
            log.mark(0, 1); // dirty already
        }

        @Actor
        public void device() {
            bytes = 1;
            log.mark(0, 1);
        }

        @Actor
        public void migration(II_Result result) {
            log.harvest(page -> {});
            result.r1 = bytes;
        }

        @Arbiter
        public void next(II_Result result) {
            result.r2 = (int) log.harvest(page -> {});
        }
    }
}
