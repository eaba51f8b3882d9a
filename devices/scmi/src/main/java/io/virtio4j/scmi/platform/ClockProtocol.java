// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.scmi.protocol.MessageWriter;
import io.virtio4j.scmi.protocol.ScmiCall;
import io.virtio4j.scmi.protocol.ScmiCommand;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiProtocol;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.scmi.protocol.Subscriptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The clock management protocol. [DEN0056] */
final class ClockProtocol implements ScmiProtocol {

    static final int ID = 0x14;

    /** How many changes of rates may be under way that answer later. */
    private static final int MOST_LATER = 16;

    private static final int ENABLED = 1;
    private static final int RESTRICTED = 1 << 1;
    private static final int CONFIGURABLE = 1 << 27;
    private static final int HAS_PARENTS = 1 << 28;
    private static final int LONG_NAME = 1 << 29;
    private static final int NOTIFIES_REQUESTS = 1 << 30;
    private static final int NOTIFIES_CHANGES = 1 << 31;
    private static final int RANGE = 1 << 12;
    private static final int REMAINING_SHIFT = 16;
    private static final int PARENTS_REMAINING_SHIFT = 24;

    private static final long ASYNCHRONOUS = 1;
    private static final long IGNORE_RESPONSE = 1 << 1;
    private static final int ROUNDING_SHIFT = 2;
    private static final long RATE_FLAGS = 0xF;

    private static final long OFF = 0;
    private static final long ON = 1;
    private static final long UNCHANGED = 3;

    private final DomainList<Clock> clocks;
    private final Subscriptions changes;
    private final Subscriptions requests;

    ClockProtocol(List<Clock> list) {
        clocks = new DomainList<>(list);
        changes = new Subscriptions(ID, Clock.RATE_CHANGED, list.size());
        requests = new Subscriptions(ID, Clock.RATE_CHANGE_REQUESTED, list.size());
        for (Clock clock : clocks) {
            if (!list.containsAll(clock.parents())) {
                throw new IllegalArgumentException("a clock's parents are to be of the same platform: clock="
                        + clock.name());
            }
            clock.announces((platform, event, agent) -> tell(platform, clock, agent));
        }
    }

    @Override
    public void attach(ScmiPlatform platform) {
        clocks.attach(platform);
    }

    /** A clock's rate changed, and that of those that run like it. */
    private void tell(ScmiPlatform platform, Clock clock, int agent) {
        changes.send(platform, clock.index(), true, rateOf(clock, agent, clock.rateNow()));
        for (Clock other : clocks) {
            if (!other.parents().isEmpty() && other.parents().get(other.parentIndex()) == clock) {
                tell(platform, other, agent);
            }
        }
    }

    private static MessageWriter rateOf(Clock clock, int agent, long rate) {
        return MessageWriter.payload().le32(agent).le32(clock.index()).le64(rate);
    }

    @Override
    public int id() {
        return ID;
    }

    @Override
    public int version() {
        return 0x30000;
    }

    @Override
    public void attributes(ScmiCall call) {
        call.results().le16(clocks.size()).u8(call.hasEvents() ? MOST_LATER : 0).u8(0);
    }

    @Override
    public List<ScmiCommand> commands() {
        return List.of(
                clocks.describing(0x3, "CLOCK_ATTRIBUTES", 4, this::clockAttributes),
                clocks.describing(0x4, "CLOCK_DESCRIBE_RATES", 8, this::describeRates),
                ScmiCommand.of(0x5, "CLOCK_RATE_SET", 16, this::rateSet),
                clocks.using(0x6, "CLOCK_RATE_GET", 4, this::rateGet),
                clocks.using(0x7, "CLOCK_CONFIG_SET", 12, this::configSet),
                clocks.naming(0x8, "CLOCK_NAME_GET"),
                changes.command(0x9, "CLOCK_RATE_NOTIFY", clock -> true),
                requests.command(0xA, "CLOCK_RATE_CHANGE_REQUESTED_NOTIFY", clock -> true),
                clocks.using(0xB, "CLOCK_CONFIG_GET", 8, this::configGet),
                clocks.describing(0xC, "CLOCK_POSSIBLE_PARENTS_GET", 8, this::possibleParentsGet),
                clocks.using(0xD, "CLOCK_PARENT_SET", 8, this::parentSet),
                clocks.using(0xE, "CLOCK_PARENT_GET", 4, this::parentGet),
                clocks.describing(0xF, "CLOCK_GET_PERMISSIONS", 4, this::getPermissions));
    }

