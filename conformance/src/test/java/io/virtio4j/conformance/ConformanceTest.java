// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.conformance.ConformanceReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConformanceTest {

    @Test
    void the_page_is_written_and_every_promise_of_completeness_is_kept() throws IOException {
        Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();

        List<String> wrong = ConformanceReport.write(module.getParent());

        assertTrue(wrong.isEmpty(), () -> String.join("\n", wrong));
    }
}
