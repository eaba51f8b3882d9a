// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Writes a line of {@code target/guest-results.tsv} for every test of a class that is extended with
 * it: test, transport, ring, queues, result, seconds. {@code guest-tests/run} makes the table. A
 * test that takes a {@link Row} parameter says there what it ran with.
 */
public final class GuestReport
    implements BeforeTestExecutionCallback, AfterTestExecutionCallback, ParameterResolver {

    private static final ExtensionContext.Namespace STORE =
        ExtensionContext.Namespace.create(GuestReport.class);

    /** What a test says of itself in the table. */
    public static final class Row {

        private String transport = "-";
        private String ring = "-";
        private String queues = "-";
        private String note = "";
        private long begin;

        /** Says which device was driven, for example {@code with("PCI", "packed", 4)}. */
        public void with(String transport, String ring, int queues) {
            this.transport = transport;
            this.ring = ring;
            this.queues = Integer.toString(queues);
        }

        /** Adds a figure or a remark to the result. */
        public void note(String note) {
            this.note = note;
        }

        List<String> cells(String test, boolean passed, long nanos) {
            return List.of(test, transport, ring, queues,
                (passed ? "passed" : "FAILED") + (note.isEmpty() ? "" : ": " + note),
                String.format(Locale.ROOT, "%.1f", nanos / 1e9));
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Row.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return row(context);
    }

    @Override
    public void beforeTestExecution(ExtensionContext context) {
        row(context).begin = System.nanoTime();
    }

    @Override
    public void afterTestExecution(ExtensionContext context) throws IOException {
        Row row = row(context);
        boolean passed = context.getExecutionException().isEmpty();
        append(Path.of("target", "guest-results.tsv"),
            row.cells(title(context), passed, System.nanoTime() - row.begin));
    }

    private static Row row(ExtensionContext context) {
        return context.getStore(STORE).computeIfAbsent(Row.class, unused -> new Row(), Row.class);
    }

    /** The class, the method as a sentence, and what tells one invocation from another. */
    private static String title(ExtensionContext context) {
        String type =
            context.getRequiredTestClass().getSimpleName().replaceAll("(Guest)?Test$", "");
        String method = context.getRequiredTestMethod().getName().replace('_', ' ');
        String display = context.getDisplayName();
        boolean repeated = !display.startsWith(context.getRequiredTestMethod().getName());
        return type + ": " + method
            + (repeated ? ", " + display.replaceAll("^\\[\\d+] |\"", "") : "");
    }

    static void append(Path file, List<String> cells) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        String line = cells.stream().map(cell -> cell.replaceAll("\\s+", " "))
            .collect(Collectors.joining("\t"));
        Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
