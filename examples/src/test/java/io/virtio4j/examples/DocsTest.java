// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The documents quote code that is compiled and run. A line {@code <!-- example: path#tag -->} says that
 * the code block after it is what stands in the file at {@code path}, from the top of the project, between
 * the lines {@code // tag::tag[]} and {@code // end::tag[]}, without the indentation that all of them have.
 */
class DocsTest {

    private static final Pattern MARK = Pattern.compile("<!-- example: (\\S+)#(\\S+) -->");
    private static final Pattern TAG = Pattern.compile("// tag::(\\S+)\\[\\]");

    /** Examples for a first look fit on a screen. */
    private static final int MOST_LINES = 15;

    private static final Path TOP = top();

    private static Path top() {
        Path path = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(path.resolve("docs"))) {
            path = path.getParent();
        }
        return path;
    }

    private record Quote(Path document, int line, String path, String tag, List<String> code) {

        @Override
        public String toString() {
            return TOP.relativize(document) + ":" + line + " quotes " + path + "#" + tag;
        }
    }

    @TestFactory
    Stream<DynamicTest> every_quoted_example_is_what_is_compiled() {
        return quotes().stream().map(quote -> DynamicTest.dynamicTest(quote.toString(), () ->
                assertEquals(
                        String.join("\n", tagged(TOP.resolve(quote.path), quote.tag)),
                        String.join("\n", quote.code),
                        "copy the tagged lines of the source into the document")));
    }

    @Test
    void there_are_quotes() {
        assertFalse(quotes().isEmpty());
    }

    @Test
    void examples_for_a_first_look_are_short() {
        for (Path source : files(TOP.resolve("examples/src/main/java/io/virtio4j/examples"), ".java")) {
            Matcher found = TAG.matcher(String.join("\n", lines(source)));
            while (found.find()) {
                int count = tagged(source, found.group(1)).size();
                assertTrue(count <= MOST_LINES, source + "#" + found.group(1) + " has " + count + " lines");
            }
        }
    }

    // ── Documents ──────────────────────────────────────────────────────────

    private static List<Quote> quotes() {
        List<Quote> quotes = new ArrayList<>();
        List<Path> documents = new ArrayList<>(files(TOP.resolve("docs"), ".md"));
        documents.addAll(Stream.of("README.md").map(TOP::resolve).filter(Files::exists).toList());
        documents.forEach(document -> addQuotes(document, quotes));
        return quotes;
    }

    private static void addQuotes(Path document, List<Quote> quotes) {
        List<String> lines = lines(document);
        for (int i = 0; i < lines.size(); i++) {
            Matcher mark = MARK.matcher(lines.get(i));
            if (mark.matches()) {
                assertTrue(i + 1 < lines.size() && lines.get(i + 1).startsWith("```"),
                        document + ":" + (i + 1) + ": a code block has to follow at once");
                int end = i + 2;
                while (!lines.get(end).equals("```")) {
                    end++;
                }
                quotes.add(new Quote(
                        document, i + 1, mark.group(1), mark.group(2), lines.subList(i + 2, end)));
            }
        }
    }

    // ── Sources ────────────────────────────────────────────────────────────

    private static List<String> tagged(Path source, String tag) {
        assertTrue(Files.exists(source), "there is no such file: " + source);
        List<String> lines = lines(source);
        int start = position(lines, "// tag::" + tag + "[]", source);
        int end = position(lines, "// end::" + tag + "[]", source);
        return String.join("\n", lines.subList(start + 1, end)).stripIndent().lines().toList();
    }

    private static int position(List<String> lines, String mark, Path source) {
        List<String> stripped = lines.stream().map(String::strip).toList();
        int position = stripped.indexOf(mark);
        assertTrue(position >= 0 && position == stripped.lastIndexOf(mark),
                source + " has to have the line once: " + mark);
        return position;
    }

    private static List<Path> files(Path directory, String suffix) {
        try (Stream<Path> walk = Files.walk(directory)) {
            return walk.filter(path -> path.toString().endsWith(suffix)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
