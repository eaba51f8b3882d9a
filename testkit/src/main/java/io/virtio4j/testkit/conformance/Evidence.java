// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/**
 * What one test did about one claim. The lines of a module's {@code target/conformance/*.tsv}.
 *
 * @param claim what the test claims
 * @param testClass the binary name of the class that ran
 * @param declaringClass the binary name of the class that declares the method: of a contract, it
 *     differs
 * @param method the method's name
 * @param displayName the test's display name
 * @param outcome how the test ended, over all its invocations
 * @param instances the number of invocations, or of cases where the test counts them itself
 */
record Evidence(
        Claim claim,
        String testClass,
        String declaringClass,
        String method,
        String displayName,
        Outcome outcome,
        long instances) {

    private static final List<String> COLUMNS = List.of(
            "kind", "id", "scope",
            "class", "declared", "method", "display",
            "outcome", "instances");
    private static final String SUFFIX = ".tsv";

    private static final Comparator<Evidence> ORDER = Comparator
            .comparing((Evidence e) -> e.claim().kind())
            .thenComparing(e -> e.claim().id())
            .thenComparing(Evidence::testClass)
            .thenComparing(Evidence::method)
            .thenComparing(Evidence::displayName);

    boolean passed() {
        return outcome == Outcome.PASSED;
    }

    /** Writes a file of the directory anew, sorted; without evidence, removes it. */
    static void write(Path directory, String name, List<Evidence> evidence) throws IOException {
        Path file = directory.resolve(name + SUFFIX);
        if (evidence.isEmpty()) {
            Files.deleteIfExists(file);
            return;
        }
        StringBuilder text = new StringBuilder(TabSeparated.line(COLUMNS));
        evidence.stream().sorted(ORDER).forEach(e -> text.append(TabSeparated.line(e.cells())));
        Files.createDirectories(directory);
        Files.writeString(file, text);
    }

    /**
     * Reads the files of a directory; of one that does not exist, nothing.
     *
     * @param wanted says which, by the name they were written under
     */
    static List<Evidence> readAll(Path directory, Predicate<String> wanted) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        List<Evidence> all = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                if (wanted.test(name.substring(0, name.length() - SUFFIX.length()))) {
                    all.addAll(TabSeparated.parse(
                            file.toString(), COLUMNS, Files.readString(file), Evidence::ofCells));
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        all.sort(ORDER);
        return all;
    }

    private List<String> cells() {
        return List.of(
                claim.kind().name(),
                claim.id(),
                claim.ofClass() ? "class" : "method",
                testClass,
                declaringClass,
                method,
                displayName.isBlank() ? method : displayName,
                outcome.name(),
                Long.toString(instances));
    }

    private static Evidence ofCells(List<String> cells) {
        Claim claim = new Claim(
                Claim.Kind.valueOf(cells.get(0)), cells.get(1), cells.get(2).equals("class"));
        return new Evidence(
                claim,
                cells.get(3),
                cells.get(4),
                cells.get(5),
                cells.get(6),
                Outcome.valueOf(cells.get(7)),
                Long.parseLong(cells.get(8)));
    }
}
