// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Says what is being tested, and writes a line of {@code target/guest-results.tsv} for every test of a
 * class that is extended with it; {@code guest-tests/run} makes the tables. A test that takes a {@link
 * Row} parameter says there what it ran with.
 */
public final class GuestReport
    implements BeforeTestExecutionCallback, AfterTestExecutionCallback, ParameterResolver {

    /** The columns of the file. */
    static final List<String> COLUMNS = List.of("test", "device", "transport", "ring", "queues",
        "operations", "bytes", "errors", "result", "seconds", "features negotiated");

    private static final ExtensionContext.Namespace STORE =
        ExtensionContext.Namespace.create(GuestReport.class);
    private static final String NONE = "-";
    private static final long START = System.nanoTime();
    private static final boolean STEPS = Boolean.getBoolean("virtio4j.guest.steps");

    /** What a test says of itself in the table. */
    public static final class Row {

        private String device = NONE;
        private String transport = NONE;
        private String ring = NONE;
        private String queues = NONE;
        private String features = NONE;
        private String note = "";
        private String failure = "";
        private final List<ServedDevice> devices = new ArrayList<>();
        private long begin;

        /** Says which device was driven, for example {@code with("PCI", "packed", 4)}. */
        public void with(String transport, String ring, int queues) {
            this.transport = transport;
            this.ring = ring;
            this.queues = Integer.toString(queues);
        }

        /** Shows a device of ours that a driver has begun to use, and what it counts until the end. */
        void shows(ServedDevice shown) {
            Wiring wiring = shown.wiring();
            if (devices.isEmpty()) {
                device = shown.type();
                with(wiring.bus().toString(), name(wiring.ring()), wiring.queues());
                features = String.join(" ", shown.acceptedNames());
            } else if (devices.stream().noneMatch(other -> other.wiring().equals(wiring))) {
                transport += "+" + wiring.bus();
                ring += "+" + name(wiring.ring());
                queues += "+" + wiring.queues();
            }
            if (!devices.contains(shown)) {
                devices.add(shown);
            }
        }

        private static String name(Enum<?> value) {
            return value.toString().toLowerCase(Locale.ROOT);
        }

        /** Adds a figure or a remark to the result. */
        public void note(String note) {
            this.note = note;
        }

        /** Says what the test does now, for those who watch. */
        public void step(String what) {
            if (STEPS) {
                say("    " + what);
            }
        }

        private String sum(ToLongFunction<ServedDevice> count) {
            return devices.isEmpty() ? NONE : Long.toString(devices.stream().mapToLong(count).sum());
        }

        List<String> cells(String test, boolean passed, long nanos) {
            String remark = passed ? note : failure;
            return List.of(test, device, transport, ring, queues, sum(ServedDevice::operations),
                sum(ServedDevice::bytes), sum(ServedDevice::errors),
                (passed ? "passed" : "FAILED") + (remark.isEmpty() ? "" : ": " + remark),
                String.format(Locale.ROOT, "%.1f", nanos / 1e9), features);
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
        say(method(context) + arguments(context));
    }

    @Override
    public void afterTestExecution(ExtensionContext context) throws IOException {
        Row row = row(context);
        Optional<Throwable> failure = context.getExecutionException();
        boolean passed = failure.isEmpty();
        row.failure = failure.map(Throwable::toString).flatMap(text -> text.lines().findFirst())
            .map(line -> line.replace('\t', ' ')).orElse("");
        failure.ifPresent(thrown -> say("    " + row.failure));
        long nanos = System.nanoTime() - row.begin;
        append(Path.of("target", "guest-results.tsv"), row.cells(title(context, row), passed, nanos));
        say("    %s after %.1f s: %s%s".formatted(passed ? "passed" : "FAILED", nanos / 1e9, method(context),
            arguments(context)));
    }

    private static void say(String what) {
        System.out.printf(Locale.ROOT, "%5d s  %s%n", (System.nanoTime() - START) / 1_000_000_000, what);
    }

    private static Row row(ExtensionContext context) {
        return context.getStore(STORE).computeIfAbsent(Row.class, unused -> new Row(), Row.class);
    }

    /** The class, the method as a sentence, and what tells one invocation from another. */
    private static String title(ExtensionContext context, Row row) {
        String type =
            context.getRequiredTestClass().getSimpleName().replaceAll("(Guest)?Test$", "");
        List<String> columns = List.of(row.transport, row.ring, row.queues);
        String others = arguments(context).lines()
            .flatMap(line -> List.of(line.split(", ")).stream())
            .filter(argument -> columns.stream().noneMatch(argument::equalsIgnoreCase))
            .collect(Collectors.joining(", "));
        return type + ": " + method(context) + others;
    }

    private static String method(ExtensionContext context) {
        return context.getRequiredTestMethod().getName().replace('_', ' ');
    }

    /** What a parameterized test was given, after a comma. */
    private static String arguments(ExtensionContext context) {
        String display = context.getDisplayName();
        boolean repeated = !display.startsWith(context.getRequiredTestMethod().getName());
        return repeated ? ", " + display.replaceAll("^\\[\\d+] |\"|\\b\\w+ = ", "") : "";
    }

    static void append(Path file, List<String> cells) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        String line = cells.stream().map(cell -> cell.replaceAll("\\s+", " ")).collect(Collectors.joining("\t"));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            channel.lock(); // until it is closed: other processes run tests too
            String header = channel.size() == 0 ? String.join("\t", COLUMNS) + "\n" : "";
            ByteBuffer text = ByteBuffer.wrap((header + line + "\n").getBytes(StandardCharsets.UTF_8));
            while (text.hasRemaining()) {
                channel.write(text);
            }
        }
    }
}
