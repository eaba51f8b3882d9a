// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.scmi.protocol.MessageWriter;
import io.virtio4j.scmi.protocol.ScmiAgent;
import io.virtio4j.scmi.protocol.ScmiCall;
import io.virtio4j.scmi.protocol.ScmiCommand;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiProtocol;
import io.virtio4j.scmi.protocol.ScmiStatus;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The pin control protocol. Settings of a group are those of each of its pins. An agent that configures what
 * another one has requested is refused. [DEN0056]
 */
final class PinProtocol implements ScmiProtocol {

    static final int ID = 0x19;

    private static final int PIN = 0;
    private static final int GROUP = 1;
    private static final int FUNCTION = 2;
    private static final long SELECTOR = 3;
    private static final int LONG_NAME = 1 << 31;
    private static final int REMAINING_SHIFT = 16;
    private static final long ALLOW = 1 << 2;

    private static final int ONE_SETTING = 0;
    private static final int ALL_SETTINGS = 1;
    private static final int SETTINGS_REMAINING_SHIFT = 24;
    private static final int SETTING_SIZE = 8;
    private static final int MOST_SETTINGS = 14;
    private static final long NO_FUNCTION = 0xFFFF_FFFFL;

    private final PinController controller;

    /** Which agents may not use which pins. */
    private record Denial(int agent, int pin) {}

    private final Set<Denial> denials = new HashSet<>();

    PinProtocol(PinController controller) {
        this.controller = controller;
    }

    @Override
    public void attach(ScmiPlatform platform) {
        controller.attach(platform);
    }

    @Override
    public int id() {
        return ID;
    }

    @Override
    public int version() {
        return 0x10000;
    }

    @Override
    public void attributes(ScmiCall call) {
        call.results().le16(controller.pins().size()).le16(controller.groups().size())
                .le16(controller.functions().size()).le16(0);
    }

    @Override
    public List<ScmiCommand> commands() {
        return List.of(
                ScmiCommand.of(0x3, "PINCTRL_ATTRIBUTES", 8, this::describe),
                ScmiCommand.of(0x4, "PINCTRL_LIST_ASSOCIATIONS", 12, this::listAssociations),
                ScmiCommand.of(0x5, "PINCTRL_SETTINGS_GET", 8, this::settingsGet),
                ScmiCommand.of(0x6, "PINCTRL_SETTINGS_CONFIGURE", 12, 12 + MOST_SETTINGS * SETTING_SIZE,
                        this::settingsConfigure),
                ScmiCommand.of(0x7, "PINCTRL_REQUEST", 8, call -> own(call, true)),
                ScmiCommand.of(0x8, "PINCTRL_RELEASE", 8, call -> own(call, false)),
                ScmiCommand.of(0x9, "PINCTRL_NAME_GET", 8, this::nameGet),
                ScmiCommand.of(0xA, "PINCTRL_SET_PERMISSIONS", 12, this::setPermissions));
    }

    // ── What there is ──────────────────────────────────────────────────────

    /** A name, and members; {@code null} if there is no such thing. */
    private PinController.@Nullable NamedSet find(long id, long selector) {
        List<PinController.NamedSet> sets = selector == GROUP ? controller.groups() : controller.functions();
        if (selector == PIN) {
            return id < controller.pins().size()
                    ? new PinController.NamedSet(controller.pins().get((int) id), new int[] {(int) id}) : null;
        }
        return id < sets.size() ? sets.get((int) id) : null;
    }

    /** What is done with what a message names. */
    private interface NamedAction {
        ScmiStatus apply(long selector, PinController.NamedSet set);
    }

    /** Reads what a message names by its number and a selector, up to the last one allowed. */
    private ScmiStatus named(ScmiCall call, long lastSelector, NamedAction action) {
        long id = call.readLe32();
        long selector = call.readLe32();
        if (selector > lastSelector) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        PinController.NamedSet set = find(id, selector);
        return set == null ? ScmiStatus.NOT_FOUND : action.apply(selector, set);
    }

