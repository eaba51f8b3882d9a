// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.List;

/** The base protocol: what else there is, and who may use it. [DEN0056: Base protocol] */
final class BaseProtocol implements ScmiProtocol {

    static final int ID = 0x10;

    private static final int ERROR_EVENT = 0;
    private static final long SELF = 0xFFFF_FFFFL;
    private static final long ALLOW = 1;
    private static final long RESET_PERMISSIONS = 1;
    private static final int FATAL = 1 << 31;
    private static final int MOST_REPORTS = (ScmiPlatform.MOST_PAYLOAD - 8) / 8;

    private final ScmiPlatform platform;
    private final PlatformIdentity identity;
    private final Subscriptions errors = new Subscriptions(ID, ERROR_EVENT, 1);

    BaseProtocol(ScmiPlatform platform, PlatformIdentity identity) {
        this.platform = platform;
        this.identity = identity;
    }

    @Override
    public int id() {
        return ID;
    }

    @Override
    public int version() {
        return 0x20001;
    }

    @Override
    public void attributes(ScmiCall call) {
        call.results().u8(others().size()).u8(platform.agents().size() - 1).le16(0);
    }

    private List<ScmiProtocol> others() {
        List<ScmiProtocol> all = platform.protocols();
        return all.subList(1, all.size());
    }

    @Override
    public List<ScmiCommand> commands() {
        return List.of(
                ScmiCommand.of(0x3, "BASE_DISCOVER_VENDOR", 0, call -> name(call, identity.vendor())),
                ScmiCommand.of(0x4, "BASE_DISCOVER_SUB_VENDOR", 0, call -> name(call, identity.subVendor())),
                ScmiCommand.of(0x5, "BASE_DISCOVER_IMPLEMENTATION_VERSION", 0, this::implementationVersion),
                ScmiCommand.of(0x6, "BASE_DISCOVER_LIST_PROTOCOLS", 4, this::listProtocols),
                ScmiCommand.of(0x7, "BASE_DISCOVER_AGENT", 4, this::discoverAgent),
                errors.command(0x8, "BASE_NOTIFY_ERRORS"),
                ScmiCommand.of(0x9, "BASE_SET_DEVICE_PERMISSIONS", 12, this::setDevicePermissions),
                ScmiCommand.of(0xA, "BASE_SET_PROTOCOL_PERMISSIONS", 16, this::setProtocolPermissions),
                ScmiCommand.of(0xB, "BASE_RESET_AGENT_CONFIGURATION", 8, this::resetAgentConfiguration));
    }

    // ── Discovery ──────────────────────────────────────────────────────────

    private static ScmiStatus name(ScmiCall call, String text) {
        call.results().name(text, MessageWriter.SHORT_NAME);
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus implementationVersion(ScmiCall call) {
        call.results().le32(identity.implementationVersion());
        return ScmiStatus.SUCCESS;
    }

    /** As many as fit, in words of four. */
    private ScmiStatus listProtocols(ScmiCall call) {
        List<ScmiProtocol> list = others();
        long skip = call.readLe32();
        if (skip > list.size()) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        int from = (int) skip;
        int words = call.fitting(4, 4);
        int count = Math.min(list.size() - from, 4 * words);
        MessageWriter results = call.results().le32(count);
        for (int i = 0; i < (count + 3 & ~3); i++) {
            results.u8(i < count ? list.get(from + i).id() : 0);
        }
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus discoverAgent(ScmiCall call) {
        long id = call.readLe32();
        long agent = id == SELF ? call.agent() : id;
        if (agent >= platform.agents().size()) {
            return ScmiStatus.NOT_FOUND;
        }
        call.results().le32(agent).name(platform.agents().get((int) agent).name(), MessageWriter.SHORT_NAME);
        return ScmiStatus.SUCCESS;
    }

    // ── Errors ─────────────────────────────────────────────────────────────

    void reportErrors(int agent, boolean fatal, List<CommandError> reports) {
        int count = Math.min(reports.size(), MOST_REPORTS);
        MessageWriter payload = MessageWriter.payload().le32(agent).le32((fatal ? FATAL : 0) | count);
        for (CommandError report : reports.subList(0, count)) {
            payload.le32(report.header()).le32(report.status().code());
        }
        errors.send(platform, 0, false, payload);
    }

    // ── Permissions ────────────────────────────────────────────────────────

    private boolean hasAgent(long id) {
        return id > ScmiPlatform.PLATFORM_AGENT && id < platform.agents().size();
    }

    private boolean isTrusted(ScmiCall call) {
        return platform.agents().get(call.agent()).trusted();
    }

    private ScmiStatus setDevicePermissions(ScmiCall call) {
        long agent = call.readLe32();
        long device = call.readLe32();
        long flags = call.readLe32();
        ScmiStatus status = checkPermissions(call, agent, device, flags);
        if (status == ScmiStatus.SUCCESS) {
            platform.permissions().set((int) agent, (int) device, flags == ALLOW);
        }
        return status;
    }

    private ScmiStatus setProtocolPermissions(ScmiCall call) {
        long agent = call.readLe32();
        long device = call.readLe32();
        long protocol = call.readLe32();
        long flags = call.readLe32();
        ScmiStatus status = checkPermissions(call, agent, device, flags);
        if (status == ScmiStatus.SUCCESS
                && (protocol > 0xFF || protocol == ID || platform.table().protocol((int) protocol) == null)) {
            status = ScmiStatus.NOT_FOUND;
        }
        if (status == ScmiStatus.SUCCESS) {
            platform.permissions().set((int) agent, (int) device, (int) protocol, flags == ALLOW);
        }
        return status;
    }

    private ScmiStatus checkPermissions(ScmiCall call, long agent, long device, long flags) {
        if (!hasAgent(agent) || !platform.permissions().hasDevice(device)) {
            return ScmiStatus.NOT_FOUND;
        }
        if ((flags & ~ALLOW) != 0) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        return isTrusted(call) ? ScmiStatus.SUCCESS : ScmiStatus.DENIED;
    }

    private ScmiStatus resetAgentConfiguration(ScmiCall call) {
        long agent = call.readLe32();
        long flags = call.readLe32();
        if (!hasAgent(agent)) {
            return ScmiStatus.NOT_FOUND;
        }
        if ((flags & ~RESET_PERMISSIONS) != 0) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        boolean permitted = isTrusted(call) || agent == call.agent() && flags == 0;
        if (!permitted) {
            return ScmiStatus.DENIED;
        }
        if (flags == RESET_PERMISSIONS) {
            platform.permissions().reset((int) agent);
        }
        platform.protocols().forEach(protocol -> protocol.resetConfiguration((int) agent));
        return ScmiStatus.SUCCESS;
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void forget(int agent) {
        errors.forget(agent);
    }

    @Override
    public void save(int agent, StateWriter out) {
        errors.save(agent, out);
        platform.permissions().save(agent, out);
    }

    @Override
    public Runnable restore(int agent, StateReader in) {
        Runnable subscriptions = errors.restore(agent, in);
        Runnable permissions = platform.permissions().restore(agent, in);
        return () -> {
            subscriptions.run();
            permissions.run();
        };
    }
}
