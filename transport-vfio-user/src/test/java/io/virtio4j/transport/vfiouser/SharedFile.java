// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.LinuxFile;
import io.virtio4j.host.linux.Mapping;
import io.virtio4j.host.linux.Seal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** A client's memory: a file that can be sent, and the client's own view of it. */
final class SharedFile implements AutoCloseable {

    static final int PAGE = 4096;
    private static final String NAME = "virtio4j-vfio-user-test";

    final LinuxFile file;
    private final Mapping mapping;

    private SharedFile(LinuxFile file, long size) throws IOException {
        this.file = file;
        mapping = Mapping.shared(file.descriptor(), 0, size, Mapping.Access.READ_WRITE);
    }

    /** A memory file that cannot become shorter. */
    static SharedFile sealed(long size) {
        return memory(size, Seal.SHRINK);
    }

    /** A memory file that can. */
    static SharedFile unsealed(long size) {
        return memory(size);
    }

    static SharedFile memory(long size, Seal... seals) {
        try {
            LinuxFile file = LinuxFile.memory(NAME, size);
            SharedFile made = new SharedFile(file, size);
            file.seal(seals);
            return made;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    FileDescriptor descriptor() {
        return file.descriptor();
    }

    MemorySegment segment() {
        return mapping.segment();
    }

    /** How often this process has such files mapped. */
    static long mappings() {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains(NAME)).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        mapping.close();
        file.close();
    }
}