    private ScmiStatus describe(ScmiCall call) {
        return named(call, FUNCTION, (selector, set) -> {
            boolean isLong = set.name().length() >= MessageWriter.SHORT_NAME;
            call.results().le32((isLong ? LONG_NAME : 0) | (selector == PIN ? 0 : set.members().length))
                    .name(set.name(), MessageWriter.SHORT_NAME);
            return ScmiStatus.SUCCESS;
        });
    }

    private ScmiStatus nameGet(ScmiCall call) {
        return named(call, FUNCTION, (selector, set) -> {
            call.results().le32(0).name(set.name(), MessageWriter.LONG_NAME);
            return ScmiStatus.SUCCESS;
        });
    }

    private ScmiStatus listAssociations(ScmiCall call) {
        long id = call.readLe32();
        long flags = call.readLe32();
        long skip = call.readLe32();
        if (flags != GROUP && flags != FUNCTION) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        PinController.NamedSet set = find(id, flags);
        if (set == null) {
            return ScmiStatus.NOT_FOUND;
        }
        return DomainList.answer(call, skip, set.members().length, 4, 2, (from, count, remaining) -> {
            call.results().le32((long) remaining << REMAINING_SHIFT | count);
            for (int i = from; i < from + count; i++) {
                call.results().le16(set.members()[i]);
            }
        });
    }

    // ── Permissions ────────────────────────────────────────────────────────

