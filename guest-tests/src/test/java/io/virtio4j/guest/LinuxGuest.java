// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.transport.mmio.MmioWindow;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A Linux kernel in QEMU, driven command by command.
 *
 * <pre>{@code
 * try (SharedDirectory shared = SharedDirectory.create();
 *      // ... a device that listens on shared.path("blk.sock") ...
 *      LinuxGuest guest = LinuxGuest.builder(shared).vfioUserDevice(3, "blk.sock").start()) {
 *     assertEquals("vda", guest.run("ls /sys/block").success());
 *     guest.powerOff();
 * }
 * }</pre>
 *
 * <p>A command that does not end in time, a kernel that panics and a QEMU that ends all become a
 * {@link GuestFailure} whose message holds the tail of the console. Owned by one thread. Closing
 * kills QEMU if it still runs, and nothing but this QEMU.
 */
public final class LinuxGuest implements GuestShell, AutoCloseable {

    private static final Duration END_OF_OUTPUT = Duration.ofSeconds(5);

    private final Process qemu;
    private final GuestConsole console;
    private final CommandChannel commands;
    private final Thread hook;
    private @Nullable String release;
    private Duration bootTime = Duration.ZERO;
    private int jobs;

    private LinuxGuest(Process qemu, GuestConsole console, CommandChannel commands) {
        this.qemu = qemu;
        this.console = console;
        this.commands = commands;
        this.hook = new Thread(qemu::destroyForcibly, "guest-end");
        Runtime.getRuntime().addShutdownHook(hook);
        qemu.onExit().thenRun(commands::end);
    }

    /** A guest whose sockets lie in a directory of the caller, who closes it after the guest. */
    public static Builder builder(SharedDirectory shared) {
        return new Builder(GuestImages.prepared(), shared);
    }

    private void awaitBoot(Duration timeout, long begin) {
        try {
            release = commands.greeting(timeout);
            bootTime = Duration.ofNanos(System.nanoTime() - begin);
        } catch (TimeoutException late) {
            String waiting = WaitingThreads.of(qemu);
            showProcessors();
            showBlockedTasks();
            throw failure("no prompt: seconds=" + timeout.toSeconds(), "", late, waiting);
        } catch (IOException gone) {
            throw failure("QEMU ended before the prompt", "", gone);
        }
    }

    /** The release of the running kernel, as it introduced itself. */
    public String release() {
        return String.valueOf(release);
    }

    /** From the start of QEMU to the first command that could run. */
    public Duration bootTime() {
        return bootTime;
    }

    /** If the script does not end in time, the failure shows which tasks are blocked. */
    @Override
    public CommandResult run(String script, Duration timeout) {
        return run(script, timeout, () -> {});
    }

    /** The same, with something that happens when the guest has heard half of the command. */
    CommandResult run(String script, Duration timeout, Runnable halfway) {
        try {
            return commands.run(script, timeout, halfway);
        } catch (TimeoutException late) {
            showBlockedTasks();
            throw failure(
                "no end of a command: seconds=" + timeout.toSeconds() + " command=" + script,
                String.valueOf(late.getMessage()), late);
        } catch (EOFException gone) {
            throw failure("the guest ended during a command: command=" + script,
                String.valueOf(gone.getMessage()), gone);
        } catch (IOException broken) {
            throw failure("no connection to the guest: command=" + script, "", broken);
        }
    }

    @Override
    public GuestJob start(String script) {
        return GuestJob.start(this, ++jobs, script);
    }

