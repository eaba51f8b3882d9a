// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.transport.vhostuser.VhostUserServer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A disk of ours that is served over vhost-user by a process of its own, so that it can be killed. */
final class VhostUserDisk implements AutoCloseable {

    static final String SERIAL = "vhost";

    private final List<String> command;
    private Process process;

    private VhostUserDisk(List<String> command) throws IOException {
        this.command = command;
        this.process = start();
    }

    /**
     * Starts a back-end.
     *
     * @param choices given to {@link #main}: {@code split} or {@code packed}, and {@code trusted}
     */
    static VhostUserDisk start(Path image, Path socket, int queues, String... choices)
        throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return new VhostUserDisk(List.of(java, "--enable-native-access=ALL-UNNAMED", "-Xmx256m",
            "-cp", System.getProperty("java.class.path"), VhostUserDisk.class.getName(),
            image.toString(), socket.toString(), Integer.toString(queues),
            String.join(",", choices)));
    }

    private Process start() throws IOException {
        File log = new File("target/guest-logs/vhost-user-disk.log");
        log.getParentFile().mkdirs();
        Process starting = new ProcessBuilder(command).redirectErrorStream(true)
            .redirectError(ProcessBuilder.Redirect.appendTo(log)).start();
        // The first line says that it listens.
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

    /** The back-end's process: image, socket, queues, choices. */
    public static void main(String[] arguments) throws InterruptedException {
        try (FileBackend backend = FileBackend.open(Path.of(arguments[0]));
             DeviceInstance disk = disk(backend, Integer.parseInt(arguments[2]), arguments[3])) {
            var builder = VhostUserServer.of(disk);
            if (arguments[3].contains("trusted")) {
                builder.trustMemory();
            }
            try (VhostUserServer server = builder.listen(UnixAddress.of(Path.of(arguments[1])))) {
                System.out.println("listens: connected=" + server.isConnected());
                new CountDownLatch(1).await();
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static DeviceInstance disk(FileBackend backend, int queues, String choices) {
        DeviceInstanceBuilder disk = DeviceInstance
            .of(BlockDevice.of(backend).serial(SERIAL).queues(queues).build())
            .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory()));
        if (choices.contains("split")) {
            disk.withhold(CoreFeature.RING_PACKED);
        }
        return disk.build();
    }
}