    // ── Rates ──────────────────────────────────────────────────────────────

    private ScmiStatus clockAttributes(ScmiCall call, Clock clock) {
        int attributes = (clock.enabled() ? ENABLED : 0)
                | (clock.isRestricted() ? RESTRICTED : 0)
                | (clock.configuration().isEmpty() ? 0 : CONFIGURABLE)
                | (clock.parents().isEmpty() ? 0 : HAS_PARENTS)
                | (clock.hasLongName() ? LONG_NAME : 0)
                | (call.hasEvents() ? NOTIFIES_CHANGES | NOTIFIES_REQUESTS : 0);
        call.results().le32(attributes).name(clock.name(), MessageWriter.SHORT_NAME).le32(0);
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus describeRates(ScmiCall call, Clock clock) {
        ClockRates rates = clock.possible();
        long skip = call.readLe32();
        // > [the three values of a range are returned together]
        if (rates.isRange() && skip != 0) {
            return ScmiStatus.OUT_OF_RANGE;
        }
        if (rates.isRange() && call.fitting(4, 8) < rates.count()) {
            return ScmiStatus.PROTOCOL_ERROR;
        }
        return DomainList.answer(call, skip, rates.count(), 4, 8, (from, count, remaining) -> {
            MessageWriter results = call.results()
                    .le32(remaining << REMAINING_SHIFT | (rates.isRange() ? RANGE : 0) | count);
            for (int i = from; i < from + count; i++) {
                results.le64(rates.get(i));
            }
        });
    }

    private ScmiStatus rateSet(ScmiCall call) {
        long flags = call.readLe32();
        return clocks.use(call, (same, clock) -> rateSet(call, clock, flags));
    }

    private ScmiStatus rateSet(ScmiCall call, Clock clock, long flags) {
        long wish = call.readLe64();
        int rounding = (int) (flags >> ROUNDING_SHIFT);
        boolean later = (flags & ASYNCHRONOUS) != 0;
        boolean ignored = (flags & IGNORE_RESPONSE) != 0;
        if ((flags & ~RATE_FLAGS) != 0 || ignored && !later || rounding > ClockRates.NEAREST) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (!clock.isSettable()) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        if (!clock.allows(call.agent(), Clock.Control.RATE)) {
            return ScmiStatus.DENIED;
        }
        long rate = wish < 0 ? ClockRates.NONE : clock.possible().round(wish, rounding);
        if (rate == ClockRates.NONE) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (later) {
            ScmiStatus promised = promise(call, clock, rate, ignored);
            if (promised != ScmiStatus.SUCCESS) {
                return promised;
            }
        }
        requests.sendToOthers(
                call.platform(), call.agent(), clock.index(), false, rateOf(clock, call.agent(), rate));
        clock.setRate(rate, call.agent());
        return ScmiStatus.SUCCESS;
    }

    private static ScmiStatus promise(ScmiCall call, Clock clock, long rate, boolean ignored) {
        if (!call.hasEvents()) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        return ignored ? ScmiStatus.SUCCESS : call.respondLater(clock.latency(), ScmiStatus.SUCCESS,
                MessageWriter.payload().le32(clock.index()).le64(rate));
    }

    private ScmiStatus rateGet(ScmiCall call, Clock clock) {
        call.results().le64(clock.rateNow());
        return ScmiStatus.SUCCESS;
    }

    // ── Configuration ──────────────────────────────────────────────────────

    private ScmiStatus configSet(ScmiCall call, Clock clock) {
        long attributes = call.readLe32();
        long value = call.readLe32();
        long state = attributes & 3;
        int type = (int) (attributes >> 16 & 0xFF);
        boolean meansNothing = state == UNCHANGED && type == 0;
        if ((attributes & ~0x00FF_0003L) != 0 || state == 2 || meansNothing) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (type != 0 && !clock.configuration().containsKey(type)) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        if (!clock.allows(call.agent(), Clock.Control.STATE)) {
            return ScmiStatus.DENIED;
        }
        if (type != 0) {
            clock.configuration().put(type, value);
        }
        if (state == ON || state == OFF) {
            clock.setEnabled(state == ON);
        }
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus configGet(ScmiCall call, Clock clock) {
        long type = call.readLe32();
        Long value = type > 0xFF ? null : clock.configuration().get((int) type);
        if (type > 0xFF) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (type != 0 && value == null) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        call.results().le32(type).le32(clock.enabled() ? ENABLED : 0).le32(value == null ? 0 : value);
        return ScmiStatus.SUCCESS;
    }

    // ── Parents ────────────────────────────────────────────────────────────

    private ScmiStatus possibleParentsGet(ScmiCall call, Clock clock) {
        List<Clock> parents = clock.parents();
        if (parents.isEmpty()) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        return DomainList.answer(call, call.readLe32(), parents.size(), 4, 4, (from, count, remaining) -> {
            MessageWriter results = call.results().le32((long) remaining << PARENTS_REMAINING_SHIFT | count);
            for (int i = from; i < from + count; i++) {
                results.le32(parents.get(i).index());
            }
        });
    }

    private ScmiStatus parentSet(ScmiCall call, Clock clock) {
        long wish = call.readLe32();
        List<Clock> parents = clock.parents();
        if (parents.isEmpty()) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        if (!clock.allows(call.agent(), Clock.Control.PARENT)) {
            return ScmiStatus.DENIED;
        }
        for (int i = 0; i < parents.size(); i++) {
            if (parents.get(i).index() == wish) {
                clock.setParent(i, call.agent());
                return ScmiStatus.SUCCESS;
            }
        }
        return ScmiStatus.INVALID_PARAMETERS;
    }

    private ScmiStatus parentGet(ScmiCall call, Clock clock) {
        if (clock.parents().isEmpty()) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        call.results().le32(clock.parents().get(clock.parentIndex()).index());
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus getPermissions(ScmiCall call, Clock clock) {
        boolean denied = call.isDenied(clock.index());
        long permissions = 0;
        for (Clock.Control control : Clock.Control.values()) {
            boolean exists = control == Clock.Control.STATE
                    || (control == Clock.Control.RATE ? clock.isSettable() : !clock.parents().isEmpty());
            if (exists && !denied && clock.allows(call.agent(), control)) {
                // State is bit 31, parent 30, rate 29.
                permissions |= 1L << 31 - control.ordinal();
            }
        }
        call.results().le32(permissions);
        return ScmiStatus.SUCCESS;
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void forget(int agent) {
        changes.forget(agent);
        requests.forget(agent);
    }

    @Override
    public void save(int agent, StateWriter out) {
        changes.save(agent, out);
        requests.save(agent, out);
        for (Clock clock : clocks) {
            out.flag(clock.enabled()).le64(clock.rateNow()).u8(clock.parentIndex());
            clock.configuration().forEach((type, value) -> out.le32(value));
        }
    }

    @Override
    public Runnable restore(int agent, StateReader in) {
        List<Runnable> effects = new ArrayList<>();
        effects.add(changes.restore(agent, in));
        effects.add(requests.restore(agent, in));
        for (Clock clock : clocks) {
            boolean enabled = in.flag();
            long rate = in.le64();
            int parent = in.u8();
            boolean fits = !clock.isSettable() || clock.possible().round(rate, ClockRates.DOWN) == rate;
            SavedValue.check("clock rate", rate, rate >= 0 && fits);
            SavedValue.index("clock parent", parent, Math.max(1, clock.parents().size()));
            Map<Integer, Long> configuration = new TreeMap<>();
            clock.configuration().keySet().forEach(type -> configuration.put(type, in.le32()));
            effects.add(() -> {
                clock.configuration().putAll(configuration);
                clock.setEnabled(enabled);
                if (clock.isSettable()) {
                    clock.setRate(rate, ScmiPlatform.PLATFORM_AGENT);
                }
                clock.setParent(parent, ScmiPlatform.PLATFORM_AGENT);
            });
        }
        return () -> effects.forEach(Runnable::run);
    }
}
