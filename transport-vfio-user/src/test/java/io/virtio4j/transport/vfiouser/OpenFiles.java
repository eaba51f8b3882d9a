// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** How many descriptors of each kind that a client can send are open in this process. */
final class OpenFiles {

    private OpenFiles() {}

    static Map<String, Integer> now() {
        Map<String, Integer> counts = new TreeMap<>();
        try (var entries = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path entry : entries) {
                String kind = kind(entry);
                if (kind.matches("(socket|anon_inode|/memfd|pipe).*")) {
                    counts.merge(kind.replaceAll(":.*", ""), 1, Integer::sum);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return counts;
    }

    /** What is left when some of a kind were closed. */
    static Map<String, Integer> without(Map<String, Integer> before, String kind, int closed) {
        Map<String, Integer> left = new TreeMap<>(before);
        left.merge(kind, -closed, Integer::sum);
        left.values().removeIf(count -> count == 0);
        return left;
    }

    private static String kind(Path entry) {
        try {
            return Files.readSymbolicLink(entry).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }
}
