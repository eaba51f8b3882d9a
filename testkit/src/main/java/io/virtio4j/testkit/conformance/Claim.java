// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a test says of itself: that it shows a requirement, or plays a hostile case.
 *
 * @param kind which of the two
 * @param id the id in the ledger
 * @param ofClass whether the class says it, for all its tests together, and not the method
 */
record Claim(Kind kind, String id, boolean ofClass) {

    /** The two things a test can claim. */
    enum Kind {
        NORMATIVE,
        HOSTILE;

        String annotation() {
            Class<?> annotation = this == NORMATIVE ? Normative.class : HostileCase.class;
            return annotation.getSimpleName();
        }
    }

    /**
     * The claims of a test class: its own, its superclasses', its interfaces' and those of the
     * classes around it.
     */
    static List<Claim> of(Class<?> testClass) {
        Set<Claim> claims = new LinkedHashSet<>();
        for (Class<?> type : family(testClass)) {
            addOf(type, true, claims);
        }
        return List.copyOf(claims);
    }

    /** The claims of a test method, then those of its class that it does not make itself. */
    static List<Claim> of(Class<?> testClass, Method method) {
        Set<Claim> claims = new LinkedHashSet<>();
        addOf(method, false, claims);
        List<Claim> all = new ArrayList<>(claims);
        for (Claim claim : of(testClass)) {
            if (!claims.contains(new Claim(claim.kind(), claim.id(), false))) {
                all.add(claim);
            }
        }
        return List.copyOf(all);
    }

    private static void addOf(AnnotatedElement element, boolean ofClass, Set<Claim> claims) {
        Normative normative = element.getDeclaredAnnotation(Normative.class);
        if (normative != null) {
            for (String id : normative.value()) {
                claims.add(new Claim(Kind.NORMATIVE, id, ofClass));
            }
        }
        HostileCase hostile = element.getDeclaredAnnotation(HostileCase.class);
        if (hostile != null) {
            for (String id : hostile.value()) {
                claims.add(new Claim(Kind.HOSTILE, id, ofClass));
            }
        }
    }

    private static Set<Class<?>> family(Class<?> testClass) {
        Set<Class<?>> family = new LinkedHashSet<>();
        addFamily(testClass, family);
        return family;
    }

    private static void addFamily(@Nullable Class<?> type, Set<Class<?>> family) {
        if (type == null || !family.add(type)) {
            return;
        }
        addFamily(type.getSuperclass(), family);
        for (Class<?> implemented : type.getInterfaces()) {
            addFamily(implemented, family);
        }
        if (!Modifier.isStatic(type.getModifiers())) {
            addFamily(type.getEnclosingClass(), family);
        }
    }
}
