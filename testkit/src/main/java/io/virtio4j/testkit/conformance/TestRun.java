// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One test method of one class while it runs, over all its invocations, which may be concurrent.
 */
final class TestRun {

    private final String testClass;
    private final Method method;
    private final String displayName;
    private final List<Claim> claims;
    private final Map<String, Long> instances = new HashMap<>();
    private Outcome outcome = Outcome.PASSED;
    private boolean ran;

    /**
     * Begins a test.
     *
     * @param testClass the class that has or inherits the method
     * @param name the binary name of the class to record: a class that inherits nested tests runs
     *     the contract's nested class, and stands for it
     */
    TestRun(Class<?> testClass, String name, Method method, String displayName) {
        this.testClass = name;
        this.method = method;
        this.displayName = displayName;
        this.claims = Claim.of(testClass, method);
    }

    boolean claims(Claim.Kind kind, String id) {
        return claims.stream().anyMatch(claim -> claim.kind() == kind && claim.id().equals(id));
    }

    String name() {
        return testClass + "." + method.getName();
    }

    /**
     * The end of an invocation that counted cases for some ids; for every other id it is one
     * instance.
     */
    synchronized void finished(Outcome invocation, Map<String, Long> counted) {
        ended(invocation);
        ran = true;
        for (Claim claim : claims) {
            boolean hostile = claim.kind() == Claim.Kind.HOSTILE;
            long cases = hostile ? counted.getOrDefault(claim.id(), 1L) : 1L;
            instances.merge(key(claim), cases, Math::addExact);
        }
    }

    /**
     * The end of something around the invocations, such as a template, or of what did not run at
     * all.
     */
    synchronized void ended(Outcome around) {
        outcome = outcome.and(around);
    }

    /**
     * What this test did about each of its claims. A template without an invocation has shown
     * nothing.
     */
    synchronized List<Evidence> evidence() {
        Outcome all = ran ? outcome : outcome.and(Outcome.SKIPPED);
        List<Evidence> evidence = new ArrayList<>(claims.size());
        for (Claim claim : claims) {
            evidence.add(new Evidence(
                    claim,
                    testClass,
                    method.getDeclaringClass().getName(),
                    method.getName(),
                    displayName,
                    all,
                    instances.getOrDefault(key(claim), 0L)));
        }
        return evidence;
    }

    private static String key(Claim claim) {
        return claim.kind() + claim.id();
    }
}
