// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The evidence of all modules, by what it shows. Only tests that passed show anything. */
final class Coverage {

    /** Names more classes than this of one contract by their number only. */
    private static final int NAMED_CLASSES = 3;

    private final Map<String, SortedMap<String, SortedSet<String>>> shown = new TreeMap<>();
    private final Map<String, Long> instances = new TreeMap<>();

    /**
     * Sorts the evidence.
     *
     * @param byModule the evidence of each module, by the module's directory in the project
     */
    Coverage(SortedMap<String, List<Evidence>> byModule) {
        byModule.forEach((module, evidence) -> {
            SortedSet<String> unproven = new TreeSet<>();
            for (Evidence e : evidence) {
                if (e.claim().ofClass() && !e.passed()) {
                    unproven.add(key(e.claim().kind(), e.claim().id()) + e.testClass());
                }
            }
            for (Evidence e : evidence) {
                String key = key(e.claim().kind(), e.claim().id());
                boolean proven = !e.claim().ofClass() || !unproven.contains(key + e.testClass());
                if (e.passed() && proven) {
                    add(key, module, e);
                }
            }
        });
    }

    boolean covers(Requirement requirement) {
        return shown.containsKey(key(Claim.Kind.NORMATIVE, requirement.id()));
    }

    boolean covers(CatalogueCase hostile) {
        return shown.containsKey(key(Claim.Kind.HOSTILE, hostile.id()));
    }

    /** How many instances of a hostile case were played. */
    long instances(CatalogueCase hostile) {
        return instances.getOrDefault(key(Claim.Kind.HOSTILE, hostile.id()), 0L);
    }

    /**
     * The tests that show an id, sorted: {@code module: Class.method}, with the classes that
     * inherited it.
     */
    List<String> tests(Claim.Kind kind, String id) {
        List<String> tests = new ArrayList<>();
        shown.getOrDefault(key(kind, id), new TreeMap<>()).forEach((test, classes) -> {
            tests.add(classes.isEmpty() ? test : test + " in " + named(classes));
        });
        return tests;
    }

    private void add(String key, String module, Evidence e) {
        String declared = simpleName(e.declaringClass());
        String ran = simpleName(e.testClass());
        String test = module + ": " + (e.claim().ofClass() ? ran : declared + "." + e.method());
        SortedSet<String> classes = shown.computeIfAbsent(key, k -> new TreeMap<>())
                .computeIfAbsent(test, t -> new TreeSet<>());
        if (!e.claim().ofClass() && !declared.equals(ran)) {
            classes.add(ran);
        }
        instances.merge(key, e.instances(), Long::sum);
    }

    private static String named(SortedSet<String> classes) {
        List<String> names = List.copyOf(classes);
        if (names.size() <= NAMED_CLASSES) {
            return String.join(", ", names);
        }
        return String.join(", ", names.subList(0, NAMED_CLASSES - 1)) + " and "
                + (names.size() - NAMED_CLASSES + 1) + " more";
    }

    private static String simpleName(String binaryName) {
        return binaryName.substring(binaryName.lastIndexOf('.') + 1).replace('$', '.');
    }

    private static String key(Claim.Kind kind, String id) {
        return kind + " " + id;
    }
}
