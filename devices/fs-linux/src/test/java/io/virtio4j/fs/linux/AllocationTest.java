// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.fs.backend.DataSource;
import io.virtio4j.fs.backend.DataTarget;
import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsCreated;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.testkit.AllocationCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Data is moved between memory and a file of the host without an object. */
@EnabledOnOs(OS.LINUX)
class AllocationTest {
    private static final int BYTES = 16_384;

    @TempDir
    Path directory;

    private final MemorySegment memory = Arena.ofAuto().allocate(BYTES).fill((byte) 5);
    private HostDirectory backend;
    private FsNode root;
    private FsNode node;
    private FsFile file;

    @BeforeEach
    void open() throws IOException {
        backend = HostDirectory.open(directory);
        root = backend.root();
        FsCreated created = root.create(Caller.ROOT, FsName.of("file"), 0600, OpenFlags.READ_AND_WRITE,
                new FsAttributes());
        node = created.node();
        file = created.file();
    }

    @AfterEach
    void close() {
        file.release();
        node.release();
        root.release();
        backend.close();
    }

    @Test
    void writing() {
        AllocationCheck.assertAllocatesNothing(count -> {
            DataSource[] sources = new DataSource[count];
            for (int i = 0; i < count; i++) {
                sources[i] = DataSource.of(memory);
            }
            long bytes = AllocationCheck.bytesOf(() -> {
                for (DataSource source : sources) {
                    write(source);
                }
            });
            assertEquals(BYTES, sources[count - 1].position());
            return bytes;
        });
    }

    private void write(DataSource source) {
        try {
            file.write(4096, source, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void reading() {
        write(DataSource.of(memory));
        AllocationCheck.assertAllocatesNothing(count -> {
            DataTarget[] targets = new DataTarget[count];
            for (int i = 0; i < count; i++) {
                targets[i] = DataTarget.of(memory);
            }
            long bytes = AllocationCheck.bytesOf(() -> {
                for (DataTarget target : targets) {
                    read(target);
                }
            });
            assertEquals(BYTES, targets[count - 1].position());
            return bytes;
        });
    }

    private void read(DataTarget target) {
        try {
            file.read(4096, target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
