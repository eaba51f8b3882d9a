// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.queue.RingFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the command line asks for.
 *
 * @param devices names of devices
 * @param size bytes that a device with storage has
 * @param seed decides all data and choices
 */
record DemoOptions(
        Set<String> devices,
        Set<DemoTransport> transports,
        Set<RingFormat> rings,
        long size,
        long seed,
        boolean verbose,
        boolean help) {

    private static final long DEFAULT_SIZE = 32L << 20;
    private static final long QUICK_SIZE = 8L << 20;
    static final long LEAST_SIZE = 8L << 20;
    static final long MOST_SIZE = 1L << 30;

    static final String HELP = """
            Usage: demo [OPTION]...
            Runs a machine in one process: each device on each transport and with each ring
            format, brought up and driven as by a real driver. The exit code is 0 if
            everything worked, 1 if anything did not, 2 if the options are wrong.

              --device NAME      only this device: %s
              --transport NAME   only this transport: %s
              --ring NAME        only this ring format: %s
              --size SIZE        bytes of a disk, such as 16M: 8M to 1G (default 32M)
              --seed NUMBER      decides all data and choices (default: another each time)
              --quick            8M, for a first look
              --verbose          every step in a line, and where errors come from
              --linux            the same with a real Linux guest; needs root, and prepares
                                 the guest first, about 15 minutes once
              --help             this text

            Options that name something can be given several times, or take a list:
            --ring split,packed
            """;

    static String help(Set<String> devices) {
        return HELP.formatted(String.join(", ", devices), names(DemoTransport.values()),
                names(RingFormat.values()));
    }

    private static String names(Enum<?>[] values) {
        return String.join(", ", Arrays.stream(values).map(DemoOptions::name).toList());
    }

    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException with a sentence for whoever typed it
     */
    static DemoOptions parse(Set<String> allDevices, long randomSeed, String... arguments) {
        Set<String> devices = new TreeSet<>();
        Set<DemoTransport> transports = EnumSet.noneOf(DemoTransport.class);
        Set<RingFormat> rings = EnumSet.noneOf(RingFormat.class);
        long size = 0;
        long seed = randomSeed;
        boolean quick = false;
        boolean verbose = false;
        boolean help = false;
        Arguments rest = new Arguments(arguments);
        while (rest.hasNext()) {
            String option = rest.next();
            switch (option) {
                case "--device" -> rest.list().forEach(
                        name -> devices.add(known(name, allDevices, option)));
                case "--transport" -> rest.list().forEach(
                        name -> transports.add(constant(DemoTransport.values(), name, option)));
                case "--ring" -> rest.list().forEach(
                        name -> rings.add(constant(RingFormat.values(), name, option)));
                case "--size" -> size = size(rest.value());
                case "--seed" -> seed = number(rest.value());
                case "--quick" -> quick = true;
                case "--verbose", "-v" -> verbose = true;
                case "--help", "-h" -> help = true;
                default -> throw new IllegalArgumentException("there is no option " + option);
            }
        }
        return new DemoOptions(
                devices.isEmpty() ? allDevices : devices,
                transports.isEmpty() ? EnumSet.allOf(DemoTransport.class) : transports,
                rings.isEmpty() ? EnumSet.allOf(RingFormat.class) : rings,
                size != 0 ? size : quick ? QUICK_SIZE : DEFAULT_SIZE,
                seed, verbose, help);
    }

    private static String known(String name, Set<String> names, String option) {
        if (!names.contains(name)) {
            throw new IllegalArgumentException(
                    option + " takes one of " + String.join(", ", names) + ", not " + name);
        }
        return name;
    }

    private static <E extends Enum<E>> E constant(E[] values, String name, String option) {
        for (E value : values) {
            if (name(value).equals(name)) {
                return value;
            }
        }
        throw new IllegalArgumentException(option + " takes one of " + names(values) + ", not " + name);
    }

    private static long number(String text) {
        try {
            return Long.decode(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--seed takes a number, not " + text, e);
        }
    }

    private static long size(String text) {
        String digits = text.replaceFirst("[KMG]$", "");
        int shift = switch (text.substring(digits.length())) {
            case "K" -> 10;
            case "M" -> 20;
            case "G" -> 30;
            default -> 0;
        };
        long size = digits.matches("\\d{1,10}") ? Long.parseLong(digits) << shift : 0;
        if (size < LEAST_SIZE || size > MOST_SIZE || size % 512 != 0) {
            throw new IllegalArgumentException(
                    "--size takes 8M to 1G, in whole sectors of 512 bytes, not " + text);
        }
        return size;
    }

    /** Words of a command line; {@code --option=value} is two. */
    private static final class Arguments {

        private final List<String> words = new ArrayList<>();
        private String last = "";

        Arguments(String... arguments) {
            for (String argument : arguments) {
                int equals = argument.startsWith("--") ? argument.indexOf('=') : -1;
                if (equals > 0) {
                    words.add(argument.substring(0, equals));
                    words.add(argument.substring(equals + 1));
                } else {
                    words.add(argument);
                }
            }
        }

        boolean hasNext() {
            return !words.isEmpty();
        }

        String next() {
            last = words.removeFirst();
            return last;
        }

        String value() {
            if (words.isEmpty()) {
                throw new IllegalArgumentException(last + " takes a value");
            }
            return words.removeFirst();
        }

        List<String> list() {
            return List.of(value().split(","));
        }
    }
}