    /** What QEMU says of its processors: nothing, if it has not come so far. */
    private void showProcessors() {
        try {
            for (String command : List.of("info status", "info registers -a", "info pic", "info lapic")) {
                console.monitor(command);
                console.drain(Duration.ofSeconds(1));
            }
        } catch (IOException gone) {
            // QEMU has just ended: the console's tail tells why.
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void showBlockedTasks() {
        try {
            console.systemRequest('9'); // what follows is not for a quiet console
            console.await("Loglevel set to 9", Duration.ofSeconds(5));
            console.systemRequest('w');
            console.await("Show Blocked State", Duration.ofSeconds(5));
            console.systemRequest('l');
            console.drain(Duration.ofSeconds(2));
        } catch (IOException gone) {
            // QEMU has just ended: the console's tail tells why.
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Gives QEMU's monitor a command, as {@code device_del blk0}; the answer is on the console. */
    public void monitor(String command) {
        try {
            console.monitor(command);
        } catch (IOException gone) {
            throw failure("QEMU is gone: monitor=" + command, "", gone);
        }
    }

    /** Types a line on the console, for a process that reads it there. */
    void type(String line) {
        try {
            console.type(line);
        } catch (IOException gone) {
            throw failure("QEMU is gone: line=" + line, "", gone);
        }
    }

    /** Waits until the kernel or QEMU's monitor has said something on the console. */
    public void awaitConsole(String text, Duration timeout) {
        try {
            if (!console.await(text, timeout)) {
                throw failure(
                    "not seen on the console: seconds=" + timeout.toSeconds() + " text=" + text, "",
                    null);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw failure("interrupted", "", interrupted);
        }
    }

    /** What the kernel or QEMU complained of so far. */
    @Override
    public List<String> complaints() {
        return console.complaints();
    }

    /** The file with everything that the console showed. */
    public Path consoleLog() {
        return console.file();
    }

    @Override
    public long residentBytes() {
        return ResidentMemory.of(qemu);
    }

    /** Whether QEMU still runs. */
    public boolean alive() {
        return qemu.isAlive();
    }

    /** Switches the machine off and waits for QEMU's end. Unmounts nothing. */
    public void powerOff() {
        try {
            run("poweroff -f", PATIENCE);
            throw failure("the guest goes on after poweroff", "", null);
        } catch (GuestFailure ended) {
            if (!(ended.getCause() instanceof EOFException)) {
                throw ended;
            }
        }
        awaitEnd();
    }

    /** Kills QEMU as a power failure would: nothing that the guest still holds is written. */
    public void kill() {
        qemu.destroyForcibly();
        awaitEnd();
    }

    private void awaitEnd() {
        try {
            if (!qemu.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw failure("QEMU does not end: pid=" + qemu.pid(), "", null);
            }
            console.drain(END_OF_OUTPUT);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw failure("interrupted", "", interrupted);
        }
    }

    private GuestFailure failure(String what, String output, @Nullable Throwable cause) {
        return failure(what, output, cause, "");
    }

    private GuestFailure failure(String what, String output, @Nullable Throwable cause, String more) {
        if (!qemu.isAlive()) {
            try {
                console.drain(END_OF_OUTPUT);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        String message = what + (output.isBlank() ? "" : "\n---- output so far\n" + output.strip())
            + "\n---- console (whole: " + console.file() + ")\n" + console.tail() + more;
        return cause == null ? new GuestFailure(message) : new GuestFailure(message, cause);
    }

    @Override
    public void close() {
        qemu.destroyForcibly();
        try {
            qemu.waitFor();
            console.drain(END_OF_OUTPUT);
            commands.close();
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException shuttingDown) {
            // The virtual machine ends already: the hook has run or runs now.
        }
    }

    /** What to boot. */
    public static final class Builder {

        private static final String COMMANDS = "commands.sock";

        private final GuestImages images;
        private final SharedDirectory shared;
        private final List<String> arguments = new ArrayList<>();
        private final List<String> kernelArguments = new ArrayList<>();
        private final TreeSet<Integer> carriers = new TreeSet<>();
        private final List<Consumer<LinuxGuest>> checks = new ArrayList<>();
        private GuestKernel kernel = GuestKernel.SMALL;
        private GuestPrograms programs = GuestPrograms.DISK;
        private String name = "guest";
        private int mebibytes = 512;
        private int processors = 1;
        private Duration bootTimeout = Duration.ofSeconds(120);

        private Builder(GuestImages images, SharedDirectory shared) {
            this.images = images;
            this.shared = shared;
        }

        /** Default: {@link GuestKernel#SMALL}. */
        public Builder kernel(GuestKernel kernel) {
            this.kernel = kernel;
            return this;
        }

        /** What is there to be called. Default: {@link GuestPrograms#DISK}. */
        public Builder programs(GuestPrograms programs) {
            this.programs = programs;
            return this;
        }

        /** Names the console's log: {@code target/guest-logs/NAME.log}. */
        public Builder name(String name) {
            this.name = name;
            return this;
        }

        /** Default: 512 MiB. */
        public Builder memory(int mebibytes) {
            this.mebibytes = mebibytes;
            return this;
        }

        /** Default: one processor. */
        public Builder processors(int processors) {
            this.processors = processors;
            return this;
        }

        /** Adds arguments of QEMU. */
        public Builder arguments(String... arguments) {
            this.arguments.addAll(List.of(arguments));
            return this;
        }

        /** Adds words to the kernel's command line. */
        public Builder kernelArguments(String... arguments) {
            kernelArguments.addAll(List.of(arguments));
            return this;
        }

        /**
         * Programs are run from what another process serves. QEMU's emulated processor keeps what it has translated of
         * a page until the guest or QEMU itself writes there; it does not see another process fill the page with
         * something else, and would go on with what was there before. So the kernel clears pages before their use.
         */
        public Builder runsServedPrograms() {
            return kernelArguments("init_on_alloc=1");
        }

        /**
         * Adds a PCI function that somebody serves on a socket in the shared directory. QEMU
         * connects while it starts, so the server must listen already.
         *
         * @param slot on bus 0; 0 and 1 are the machine's own
         */
        public Builder vfioUserDevice(int slot, String socket) {
            return arguments("-device", """
                {"driver":"vfio-user-pci","id":"vu%d","addr":"%x",\
                "socket":{"type":"unix","path":"%s"}}"""
                .formatted(slot, slot, shared.inside(socket)));
        }

        /**
         * Adds a device on MMIO that somebody serves on a socket in the shared directory with a {@link
         * MmioCarrier}. Only the {@linkplain GuestKernel#SMALL small kernel} can be told of it.
         *
         * @param slot of the carrier on bus 0: 3, 7, 11 ...
         */
        public Builder mmioDevice(int slot, String socket) {
            carriers.add(slot);
            return vfioUserDevice(slot, socket);
        }

        /**
         * Adds the memory that a device on MMIO shares, which somebody serves with a {@link MmioCarrier}.
         *
         * @param slot of its carrier on bus 0
         * @param length bytes; there can be one such memory in a machine
         */
        Builder mmioMemory(int slot, String socket, long length) {
            checks.add(guest -> MmioCarrier.checkMemory(guest, slot, length));
            return vfioUserDevice(slot, socket);
        }

        /** Default: 120 s. */
        public Builder bootTimeout(Duration timeout) {
            this.bootTimeout = timeout;
            return this;
        }

        /** Starts QEMU and waits for the guest's prompt. */
        public LinuxGuest start() {
            try {
                Path logs = Files.createDirectories(Path.of("target", "guest-logs"));
                CommandChannel commands = CommandChannel.listen(shared.path(COMMANDS));
                long begin = System.nanoTime();
                Process qemu;
                try {
                    qemu = new ProcessBuilder(command()).redirectErrorStream(true).start();
                } catch (IOException failure) {
                    commands.close();
                    throw failure;
                }
                String log = name.replaceAll("[^A-Za-z0-9._-]+", "-") + ".log";
                GuestConsole console = GuestConsole.follow(qemu.getInputStream(),
                    qemu.getOutputStream(), logs.resolve(log).toAbsolutePath());
                LinuxGuest guest = new LinuxGuest(qemu, console, commands);
                try {
                    guest.awaitBoot(bootTimeout, begin);
                    carriers.forEach(slot -> MmioCarrier.check(guest, slot, window(slot)));
                    checks.forEach(check -> check.accept(guest));
                } catch (GuestFailure failure) {
                    guest.close();
                    throw failure;
                }
                return guest;
            } catch (IOException failure) {
                throw new UncheckedIOException("QEMU not started", failure);
            }
        }

        private MmioWindow window(int slot) {
            return MmioCarrier.window(List.copyOf(carriers), slot);
        }

        private List<String> command() {
            List<String> command = new ArrayList<>(List.of(
                "chroot", images.tree().toString(), "qemu-system-x86_64",
                "-accel", "tcg", "-cpu", "max", "-smp", Integer.toString(processors),
                "-m", mebibytes + "M",
                // Shared memory with a descriptor, which a vfio-user server maps.
                "-object", "memory-backend-memfd,id=mem,share=on,size=" + mebibytes + "M",
                "-machine", "pc,memory-backend=mem",
                "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                "-serial", "mon:stdio",
                "-chardev", "socket,id=commands,path=" + shared.inside(COMMANDS),
                "-serial", "chardev:commands",
                "-kernel", images.kernel(kernel),
                "-initrd", images.initramfs(kernel, programs)));
            List<String> words = new ArrayList<>(List.of(
                "console=ttyS0", "quiet", "panic=-1", "oops=panic", "sysrq_always_enabled",
                "null_blk.nr_devices=0",
                // On a busy machine an emulated timer may be later than this check waits for it.
                "no_timer_check",
                // Nor do two emulated clocks go together, and Linux 7.2 may compare them without end, so never boot.
                "tsc=nowatchdog"));
            if (!carriers.isEmpty()) {
                // No PCI driver binds a carrier, and ACPI would leave its interrupt switched off.
                words.add("pci=routeirq");
                carriers.forEach(slot -> words.add(window(slot).kernelParameter()));
            }
            words.addAll(kernelArguments);
            command.addAll(List.of("-append", String.join(" ", words)));
            command.addAll(arguments);
            return command;
        }
    }
}
