// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.scmi.protocol.MessageWriter;
import io.virtio4j.scmi.protocol.PlatformClock;
import io.virtio4j.scmi.protocol.ScmiCall;
import io.virtio4j.scmi.protocol.ScmiCommand;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiProtocol;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.scmi.protocol.Subscriptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The power domain management protocol. [DEN0056] */
final class PowerDomainProtocol implements ScmiProtocol {

    static final int ID = 0x11;

    private static final int SHMID = 1;
    private static final int NOTIFIES = 1 << 31;
    private static final int SETS_LATER = 1 << 30;
    private static final int SETS_AT_ONCE = 1 << 29;
    private static final int NOTIFIES_REQUESTS = 1 << 28;
    private static final int LONG_NAME = 1 << 27;
    private static final long ASYNCHRONOUS = 1;

    private final DomainList<PowerDomain> domains;
    private final @Nullable DomainStatistics statistics;
    private final Subscriptions changes;
    private final Subscriptions requests;

    /** What each agent asked for: the index of a state, for each domain. */
    private final List<Map<Integer, Integer>> votes = new ArrayList<>();

    /** With statistics if there is a time for them. */
    PowerDomainProtocol(List<PowerDomain> list, @Nullable PlatformClock clock) {
        domains = new DomainList<>(list);
        statistics = clock == null ? null : new DomainStatistics(SHMID, DomainStatistics.POWER,
                list.stream().map(PowerDomain::states).toList(),
                list.stream().mapToInt(PowerDomain::current).toArray(), clock);
        changes = new Subscriptions(ID, 0, list.size());
        requests = new Subscriptions(ID, 1, list.size());
        for (PowerDomain domain : domains) {
            votes.add(new HashMap<>());
            domain.announces((platform, event, agent) -> tell(platform, domain, agent));
        }
    }

    @Override
    public void attach(ScmiPlatform platform) {
        domains.attach(platform);
    }

    private void tell(ScmiPlatform platform, PowerDomain domain, int agent) {
        DomainStatistics kept = statistics;
        if (kept != null) {
            kept.enter(domain.index(), domain.current());
        }
        changes.send(platform, domain.index(), true, stateOf(domain, agent, domain.current()));
    }

    private static MessageWriter stateOf(PowerDomain domain, int agent, int state) {
        return MessageWriter.payload().le32(agent).le32(domain.index()).le32(domain.states()[state]);
    }

    @Override
    public int id() {
        return ID;
    }

    @Override
    public int version() {
        return 0x30001;
    }

    @Override
    public void attributes(ScmiCall call) {
        call.results().le16(domains.size()).le16(0);
        DomainStatistics.append(call, statistics);
    }

    @Override
    public List<SharedMemoryRegion> statistics() {
        return DomainStatistics.regions(statistics);
    }

    @Override
    public List<ScmiCommand> commands() {
        return List.of(
                domains.describing(0x3, "POWER_DOMAIN_ATTRIBUTES", 4, this::domainAttributes),
                ScmiCommand.of(0x4, "POWER_STATE_SET", 12, this::stateSet),
                domains.using(0x5, "POWER_STATE_GET", 4, this::stateGet),
                changes.command(0x6, "POWER_STATE_NOTIFY", domain -> true),
                requests.command(0x7, "POWER_STATE_CHANGE_REQUESTED_NOTIFY", domain -> true),
                domains.naming(0x8, "POWER_DOMAIN_NAME_GET"));
    }

    private ScmiStatus domainAttributes(ScmiCall call, PowerDomain domain) {
        int events = call.hasEvents() ? NOTIFIES | SETS_LATER | NOTIFIES_REQUESTS : 0;
        call.results().le32(events | SETS_AT_ONCE | (domain.hasLongName() ? LONG_NAME : 0))
                .name(domain.name(), MessageWriter.SHORT_NAME);
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus stateSet(ScmiCall call) {
        long flags = call.readLe32();
        return domains.use(call, (same, domain) -> stateSet(call, domain, flags));
    }

    private ScmiStatus stateSet(ScmiCall call, PowerDomain domain, long flags) {
        int state = domain.indexOf(call.readLe32());
        if (state < 0 || (flags & ~ASYNCHRONOUS) != 0) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (flags == ASYNCHRONOUS) {
            ScmiStatus promised = call.respondLater(domain.latency(), ScmiStatus.SUCCESS,
                    MessageWriter.payload().le32(domain.index()).le32(domain.states()[state]));
            if (promised != ScmiStatus.SUCCESS) {
                return promised;
            }
        }
        votes.get(domain.index()).put(call.agent(), state);
        requests.sendToOthers(
                call.platform(), call.agent(), domain.index(), false, stateOf(domain, call.agent(), state));
        settle(domain, call.agent());
        return ScmiStatus.SUCCESS;
    }

    /** The state of most power that was asked for. */
    private void settle(PowerDomain domain, int agent) {
        votes.get(domain.index()).values().stream().min(Integer::compare)
                .ifPresent(state -> domain.enter(state, agent));
    }

    private ScmiStatus stateGet(ScmiCall call, PowerDomain domain) {
        call.results().le32(domain.states()[domain.current()]);
        return ScmiStatus.SUCCESS;
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void forget(int agent) {
        changes.forget(agent);
        requests.forget(agent);
    }

    @Override
    public void resetConfiguration(int agent) {
        forget(agent);
        for (PowerDomain domain : domains) {
            if (votes.get(domain.index()).remove(agent) != null) {
                settle(domain, agent);
            }
        }
    }

    @Override
    public void save(int agent, StateWriter out) {
        changes.save(agent, out);
        requests.save(agent, out);
        for (PowerDomain domain : domains) {
            out.u8(votes.get(domain.index()).getOrDefault(agent, -1) + 1).u8(domain.current());
        }
    }

    @Override
    public Runnable restore(int agent, StateReader in) {
        List<Runnable> effects = new ArrayList<>();
        effects.add(changes.restore(agent, in));
        effects.add(requests.restore(agent, in));
        for (PowerDomain domain : domains) {
            int vote = SavedValue.index("power state", in.u8(), domain.states().length + 1) - 1;
            int state = SavedValue.index("power state", in.u8(), domain.states().length);
            effects.add(() -> restore(agent, domain, vote, state));
        }
        return () -> effects.forEach(Runnable::run);
    }

    private void restore(int agent, PowerDomain domain, int vote, int state) {
        Map<Integer, Integer> asked = votes.get(domain.index());
        asked.remove(agent);
        if (vote >= 0) {
            asked.put(agent, vote);
        }
        if (asked.isEmpty()) {
            domain.enter(state, ScmiPlatform.PLATFORM_AGENT);
        }
        settle(domain, ScmiPlatform.PLATFORM_AGENT);
    }
}
