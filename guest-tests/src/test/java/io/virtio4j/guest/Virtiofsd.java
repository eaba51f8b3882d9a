// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** The file system device of others, virtiofsd: a process beside the guest. */
record Virtiofsd(Process process) implements AutoCloseable {

    /**
     * Starts it, in the prepared tree, and waits until it listens.
     *
     * @param socket its name in the shared directory
     * @param directory what it serves, by its name for QEMU
     */
    static Virtiofsd start(SharedDirectory shared, String socket, String directory, String... options)
        throws IOException {
        File log = new File("target/guest-logs/virtiofsd-" + socket + ".log");
        log.getParentFile().mkdirs();
        List<String> command = new ArrayList<>(List.of("chroot", shared.tree().toString(), "/usr/libexec/virtiofsd",
            "--socket-path=" + shared.inside(socket), "--shared-dir=" + directory, "--sandbox=none",
            "--xattr", "--inode-file-handles=never"));
        command.addAll(List.of(options));
        Files.deleteIfExists(log.toPath());
        Process process = new ProcessBuilder(command).redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.to(log)).start();
        while (!Files.readString(log.toPath()).contains("Waiting for vhost-user socket connection")) {
            if (!process.isAlive()) {
                throw new IOException("virtiofsd did not start: log=" + log + " " + Files.readString(log.toPath()));
            }
            LockSupport.parkNanos(10_000_000);
        }
        return new Virtiofsd(process);
    }

    /** Whether it still runs, or has ended as it does when its front-end leaves. */
    boolean healthy() {
        return process.isAlive() || process.exitValue() == 0;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
