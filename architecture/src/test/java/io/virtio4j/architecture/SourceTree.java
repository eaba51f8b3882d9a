// SPDX-License-Identifier: Apache-2.0

package io.virtio4j.architecture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** The checked-out project, as the tests see it. */
final class SourceTree {

    static final Path ROOT = root();

    private static final Set<String> NOT_OURS = Set.of("target", ".git", ".idea", ".settings", ".vscode");

    private SourceTree() {}

    /** Returns every Java file, main and test, in the order of their paths. */
    static List<Path> javaFiles() {
        return files(path -> path.toString().endsWith(".java"));
    }

    /** Returns the files that belong to the project and match, without what a build has put there. */
    static List<Path> files(Predicate<Path> wanted) {
        List<Path> found = new ArrayList<>();
        try {
            Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    boolean skip = NOT_OURS.contains(String.valueOf(directory.getFileName()));
                    return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (attributes.isRegularFile() && wanted.test(file)) {
                        found.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        found.sort(null);
        return found;
    }

    static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /** Returns the path as the reader knows it: from the top of the project. */
    static String name(Path file) {
        return ROOT.relativize(file).toString();
    }

    private static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.exists(directory.resolve("architecture/pom.xml"))) {
            Path parent = directory.getParent();
            if (parent == null) {
                throw new IllegalStateException("not below the project: start=" + Path.of("").toAbsolutePath());
            }
            directory = parent;
        }
        return directory;
    }
}
