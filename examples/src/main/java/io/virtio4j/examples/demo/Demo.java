// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.queue.RingFormat;
import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Runs every device on every transport with both ring formats; {@code ./demo} at the top calls it. */
public final class Demo {

    /** Every device that exists. */
    private static final List<DemoDevice> DEVICES = List.of(
            new BlockDemo(), new NetDemo(), new I2cDemo(), new GpioDemo(), new ScmiDemo(), new GpuDemo(),
            new MemDemo(), new SoundDemo(), new BalloonDemo(), new FsDemo());

    private static final int OK = 0;
    private static final int FAILED = 1;
    private static final int WRONG_OPTIONS = 2;

    private final List<DemoDevice> devices;
    private final PrintStream out;
    private final PrintStream errors;
    private final boolean terminal;

    /** Shows what it does on {@code out}, and on {@code errors} why it does nothing. */
    Demo(List<DemoDevice> devices, PrintStream out, PrintStream errors, boolean terminal) {
        this.devices = devices;
        this.out = out;
        this.errors = errors;
        this.terminal = terminal;
    }

    /** The command line. */
    public static void main(String... arguments) {
        Console console = System.console();
        boolean terminal = console != null && console.isTerminal();
        System.exit(new Demo(DEVICES, System.out, System.err, terminal).run(arguments));
    }

    /** Runs, and returns the exit code. */
    int run(String... arguments) {
        Set<String> names = new LinkedHashSet<>(devices.stream().map(DemoDevice::name).toList());
        DemoOptions options;
        try {
            options = DemoOptions.parse(names, new Random().nextInt(1_000_000_000), arguments);
        } catch (IllegalArgumentException e) {
            errors.println("demo: " + e.getMessage() + "; --help lists the options.");
            return WRONG_OPTIONS;
        }
        if (options.help()) {
            out.print(DemoOptions.help(names));
            return OK;
        }
        return run(options);
    }

    private int run(DemoOptions options) {
        Screen screen = new Screen(out, terminal, options.verbose());
        screen.line("virtio4j demo: seed " + options.seed());
        List<DemoResult> results = new ArrayList<>();
        for (DemoDevice device : devices) {
            if (options.devices().contains(device.name())) {
                for (DemoTransport transport : options.transports()) {
                    for (RingFormat ring : options.rings()) {
                        results.add(run(device, transport, ring, options, screen));
                    }
                }
            }
        }
        screen.line("");
        DemoResult.table(results).forEach(screen::line);
        screen.line("");
        return conclude(results, options, screen);
    }

    private DemoResult run(
            DemoDevice device, DemoTransport transport, RingFormat ring, DemoOptions options,
            Screen screen) {
        String title = "%-5s %-5s %-7s".formatted(
                device.name(), DemoOptions.name(transport), DemoOptions.name(ring));
        RunLog log = new RunLog(screen, title);
        long start = System.nanoTime();
        try (DemoDevice.Work work = device.prepare(options)) {
            new DemoMachine(work, transport, ring, log).run();
            work.inspect(log);
        } catch (Exception | AssertionError e) {
            log.error(e);
        }
        Duration time = Duration.ofNanos(System.nanoTime() - start);
        DemoResult result = new DemoResult(device.name(), transport, ring, log, time);
        screen.line(result.summary(title));
        log.messages().forEach(message -> screen.line("    " + message));
        return result;
    }

    private static int conclude(List<DemoResult> results, DemoOptions options, Screen screen) {
        long failed = results.stream().filter(result -> result.log().errors() > 0).count();
        if (failed == 0) {
            screen.line(results.size() == 1
                    ? "The run did what it should."
                    : "All " + results.size() + " runs did what they should.");
            return OK;
        }
        screen.line(failed + " of " + results.size() + " runs failed. The same again: --seed "
                + options.seed());
        return FAILED;
    }
}
