// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CoverageTest {

    private final SortedMap<String, List<Evidence>> byModule = new TreeMap<>();
    private final Ledger ledger = Ledger.of(LedgerTest.DEVICE, LedgerTest.HOSTILE);

    @Test
    void a_test_that_passed_covers_its_requirement() {
        add("core", evidence(normative("ONE-1"), "RingTest", "RingTest", "resets", Outcome.PASSED));

        assertTrue(covers("ONE-1"));
        assertEquals(List.of("core: RingTest.resets"), tests("ONE-1"));
    }

    @Test
    void a_test_that_did_not_pass_covers_nothing() {
        add("core", evidence(normative("ONE-1"), "RingTest", "RingTest", "a", Outcome.FAILED));
        add("core", evidence(normative("ONE-1"), "RingTest", "RingTest", "b", Outcome.ABORTED));
        add("core", evidence(normative("ONE-1"), "RingTest", "RingTest", "c", Outcome.SKIPPED));

        assertFalse(covers("ONE-1"));
        assertEquals(List.of(), tests("ONE-1"));
    }

    @Test
    void a_class_covers_its_requirement_when_all_its_tests_passed() {
        add("core", evidence(ofClass("ONE-1"), "RingTest", "RingTest", "a", Outcome.PASSED));
        add("core", evidence(ofClass("ONE-1"), "RingTest", "RingTest", "b", Outcome.PASSED));

        assertEquals(List.of("core: RingTest"), tests("ONE-1"));
    }

    @Test
    void a_class_with_one_test_that_did_not_pass_covers_nothing() {
        add("core", evidence(ofClass("ONE-1"), "RingTest", "RingTest", "a", Outcome.PASSED));
        add("core", evidence(ofClass("ONE-1"), "RingTest", "RingTest", "b", Outcome.SKIPPED));

        assertFalse(covers("ONE-1"));
    }

    @Test
    void tests_of_one_contract_are_listed_once_with_their_classes() {
        for (String sub : List.of("DTest", "CTest", "BTest", "ATest")) {
            add("disk", evidence(normative("ONE-1"), sub, "Contract", "resets", Outcome.PASSED));
        }
        add("core", evidence(normative("ONE-1"), "ETest", "Contract", "resets", Outcome.PASSED));

        assertEquals(
                List.of(
                        "core: Contract.resets in ETest",
                        "disk: Contract.resets in ATest, BTest and 2 more"),
                tests("ONE-1"));
    }

    @Test
    void a_nested_class_is_named_with_the_class_around_it() {
        add("core", evidence(normative("ONE-1"), "Ring$Test", "Ring$Test", "a", Outcome.PASSED));

        assertEquals(List.of("core: Ring.Test.a"), tests("ONE-1"));
    }

    @Test
    void instances_add_up_over_tests_that_passed() {
        Claim hostile = LedgerTest.hostile("XX-1");
        add("core", evidence(hostile, "ATest", "ATest", "a", Outcome.PASSED));
        add("disk", evidence(hostile, "BTest", "BTest", "b", Outcome.PASSED));
        add("disk", evidence(hostile, "BTest", "BTest", "c", Outcome.FAILED));
        CatalogueCase xx1 = ledger.cases().iterator().next();

        assertEquals(14, new Coverage(byModule).instances(xx1));
    }

    @Test
    void a_promise_is_broken_by_a_must_or_case_that_nothing_shows() {
        add("core", evidence(LedgerTest.hostile("XX-2"), "ATest", "ATest", "a", Outcome.PASSED));
        String text = "# comment\n\n must core\nhostile  core\nmust disk\n";

        assertEquals(
                List.of(
                        "ONE-1 is a MUST of core, which complete.txt promises to be complete,"
                                + " and no passing test carries @Normative(\"ONE-1\"):"
                                + " Starts over.",
                        "TWO-1 is a MUST of disk, which complete.txt promises to be complete,"
                                + " and no passing test carries @Normative(\"TWO-1\"):"
                                + " Keeps | what it wrote.",
                        "XX-1 is a hostile case of core, which complete.txt promises to be"
                                + " complete, and no passing test carries @HostileCase(\"XX-1\"):"
                                + " Lies."),
                Promises.of(text, ledger).broken(ledger, new Coverage(byModule)));
    }

    private boolean covers(String id) {
        Coverage coverage = new Coverage(byModule);
        return ledger.requirements().stream()
                .filter(requirement -> requirement.id().equals(id))
                .anyMatch(coverage::covers);
    }

    private List<String> tests(String id) {
        return new Coverage(byModule).tests(Claim.Kind.NORMATIVE, id);
    }

    private void add(String module, Evidence evidence) {
        byModule.computeIfAbsent(module, key -> new ArrayList<>()).add(evidence);
    }

    private static Claim normative(String id) {
        return LedgerTest.normative(id);
    }

    private static Claim ofClass(String id) {
        return new Claim(Claim.Kind.NORMATIVE, id, true);
    }

    private static Evidence evidence(
            Claim claim, String ran, String declared, String method, Outcome outcome) {
        return new Evidence(claim, "a.b." + ran, "a.c." + declared, method, "shown", outcome, 7);
    }
}
