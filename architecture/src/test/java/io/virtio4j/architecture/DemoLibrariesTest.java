// SPDX-License-Identifier: Apache-2.0

package io.virtio4j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The libraries that {@code ./demo} is built with are those that the build has resolved. */
class DemoLibrariesTest {

    private static final Path LIB = SourceTree.ROOT.resolve("lib");

    @Test
    void every_library_is_the_one_that_the_build_uses_byte_for_byte() throws IOException {
        List<Path> resolved = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .toList();
        List<String> strangers = new ArrayList<>();
        for (Path library : libraries()) {
            if (resolved.stream().noneMatch(jar -> isSame(jar, library))) {
                strangers.add(library.getFileName().toString());
            }
        }
        assertEquals(List.of(), strangers);
    }

    @Test
    void checksums_are_those_of_the_libraries() throws IOException, NoSuchAlgorithmException {
        List<String> checksums = new ArrayList<>();
        for (Path library : libraries()) {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(library));
            checksums.add(HexFormat.of().formatHex(digest) + "  " + library.getFileName());
        }
        assertEquals(checksums, SourceTree.lines(LIB.resolve("SHA256SUMS")));
    }

    private static List<Path> libraries() {
        List<Path> libraries = SourceTree.files(
                path -> path.getParent().equals(LIB) && path.toString().endsWith(".jar"));
        assertFalse(libraries.isEmpty());
        return libraries;
    }

    private static boolean isSame(Path resolved, Path library) {
        try {
            return resolved.endsWith(library.getFileName()) && Files.mismatch(resolved, library) < 0;
        } catch (IOException e) {
            throw new IllegalStateException("cannot compare " + resolved + " with " + library, e);
        }
    }
}
