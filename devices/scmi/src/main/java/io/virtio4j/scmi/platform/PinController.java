// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.scmi.protocol.MessageWriter;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Pins, groups of them, and what groups can be used for. A setting is a type of 0 to 255 and a value of 32
 * bits. [DEN0056: Pin control protocol]
 */
public final class PinController {

    /** What is chosen before a function is. */
    public static final int NO_FUNCTION = -1;

    /** A named set: the pins of a group, or the groups of a function. */
    record NamedSet(String name, int[] members) {}

    static final int NOBODY = 0;
    private static final int MOST = 0xFFFF;
    private static final int TYPES = 256;

    private final List<String> pins;
    private final List<NamedSet> groups = new ArrayList<>();
    private final List<NamedSet> functions = new ArrayList<>();
    private final List<Map<Integer, Long>> settings = new ArrayList<>();
    private final int[] owner;
    private final int[] functionOf;
    private @Nullable ScmiPlatform platform;
    private Runnable listener = () -> {};

    private PinController(String... names) {
        pins = List.of(names);
        if (names.length == 0 || names.length > MOST) {
            throw new IllegalArgumentException("a pin controller has 1 to 65535 pins: pins=" + names.length);
        }
        pins.forEach(PinController::check);
        pins.forEach(pin -> settings.add(new TreeMap<>()));
        owner = new int[names.length];
        functionOf = new int[names.length];
        Arrays.fill(functionOf, NO_FUNCTION);
    }

    private static void check(String name) {
        if (name.isEmpty() || name.length() >= MessageWriter.LONG_NAME) {
            throw new IllegalArgumentException("a name has 1 to 63 characters: name=" + name);
        }
    }

    /** A controller of pins, numbered from 0. */
    public static PinController of(String... pins) {
        return new PinController(pins);
    }

    /** Adds a group of pins, by their names. */
    public PinController group(String name, String... members) {
        add(groups, name, Arrays.stream(members).mapToInt(pins::indexOf).toArray());
        return this;
    }

    /** Adds a function that groups can have, by their names. */
    public PinController function(String name, String... members) {
        List<String> names = groups.stream().map(NamedSet::name).toList();
        add(functions, name, Arrays.stream(members).mapToInt(names::indexOf).toArray());
        return this;
    }

    private void add(List<NamedSet> to, String name, int[] members) {
        checkConfigurable();
        check(name);
        if (members.length == 0 || Arrays.stream(members).anyMatch(member -> member < 0) || to.size() == MOST) {
            throw new IllegalArgumentException("a set has members that exist: set=" + name);
        }
        to.add(new NamedSet(name, members));
    }

    private void checkConfigurable() {
        if (platform != null) {
            throw new IllegalStateException("pin controller is part of a platform already");
        }
    }

    /** Told of each change, under the platform's lock. */
    public PinController onChange(Runnable to) {
        checkConfigurable();
        listener = to;
        return this;
    }

    void attach(ScmiPlatform to) {
        checkConfigurable();
        platform = to;
    }

    // ── The running controller ─────────────────────────────────────────────

    private <T> T locked(Supplier<T> work) {
        ScmiPlatform place = platform;
        return place == null ? work.get() : place.get(work);
    }

    private int pin(String name) {
        int pin = pins.indexOf(name);
        if (pin < 0) {
            throw new IllegalArgumentException("no such pin: pin=" + name);
        }
        return pin;
    }

    /** The function that a pin has; empty if none was chosen. */
    public String function(String pin) {
        int index = pin(pin);
        return locked(() -> functionOf[index] == NO_FUNCTION ? "" : functions.get(functionOf[index]).name());
    }

    /** What was set of a pin, by type. */
    public Map<Integer, Long> settings(String pin) {
        int index = pin(pin);
        return locked(() -> Map.copyOf(settings.get(index)));
    }

    /** The agent that has a pin; 0 if nobody has. */
    public int owner(String pin) {
        int index = pin(pin);
        return locked(() -> owner[index]);
    }

    // ── For the protocol ───────────────────────────────────────────────────

    List<String> pins() {
        return pins;
    }

    List<NamedSet> groups() {
        return groups;
    }

    List<NamedSet> functions() {
        return functions;
    }

    int ownerOf(int pin) {
        return owner[pin];
    }

    void owner(int pin, int agent) {
        owner[pin] = agent;
    }

    int functionOf(int pin) {
        return functionOf[pin];
    }

    Map<Integer, Long> settingsOf(int pin) {
        return settings.get(pin);
    }

    void configure(int[] which, int function, Map<Integer, Long> values) {
        for (int pin : which) {
            if (function != NO_FUNCTION) {
                functionOf[pin] = function;
            }
            settings.get(pin).putAll(values);
        }
        listener.run();
    }

    void restore(int pin, int agent, int function, Map<Integer, Long> values) {
        owner[pin] = agent;
        functionOf[pin] = function;
        settings.get(pin).clear();
        settings.get(pin).putAll(values);
    }

    static boolean isType(long type) {
        return type < TYPES;
    }
}
