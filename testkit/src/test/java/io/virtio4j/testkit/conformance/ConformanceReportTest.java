// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports on a small project with a ledger of its own. */
class ConformanceReportTest {

    private static final Promises NONE = new Promises(Set.of(), Set.of());

    private final Ledger ledger = Ledger.of(LedgerTest.DEVICE, LedgerTest.HOSTILE);

    @TempDir
    Path root;

    @BeforeEach
    void create_a_project_of_two_modules_and_a_directory_that_is_none() throws IOException {
        for (String module : List.of("", "core", "devices", "devices/disk")) {
            Files.createDirectories(root.resolve(module));
            Files.writeString(root.resolve(module).resolve("pom.xml"), "<project/>");
        }
        record("core", "ResetTest",
                evidence("ONE-1", Claim.Kind.NORMATIVE, "ResetTest", "starts_over", 1));
        record("devices/disk", "DiskTest",
                evidence("TWO-1", Claim.Kind.NORMATIVE, "DiskTest", "keeps", 1),
                evidence("XX-1", Claim.Kind.HOSTILE, "DiskTest", "survives_lies", 12),
                evidence("XX-1", Claim.Kind.HOSTILE, "DiskTest", "survives_more_lies", 30));
        record("elsewhere", "StrayTest",
                evidence("TWO-3", Claim.Kind.NORMATIVE, "StrayTest", "hums", 1));
    }

    @Test
    void the_page_shows_numbers_then_requirements_then_cases() throws IOException {
        List<String> wrong = ConformanceReport.write(root, ledger, NONE);

        assertEquals(List.of(), wrong);
        String text = Files.readString(page());
        assertEquals(expected(), text.substring(text.indexOf("## Modules, in numbers")));
    }

    @Test
    void an_unchanged_page_is_not_written_again() throws IOException {
        ConformanceReport.write(root, ledger, NONE);
        FileTime old = FileTime.fromMillis(0);
        Files.setLastModifiedTime(page(), old);

        ConformanceReport.write(root, ledger, NONE);

        assertEquals(old, Files.getLastModifiedTime(page()));
    }

    @Test
    void a_changed_page_is_written_again() throws IOException {
        ConformanceReport.write(root, ledger, NONE);
        String before = Files.readString(page());
        Files.writeString(page(), "stale");

        ConformanceReport.write(root, ledger, NONE);

        assertEquals(before, Files.readString(page()));
    }

    @Test
    void ids_the_ledger_does_not_hold_are_wrong() throws IOException {
        record("core", "ResetTest",
                evidence("ONE-9", Claim.Kind.NORMATIVE, "ResetTest", "starts_over", 1));

        assertEquals(
                List.of("a.b.ResetTest.starts_over carries @Normative(\"ONE-9\"), which the ledger"
                        + " does not hold: correct the id, or add a row to device.tsv."),
                ConformanceReport.write(root, ledger, NONE));
    }

    @Test
    void records_of_a_class_that_is_gone_do_not_count() throws IOException {
        ConformanceReport.write(root, ledger, NONE);
        String before = Files.readString(page());
        record("core", "GoneTest", evidence("ONE-2", Claim.Kind.NORMATIVE, "GoneTest", "a", 1));
        Files.delete(root.resolve("core/target/test-classes/a/b/GoneTest.class"));

        ConformanceReport.write(root, ledger, NONE);

        assertEquals(before, Files.readString(page()));
    }

    @Test
    void broken_promises_are_wrong() throws IOException {
        Promises promises = Promises.of("must core\nmust disk\nhostile disk\n", ledger);

        assertEquals(
                List.of("YY-1 is a hostile case of disk, which complete.txt promises to be"
                        + " complete, and no passing test carries @HostileCase(\"YY-1\"):"
                        + " Asks too much."),
                ConformanceReport.write(root, ledger, promises));
    }

    @Test
    void records_come_back_as_they_were_but_for_white_space() throws IOException {
        Evidence odd = new Evidence(
                new Claim(Claim.Kind.HOSTILE, "XX-2", true), "a.B", "a.C", "m", "two\twords\n",
                Outcome.ABORTED, 3);

        Evidence.write(root, "odd", List.of(odd));

        assertEquals(
                List.of(new Evidence(
                        odd.claim(), "a.B", "a.C", "m", "two words ", Outcome.ABORTED, 3)),
                Evidence.readAll(root, "odd"::equals));
    }

    private static String expected() throws IOException {
        try (InputStream in = ConformanceReportTest.class.getResourceAsStream("expected.md")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private Path page() {
        return root.resolve("docs").resolve("conformance.md");
    }

    private void record(String module, String test, Evidence... evidence) throws IOException {
        Path target = root.resolve(module).resolve("target");
        Path classes = target.resolve("test-classes").resolve("a").resolve("b");
        Files.createDirectories(classes);
        Files.write(classes.resolve(test + ".class"), new byte[0]);
        Evidence.write(target.resolve("conformance"), "a.b." + test, List.of(evidence));
    }

    private static Evidence evidence(
            String id, Claim.Kind kind, String test, String method, long instances) {
        Claim claim = new Claim(kind, id, false);
        String name = "a.b." + test;
        return new Evidence(claim, name, name, method, method + "()", Outcome.PASSED, instances);
    }
}
