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

/** The powercap protocol. [DEN0056] */
final class PowercapProtocol implements ScmiProtocol {

    static final int ID = 0x18;

    private static final int NOTIFIES_CAP = 1 << 31;
    private static final int NOTIFIES_MEASUREMENTS = 1 << 30;
    private static final int SETS_LATER = 1 << 29;
    private static final int LONG_NAME = 1 << 28;
    private static final int SETS_CAP = 1 << 27;
    private static final int MEASURES = 1 << 26;
    private static final int SETS_INTERVAL = 1 << 25;
    private static final int MICROWATTS = 1 << 23;
    private static final long NO_PARENT = 0xFFFF_FFFFL;
    private static final long IGNORE_RESPONSE = 1;
    private static final long ASYNCHRONOUS = 1 << 1;

    private final DomainList<PowercapDomain> domains;
    private final Subscriptions caps;
    private final Subscriptions measurements;

    /** Where a domain's power was seen last, and between which powers nobody is told; of each domain. */
    private final long[] low;
    private final long[] high;
    private final boolean[] outside;

    PowercapProtocol(List<PowercapDomain> list) {
        domains = new DomainList<>(list);
        caps = new Subscriptions(ID, PowercapDomain.CAP_CHANGED, list.size());
        measurements = new Subscriptions(ID, PowercapDomain.MEASUREMENTS_CHANGED, list.size());
        low = new long[list.size()];
        high = new long[list.size()];
        outside = new boolean[list.size()];
        for (PowercapDomain domain : domains) {
            PowercapDomain parent = domain.parent();
            if (parent != null && (parent == domain || !list.contains(parent))) {
                throw new IllegalArgumentException("a power cap is within another of the same platform: domain="
                        + domain.name());
            }
            domain.announces((platform, event, agent) -> tell(platform, domain, event, agent));
        }
    }

    @Override
    public void attach(ScmiPlatform platform) {
        domains.attach(platform);
    }

    private void tell(ScmiPlatform platform, PowercapDomain domain, int event, int agent) {
        if (event == PowercapDomain.CAP_CHANGED) {
            caps.send(platform, domain.index(), true, MessageWriter.payload()
                    .le32(agent).le32(domain.index()).le32(domain.cap()).le32(domain.interval()));
            return;
        }
        int power = domain.power();
        boolean isOutside = isOutside(domain.index(), power);
        if (isOutside && !outside[domain.index()]) {
            measurements.send(platform, domain.index(), true, MessageWriter.payload()
                    .le32(agent).le32(domain.index()).le32(power));
        }
        outside[domain.index()] = isOutside;
    }

    private boolean isOutside(int domain, int power) {
        return power < low[domain] || power > high[domain];
    }

    @Override
    public int id() {
        return ID;
    }

    @Override
    public int version() {
        return 0x20000;
    }

    @Override
    public void attributes(ScmiCall call) {
        call.results().le32(domains.size());
    }

    @Override
    public List<ScmiCommand> commands() {
        return List.of(
                domains.describing(0x3, "POWERCAP_DOMAIN_ATTRIBUTES", 4, this::domainAttributes),
                domains.using(0x4, "POWERCAP_CAP_GET", 4, this::capGet),
                domains.using(0x5, "POWERCAP_CAP_SET", 12, this::capSet),
                domains.using(0x6, "POWERCAP_PAI_GET", 4, this::intervalGet),
                domains.using(0x7, "POWERCAP_PAI_SET", 12, this::intervalSet),
                domains.naming(0x8, "POWERCAP_DOMAIN_NAME_GET"),
                domains.using(0x9, "POWERCAP_MEASUREMENTS_GET", 4, this::measurementsGet),
                caps.command(0xA, "POWERCAP_CAP_NOTIFY", domain -> true),
                ScmiCommand.notifying(0xB, "POWERCAP_MEASUREMENTS_NOTIFY", 16, this::measurementsNotify),
                domains.describing(0xC, "POWERCAP_DESCRIBE_FASTCHANNEL", 8,
                        (call, domain) -> ScmiStatus.NOT_SUPPORTED));
    }

    private ScmiStatus domainAttributes(ScmiCall call, PowercapDomain domain) {
        int events = call.hasEvents() ? NOTIFIES_CAP | NOTIFIES_MEASUREMENTS | SETS_LATER : 0;
        PowercapDomain parent = domain.parent();
        call.results()
                .le32(events | (domain.hasLongName() ? LONG_NAME : 0) | SETS_CAP | MEASURES
                        | (domain.hasIntervals() ? SETS_INTERVAL : 0) | MICROWATTS)
                .name(domain.name(), MessageWriter.SHORT_NAME)
                .le32(domain.leastInterval()).le32(domain.mostInterval()).le32(domain.intervalStep())
                .le32(domain.least()).le32(domain.most()).le32(domain.step())
                .le32(domain.sustainable()).le32(0)
                .le32(parent == null ? NO_PARENT : parent.index());
        return ScmiStatus.SUCCESS;
    }

