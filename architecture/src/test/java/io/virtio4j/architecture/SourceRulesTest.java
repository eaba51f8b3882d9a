// SPDX-License-Identifier: Apache-2.0

package io.virtio4j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The rules of docs/contributing.md that a machine can check. */
class SourceRulesTest {

    private static final String LICENSE = "// SPDX-License-Identifier: Apache-2.0";
    private static final int MAX_LINES = 600;
    /** The style is 100; what is meant to be read as a table may be wider, up to here. */
    private static final int MAX_COLUMNS = 120;

    /** Holds tests that only another test runs. */
    private static final Set<String> SAMPLES = Set.of("SampleTests.java");

    /** Names that say nothing about what a type is for. */
    private static final Pattern EMPTY_NAME =
            Pattern.compile("Abstract.*|.*(Util|Utils|Helper|Helpers|Manager|Impl|Base|Common)");

    private static final Pattern LEFT_FOR_LATER = Pattern.compile("\\b(TO" + "DO|FIX" + "ME)\\b");
    private static final Pattern WILDCARD_IMPORT = Pattern.compile("import .*\\*;");
    private static final Pattern TEST_METHOD =
            Pattern.compile("\\s*@(Test|ParameterizedTest|RepeatedTest|TestFactory)\\b.*");

    @Test
    void there_are_files_to_check() {
        assertFalse(SourceTree.javaFiles().isEmpty());
    }

    @Test
    void every_file_starts_with_the_license() {
        assertNoFile(file -> !SourceTree.lines(file).getFirst().equals(LICENSE));
    }

    @Test
    void no_file_is_longer_than_600_lines() {
        assertNoFile(file -> SourceTree.lines(file).size() > MAX_LINES);
    }

    @Test
    void no_line_is_too_wide_or_indented_with_tabs_or_ends_in_spaces() {
        assertNoLine(line -> line.length() > MAX_COLUMNS
                || line.indexOf('\t') >= 0
                || line.endsWith(" "));
    }

    @Test
    void nothing_is_left_for_later() {
        assertNoLine(line -> LEFT_FOR_LATER.matcher(line).find());
    }

    @Test
    void imports_name_one_type_each() {
        assertNoLine(WILDCARD_IMPORT.asMatchPredicate());
    }

    @Test
    void every_package_of_main_code_is_null_marked() {
        TreeSet<String> unmarked = new TreeSet<>();
        for (Path file : SourceTree.javaFiles()) {
            if (isMain(file) && !file.endsWith("module-info.java")) {
                Path description = file.resolveSibling("package-info.java");
                if (!Files.exists(description)
                        || SourceTree.lines(description).stream().noneMatch(line -> line.endsWith("@NullMarked")
                                || line.endsWith("@org.jspecify.annotations.NullMarked"))) {
                    unmarked.add(SourceTree.name(file.getParent()));
                }
            }
        }
        assertEquals("", String.join("\n", unmarked));
    }

    @Test
    void types_are_named_for_what_they_are() {
        TreeSet<String> empty = new TreeSet<>();
        for (BuiltModule module : BuiltModule.all()) {
            for (CompiledClass type : module.classes()) {
                if (EMPTY_NAME.matcher(type.simpleName()).matches()) {
                    empty.add(type.name());
                }
            }
        }
        assertEquals("", String.join("\n", empty));
    }

    @Test
    void test_classes_are_named_so_that_the_build_runs_them() {
        assertNoFile(file -> !isMain(file)
                && !file.toString().endsWith("Test.java")
                && !SAMPLES.contains(String.valueOf(file.getFileName()))
                && SourceTree.lines(file).stream().noneMatch(line -> line.startsWith("@interface "))
                && SourceTree.lines(file).stream().anyMatch(TEST_METHOD.asMatchPredicate()));
    }

    private static boolean isMain(Path file) {
        return SourceTree.name(file).contains("src/main/");
    }

    private static void assertNoFile(Predicate<Path> wrong) {
        List<String> found = SourceTree.javaFiles().stream()
                .filter(wrong)
                .map(SourceTree::name)
                .toList();
        assertEquals("", String.join("\n", found));
    }

    private static void assertNoLine(Predicate<String> wrong) {
        List<String> found = new ArrayList<>();
        for (Path file : SourceTree.javaFiles()) {
            List<String> lines = SourceTree.lines(file);
            for (int i = 0; i < lines.size(); i++) {
                if (wrong.test(lines.get(i))) {
                    found.add(SourceTree.name(file) + ":" + (i + 1) + ": " + lines.get(i));
                }
            }
        }
        assertEquals("", String.join("\n", found));
    }
}
