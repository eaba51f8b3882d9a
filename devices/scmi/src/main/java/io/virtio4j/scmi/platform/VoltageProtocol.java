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
import java.util.ArrayList;
import java.util.List;

/** The voltage domain management protocol. [DEN0056] */
final class VoltageProtocol implements ScmiProtocol {

    static final int ID = 0x17;

    private static final int SETS_LATER = 1 << 31;
    private static final int LONG_NAME = 1 << 30;
    private static final int RANGE = 1 << 12;
    private static final int REMAINING_SHIFT = 16;
    private static final long ASYNCHRONOUS = 1;
    private static final long OFF = 0;
    private static final long ON = 7;

    private final DomainList<VoltageDomain> domains;

    VoltageProtocol(List<VoltageDomain> list) {
        domains = new DomainList<>(list);
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
        return 0x20000;
    }

    @Override
    public void attributes(ScmiCall call) {
        call.results().le32(domains.size());
    }

    /** It has delayed responses, though no notifications. */
    @Override
    public boolean usesEvents() {
        return true;
    }

    @Override
    public List<ScmiCommand> commands() {
        return List.of(
                domains.describing(0x3, "VOLTAGE_DOMAIN_ATTRIBUTES", 4, this::domainAttributes),
                domains.describing(0x4, "VOLTAGE_DESCRIBE_LEVELS", 8, this::describeLevels),
                domains.using(0x5, "VOLTAGE_CONFIG_SET", 8, this::configSet),
                domains.using(0x6, "VOLTAGE_CONFIG_GET", 4, this::configGet),
                domains.using(0x7, "VOLTAGE_LEVEL_SET", 12, this::levelSet),
                domains.using(0x8, "VOLTAGE_LEVEL_GET", 4, this::levelGet),
                domains.naming(0x9, "VOLTAGE_DOMAIN_NAME_GET"));
    }

    private ScmiStatus domainAttributes(ScmiCall call, VoltageDomain domain) {
        call.results().le32((call.hasEvents() ? SETS_LATER : 0) | (domain.hasLongName() ? LONG_NAME : 0))
                .name(domain.name(), MessageWriter.SHORT_NAME);
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus describeLevels(ScmiCall call, VoltageDomain domain) {
        int[] levels = domain.described();
        long skip = call.readLe32();
        if (domain.isRange() && skip != 0) {
            return ScmiStatus.OUT_OF_RANGE;
        }
        if (domain.isRange() && call.fitting(4, 4) < levels.length) {
            return ScmiStatus.PROTOCOL_ERROR;
        }
        return DomainList.answer(call, skip, levels.length, 4, 4, (from, count, remaining) -> {
            MessageWriter results = call.results()
                    .le32(remaining << REMAINING_SHIFT | (domain.isRange() ? RANGE : 0) | count);
            for (int i = from; i < from + count; i++) {
                results.le32(levels[i]);
            }
        });
    }

    private ScmiStatus configSet(ScmiCall call, VoltageDomain domain) {
        long mode = call.readLe32();
        if (mode != OFF && mode != ON) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        domain.set(mode == ON, domain.level());
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus configGet(ScmiCall call, VoltageDomain domain) {
        call.results().le32(domain.isOn() ? ON : OFF);
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus levelSet(ScmiCall call, VoltageDomain domain) {
        long flags = call.readLe32();
        int level = call.readS32();
        if ((flags & ~ASYNCHRONOUS) != 0) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (domain.isBeyond(level)) {
            return ScmiStatus.OUT_OF_RANGE;
        }
        if (!domain.has(level)) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (flags == ASYNCHRONOUS) {
            ScmiStatus promised = call.respondLater(domain.latency(), ScmiStatus.SUCCESS,
                    MessageWriter.payload().le32(domain.index()).le32(level));
            if (promised != ScmiStatus.SUCCESS) {
                return promised;
            }
        }
        domain.set(domain.isOn(), level);
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus levelGet(ScmiCall call, VoltageDomain domain) {
        call.results().le32(domain.level());
        return ScmiStatus.SUCCESS;
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void save(int agent, StateWriter out) {
        for (VoltageDomain domain : domains) {
            out.flag(domain.isOn()).le32(domain.level());
        }
    }

    @Override
    public Runnable restore(int agent, StateReader in) {
        List<Runnable> effects = new ArrayList<>();
        for (VoltageDomain domain : domains) {
            boolean on = in.flag();
            int level = (int) in.le32();
            SavedValue.check("voltage level", level, domain.has(level));
            effects.add(() -> domain.set(on, level));
        }
        return () -> effects.forEach(Runnable::run);
    }
}
