// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.scmi.protocol.ScmiCall;
import io.virtio4j.scmi.protocol.ScmiCommand;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiProtocol;
import io.virtio4j.scmi.protocol.ScmiStatus;
import java.util.List;

/** The system power management protocol. [DEN0056] */
final class SystemPowerProtocol implements ScmiProtocol {

    static final int ID = 0x12;

    private static final long GRACEFUL = 1;

    /** What PROTOCOL_MESSAGE_ATTRIBUTES says of SYSTEM_POWER_STATE_SET: warm reset and suspend. */
    private static final int RESETS_WARM = 1 << 31;
    private static final int SUSPENDS = 1 << 30;

    private final SystemPower power;

    SystemPowerProtocol(SystemPower power) {
        this.power = power;
    }

    @Override
    public void attach(ScmiPlatform platform) {
        power.attach(platform);
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
        call.results().le32(0);
    }

    @Override
    public List<ScmiCommand> commands() {
        return List.of(
                ScmiCommand.of(0x3, "SYSTEM_POWER_STATE_SET", 8, this::stateSet)
                        .withAttributes(RESETS_WARM | SUSPENDS),
                ScmiCommand.of(0x4, "SYSTEM_POWER_STATE_GET", 0, this::stateGet),
                power.transitions().command(0x5, "SYSTEM_POWER_STATE_NOTIFY"));
    }

    private ScmiStatus stateSet(ScmiCall call) {
        long flags = call.readLe32();
        long state = call.readLe32();
        if ((flags & ~GRACEFUL) != 0 || state > SystemPower.SUSPEND) {
            return ScmiStatus.INVALID_PARAMETERS;
        }
        if (call.isDenied(0)) {
            return ScmiStatus.DENIED;
        }
        power.requested(call.platform(), new SystemPower.Request(call.agent(), flags == GRACEFUL, state));
        return ScmiStatus.SUCCESS;
    }

    private ScmiStatus stateGet(ScmiCall call) {
        call.results().le32(power.state());
        return ScmiStatus.SUCCESS;
    }

    @Override
    public void forget(int agent) {
        power.transitions().forget(agent);
    }

    @Override
    public void save(int agent, StateWriter out) {
        power.transitions().save(agent, out);
        out.le32(power.state());
    }

    @Override
    public Runnable restore(int agent, StateReader in) {
        Runnable subscriptions = power.transitions().restore(agent, in);
        long state = in.le32();
        SavedValue.check("system power state", state, state <= SystemPower.SUSPEND);
        return () -> {
            subscriptions.run();
            power.restore(state);
        };
    }
}