    // ── Cap ────────────────────────────────────────────────────────────────

    private ScmiStatus capGet(ScmiCall call, PowercapDomain domain) {
        call.results().le32(domain.cap());
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus capSet(ScmiCall call, PowercapDomain domain) {
        long flags = call.readLe32();
        long cap = call.readLe32();
        boolean later = (flags & ASYNCHRONOUS) != 0;
        boolean ignored = (flags & IGNORE_RESPONSE) != 0;
        if ((flags & ~(ASYNCHRONOUS | IGNORE_RESPONSE)) != 0) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (cap != 0 && (cap < domain.least() || cap > domain.most())) {
            return ScmiStatus.OUT_OF_RANGE;
        }
        if (!domain.isCap(cap)) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (later) {
            ScmiStatus promised = promise(call, domain, cap, ignored);
            if (promised != ScmiStatus.SUCCESS) {
                return promised;
            }
        }
        domain.set((int) cap, domain.interval(), call.agent());
        return ScmiStatus.SUCCESS;
    }

    private static ScmiStatus promise(ScmiCall call, PowercapDomain domain, long cap, boolean ignored) {
        if (!call.hasEvents()) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        return ignored ? ScmiStatus.SUCCESS : call.respondLater(domain.latency(), ScmiStatus.SUCCESS,
                MessageWriter.payload().le32(domain.index()).le32(cap));
    }

    // ── Power averaging interval ───────────────────────────────────────────

    private ScmiStatus intervalGet(ScmiCall call, PowercapDomain domain) {
        call.results().le32(domain.interval());
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus intervalSet(ScmiCall call, PowercapDomain domain) {
        long flags = call.readLe32();
        long interval = call.readLe32();
        if (!domain.hasIntervals()) {
            return ScmiStatus.NOT_SUPPORTED;
        }
        if (flags != 0) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (interval < domain.leastInterval() || interval > domain.mostInterval()) {
            return ScmiStatus.OUT_OF_RANGE;
        }
        if (!domain.isInterval(interval)) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        domain.set(domain.cap(), (int) interval, call.agent());
        return ScmiStatus.SUCCESS;
    }

    // ── Measurements ───────────────────────────────────────────────────────

    private ScmiStatus measurementsGet(ScmiCall call, PowercapDomain domain) {
        call.results().le32(domain.power()).le32(domain.interval());
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus measurementsNotify(ScmiCall call) {
        int index = call.readIndex(domains.size());
        long control = call.readLe32();
        long from = call.readLe32();
        long to = call.readLe32();
        if (index < 0) {
            return ScmiStatus.NOT_FOUND;
        }
        if (from > to) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        ScmiStatus status = measurements.ask(call, index, control);
        if (status == ScmiStatus.SUCCESS && control != 0) {
            low[index] = from;
            high[index] = to;
            outside[index] = isOutside(index, domains.get(index).power());
        }
        return status;
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void forget(int agent) {
        caps.forget(agent);
        measurements.forget(agent);
    }

    @Override
    public void resetConfiguration(int agent) {
        forget(agent);
        for (PowercapDomain domain : domains) {
            domain.set(domain.most(), domain.leastInterval(), agent);
        }
    }

    @Override
    public void save(int agent, StateWriter out) {
        caps.save(agent, out);
        measurements.save(agent, out);
        for (PowercapDomain domain : domains) {
            int i = domain.index();
            out.le32(domain.cap()).le32(domain.interval()).le32(low[i]).le32(high[i]).flag(outside[i]);
        }
    }

    @Override
    public Runnable restore(int agent, StateReader in) {
        List<Runnable> effects = new ArrayList<>();
        effects.add(caps.restore(agent, in));
        effects.add(measurements.restore(agent, in));
        for (PowercapDomain domain : domains) {
            long cap = in.le32();
            long interval = in.le32();
            SavedValue.check("power cap", cap, domain.isCap(cap));
            SavedValue.check("power averaging interval", interval, domain.isInterval(interval));
            long from = in.le32();
            long to = in.le32();
            boolean wasOutside = in.flag();
            int i = domain.index();
            effects.add(() -> {
                low[i] = from;
                high[i] = to;
                outside[i] = wasOutside;
                domain.set((int) cap, (int) interval, ScmiPlatform.PLATFORM_AGENT);
            });
        }
        return () -> effects.forEach(Runnable::run);
    }
}
