// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The passt of the Debian tree, as a process of this machine: it shuts itself in, which it cannot do in a changed
 * root directory.
 */
final class Passt implements AutoCloseable {

    private static final String LIBRARIES = "usr/lib/x86_64-linux-gnu";

    private final Process process;
    private final Path log;

    private Passt(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Starts passt with a socket in the shared directory, to which one network can connect. */
    static Passt start(SharedDirectory shared, String socket, String... options) throws IOException {
        Path tree = shared.tree();
        Path log = Files.createDirectories(Path.of("target", "guest-logs")).resolve("passt.log").toAbsolutePath();
        List<String> command = new ArrayList<>(List.of(
            tree.resolve("usr/lib64/ld-linux-x86-64.so.2").toString(),
            "--library-path", tree.resolve(LIBRARIES).toString(), tree.resolve("usr/bin/passt").toString(),
            "--foreground", "--one-off", "--socket", shared.path(socket).toString()));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        return new Passt(process, log);
    }

    /** What it said. */
    String log() throws IOException {
        return Files.readString(log);
    }

    boolean alive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        process.destroy();
    }
}
