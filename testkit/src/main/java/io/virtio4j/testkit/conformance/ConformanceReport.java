// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes {@code docs/conformance.md} of a project from what its modules' tests recorded in
 * {@code target/conformance}, and says what is promised and not shown.
 */
public final class ConformanceReport {

    private static final String BUILD_FILE = "pom.xml";

    private ConformanceReport() {}

    /**
     * Writes the page of a project, prints what is wrong and ends with exit code 1 if anything is.
     *
     * @param args the project's root directory
     * @throws IOException if a record cannot be read or the page cannot be written
     */
    public static void main(String... args) throws IOException {
        if (args.length != 1 || !Files.isRegularFile(Path.of(args[0], BUILD_FILE))) {
            System.err.println("Give the project's root directory: the one with the topmost "
                    + BUILD_FILE + ".");
            System.exit(2);
            return;
        }
        List<String> wrong = write(Path.of(args[0]));
        wrong.forEach(System.err::println);
        if (!wrong.isEmpty()) {
            System.exit(1);
        }
    }

    /**
     * Writes the page of a project; a page that has not changed is left alone.
     *
     * @param root the project's root directory
     * @return what is wrong, a sentence each: an id that the ledger does not hold, or something
     *     that a module is promised to show and that no passing test shows; empty if nothing is
     *     wrong
     * @throws IOException if a record cannot be read or the page cannot be written
     */
    public static List<String> write(Path root) throws IOException {
        Ledger ledger = Ledger.shipped();
        return write(root, ledger, Promises.of(Ledger.resource("complete.txt"), ledger));
    }

    static List<String> write(Path root, Ledger ledger, Promises promises) throws IOException {
        SortedMap<String, List<Evidence>> byModule = new TreeMap<>();
        collect(root, root, byModule);
        Coverage coverage = new Coverage(byModule);
        Path page = root.resolve("docs").resolve("conformance.md");
        String text = ConformancePage.of(ledger, coverage);
        if (!Files.isRegularFile(page) || !Files.readString(page).equals(text)) {
            Files.createDirectories(page.getParent());
            Files.writeString(page, text);
        }
        List<String> wrong = new ArrayList<>(objections(ledger, byModule));
        wrong.addAll(promises.broken(ledger, coverage));
        return wrong;
    }

    private static List<String> objections(
            Ledger ledger, SortedMap<String, List<Evidence>> byModule) {
        return byModule.values().stream()
                .flatMap(List::stream)
                .map(e -> ledger.objection(e.testClass() + "." + e.method(), e.claim()))
                .filter(objection -> !objection.isEmpty())
                .toList();
    }

    /**
     * Walks the modules: directories with a build file, below one with a build file. Records of
     * test classes that are gone do not count.
     */
    private static void collect(
            Path root, Path directory, SortedMap<String, List<Evidence>> byModule)
            throws IOException {
        Path target = directory.resolve("target");
        Path classes = target.resolve("test-classes");
        List<Evidence> here = Evidence.readAll(target.resolve("conformance"), test ->
                Files.isRegularFile(classes.resolve(test.replace('.', '/') + ".class")));
        if (!here.isEmpty()) {
            byModule.put(root.relativize(directory).toString().replace('\\', '/'), here);
        }
        try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
            for (Path child : children) {
                if (Files.isRegularFile(child.resolve(BUILD_FILE))) {
                    collect(root, child, byModule);
                }
            }
        }
    }
}
