// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class LedgerTest {

    static final String DEVICE = """
            id\tstrength\tsection\twording\tapplies
            ONE-1\tMUST\tBasics / Reset / Details\tStarts over.\tcore
            ONE-2\tSHOULD\tBasics / Reset / Details\tStarts over soon.\tcore
            TWO-1\tMUST\tDisk\tKeeps | what it wrote.\tdisk
            TWO-2\tMUST\tDisk\tSpins.\tn/a: nothing spins here
            TWO-3\tMAY\tDisk\tHums.\tdisk
            """;
    static final String HOSTILE = """
            id\tgroup\twording\tanswers\tapplies
            XX-1\tRings\tLies.\tR3\tcore
            XX-2\tRings\tLies twice.\tR1 R2\tcore
            YY-1\tDisks\tAsks too much.\t-\tdisk
            """;

    private static final Set<String> MODULES = Set.of(
            "core", "admin", "mmio", "pci", "vfio-user", "vhost-user", "host-linux",
            "blk", "net", "sound", "mem", "gpio", "i2c", "scmi", "fs", "gpu", "balloon");

    private final Ledger ledger = Ledger.of(DEVICE, HOSTILE);

    @Test
    void the_shipped_requirements_name_known_modules_only() {
        Set<String> named = Ledger.shipped().requirements().stream()
                .filter(Requirement::applicable)
                .map(Requirement::applies)
                .collect(Collectors.toCollection(TreeSet::new));

        named.removeAll(MODULES);

        assertEquals(Set.of(), named);
    }

    @Test
    void the_shipped_cases_name_known_modules_and_answers_only() {
        for (CatalogueCase hostile : Ledger.shipped().cases()) {
            assertTrue(MODULES.contains(hostile.applies()), hostile::toString);
            assertTrue(hostile.answers().matches("-|R[0-5]( R[0-5])*"), hostile::toString);
        }
    }

    @Test
    void the_shipped_wordings_are_short_sentences() {
        Ledger.shipped().requirements().forEach(r -> assertShort(r.id(), r.wording()));
        Ledger.shipped().cases().forEach(c -> assertShort(c.id(), c.wording()));
    }

    @Test
    void the_shipped_tables_hold_every_chapter_and_every_group() {
        Ledger shipped = Ledger.shipped();

        assertEquals(21, groups(shipped.requirements().stream().map(Requirement::id).toList()));
        assertEquals(631, shipped.requirements().size());
        assertEquals(23, groups(shipped.cases().stream().map(CatalogueCase::id).toList()));
        assertEquals(158, shipped.cases().size());
    }

    @Test
    void a_chapter_is_the_first_two_headings_of_a_section() {
        List<String> chapters =
                ledger.requirements().stream().map(Requirement::chapter).distinct().toList();

        assertEquals(List.of("Basics / Reset", "Disk"), chapters);
    }

    @Test
    void a_known_id_meets_no_objection() {
        assertEquals("", ledger.objection("a.Test.b", normative("ONE-1")));
        assertEquals("", ledger.objection("a.Test.b", hostile("YY-1")));
    }

    @Test
    void an_unknown_id_meets_a_sentence_with_test_and_id() {
        assertEquals(
                "a.Test.b carries @Normative(\"ONE-9\"), which the ledger does not hold:"
                        + " correct the id, or add a row to device.tsv.",
                ledger.objection("a.Test.b", normative("ONE-9")));
        assertEquals(
                "a.Test.b carries @HostileCase(\"ONE-1\"), which the ledger does not hold:"
                        + " correct the id, or add a row to hostile.tsv.",
                ledger.objection("a.Test.b", hostile("ONE-1")));
    }

    @Test
    void an_id_that_does_not_apply_meets_a_sentence_with_the_reason() {
        assertEquals(
                "a.Test.b carries @Normative(\"TWO-2\"), which device.tsv says does not apply"
                        + " (nothing spins here): correct the id, or the row.",
                ledger.objection("a.Test.b", normative("TWO-2")));
    }

    @Test
    void a_bad_table_is_refused_with_table_and_line() {
        String header = "header is not the expected one: table=device.tsv";
        String incomplete = "row has not a value in each column: table=device.tsv line=7";

        assertRefused(header, "id\tsection\n");
        assertRefused(header, "");
        assertRefused(incomplete, DEVICE + "X\tMUST\n");
        assertRefused(incomplete, DEVICE + "X-1\tMUST\tS\t\tcore\n");
        assertRefused("row has a bad value: table=device.tsv line=7",
                DEVICE + "X-1\tWILL\tS\tW.\tcore\n");
        assertRefused("id twice in the table: table=device.tsv id=ONE-1",
                DEVICE + "ONE-1\tMUST\tS\tW.\tcore\n");
    }

    private static void assertRefused(String beginning, String device) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Ledger.of(device, HOSTILE));
        assertTrue(refused.getMessage().startsWith(beginning), refused::getMessage);
    }

    private static void assertShort(String id, String wording) {
        int words = wording.split(" ").length;
        assertTrue(words <= 15 && wording.endsWith("."), () -> id + ": " + wording);
    }

    private static long groups(List<String> ids) {
        return ids.stream().map(id -> id.substring(0, id.indexOf('-'))).distinct().count();
    }

    static Claim normative(String id) {
        return new Claim(Claim.Kind.NORMATIVE, id, false);
    }

    static Claim hostile(String id) {
        return new Claim(Claim.Kind.HOSTILE, id, false);
    }
}
