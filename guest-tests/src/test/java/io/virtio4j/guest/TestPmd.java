// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * DPDK's {@code testpmd} in the prepared Debian tree, with a card that its virtio-user driver drives over
 * vhost-user. Driven by its command line; owned by one thread.
 */
final class TestPmd implements AutoCloseable {

    private static final String PROMPT = "testpmd> ";
    private static final long PATIENCE = 60;

    private final Process process;
    private final Writer input;
    private final InputStream output;
    private final Path log;

    private TestPmd(Process process, Path log) {
        this.process = process;
        this.log = log;
        input = process.outputWriter(StandardCharsets.US_ASCII);
        output = process.getInputStream();
    }

    /**
     * Starts it; it connects, or listens if the options say {@code server=1}.
     *
     * @param device options of virtio-user, beginning with a comma
     * @param options of testpmd itself
     */
    static TestPmd start(SharedDirectory shared, String name, String socket, String device, String... options)
        throws IOException {
        Path log = Files.createDirectories(Path.of("target", "guest-logs")).resolve(name + ".log");
        List<String> command = new ArrayList<>(List.of("chroot", shared.tree().toString(),
            // By lines, so that what it says does not come after its prompt.
            "stdbuf", "-oL", "/virtio4j/bin/dpdk-testpmd", "-l", "0,1", "--no-pci", "--no-huge",
            "--in-memory", "-m", "256", "--no-telemetry", "--vdev",
            "net_virtio_user0,path=" + shared.inside(socket) + ",queues=1,queue_size=256" + device,
            "--", "--interactive", "--no-mlockall", "--total-num-mbufs=8192"));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        TestPmd started = new TestPmd(process, log);
        try {
            if (started.await().contains("Start ports failed")) {
                throw new IOException("testpmd cannot use the card: log=" + log.toAbsolutePath());
            }
        } catch (IOException failure) {
            started.close();
            throw failure;
        }
        return started;
    }

    /** Gives a command; what it printed. */
    String run(String command) throws IOException {
        input.write(command + "\n");
        input.flush();
        return await();
    }

    /** Reads until the prompt. */
    private String await() throws IOException {
        CompletableFuture<String> reading = CompletableFuture.supplyAsync(this::readToPrompt);
        try {
            return reading.get(PATIENCE, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException failed) {
            throw new IOException("no prompt of testpmd: log=" + log.toAbsolutePath(), failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        }
    }

    private String readToPrompt() {
        StringBuilder said = new StringBuilder();
        try (Writer copy = Files.newBufferedWriter(log, StandardCharsets.US_ASCII,
            StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            while (said.indexOf(PROMPT) < 0) {
                int next = output.read();
                if (next < 0) {
                    throw new IOException("testpmd ended");
                }
                said.append((char) (next & 0x7F));
                copy.write(next & 0x7F);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return said.toString();
    }

    /** A number that it printed behind a label. */
    static long number(String output, String label) {
        Matcher matcher = Pattern.compile(Pattern.quote(label) + "\\s*(\\d+)").matcher(output);
        if (!matcher.find()) {
            throw new AssertionError("testpmd did not say " + label + ": " + output);
        }
        return Long.parseLong(matcher.group(1));
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
