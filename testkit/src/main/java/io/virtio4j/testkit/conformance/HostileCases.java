// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Counts the cases of a test that plays many of them in one invocation. */
public final class HostileCases {

    private static final ThreadLocal<@Nullable Invocation> CURRENT = new ThreadLocal<>();

    private HostileCases() {}

    /**
     * Adds to the number of cases that the running invocation plays of one id. An invocation that
     * counts an id is as many instances of it as it counted; one that does not is one instance.
     *
     * <p>Call it on the thread that runs the test, and only with numbers that are the same in every
     * run: the report is compared with the one before. A race that is run for a while counts as
     * one.
     *
     * <p>Where no test runs, such as in a demonstration, nothing is counted.
     *
     * @param id an id that the running test names with {@link HostileCase}
     * @param cases how many more cases, at least 0
     * @throws IllegalArgumentException if the running test does not name the id, or the number is
     *     negative
     */
    public static void count(String id, long cases) {
        if (cases < 0) {
            throw new IllegalArgumentException(
                    "number of cases is negative: id=" + id + " cases=" + cases);
        }
        Invocation invocation = CURRENT.get();
        if (invocation != null) {
            invocation.count(id, cases);
        }
    }

    static void begin(TestRun run) {
        CURRENT.set(new Invocation(run));
    }

    /** Ends the thread's invocation and returns what it counted. */
    static Map<String, Long> end() {
        Invocation invocation = CURRENT.get();
        CURRENT.remove();
        return invocation == null ? Map.of() : invocation.counted;
    }

    private static final class Invocation {
        private final TestRun run;
        private final Map<String, Long> counted = new HashMap<>();

        Invocation(TestRun run) {
            this.run = run;
        }

        void count(String id, long cases) {
            if (!run.claims(Claim.Kind.HOSTILE, id)) {
                throw new IllegalArgumentException(run.name() + " counts cases of \"" + id
                        + "\" and does not carry @HostileCase(\"" + id + "\"): add it.");
            }
            counted.merge(id, cases, Math::addExact);
        }
    }
}
