// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What a front-end can give this process: descriptors, and mappings of its memory. */
record OpenDescriptors(long descriptors, long mappings) {

    /** Those of this moment. */
    static OpenDescriptors now() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"));
                Stream<String> mapped = Files.lines(Path.of("/proc/self/maps"))) {
            List<String> kinds = open.map(OpenDescriptors::kind).toList();
            return new OpenDescriptors(
                    kinds.stream().filter(kind -> kind.matches("(socket:|anon_inode:|/memfd:|pipe:).*")).count(),
                    mapped.filter(line -> line.contains("memfd:vhost-user")).count());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String kind(Path entry) {
        try {
            return Files.readSymbolicLink(entry).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }
}
