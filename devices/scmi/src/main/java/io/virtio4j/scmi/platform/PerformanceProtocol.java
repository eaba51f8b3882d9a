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
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The performance domain management protocol. Levels go by their values, not by their indices. [DEN0056] */
final class PerformanceProtocol implements ScmiProtocol {

    static final int ID = 0x13;

    private static final int SHMID = 2;
    private static final int MICROWATTS = 1 << 1;
    private static final int SETS_LIMITS = 1 << 31;
    private static final int SETS_LEVEL = 1 << 30;
    private static final int NOTIFIES_LIMITS = 1 << 29;
    private static final int NOTIFIES_LEVEL = 1 << 28;
    private static final int LONG_NAME = 1 << 26;
    private static final int LEVEL_SIZE = 20;
    private static final int REMAINING_SHIFT = 16;

    private final DomainList<PerformanceDomain> domains;
    private final @Nullable DomainStatistics statistics;
    private final Subscriptions limits;
    private final Subscriptions levels;

    /** With statistics if there is a time for them. */
    PerformanceProtocol(List<PerformanceDomain> list, @Nullable PlatformClock clock) {
        domains = new DomainList<>(list);
        statistics = clock == null ? null : new DomainStatistics(SHMID, DomainStatistics.PERFORMANCE,
                list.stream().map(domain ->
                        domain.levels().stream().mapToLong(PerformanceLevel::value).toArray()).toList(),
                list.stream().mapToInt(PerformanceDomain::current).toArray(), clock);
        limits = new Subscriptions(ID, PerformanceDomain.LIMITS_CHANGED, list.size());
        levels = new Subscriptions(ID, PerformanceDomain.LEVEL_CHANGED, list.size());
        for (PerformanceDomain domain : domains) {
            domain.announces((platform, event, agent) -> tell(platform, domain, event, agent));
        }
    }

    @Override
    public void attach(ScmiPlatform platform) {
        domains.attach(platform);
    }

    private void tell(ScmiPlatform platform, PerformanceDomain domain, int event, int agent) {
        MessageWriter payload = MessageWriter.payload().le32(agent).le32(domain.index());
        if (event == PerformanceDomain.LIMITS_CHANGED) {
            payload.le32(value(domain, domain.most())).le32(value(domain, domain.least()));
            limits.send(platform, domain.index(), true, payload);
        } else {
            DomainStatistics kept = statistics;
            if (kept != null) {
                kept.enter(domain.index(), domain.current());
            }
            payload.le32(value(domain, domain.current()));
            levels.send(platform, domain.index(), true, payload);
        }
    }

    private static int value(PerformanceDomain domain, int index) {
        return domain.levels().get(index).value();
    }

    @Override
    public int id() {
        return ID;
    }

    @Override
    public int version() {
        return 0x40000;
    }

    @Override
    public void attributes(ScmiCall call) {
        call.results().le16(domains.size()).le16(MICROWATTS);
        DomainStatistics.append(call, statistics);
    }

    @Override
    public List<SharedMemoryRegion> statistics() {
        return DomainStatistics.regions(statistics);
    }

    @Override
    public List<ScmiCommand> commands() {
        return List.of(
                domains.describing(0x3, "PERFORMANCE_DOMAIN_ATTRIBUTES", 4, this::domainAttributes),
                domains.describing(0x4, "PERFORMANCE_DESCRIBE_LEVELS", 8, this::describeLevels),
                domains.using(0x5, "PERFORMANCE_LIMITS_SET", 12, this::limitsSet),
                domains.using(0x6, "PERFORMANCE_LIMITS_GET", 4, this::limitsGet),
                domains.using(0x7, "PERFORMANCE_LEVEL_SET", 8, this::levelSet),
                domains.using(0x8, "PERFORMANCE_LEVEL_GET", 4, this::levelGet),
                limits.command(0x9, "PERFORMANCE_NOTIFY_LIMITS", domain -> true),
                levels.command(0xA, "PERFORMANCE_NOTIFY_LEVEL", domain -> true),
                // There are no fast channels: they would be memory of the device at a physical address.
                domains.describing(0xB, "PERFORMANCE_DESCRIBE_FASTCHANNEL", 8,
                        (call, domain) -> ScmiStatus.NOT_SUPPORTED),
                domains.naming(0xC, "PERFORMANCE_DOMAIN_NAME_GET"));
    }

