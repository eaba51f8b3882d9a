// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * {@code docs/conformance.md}: the ledger with its coverage. The same input gives the same bytes.
 */
final class ConformancePage {

    private static final String INTRODUCTION = """
            # Conformance to VirtIO 1.4

            Written by the build from the results of its tests: do not edit. What it means, and how
            to add to it: [conformance-how.md](conformance-how.md).

            Every requirement on the device in *Virtual I/O Device (VIRTIO) Version 1.4, Committee
            Specification 01* is listed under its section's label, in a short wording of our own;
            what counts is the specification's text. Covered means: there is a test that fails when
            the requirement is broken, and it passed.

            """;

    private final Ledger ledger;
    private final Coverage coverage;
    private final StringBuilder page = new StringBuilder(INTRODUCTION);

    private ConformancePage(Ledger ledger, Coverage coverage) {
        this.ledger = ledger;
        this.coverage = coverage;
    }

    static String of(Ledger ledger, Coverage coverage) {
        ConformancePage page = new ConformancePage(ledger, coverage);
        page.moduleSummary();
        page.requirementSummary();
        page.caseSummary();
        page.requirements();
        page.cases();
        return page.page.toString();
    }

    private void moduleSummary() {
        page.append("## Modules, in numbers\n\n");
        page.append("Covered, or played, of what applies to the module.\n\n");
        row("Module", "MUST", "SHOULD", "MAY", "Hostile cases");
        page.append("|---|---|---|---|---|\n");
        Map<String, List<Requirement>> requirements = grouped(
                ledger.requirements().stream().filter(Requirement::applicable).toList(),
                Requirement::applies);
        Map<String, List<CatalogueCase>> cases = grouped(ledger.cases(), CatalogueCase::applies);
        SortedSet<String> modules = new TreeSet<>(requirements.keySet());
        modules.addAll(cases.keySet());
        for (String module : modules) {
            List<Requirement> own = requirements.getOrDefault(module, List.of());
            List<CatalogueCase> hostile = cases.getOrDefault(module, List.of());
            long played = hostile.stream().filter(coverage::covers).count();
            row(module,
                    share(own, Strength.MUST),
                    share(own, Strength.SHOULD),
                    share(own, Strength.MAY),
                    hostile.isEmpty() ? "" : played + " of " + hostile.size());
        }
        page.append('\n');
    }

    private String share(List<Requirement> applicable, Strength strength) {
        List<Requirement> rows =
                applicable.stream().filter(r -> r.strength() == strength).toList();
        long covered = rows.stream().filter(coverage::covers).count();
        return rows.isEmpty() ? "" : covered + " of " + rows.size();
    }

    private void requirementSummary() {
        page.append("## Requirements, in numbers\n\n");
        page.append("Each cell: covered / not covered / not applicable.\n\n");
        row("Chapter", "MUST", "SHOULD", "MAY");
        page.append("|---|---|---|---|\n");
        grouped(ledger.requirements(), Requirement::chapter).forEach(this::requirementTally);
        requirementTally("**All**", ledger.requirements());
        page.append('\n');
    }

    private void requirementTally(String title, Collection<Requirement> rows) {
        String must = tally(rows, Strength.MUST);
        row(title, must, tally(rows, Strength.SHOULD), tally(rows, Strength.MAY));
    }

    private String tally(Collection<Requirement> rows, Strength strength) {
        int covered = 0;
        int uncovered = 0;
        int notApplicable = 0;
        for (Requirement r : rows) {
            if (r.strength() != strength) {
                continue;
            }
            if (!r.applicable()) {
                notApplicable++;
            } else if (coverage.covers(r)) {
                covered++;
            } else {
                uncovered++;
            }
        }
        boolean none = covered + uncovered + notApplicable == 0;
        return none ? "" : covered + " / " + uncovered + " / " + notApplicable;
    }

    private void caseSummary() {
        page.append("## Hostile drivers, in numbers\n\n");
        page.append("An instance is one run of a case, with one layout, value or seed.\n\n");
        row("Group", "Cases", "Played", "Instances");
        page.append("|---|---|---|---|\n");
        grouped(ledger.cases(), CatalogueCase::group).forEach(this::caseTally);
        caseTally("**All**", ledger.cases());
        page.append('\n');
    }

    private void caseTally(String title, Collection<CatalogueCase> rows) {
        long played = rows.stream().filter(coverage::covers).count();
        long instances = rows.stream().mapToLong(c -> coverage.instances(c)).sum();
        row(title, String.valueOf(rows.size()), String.valueOf(played), String.valueOf(instances));
    }

    private void requirements() {
        grouped(ledger.requirements(), Requirement::chapter).forEach((chapter, rows) -> {
            page.append("## ").append(chapter).append("\n\n");
            grouped(rows, Requirement::section).forEach(this::section);
        });
    }

    private void section(String section, List<Requirement> rows) {
        page.append("### ").append(section).append("\n\n");
        row("Id", "Strength", "The device", "Covered by");
        page.append("|---|---|---|---|\n");
        for (Requirement r : rows) {
            String by = r.applicable()
                    ? tests(Claim.Kind.NORMATIVE, r.id(), "not covered (" + r.applies() + ")")
                    : "not applicable: " + r.reason();
            row(r.id(), r.strength().name(), cell(r.wording()), by);
        }
        page.append('\n');
    }

    private void cases() {
        page.append("## Hostile drivers\n\n");
        page.append("""
                The answers: R0 ignore the access; R1 complete with the device's error status;
                R2 return the head with length 0; R3 DEVICE_NEEDS_RESET; R4 error reply or closed
                connection; R5 serve it; - answer the host.

                """);
        grouped(ledger.cases(), CatalogueCase::group).forEach((group, rows) -> {
            page.append("### ").append(group).append("\n\n");
            row("Id", "The driver", "Answer", "Instances", "Played by");
            page.append("|---|---|---|---|---|\n");
            for (CatalogueCase c : rows) {
                String by = tests(Claim.Kind.HOSTILE, c.id(), "not played (" + c.applies() + ")");
                String instances = String.valueOf(coverage.instances(c));
                row(c.id(), cell(c.wording()), c.answers(), instances, by);
            }
            page.append('\n');
        });
    }

    private String tests(Claim.Kind kind, String id, String none) {
        List<String> tests = coverage.tests(kind, id);
        return tests.isEmpty() ? none : cell(String.join("<br>", tests));
    }

    private void row(String... cells) {
        page.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }

    private static <T> Map<String, List<T>> grouped(Collection<T> rows, Function<T, String> title) {
        Map<String, List<T>> groups = new LinkedHashMap<>();
        for (T row : rows) {
            groups.computeIfAbsent(title.apply(row), key -> new ArrayList<>()).add(row);
        }
        return groups;
    }
}
