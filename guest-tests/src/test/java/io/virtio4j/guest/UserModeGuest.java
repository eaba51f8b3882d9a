// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Linux as an ordinary process, user-mode Linux, in the prepared Debian tree: no machine is emulated, and the kernel
 * itself is the vhost-user front-end of its devices. {@code guest-tests/init-user-mode} is its first process and
 * describes how it gets its commands. Owned by one thread; closing kills it.
 */
final class UserModeGuest implements GuestShell, AutoCloseable {

    private static final Duration END_OF_OUTPUT = Duration.ofSeconds(5);

    private final Process process;
    private final GuestConsole console;
    private final Path directory;
    private int commands;
    private int jobs;

    private UserModeGuest(Process process, GuestConsole console, Path directory) {
        this.process = process;
        this.console = console;
        this.directory = directory;
    }

    /** A device that somebody serves on a socket in the shared directory, by its virtio device ID. */
    record Device(String socket, int id) {}

    /**
     * Boots a kernel, which looks for its devices while it does, and waits for it.
     *
     * @param programs that are there to be called
     * @param name of its log and of its directory in the shared one
     */
    static UserModeGuest start(SharedDirectory shared, String name, GuestPrograms programs, Device... devices)
        throws IOException {
        Path directory = Files.createDirectory(shared.path(name));
        List<String> command = new ArrayList<>(List.of("chroot", shared.tree().toString(), "linux.uml", "mem=192M",
            "initrd=" + GuestImages.prepared().userModeInitramfs(programs), "rdinit=/user-mode/init",
            "con0=null,fd:1", "con=null", "ssl=null", "panic=-1", "virtio4j.host=" + shared.inside(name)));
        for (Device device : devices) {
            command.add("virtio_uml.device=" + shared.inside(device.socket) + ":" + device.id);
        }
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        Path logs = Files.createDirectories(Path.of("target", "guest-logs"));
        GuestConsole console = GuestConsole.follow(process.getInputStream(), process.getOutputStream(),
            logs.resolve(name + ".log").toAbsolutePath());
        UserModeGuest guest = new UserModeGuest(process, console, directory);
        try {
            guest.run("true").success();
        } catch (GuestFailure failure) {
            guest.close();
            throw failure;
        }
        return guest;
    }

    @Override
    public CommandResult run(String script, Duration timeout) {
        int number = ++commands;
        Path status = directory.resolve("status-" + number);
        try (WatchService watch = directory.getFileSystem().newWatchService()) {
            directory.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
            Path command = Files.writeString(directory.resolve("new"), script);
            Files.move(command, directory.resolve("command-" + number), StandardCopyOption.ATOMIC_MOVE);
            long deadline = System.nanoTime() + timeout.toNanos();
            while (!Files.exists(status)) {
                if (!process.isAlive() || System.nanoTime() - deadline > 0) {
                    throw failure(script, timeout);
                }
                WatchKey key = watch.poll(100, TimeUnit.MILLISECONDS);
                if (key != null) {
                    key.pollEvents();
                    key.reset();
                }
            }
            return new CommandResult(script, Files.readString(directory.resolve("output-" + number)).stripTrailing(),
                Integer.parseInt(Files.readString(status).strip()));
        } catch (IOException broken) {
            throw new GuestFailure("no way to the guest: command=" + script, broken);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new GuestFailure("interrupted: command=" + script, interrupted);
        }
    }

    private GuestFailure failure(String script, Duration timeout) throws InterruptedException {
        boolean alive = process.isAlive();
        console.drain(Duration.ofSeconds(1));
        return new GuestFailure((alive ? "no end of a command: seconds=" + timeout.toSeconds()
            : "the guest ended during a command:") + " command=" + script + "\n---- console (whole: " + console.file()
            + ")\n" + console.tail());
    }

    @Override
    public GuestJob start(String script) {
        return GuestJob.start(this, ++jobs, script);
    }

    @Override
    public List<String> complaints() {
        return console.complaints();
    }

    @Override
    public long residentBytes() {
        return ResidentMemory.of(process);
    }

    /** Switches it off and waits for its end. */
    void powerOff() {
        GuestFailure ended = null;
        try {
            run("poweroff -f");
        } catch (GuestFailure failure) {
            ended = failure;
        }
        if (ended == null || process.isAlive()) {
            throw new GuestFailure("the guest goes on after poweroff: log=" + console.file());
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
            console.drain(END_OF_OUTPUT);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
