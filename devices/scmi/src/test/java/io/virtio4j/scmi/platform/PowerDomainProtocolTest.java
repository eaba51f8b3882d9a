// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.scmi.protocol.ManualPlatformClock;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiResource;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.scmi.protocol.TestAgent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** [DEN0056: Power domain management protocol], and that of the system's power. */
class PowerDomainProtocolTest {

    private static final int POWER = 0x11;
    private static final int SYSTEM = 0x12;
    private static final long OFF = PowerDomain.OFF;

    private final List<Long> states = new ArrayList<>();
    private final PowerDomain gpu = PowerDomain.of("gpu").onChange(this::changed).latency(Duration.ofMillis(3));
    private final PowerDomain deep = PowerDomain.of("a-domain-with-a-long-name")
            .states(0, 0x10, OFF | 1).initially(0x10);
    private final List<SystemPower.Request> requests = new ArrayList<>();
    private final SystemPower system = SystemPower.telling(requests::add);
    private final ManualPlatformClock time = new ManualPlatformClock();
    private final ScmiPlatform platform = new SimulatedPlatform().clock(time)
            .agent("linux").agent("modem")
            .device(1, new ScmiResource(POWER, 1)).deny(2, 1)
            .add(gpu).add(deep).add(system).build();
    private final TestAgent linux = TestAgent.of(platform, 1);
    private final TestAgent modem = TestAgent.of(platform, 2);

    private void changed() {
        states.add(gpu.state());
    }

    @Test
    void tells_of_domains() {
        assertEquals(0x30001, linux.ok(POWER, 0).word(0));
        assertEquals(2, linux.ok(POWER, 1).half(0));
        Message attributes = linux.ok(POWER, 3, 0);
        assertEquals(20, attributes.bytes().length);
        assertEquals(0xF000_0000L, attributes.word(0));
        assertEquals("gpu", attributes.name(4, 16));
        Message other = linux.ok(POWER, 3, 1);
        assertEquals(0xF800_0000L, other.word(0));
        assertEquals("a-domain-with-a", other.name(4, 16));
        assertEquals("a-domain-with-a-long-name", linux.ok(POWER, 8, 1).name(4, 64));
        assertEquals(0x10, linux.ok(POWER, 5, 1).word(0));
    }

    @Test
    void a_domain_goes_to_the_state_that_was_set() {
        linux.ok(POWER, 4, 0, 0, OFF);
        assertEquals(OFF, linux.ok(POWER, 5, 0).word(0));
        assertFalse(gpu.isOn());
        linux.ok(POWER, 4, 0, 0, 0);
        assertTrue(gpu.isOn());
        assertEquals(List.of(OFF, 0L), states);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, POWER, 4, 0, 0, 1);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, POWER, 4, 2, 0, OFF);
    }

    @Test
    void a_domain_stays_on_while_an_agent_wants_it_on() {
        modem.ok(POWER, 4, 0, 0, 0);
        modem.ok(POWER, 7, 0, 1);
        linux.ok(POWER, 7, 0, 1);
        linux.ok(POWER, 4, 0, 0, OFF);
        assertTrue(gpu.isOn());
        assertEquals(List.of(TestAgent.notification(POWER, 1, 1, 0, OFF)), modem.events());
        assertEquals(List.of(), linux.events(), "it knows what it requested");
        modem.ok(POWER, 4, 0, 0, OFF);
        assertFalse(gpu.isOn());
    }

    @Test
    void an_agent_that_is_reset_wants_nothing() {
        modem.ok(POWER, 4, 0, 0, 0);
        linux.ok(POWER, 4, 0, 0, OFF);
        modem.ok(0x10, 0xB, 2, 0);
        assertFalse(gpu.isOn());
    }

    @Test
    void changes_are_notified_to_those_who_asked() {
        modem.ok(POWER, 6, 0, 1);
        linux.ok(POWER, 4, 0, 0, OFF);
        linux.ok(POWER, 4, 0, 0, OFF);
        assertEquals(List.of(TestAgent.notification(POWER, 0, 1, 0, OFF)), modem.events());
        modem.ok(POWER, 6, 0, 0);
        linux.ok(POWER, 4, 0, 0, 0);
        assertEquals(List.of(), modem.events());
        assertEquals(List.of(), linux.events());
    }

    @Test
    void a_state_can_be_set_later() {
        linux.ok(POWER, 4, 1, 0, OFF);
        assertEquals(List.of(), linux.events());
        time.advance(Duration.ofMillis(3));
        assertEquals(List.of(TestAgent.delayed(POWER, 4, 0, 0, OFF)), linux.events());
    }

    @Test
    void what_is_denied_can_be_seen_but_not_used() {
        modem.ok(POWER, 3, 1);
        modem.refused(ScmiStatus.DENIED, POWER, 4, 0, 1, 0);
        modem.refused(ScmiStatus.DENIED, POWER, 5, 1);
        modem.refused(ScmiStatus.DENIED, POWER, 6, 1, 1);
        linux.ok(POWER, 5, 1);
    }

    @Test
    void domains_are_configured_before_the_platform_is_built() {
        assertThrows(IllegalStateException.class, () -> gpu.initially(OFF));
        assertThrows(IllegalArgumentException.class, () -> PowerDomain.of("x").initially(5));
        assertThrows(IllegalArgumentException.class, () -> PowerDomain.of(""));
        assertThrows(IllegalArgumentException.class, () -> PowerDomain.of("x".repeat(64)));
    }

    // ── The system's power ─────────────────────────────────────────────────

    @Test
    void an_agents_request_is_heard() {
        modem.ok(SYSTEM, 5, 1);
        linux.ok(SYSTEM, 5, 1);
        linux.ok(SYSTEM, 3, 1, SystemPower.COLD_RESET);
        assertEquals(List.of(new SystemPower.Request(1, true, 1)), requests);
        assertEquals(List.of(TestAgent.notification(SYSTEM, 0, 1, 1, 1, 0)), modem.events());
        assertEquals(List.of(), linux.events());
        assertEquals(1, linux.ok(SYSTEM, 4).word(0));
        linux.refused(ScmiStatus.INVALID_PARAMETERS, SYSTEM, 3, 2, 0);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, SYSTEM, 3, 0, 5);
    }

    @Test
    void agents_are_asked_to_shut_down() {
        assertEquals(0xC000_0000L, linux.ok(SYSTEM, 2, 3).word(0), "warm reset and suspend");
        linux.ok(SYSTEM, 5, 1);
        system.request(SystemPower.SHUTDOWN, 5000);
        system.force(SystemPower.SHUTDOWN);
        assertEquals(List.of(TestAgent.notification(SYSTEM, 0, 0, 1, 0, 5000),
                TestAgent.notification(SYSTEM, 0, 0, 0, 0, 0)), linux.events());
    }
}
