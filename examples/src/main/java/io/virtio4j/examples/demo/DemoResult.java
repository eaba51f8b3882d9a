// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.queue.RingFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

/** A row of the table. */
record DemoResult(
        String device,
        DemoTransport transport,
        RingFormat ring,
        RunLog log,
        Duration time) {

    private static final int WIDTH = 80;
    private static final String WHO = "%-8s %-10s %-7s ";
    private static final int WHO_WIDTH = 28;
    private static final String FIGURES = "%10s %11s %8s %7s";

    /** The table, line by line, for terminals of 80 columns. */
    static List<String> table(List<DemoResult> results) {
        List<String> lines = new ArrayList<>();
        lines.add(WHO.formatted("device", "transport", "ring")
                + FIGURES.formatted("operations", "bytes", "time", "errors"));
        for (DemoResult result : results) {
            lines.add(result.who(DemoOptions.name(result.transport)) + FIGURES.formatted(
                    Text.count(result.log.operations()), Text.bytes(result.log.bytes()),
                    Text.seconds(result.time), Text.count(result.log.errors())));
        }
        lines.add("");
        lines.add(WHO.formatted("device", "transport", "ring") + "features negotiated");
        results.stream()
                .collect(Collectors.groupingBy(
                        result -> List.of(result.device, result.ring, result.log.features()),
                        LinkedHashMap::new, Collectors.toList()))
                .values().forEach(alike -> addFeatures(alike, lines));
        return lines;
    }

    /** What was negotiated is mostly the same on all transports: then it is told once. */
    private static void addFeatures(List<DemoResult> alike, List<String> lines) {
        DemoResult first = alike.getFirst();
        String who = first.who(alike.stream()
                .map(result -> DemoOptions.name(result.transport)).collect(Collectors.joining(", ")));
        for (String features : Text.wrap(first.log.features(), WIDTH - WHO_WIDTH)) {
            lines.add(who + features);
            who = " ".repeat(WHO_WIDTH);
        }
    }

    private String who(String transports) {
        return WHO.formatted(device, transports, DemoOptions.name(ring));
    }

    /** The row in a sentence. */
    String summary(String title) {
        return "%s  %s, %s operations, %s, %s".formatted(title, log.errors() == 0 ? "ok" : "FAILED",
                Text.count(log.operations()), Text.bytes(log.bytes()), Text.seconds(time));
    }
}
