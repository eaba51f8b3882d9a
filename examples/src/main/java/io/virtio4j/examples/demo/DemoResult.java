// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.queue.RingFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A row of the table. */
record DemoResult(
        String device,
        DemoTransport transport,
        RingFormat ring,
        RunLog log,
        Duration time) {

    private static final String FORMAT = "%-7s %-10s %-7s %10s %11s %8s %7s  %s";
    private static final int FEATURES_WIDTH = 58;

    /** The table, line by line. */
    static List<String> table(List<DemoResult> results) {
        List<String> lines = new ArrayList<>();
        lines.add(FORMAT.formatted("device", "transport", "ring", "operations", "bytes", "time", "errors",
                "features negotiated"));
        for (DemoResult result : results) {
            List<String> features = Text.wrap(result.log.features(), FEATURES_WIDTH);
            lines.add(FORMAT.formatted(
                    result.device, DemoOptions.name(result.transport), DemoOptions.name(result.ring),
                    Text.count(result.log.operations()), Text.bytes(result.log.bytes()),
                    Text.seconds(result.time), Text.count(result.log.errors()), features.getFirst()));
            for (String more : features.subList(1, features.size())) {
                lines.add(FORMAT.formatted("", "", "", "", "", "", "", more));
            }
        }
        return lines;
    }

    /** The row in a sentence. */
    String summary(String title) {
        return "%s  %s, %s operations, %s, %s".formatted(title, log.errors() == 0 ? "ok" : "FAILED",
                Text.count(log.operations()), Text.bytes(log.bytes()), Text.seconds(time));
    }
}
