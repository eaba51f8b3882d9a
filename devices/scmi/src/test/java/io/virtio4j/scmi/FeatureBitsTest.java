// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.scmi.platform.Clock;
import io.virtio4j.scmi.platform.PinController;
import io.virtio4j.scmi.platform.PowerDomain;
import io.virtio4j.scmi.platform.SimulatedPlatform;
import io.virtio4j.scmi.platform.VoltageDomain;
import io.virtio4j.scmi.protocol.ScmiCall;
import io.virtio4j.scmi.protocol.ScmiCommand;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiProtocol;
import io.virtio4j.testkit.conformance.Normative;
import java.util.List;
import org.junit.jupiter.api.Test;

/** [Device Types / SCMI Device / Feature bits], with the queues that depend on them. */
class FeatureBitsTest {

    /** A protocol that only answers. */
    private static final class Silent implements ScmiProtocol {
        @Override
        public int id() {
            return 0x80;
        }

        @Override
        public int version() {
            return 0x10000;
        }

        @Override
        public void attributes(ScmiCall call) {}

        @Override
        public List<ScmiCommand> commands() {
            return List.of();
        }
    }

    private static FeatureSet offered(ScmiPlatform platform) {
        try (platform) {
            return new ScmiDevice(platform).offeredFeatures();
        }
    }

    @Test
    @Normative("SCMI-1")
    void channels_to_the_agent_are_offered_where_there_is_a_notification_or_a_delayed_response() {
        // The base protocol notifies of errors; it is part of every platform.
        assertTrue(offered(ScmiPlatform.builder().protocol(new Silent()).build())
                .has(ScmiFeature.P2A_CHANNELS));
        assertTrue(offered(new SimulatedPlatform().add(VoltageDomain.levels("vdd", 1)).build())
                .has(ScmiFeature.P2A_CHANNELS));
        assertEquals(1, ScmiFeature.SHARED_MEMORY.bit());
        assertEquals(0, ScmiFeature.P2A_CHANNELS.bit());
    }

    @Test
    @Normative("SCMI-2")
    void shared_memory_is_offered_where_there_are_statistics() {
        assertTrue(offered(new SimulatedPlatform().add(PowerDomain.of("gpu")).statistics().build())
                .has(ScmiFeature.SHARED_MEMORY));
        assertFalse(offered(new SimulatedPlatform().add(PowerDomain.of("gpu")).build())
                .has(ScmiFeature.SHARED_MEMORY));
        assertFalse(offered(new SimulatedPlatform().add(Clock.rates("uart", 1)).build())
                .has(ScmiFeature.SHARED_MEMORY));
        assertFalse(offered(new SimulatedPlatform().add(PinController.of("p")).build())
                .has(ScmiFeature.SHARED_MEMORY));
    }

    @Test
    void there_is_a_queue_for_commands_and_one_for_events() {
        try (ScmiPlatform platform = ScmiPlatform.builder().build()) {
            ScmiDevice device = new ScmiDevice(platform);
            assertEquals(List.of("cmdq", "eventq"), device.queues().stream().map(QueueSpec::name).toList());
            assertEquals(DeviceType.SCMI, device.type());
            assertEquals(0, device.configSpace().size());
        }
    }

    @Test
    void a_device_is_of_an_agent_that_there_is() {
        try (ScmiPlatform platform = ScmiPlatform.builder().agent("a").agent("b").build()) {
            new ScmiDevice(platform, 2);
            assertThrows(IllegalArgumentException.class, () -> new ScmiDevice(platform, 0));
            assertEquals("no such agent; give the platform one for each device: agent=3 agents=1..2",
                    assertThrows(IllegalArgumentException.class, () -> new ScmiDevice(platform, 3))
                            .getMessage());
        }
    }
}
