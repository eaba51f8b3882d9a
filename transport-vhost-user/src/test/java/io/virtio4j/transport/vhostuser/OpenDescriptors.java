// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** What a front-end can give this process: descriptors, and mappings of its memory. */
record OpenDescriptors(long descriptors, long mappings) {

    private static final long PATIENCE_NANOS = 20_000_000_000L;

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

    /** Waits until it is as at this moment: memory that was in use is unmapped by another thread. */
    void awaitAgain() {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!now().equals(this) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        assertEquals(this, now());
    }

    private static String kind(Path entry) {
        try {
            return Files.readSymbolicLink(entry).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }
}