    /** Whether an agent may do something with all of some pins. */
    private ScmiStatus mayUse(ScmiCall call, int[] pins) {
        for (int pin : pins) {
            if (call.isDenied(pin) || denials.contains(new Denial(call.agent(), pin))) {
                return ScmiStatus.DENIED;
            }
        }
        for (int pin : pins) {
            int owner = controller.ownerOf(pin);
            if (owner != PinController.NOBODY && owner != call.agent()) {
                return ScmiStatus.IN_USE;
            }
        }
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus own(ScmiCall call, boolean request) {
        return named(call, GROUP, (selector, set) -> own(call, set, request));
    }

    private ScmiStatus own(ScmiCall call, PinController.NamedSet set, boolean request) {
        ScmiStatus status = mayUse(call, set.members());
        if (status == ScmiStatus.SUCCESS) {
            for (int pin : set.members()) {
                controller.owner(pin, request ? call.agent() : PinController.NOBODY);
            }
        }
        return status;
    }

    private ScmiStatus setPermissions(ScmiCall call) {
        long agent = call.readLe32();
        long id = call.readLe32();
        long flags = call.readLe32();
        PinController.NamedSet set = (flags & SELECTOR) > GROUP ? null : find(id, flags & SELECTOR);
        List<ScmiAgent> agents = call.platform().agents();
        if ((flags & ~(SELECTOR | ALLOW)) != 0 || (flags & SELECTOR) > GROUP) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (set == null || agent == ScmiPlatform.PLATFORM_AGENT || agent >= agents.size()) {
            return ScmiStatus.NOT_FOUND;
        }
        if (!agents.get(call.agent()).trusted()) {
            return ScmiStatus.DENIED;
        }
        for (int pin : set.members()) {
            Denial denial = new Denial((int) agent, pin);
            if ((flags & ALLOW) != 0) {
                denials.remove(denial);
            } else {
                denials.add(denial);
            }
        }
        return ScmiStatus.SUCCESS;
    }

    // ── Settings ───────────────────────────────────────────────────────────

    private ScmiStatus settingsGet(ScmiCall call) {
        long id = call.readLe32();
        long attributes = call.readLe32();
        int wanted = (int) (attributes >> 18 & 3);
        long selector = attributes >> 16 & SELECTOR;
        int skip = (int) (attributes >> 8 & 0xFF);
        int type = (int) (attributes & 0xFF);
        if (attributes >>> 20 != 0 || selector > GROUP || wanted > ALL_SETTINGS) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        PinController.NamedSet set = find(id, selector);
        if (set == null) {
            return ScmiStatus.NOT_FOUND;
        }
        int pin = set.members()[0];
        long function = controller.functionOf(pin);
        Map<Integer, Long> all = controller.settingsOf(pin);
        if (wanted == ONE_SETTING) {
            Long value = all.get(type);
            if (value == null) {
                return ScmiStatus.NOT_SUPPORTED;
            }
            call.results().le32(function).le32(1).le32(type).le32(value);
            return ScmiStatus.SUCCESS;
        }
        List<Map.Entry<Integer, Long>> entries = List.copyOf(all.entrySet());
        return DomainList.answer(call, skip, entries.size(), 8, SETTING_SIZE, (from, count, remaining) -> {
            MessageWriter results = call.results()
                    .le32(function).le32((long) remaining << SETTINGS_REMAINING_SHIFT | count);
            for (Map.Entry<Integer, Long> entry : entries.subList(from, from + count)) {
                results.le32(entry.getKey()).le32(entry.getValue());
            }
        });
    }

    private ScmiStatus settingsConfigure(ScmiCall call) {
        long id = call.readLe32();
        long function = call.readLe32();
        long attributes = call.readLe32();
        long selector = attributes & SELECTOR;
        int count = (int) (attributes >> 2 & 0xFF);
        boolean hasFunction = (attributes & 1 << 10) != 0;
        if (attributes >>> 11 != 0 || selector > GROUP) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (call.left() != count * SETTING_SIZE) {
            return ScmiStatus.PROTOCOL_ERROR;
        }
        PinController.NamedSet set = find(id, selector);
        if (set == null || hasFunction && function >= controller.functions().size()) {
            return ScmiStatus.NOT_FOUND;
        }
        Map<Integer, Long> values = new TreeMap<>();
        while (call.left() > 0) {
            long type = call.readLe32();
            if (!PinController.isType(type)) {
                return ScmiStatus.INVALID_PARAMETERS;
            }
            values.put((int) type, call.readLe32());
        }
        if (hasFunction && !canHave((int) function, selector, (int) id)) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        ScmiStatus status = mayUse(call, set.members());
        if (status == ScmiStatus.SUCCESS) {
            controller.configure(
                    set.members(), hasFunction ? (int) function : PinController.NO_FUNCTION, values);
        }
        return status;
    }

    /** Whether a group, or a pin by one of its groups, can have a function. */
    private boolean canHave(int function, long selector, int id) {
        for (int group : controller.functions().get(function).members()) {
            if (selector == GROUP && group == id) {
                return true;
            }
            for (int pin : controller.groups().get(group).members()) {
                if (selector == PIN && pin == id) {
                    return true;
                }
            }
        }
        return false;
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void resetConfiguration(int agent) {
        for (int pin = 0; pin < controller.pins().size(); pin++) {
            if (controller.ownerOf(pin) == agent) {
                controller.owner(pin, PinController.NOBODY);
            }
        }
    }

    @Override
    public void save(int agent, StateWriter out) {
        for (int pin = 0; pin < controller.pins().size(); pin++) {
            Map<Integer, Long> values = controller.settingsOf(pin);
            out.flag(denials.contains(new Denial(agent, pin)))
                    .u8(controller.ownerOf(pin)).le32(controller.functionOf(pin)).le16(values.size());
            values.forEach((type, value) -> out.u8(type).le32(value));
        }
    }

    @Override
    public Runnable restore(int agent, StateReader in) {
        List<Runnable> effects = new ArrayList<>();
        for (int pin = 0; pin < controller.pins().size(); pin++) {
            Denial denial = new Denial(agent, pin);
            boolean denied = in.flag();
            int owner = in.u8();
            long function = in.le32();
            if (function != NO_FUNCTION && function >= controller.functions().size()) {
                throw new StateException("saved pin has a function that there is not: function=" + function);
            }
            Map<Integer, Long> values = new TreeMap<>();
            for (int left = in.le16(); left > 0; left--) {
                values.put(in.u8(), in.le32());
            }
            int which = pin;
            effects.add(() -> {
                denials.remove(denial);
                if (denied) {
                    denials.add(denial);
                }
                controller.restore(which, owner, (int) function, values);
            });
        }
        return () -> effects.forEach(Runnable::run);
    }
}
