// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * A new directory that this process and QEMU both see, for sockets and disk images. QEMU runs with
 * the Debian tree as its root directory, so a file has two names. Closing deletes the directory and
 * what is in it.
 */
public final class SharedDirectory implements AutoCloseable {

    /** The longest path that fits in the address of a Unix socket. */
    private static final int SOCKET_PATH_MAX = 107;
    /** The longest name that a socket in this directory may have. */
    private static final int SOCKET_NAME_MAX = 20;

    private final Path tree;
    private final Path directory;

    private SharedDirectory(Path tree, Path directory) {
        this.tree = tree;
        this.directory = directory;
    }

    /** Makes a directory inside the prepared Debian tree. */
    public static SharedDirectory create() {
        return create(GuestImages.prepared().tree());
    }

    static SharedDirectory create(Path tree) {
        try {
            Path directory = Files.createTempDirectory(tree.resolve("tmp"), "v4j-");
            int length = directory.toString().length() + 1 + SOCKET_NAME_MAX;
            if (length > SOCKET_PATH_MAX) {
                Files.delete(directory);
                throw new IllegalStateException("sockets in this tree would have too long a path, "
                    + "prepare the guest in a directory with a shorter name: tree=" + tree
                    + " length=" + length + " limit=" + SOCKET_PATH_MAX);
            }
            return new SharedDirectory(tree, directory);
        } catch (IOException failure) {
            throw new UncheckedIOException("no directory for QEMU: tree=" + tree, failure);
        }
    }

    Path tree() {
        return tree;
    }

    /** The file's name for this process. */
    public Path path(String name) {
        return directory.resolve(name);
    }

    /** The same file's name for QEMU: for its arguments. */
    public String inside(String name) {
        return "/" + tree.relativize(path(name));
    }

    /** Runs a program of the Debian tree that must succeed, and returns its output. */
    public String run(String... command) {
        List<String> whole = new ArrayList<>(List.of("chroot", tree.toString(),
            "/usr/bin/env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"));
        whole.addAll(List.of(command));
        try {
            Process process = new ProcessBuilder(whole).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int status = process.waitFor();
            if (status != 0) {
                throw new GuestFailure("command failed on the host: status=" + status + " command="
                    + String.join(" ", command) + "\n" + output);
            }
            return output;
        } catch (IOException failure) {
            throw new UncheckedIOException("command not run on the host", failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", interrupted);
        }
    }

    @Override
    public void close() {
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                    throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, IOException failure)
                    throws IOException {
                    Files.delete(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException failure) {
            throw new UncheckedIOException("directory not deleted: path=" + directory, failure);
        }
    }
}
