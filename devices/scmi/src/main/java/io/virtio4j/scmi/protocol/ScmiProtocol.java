// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.List;

/**
 * A protocol: a standard one, or one of a vendor's (ids 0x80 to 0xFF).
 *
 * <pre>{@code
 * final class FanProtocol implements ScmiProtocol {
 *     public int id() { return 0x80; }
 *     public int version() { return 0x10000; }
 *     public void attributes(ScmiCall call) { call.results().le32(1); }
 *     public List<ScmiCommand> commands() {
 *         return List.of(ScmiCommand.of(3, "FAN_SPEED_GET", 0, call -> {
 *             call.results().le32(fan.speed());
 *             return ScmiStatus.SUCCESS;
 *         }));
 *     }
 * }
 * }</pre>
 *
 * <p>PROTOCOL_VERSION, PROTOCOL_MESSAGE_ATTRIBUTES and NEGOTIATE_PROTOCOL_VERSION are answered for it, and
 * messages of a wrong length are refused. Its methods are called under the platform's lock.
 */
public interface ScmiProtocol {

    /** PROTOCOL_VERSION. */
    int VERSION = 0;
    /** PROTOCOL_ATTRIBUTES. */
    int ATTRIBUTES = 1;
    /** PROTOCOL_MESSAGE_ATTRIBUTES. */
    int MESSAGE_ATTRIBUTES = 2;
    /** NEGOTIATE_PROTOCOL_VERSION. */
    int NEGOTIATE_VERSION = 0x10;

    /** Its id; 0x10 to 0xFF. */
    int id();

    /** Its version: the major one in the upper 16 bits, the minor one in the lower. */
    int version();

    /** Writes the results of PROTOCOL_ATTRIBUTES. */
    void attributes(ScmiCall call);

    /** Its commands. Asked once. */
    List<ScmiCommand> commands();

    /** Whether it can send a notification or a delayed response. */
    default boolean usesEvents() {
        return commands().stream().anyMatch(ScmiCommand::requestsNotifications);
    }

    /**
     * Statistics that it shows in memory. Asked once. The id is 1 for power states, 2 for performance
     * domains, 3 for sensor values, and 0x80 to 0xFF for a vendor's.
     */
    default List<SharedMemoryRegion> statistics() {
        return List.of();
    }

    /** It belongs to a platform now, and may send notifications through it. */
    default void attach(ScmiPlatform platform) {}

    /** An agent is there; nothing is to be told it yet, or what was restored. */
    default void begin(ScmiPlatform platform, int agent) {}

    /** An agent begins anew: nothing that it asked to be told of is to be told. */
    default void forget(int agent) {}

    /** An agent's configuration is to be reset. [DEN0056: BASE_RESET_AGENT_CONFIGURATION] */
    default void resetConfiguration(int agent) {
        forget(agent);
    }

    /** Writes what an agent asked for and set. */
    default void save(int agent, StateWriter out) {}

    /**
     * Reads what {@link #save} wrote, and changes nothing yet.
     *
     * @return puts it into effect
     * @throws io.virtio4j.core.wire.StateException if it does not fit
     */
    default Runnable restore(int agent, StateReader in) {
        return () -> {};
    }
}
