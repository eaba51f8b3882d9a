// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The modules whose part of the ledger is promised to be complete.
 *
 * @param must those that cover every MUST that applies to them
 * @param hostile those that play every hostile case that applies to them
 */
record Promises(Set<String> must, Set<String> hostile) {

    /**
     * Reads the promises: {@code must MODULE} or {@code hostile MODULE} a line; {@code #} begins a
     * comment line.
     *
     * @throws IllegalArgumentException if a line is none of these, or names a module no row of the
     *     ledger names
     */
    static Promises of(String text, Ledger ledger) {
        Promises promises = new Promises(new TreeSet<>(), new TreeSet<>());
        for (String line : text.lines().map(String::strip).toList()) {
            if (!line.isEmpty() && !line.startsWith("#")) {
                promises.add(line, ledger);
            }
        }
        return promises;
    }

    private void add(String line, Ledger ledger) {
        String[] words = line.split("\\s+", -1);
        String module = words.length == 2 ? words[1] : "";
        boolean known = switch (words[0]) {
            case "must" -> must.add(module)
                    && ledger.requirements().stream().anyMatch(r -> r.applies().equals(module));
            case "hostile" -> hostile.add(module)
                    && ledger.cases().stream().anyMatch(c -> c.applies().equals(module));
            default -> false;
        };
        if (!known) {
            throw new IllegalArgumentException("complete.txt: \"" + line + "\" is no promise: write"
                    + " \"must MODULE\" or \"hostile MODULE\", once, with a module of the ledger.");
        }
    }

    /** What is promised and not shown, a sentence each, in the order of the ledger. */
    List<String> broken(Ledger ledger, Coverage coverage) {
        List<String> broken = new ArrayList<>();
        for (Requirement r : ledger.requirements()) {
            boolean promised = r.strength() == Strength.MUST && must.contains(r.applies());
            if (promised && !coverage.covers(r)) {
                String what = "MUST of " + r.applies();
                broken.add(sentence(r.id(), what, Claim.Kind.NORMATIVE, r.wording()));
            }
        }
        for (CatalogueCase c : ledger.cases()) {
            if (hostile.contains(c.applies()) && !coverage.covers(c)) {
                String what = "hostile case of " + c.applies();
                broken.add(sentence(c.id(), what, Claim.Kind.HOSTILE, c.wording()));
            }
        }
        return broken;
    }

    private static String sentence(String id, String what, Claim.Kind kind, String wording) {
        return id + " is a " + what + ", which complete.txt promises to be complete, and no passing"
                + " test carries @" + kind.annotation() + "(\"" + id + "\"): " + wording;
    }
}
