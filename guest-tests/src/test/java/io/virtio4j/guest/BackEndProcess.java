// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process of its own that serves devices of ours, so that it can be killed. */
final class BackEndProcess implements AutoCloseable {

    private final List<String> command;
    private final File log;
    private Process process;

    private BackEndProcess(List<String> command, File log) throws IOException {
        this.command = command;
        this.log = log;
        this.process = start();
    }

    /** Starts a program whose first line of output says that it serves. */
    static BackEndProcess start(Class<?> program, String... arguments) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(java, "--enable-native-access=ALL-UNNAMED", "-Xmx256m",
            "-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(List.of(arguments));
        File log = new File("target/guest-logs/" + program.getSimpleName() + ".log");
        log.getParentFile().mkdirs();
        return new BackEndProcess(command, log);
    }

    private Process start() throws IOException {
        Process starting = new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(log)).start();
        String line = starting.inputReader().readLine();
        if (line == null) {
            throw new IOException("back-end did not start: log=" + log);
        }
        return starting;
    }

    /** Ends the process at once, and starts another. */
    void killAndRestart() throws IOException {
        process.destroyForcibly();
        awaitEnd();
        process = start();
    }

    boolean alive() {
        return process.isAlive();
    }

    private void awaitEnd() {
        try {
            process.waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        awaitEnd();
    }
}
