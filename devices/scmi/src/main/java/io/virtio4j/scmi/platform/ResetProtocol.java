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
import java.util.concurrent.TimeUnit;

/** The reset domain management protocol. [DEN0056] */
final class ResetProtocol implements ScmiProtocol {

    static final int ID = 0x16;

    private static final int RESETS_LATER = 1 << 31;
    private static final int NOTIFIES = 1 << 30;
    private static final int LONG_NAME = 1 << 29;
    private static final long AUTONOMOUS = 1;
    private static final long ASSERT = 1 << 1;
    private static final long ASYNCHRONOUS = 1 << 2;

    /** Architectural, everything lost. */
    private static final long COLD = 0;

    private final DomainList<ResetDomain> domains;
    private final Subscriptions resets;

    ResetProtocol(List<ResetDomain> list) {
        domains = new DomainList<>(list);
        resets = new Subscriptions(ID, 0, list.size());
    }

    @Override
    public void attach(ScmiPlatform platform) {
        domains.attach(platform);
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
        call.results().le32(domains.size());
    }

    @Override
    public List<ScmiCommand> commands() {
        return List.of(
                domains.describing(0x3, "RESET_DOMAIN_ATTRIBUTES", 4, this::domainAttributes),
                domains.using(0x4, "RESET", 12, this::reset),
                resets.command(0x5, "RESET_NOTIFY", domain -> true),
                domains.naming(0x6, "RESET_DOMAIN_NAME_GET"));
    }

    private ScmiStatus domainAttributes(ScmiCall call, ResetDomain domain) {
        int events = call.hasEvents() ? RESETS_LATER | NOTIFIES : 0;
        call.results().le32(events | (domain.hasLongName() ? LONG_NAME : 0))
                .le32(TimeUnit.NANOSECONDS.toMicros(domain.latency().toNanos()))
                .name(domain.name(), MessageWriter.SHORT_NAME);
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus reset(ScmiCall call, ResetDomain domain) {
        long flags = call.readLe32();
        long state = call.readLe32();
        boolean autonomous = (flags & AUTONOMOUS) != 0;
        boolean later = (flags & ASYNCHRONOUS) != 0;
        // The other two flags mean something in an autonomous, or in an explicit reset, only.
        boolean contradictory = autonomous ? (flags & ASSERT) != 0 : later;
        if ((flags & ~(AUTONOMOUS | ASSERT | ASYNCHRONOUS)) != 0 || contradictory || state != COLD) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (later) {
            ScmiStatus promised = call.respondLater(domain.latency(), ScmiStatus.SUCCESS,
                    MessageWriter.payload().le32(domain.index()));
            if (promised != ScmiStatus.SUCCESS) {
                return promised;
            }
        }
        if (autonomous) {
            domain.reset();
        } else {
            domain.hold((flags & ASSERT) != 0);
        }
        if (autonomous || domain.isAsserted()) {
            resets.send(call.platform(), domain.index(), false, MessageWriter.payload()
                    .le32(call.agent()).le32(domain.index()).le32(state));
        }
        return ScmiStatus.SUCCESS;
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void forget(int agent) {
        resets.forget(agent);
    }

    @Override
    public void save(int agent, StateWriter out) {
        resets.save(agent, out);
        for (ResetDomain domain : domains) {
            out.flag(domain.isAsserted());
        }
    }

    @Override
    public Runnable restore(int agent, StateReader in) {
        List<Runnable> effects = new ArrayList<>();
        effects.add(resets.restore(agent, in));
        for (ResetDomain domain : domains) {
            boolean asserted = in.flag();
            effects.add(() -> domain.restore(asserted));
        }
        return () -> effects.forEach(Runnable::run);
    }
}
