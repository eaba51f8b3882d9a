// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Every requirement on the device and every hostile case, in the order of the specification and the
 * catalogue.
 */
final class Ledger {

    private static final List<String> DEVICE_COLUMNS =
            List.of("id", "strength", "section", "wording", "applies");
    private static final List<String> HOSTILE_COLUMNS =
            List.of("id", "group", "wording", "answers", "applies");

    private final Map<String, Requirement> requirements;
    private final Map<String, CatalogueCase> cases;

    private Ledger(Map<String, Requirement> requirements, Map<String, CatalogueCase> cases) {
        this.requirements = requirements;
        this.cases = cases;
    }

    /** The ledger that ships beside this class; read once. */
    static Ledger shipped() {
        return Shipped.LEDGER;
    }

    /**
     * Reads a ledger from the texts of its two tables.
     *
     * @throws IllegalArgumentException naming the table and the line, if one is not as it has to be
     */
    static Ledger of(String device, String hostile) {
        List<Requirement> requirements =
                TabSeparated.parse("device.tsv", DEVICE_COLUMNS, device, Ledger::requirement);
        List<CatalogueCase> cases =
                TabSeparated.parse("hostile.tsv", HOSTILE_COLUMNS, hostile, Ledger::catalogueCase);
        return new Ledger(byId("device.tsv", requirements, Requirement::id),
                byId("hostile.tsv", cases, CatalogueCase::id));
    }

    Collection<Requirement> requirements() {
        return requirements.values();
    }

    Collection<CatalogueCase> cases() {
        return cases.values();
    }

    /**
     * Says what is wrong with a claim.
     *
     * @param test the test that makes the claim, for the sentence
     * @return an empty text if nothing is wrong, otherwise a sentence for who wrote the test
     */
    String objection(String test, Claim claim) {
        String annotation = claim.kind().annotation();
        String subject = test + " carries @" + annotation + "(\"" + claim.id() + "\")";
        if (claim.kind() == Claim.Kind.HOSTILE) {
            return cases.containsKey(claim.id()) ? "" : unknown(subject, "hostile.tsv");
        }
        Requirement requirement = requirements.get(claim.id());
        if (requirement == null) {
            return unknown(subject, "device.tsv");
        }
        return requirement.applicable() ? "" : subject + ", which device.tsv says does not apply ("
                + requirement.reason() + "): correct the id, or the row.";
    }

    private static String unknown(String subject, String table) {
        return subject + ", which the ledger does not hold: correct the id, or add a row to "
                + table + ".";
    }

    private static Requirement requirement(List<String> row) {
        Strength strength = Strength.valueOf(row.get(1));
        return new Requirement(row.get(0), strength, row.get(2), row.get(3), row.get(4));
    }

    private static CatalogueCase catalogueCase(List<String> row) {
        return new CatalogueCase(row.get(0), row.get(1), row.get(2), row.get(3), row.get(4));
    }

    private static <T> Map<String, T> byId(String table, List<T> rows, Function<T, String> id) {
        Map<String, T> byId = new LinkedHashMap<>();
        for (T row : rows) {
            if (byId.put(id.apply(row), row) != null) {
                throw new IllegalArgumentException(
                        "id twice in the table: table=" + table + " id=" + id.apply(row));
            }
        }
        return Collections.unmodifiableMap(byId);
    }

    /** Reads one of the texts that ship beside this class. */
    static String resource(String name) {
        try (InputStream in = Ledger.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("resource missing beside the class: name=" + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Shipped {
        static final Ledger LEDGER = of(resource("device.tsv"), resource("hostile.tsv"));
    }
}
