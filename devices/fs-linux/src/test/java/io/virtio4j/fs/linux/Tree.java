// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.fs.backend.DataSource;
import io.virtio4j.fs.backend.DataTarget;
import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsCaller;
import io.virtio4j.fs.backend.FsCreated;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.junit.jupiter.api.function.Executable;

/** What a device does with a backend, shortly. */
final class Tree {
    private Tree() {}

    static FsNode find(FsNode directory, String name) throws IOException {
        return Objects.requireNonNull(directory.lookup(Caller.ROOT, FsName.of(name), new FsAttributes()), name);
    }

    static boolean has(FsNode directory, String name) throws IOException {
        FsNode node = directory.lookup(Caller.ROOT, FsName.of(name), new FsAttributes());
        if (node != null) {
            node.release();
        }
        return node != null;
    }

    static FsAttributes attributes(FsNode node) throws IOException {
        FsAttributes attributes = new FsAttributes();
        node.attributes(attributes);
        return attributes;
    }

    /** Creates a file with a content, as somebody. */
    static void create(FsNode directory, FsCaller caller, String name, int mode, String content)
            throws IOException {
        FsCreated created = directory.create(caller, FsName.of(name), mode, OpenFlags.READ_AND_WRITE,
                new FsAttributes());
        try {
            write(created.file(), 0, content, false);
        } finally {
            created.file().release();
            created.node().release();
        }
    }

    static long write(FsFile file, long offset, String text, boolean dropPrivileges) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            DataSource source = DataSource.of(arena.allocateFrom(text, UTF_8).asSlice(0, text.length()));
            file.write(offset, source, dropPrivileges);
            return source.position();
        }
    }

    static String read(FsFile file, long offset) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(256);
            DataTarget target = DataTarget.of(memory);
            file.read(offset, target);
            return UTF_8.decode(memory.asSlice(0, target.position()).asByteBuffer()).toString();
        }
    }

    static String read(FsNode node) throws IOException {
        FsFile file = node.open(Caller.ROOT, OpenFlags.READ);
        try {
            return read(file, 0);
        } finally {
            file.release();
        }
    }

    static void assertError(FsErrno expected, Executable executable) {
        assertEquals(expected.number(), assertThrows(FsException.class, executable).number());
    }
}