    private ScmiStatus domainAttributes(ScmiCall call, PerformanceDomain domain) {
        int events = call.hasEvents() ? NOTIFIES_LIMITS | NOTIFIES_LEVEL : 0;
        PerformanceLevel sustained = domain.sustained();
        call.results()
                .le32(SETS_LIMITS | SETS_LEVEL | events | (domain.hasLongName() ? LONG_NAME : 0))
                .le32(0)
                .le32(sustained.kilohertz()).le32(sustained.value())
                .name(domain.name(), MessageWriter.SHORT_NAME);
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus describeLevels(ScmiCall call, PerformanceDomain domain) {
        List<PerformanceLevel> all = domain.levels();
        return DomainList.answer(call, call.readLe32(), all.size(), 4, LEVEL_SIZE, (from, count, remaining) -> {
            MessageWriter results = call.results().le32(remaining << REMAINING_SHIFT | count);
            for (int i = from; i < from + count; i++) {
                PerformanceLevel level = all.get(i);
                results.le32(level.value()).le32(level.power()).le16(domain.latencyMicros()).le16(0)
                        .le32(level.kilohertz()).le32(i);
            }
        });
    }

    private ScmiStatus limitsSet(ScmiCall call, PerformanceDomain domain) {
        long highest = call.readLe32();
        long lowest = call.readLe32();
        if (highest == 0 && lowest == 0) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        // 0 leaves a limit as it is.
        int most = highest == 0 ? domain.most() : domain.indexOf(highest);
        int least = lowest == 0 ? domain.least() : domain.indexOf(lowest);
        if (most < 0 || least < 0) {
            return ScmiStatus.OUT_OF_RANGE;
        }
        if (least > most) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        domain.setLimits(least, most, call.agent());
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus limitsGet(ScmiCall call, PerformanceDomain domain) {
        call.results().le32(value(domain, domain.most())).le32(value(domain, domain.least()));
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus levelSet(ScmiCall call, PerformanceDomain domain) {
        int index = domain.indexOf(call.readLe32());
        if (index < domain.least() || index > domain.most()) {
            return ScmiStatus.OUT_OF_RANGE;
        }
        domain.setLevel(index, call.agent());
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus levelGet(ScmiCall call, PerformanceDomain domain) {
        call.results().le32(value(domain, domain.current()));
        return ScmiStatus.SUCCESS;
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void forget(int agent) {
        limits.forget(agent);
        levels.forget(agent);
    }

    @Override
    public void resetConfiguration(int agent) {
        forget(agent);
        for (PerformanceDomain domain : domains) {
            domain.setLimits(0, domain.levels().size() - 1, agent);
        }
    }

    @Override
    public void save(int agent, StateWriter out) {
        limits.save(agent, out);
        levels.save(agent, out);
        for (PerformanceDomain domain : domains) {
            out.le32(domain.least()).le32(domain.most()).le32(domain.current());
        }
    }

    @Override
    public Runnable restore(int agent, StateReader in) {
        List<Runnable> effects = new ArrayList<>();
        effects.add(limits.restore(agent, in));
        effects.add(levels.restore(agent, in));
        for (PerformanceDomain domain : domains) {
            int last = domain.levels().size() - 1;
            int least = in.le32("lowest performance level", 0, last);
            int most = in.le32("highest performance level", least, last);
            int current = in.le32("performance level", least, most);
            effects.add(() -> {
                domain.setLimits(least, most, ScmiPlatform.PLATFORM_AGENT);
                domain.setLevel(current, ScmiPlatform.PLATFORM_AGENT);
            });
        }
        return () -> effects.forEach(Runnable::run);
    }
}
